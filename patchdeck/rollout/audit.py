"""The journal as an audit trail: each act as one event of the Elastic Common Schema. Pure.

https://www.elastic.co/docs/reference/ecs has the fields and the words for `event.category` and `event.type`. A call to
an engine is told once, with its outcome: what was intended and what was answered are one event. Progress is none: bytes
of a pull, the pace and predictions are left out.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from patchdeck.model.journal import (
    Actor,
    ActRefused,
    Answered,
    AnyEntry,
    Commanded,
    GateJudged,
    Intended,
    LockReleased,
    LockTaken,
    Noted,
    PauseAdded,
    PauseLifted,
    Planned,
    RolloutState,
    StateEntered,
    StepBegan,
    UnitMoved,
    UnitPhase,
    Verdict,
    WorkerBegan,
    WorkerEnded,
)
from patchdeck.model.plan import Plan

ECS: Final = "8.17.0"

Event = dict[str, Any]

_OUTCOMES: Final = {Verdict.PASS: "success", Verdict.FAIL: "failure", Verdict.HOLD: "unknown"}
_TYPES: Final = {
    "create": "creation",
    "rebuild": "creation",
    "pull": "creation",
    "lock": "creation",
    "remove": "deletion",
    "unlock": "deletion",
    "start": "start",
    "stop": "end",
}
"""Of a call to an engine; all others change something."""
_CALL, _DECISION, _PROCESS = ["api"], ["configuration"], ["process"]


def audit_events(entries: Sequence[AnyEntry]) -> Iterator[Event]:
    """Of all entries of one rollout, in their order; each can be written as JSON."""
    planned = next((entry for entry in entries if isinstance(entry, Planned)), None)
    if planned is None:
        return
    trail = _Trail(planned, entries)
    for entry in entries:
        if (event := trail.event(entry)) is not None:
            yield event


class _Trail:
    def __init__(self, planned: Planned, entries: Sequence[AnyEntry]) -> None:
        self._plan = planned.plan
        self._actor = planned.by
        """Who acts: whoever asked for it, then its newest worker."""
        self._answers = {entry.intent: entry for entry in entries if isinstance(entry, Answered)}
        self._new_ids: dict[int, str] = {}

    def event(self, entry: AnyEntry) -> Event | None:
        match entry:
            case Planned():
                what = f"move {self._plan.service} from {self._plan.origin.image} to {self._plan.to.image}"
                return self._asked(entry, "rollout-planned", entry.by, f"asked to {what}", entry.reason)
            case Commanded():
                text = f"asked to {entry.command.value}" + (f": {entry.answer}" if entry.answer else "")
                action = f"rollout-{entry.command.value}"
                return self._asked(entry, action, entry.by, text, entry.reason, accepted=entry.accepted)
            case ActRefused():
                text = "; ".join(f"{one.rule}: {one.text}" for one in entry.refusals)
                action = f"rollout-{entry.act}"
                event = self._asked(entry, action, entry.by, f"refused: {text}", entry.reason, accepted=False)
                return event | {"rule": {"name": [str(one.rule) for one in entry.refusals]}}
            case WorkerBegan():
                self._actor = entry.worker
                return self._done(entry, "worker-began", _PROCESS, "start", f"worker {entry.number} began")
            case WorkerEnded():
                return self._done(entry, "worker-ended", _PROCESS, "end", f"its worker ended: {entry.why}")
            case Intended():
                return self._call(entry)
            case UnitMoved():
                return self._unit(entry)
            case GateJudged():
                text = f"gate {entry.gate} {entry.verdict.value}: {entry.evidence}"
                event = self._done(
                    entry, "gate-judged", _DECISION, "info", text, outcome=_OUTCOMES[entry.verdict]
                )
                return event | {"rule": {"name": [entry.gate]}}
            case StateEntered():
                return self._state(entry)
        return self._plain(entry)

    def _plain(self, entry: AnyEntry) -> Event | None:
        match entry:
            case LockTaken():
                over = f", taken over from {entry.taken_over_from}" if entry.taken_over_from else ""
                return self._done(
                    entry, "service-locked", _DECISION, "change", f"locked {self._plan.service}{over}"
                )
            case LockReleased():
                return self._done(
                    entry, "service-unlocked", _DECISION, "change", f"unlocked {self._plan.service}"
                )
            case StepBegan():
                return self._done(entry, "step-began", _DECISION, "info", f"step {entry.name}")
            case PauseAdded():
                return self._done(
                    entry, "rollout-paused", _DECISION, "change", f"{entry.kind.value}: {entry.text}"
                )
            case PauseLifted():
                return self._done(entry, "rollout-unpaused", _DECISION, "change", entry.kind.value)
            case Noted():
                return self._done(entry, "noted", _DECISION, "info", entry.text)
        return None  # an answer is told with its call, and progress is no act

    # --- events -----------------------------------------------------------------------------------

    def _asked(
        self, entry: AnyEntry, action: str, by: Actor, text: str, reason: str, *, accepted: bool = True
    ) -> Event:
        """A person's act."""
        outcome = "success" if accepted else "failure"
        kinds = _DECISION if accepted else _CALL
        event = self._event(
            entry, action, kinds, ["change" if accepted else "denied"], outcome=outcome, text=text, by=by
        )
        if reason:
            event["event"]["reason"] = reason
        return event

    def _done(
        self,
        entry: AnyEntry,
        action: str,
        category: list[str],
        kind: str,
        text: str,
        *,
        outcome: str = "success",
    ) -> Event:
        """An act of the worker."""
        return self._event(entry, action, category, [kind], outcome=outcome, text=text, by=self._actor)

    def _call(self, intent: Intended) -> Event:
        """A call to the engine, and its answer; one that was never answered is of unknown outcome."""
        answer = self._answers.get(intent.sequence)
        outcome = (
            "unknown" if answer is None or answer.status is None else "success" if answer.ok else "failure"
        )
        words = f": {answer.text}" if answer and answer.text else ""
        what = f"{intent.act} {intent.container or intent.detail}".rstrip()
        event = self._done(
            intent,
            f"engine-{intent.act}",
            _CALL,
            _TYPES.get(intent.act, "change"),
            f"{what}{words}",
            outcome=outcome,
        )
        container_id = (answer.container_id if answer else "") or intent.container_id
        event |= self._container(intent.unit, container_id, intent.container)
        if answer is not None:
            event["event"]["duration"] = round(answer.took_s * 1e9)
            if answer.status is not None:
                event["http"] = {"response": {"status_code": answer.status}}
            if not answer.ok:
                event["error"] = {"message": answer.text}
        return event

    def _unit(self, entry: UnitMoved) -> Event:
        if entry.container_id:
            self._new_ids[entry.unit] = entry.container_id
        name = self._plan.units[entry.unit].container
        text = f"{name} {entry.phase.value}" + (f": {entry.detail}" if entry.detail else "")
        outcome = "failure" if entry.phase is UnitPhase.FAILED else "success"
        action = f"unit-{entry.phase.value.replace(' ', '-')}"
        event = self._done(entry, action, _DECISION, "info", text, outcome=outcome)
        return event | self._container(entry.unit, self._new_ids.get(entry.unit, ""), name)

    def _state(self, entry: StateEntered) -> Event:
        text = entry.state.value + (f": {entry.text}" if entry.text else "")
        bad = (RolloutState.FAILED, RolloutState.ROLLED_BACK, RolloutState.NEEDS_PERSON)
        kind = "end" if entry.state.over else "change"
        category = _PROCESS if entry.state.over else _DECISION
        action = f"rollout-{entry.state.value.replace(' ', '-')}"
        return self._done(
            entry, action, category, kind, text, outcome="failure" if entry.state in bad else "success"
        )

    def _container(self, unit: int | None, container_id: str, name: str) -> Event:
        if unit is None:
            return {}
        old = container_id == self._plan.units[unit].container_id
        image = self._plan.origin.image if old else self._plan.to.image
        known = {"id": container_id} if container_id else {}
        return {"container": {**known, "name": name, "image": {"name": image}}}

    def _event(
        self,
        entry: AnyEntry,
        action: str,
        category: list[str],
        types: list[str],
        *,
        outcome: str,
        text: str,
        by: Actor,
    ) -> Event:
        rollout = entry.rollout
        return {
            "@timestamp": _stamp(entry.at_ns),
            "ecs": {"version": ECS},
            "message": text,
            "event": {
                "id": f"{rollout}-{entry.sequence}",
                "sequence": entry.sequence,
                "kind": "event",
                "category": list(category),
                "type": types,
                "action": action,
                "outcome": outcome,
                "provider": "patchdeck",
                "module": "patchdeck",
                "dataset": "patchdeck.rollout",
            },
            **_person(by),
            "service": {"name": self._plan.service},
            "labels": _labels(rollout, self._plan, by),
        }


def _person(by: Actor) -> Event:
    person: Event = {"user": {"name": by.user}}
    if by.host:
        person["host"] = {"name": by.host}
    if by.pid:
        person["process"] = {"pid": by.pid}
    if (address := _address(by.ssh_client)) is not None:
        person["source"] = {"ip": address}
    return person


def _address(text: str) -> str | None:
    """None for what is no address: `source.ip` takes nothing else."""
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        return None


def _labels(rollout: str, plan: Plan, by: Actor) -> Mapping[str, str]:
    labels = {"rollout": rollout, "engine": plan.engine, "program": by.program, "tty": by.tty}
    return {name: value for name, value in labels.items() if value}


def _stamp(at_ns: int) -> str:
    seconds, rest_ns = divmod(at_ns, 1_000_000_000)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{rest_ns:09d}Z"
