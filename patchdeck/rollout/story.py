"""What the entries of one rollout's journal add up to: a `Rollout`. Pure.

Entries may come in any order and more than once; their sequence decides.
"""

from __future__ import annotations

from bisect import insort
from typing import Final

from msgspec.structs import replace

from patchdeck.model.journal import (
    Actor,
    AnyEntry,
    Binding,
    GateJudged,
    Intended,
    PaceChanged,
    PauseAdded,
    PauseKind,
    PauseLifted,
    Planned,
    Predicted,
    PullProgressed,
    RolloutState,
    StateEntered,
    StepBegan,
    UnitMoved,
    UnitPhase,
    WorkerBegan,
    WorkerEnded,
)
from patchdeck.model.rollouts import LayerProgress, Rollout, RolloutPause, RolloutUnit

NEWEST: Final = 300
"""Entries that are shown; all count."""


class Story:
    """One rollout's entries, and what they add up to."""

    def __init__(self) -> None:
        self.entries: list[AnyEntry] = []
        """In the order of their sequence."""
        self._told = _Telling()
        self._known: set[int] = set()
        self._alive = True
        self._alive_ns = 0

    def apply(self, entry: AnyEntry) -> None:
        if entry.sequence in self._known:
            return
        self._known.add(entry.sequence)
        if isinstance(entry, WorkerBegan) and entry.at_ns > self._alive_ns:
            # It has come since one was looked for last: it is not gone because there was none then.
            self._alive, self._alive_ns = True, entry.at_ns
        if self.entries and entry.sequence < self.entries[-1].sequence:
            insort(self.entries, entry, key=lambda known: known.sequence)
            self._told = _Telling()
            for known in self.entries:
                self._told.apply(known)
        else:
            self.entries.append(entry)
            self._told.apply(entry)

    def worker_seen(self, at_ns: int, *, alive: bool) -> None:
        if at_ns >= self._alive_ns:
            self._alive, self._alive_ns = alive, at_ns

    def rollout(self) -> Rollout | None:
        """None as long as its beginning is not known."""
        told = self._told.rollout()
        if told is None:
            return None
        told = replace(told, entries=tuple(self.entries[-NEWEST:]))
        if told.state.over or self._alive:
            return told
        waits = told.state in (RolloutState.PAUSED, RolloutState.HOLDING, RolloutState.NEEDS_PERSON)
        if not told.workers or (self._told.left and waits):
            return replace(told, worker_alive=False)
        text = "its worker is gone: `patchdeck rollout resume` goes on, `rollback` goes back"
        return replace(told, worker_alive=False, state=RolloutState.LOST, text=text)


def rollout_of(entries: list[AnyEntry], *, alive: bool = True) -> Rollout | None:
    """What all entries of one rollout add up to."""
    story = Story()
    for entry in entries:
        story.apply(entry)
    story.worker_seen(max((entry.at_ns for entry in entries), default=0), alive=alive)
    return story.rollout()


class _Telling:
    """The fold itself, over entries in their order."""

    def __init__(self) -> None:
        self.left = False
        """Its last worker ended in good order, with the rollout still open."""
        self._planned: Planned | None = None
        self._units: dict[int, RolloutUnit] = {}
        self._gates: dict[tuple[int, str], GateJudged] = {}
        self._pauses: dict[PauseKind, RolloutPause] = {}
        self._layers: dict[str, tuple[int, int]] = {}
        self._state: StateEntered | None = None
        self._step: int | None = None
        self._pace: PaceChanged | None = None
        self._ends_ns: int | None = None
        self._worker: Actor | None = None
        self._workers = 0

    def apply(self, entry: AnyEntry) -> None:  # noqa: C901, PLR0912 - a case for each kind of entry
        match entry:
            case Planned():
                self._planned = entry
                for unit in entry.plan.units:
                    self._units[unit.index] = RolloutUnit(
                        index=unit.index,
                        step=unit.step,
                        container=unit.container,
                        phase=UnitPhase.WAITING,
                        old_id=unit.container_id,
                    )
            case WorkerBegan():
                self._worker, self._workers, self.left = entry.worker, entry.number, False
            case WorkerEnded():
                self.left = True
            case StepBegan():
                self._step = entry.step
            case PullProgressed():
                self._layers = {} if entry.done else dict(entry.layers)
            case Intended() if entry.unit in self._units:
                self._touch(entry.unit, entry.at_ns)
            case UnitMoved() if entry.unit in self._units:
                self._move(entry)
            case GateJudged():
                self._gates[entry.step, entry.gate] = entry
            case PauseAdded():
                self._pauses[entry.kind] = RolloutPause(
                    kind=entry.kind, since_ns=entry.at_ns, text=entry.text
                )
            case PauseLifted():
                self._pauses.pop(entry.kind, None)
            case PaceChanged():
                self._pace = entry
            case Predicted():
                self._ends_ns = entry.ends_ns
            case StateEntered():
                self._state = entry
                if entry.state in (RolloutState.ROLLING_BACK, RolloutState.NEEDS_PERSON) or entry.state.over:
                    self._ends_ns = None

    def _touch(self, unit: int, at_ns: int) -> None:
        known = self._units[unit]
        if known.since_ns is None:
            self._units[unit] = replace(known, since_ns=at_ns)

    def _move(self, entry: UnitMoved) -> None:
        known = self._units[entry.unit]
        self._units[entry.unit] = replace(
            known,
            phase=entry.phase,
            since_ns=entry.at_ns,
            new_id=entry.container_id or known.new_id,
            latency_s=entry.latency_s if entry.phase is UnitPhase.STARTED else known.latency_s,
            ready_s=known.ready_s
            if known.ready_s is not None or entry.phase is not UnitPhase.READY
            else entry.latency_s,
            detail=entry.detail,
        )

    def rollout(self) -> Rollout | None:
        planned, state = self._planned, self._state
        if planned is None:
            return None
        plan = planned.plan
        entered = state.state if state else RolloutState.PLANNED
        pace = self._pace
        return Rollout(
            id=planned.rollout,
            engine=plan.engine,
            service=plan.service,
            plan=plan,
            state=entered,
            text=state.text if state else "",
            step=self._step,
            units=tuple(self._units.values()),
            pauses=tuple(self._pauses.values()),
            gates=tuple(self._gates[key] for key in sorted(self._gates)),
            pace=pace.pace if pace else None,
            in_flight=pace.in_flight if pace and not entered.over else 0,
            binds=pace.binds if pace else Binding.NOTHING,
            binds_detail=pace.detail if pace else "",
            layers=tuple(
                LayerProgress(layer=layer, done_bytes=done, total_bytes=total or None)
                for layer, (done, total) in self._layers.items()
            ),
            predicted_end_ns=self._ends_ns,
            began_ns=planned.at_ns,
            ended_ns=state.at_ns if state and entered.over else None,
            by=planned.by,
            reason=planned.reason,
            worker=self._worker,
            workers=self._workers,
            summary=state.summary if state else None,
        )
