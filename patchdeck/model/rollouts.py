"""Rollouts as a console shows them: made from the entries of the journal."""

from __future__ import annotations

from patchdeck.model.facts import Value
from patchdeck.model.journal import (
    Actor,
    AnyEntry,
    Binding,
    GateJudged,
    PauseKind,
    RolloutState,
    Summary,
    UnitPhase,
)
from patchdeck.model.plan import Plan


class RolloutUnit(Value, frozen=True, kw_only=True):
    index: int
    step: int
    container: str
    phase: UnitPhase
    since_ns: int | None = None
    old_id: str = ""
    new_id: str = ""
    latency_s: float | None = None
    ready_s: float | None = None
    detail: str = ""


class RolloutPause(Value, frozen=True, kw_only=True):
    kind: PauseKind
    since_ns: int
    text: str = ""


class LayerProgress(Value, frozen=True, kw_only=True):
    layer: str
    done_bytes: int
    total_bytes: int | None = None


class Rollout(Value, frozen=True, kw_only=True):
    """One rollout, open or past."""

    id: str
    engine: str
    service: str
    plan: Plan
    state: RolloutState
    text: str = ""
    """Why it is in this state."""
    step: int | None = None
    """The step it is in; None before the first."""
    units: tuple[RolloutUnit, ...] = ()
    pauses: tuple[RolloutPause, ...] = ()
    gates: tuple[GateJudged, ...] = ()
    """The newest judgement of each gate at each step, in the order of the steps."""
    pace: float | None = None
    in_flight: int = 0
    binds: Binding = Binding.NOTHING
    binds_detail: str = ""
    layers: tuple[LayerProgress, ...] = ()
    predicted_end_ns: int | None = None
    began_ns: int | None = None
    ended_ns: int | None = None
    by: Actor | None = None
    """Who asked for it."""
    reason: str = ""
    worker: Actor | None = None
    workers: int = 0
    worker_alive: bool = True
    """As last observed; a rollout that is not over and whose worker is gone is LOST."""
    summary: Summary | None = None
    entries: tuple[AnyEntry, ...] = ()
    """The newest few hundred, oldest first."""

    @property
    def open(self) -> bool:
        return not self.state.over
