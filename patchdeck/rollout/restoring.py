"""Where a rollout stands, from its plan and its journal: the machine's state for a worker that resumes. Pure.

The journal tells what was decided (the step, the pauses, whether it goes back) and what was begun. How far the
containers have come it does not decide: whoever resumes looks at all that was begun again.
"""

from __future__ import annotations

from collections.abc import Sequence

from patchdeck.model.journal import (
    AnyEntry,
    Intended,
    PauseAdded,
    PauseKind,
    PauseLifted,
    RolloutState,
    StateEntered,
    StepBegan,
    UnitMoved,
    UnitPhase,
)
from patchdeck.model.plan import Order, Plan
from patchdeck.rollout.state import Outline, Stage, Stand, State
from patchdeck.rollout.unit import ActKind

_OF_WORKER = (PauseKind.SIGNAL, PauseKind.ENGINE)
"""Pauses that end with the worker that had them."""


def outline(plan: Plan) -> Outline:
    """What a plan fixes for the machine."""
    orders = tuple(unit.order for unit in plan.units)
    after = plan.strategy.pause_after
    return Outline(
        steps=tuple(step.units for step in plan.steps),
        orders=orders,
        # As the plan came to it; a stop-first unit has to be let down, one at a time.
        budget=max(plan.max_unavailable, int(Order.STOP_FIRST in orders)),
        pause_after=frozenset(step.index for step in plan.steps if step.kind in after),
        port_range=frozenset(unit.index for unit in plan.units if unit.port_range),
    )


def restored(plan: Plan, entries: Sequence[AnyEntry]) -> State:
    """The state after `entries`; that of a rollout not begun where there are none."""
    fixed = outline(plan)
    phases = _phases(entries)
    step = max((entry.step for entry in entries if isinstance(entry, StepBegan)), default=0)
    states = [entry for entry in entries if isinstance(entry, StateEntered)]
    going_back = any(entry.state is RolloutState.ROLLING_BACK for entry in states)
    stage = Stage.RETURNING if going_back else Stage.STEPPING
    if step == len(fixed.steps) and not going_back:
        stage = Stage.COMMITTING
    turning = [entry.text for entry in states if entry.state is RolloutState.ROLLING_BACK]
    return State(
        stands=tuple(_stand(phases.get(unit), stage) for unit in range(len(fixed.orders))),
        stage=stage,
        step=step,
        was_ready=frozenset(
            unit for unit, phase in phases.items() if phase in _SERVING and stage is Stage.STEPPING
        ),
        changed=bool(phases),
        committing=stage is Stage.COMMITTING and _removing(entries),
        pauses=_pauses(entries) - set(_OF_WORKER),
        text=turning[-1] if turning else "",
    )


_SERVING = (UnitPhase.READY, UnitPhase.BAKED)


def _phases(entries: Sequence[AnyEntry]) -> dict[int, UnitPhase]:
    """How far each unit is known to have come, of those of which anything was ever intended."""
    phases: dict[int, UnitPhase] = {}
    for entry in entries:
        if isinstance(entry, Intended) and entry.unit is not None:
            phases.setdefault(entry.unit, UnitPhase.WAITING)
        elif isinstance(entry, UnitMoved):
            phases[entry.unit] = entry.phase
    return phases


def _removing(entries: Sequence[AnyEntry]) -> bool:
    return any(isinstance(entry, Intended) and entry.act == ActKind.REMOVE for entry in entries)


def _stand(phase: UnitPhase | None, stage: Stage) -> Stand:
    if phase is None:
        return Stand.WAITING
    if phase is UnitPhase.COMMITTED:
        return Stand.COMMITTED
    if stage is Stage.COMMITTING:
        return Stand.READY
    if stage is Stage.RETURNING:
        return Stand.READY if phase in _SERVING else Stand.STARTING
    return Stand.STARTING


def _pauses(entries: Sequence[AnyEntry]) -> frozenset[PauseKind]:
    pauses: set[PauseKind] = set()
    for entry in entries:
        if isinstance(entry, PauseAdded):
            pauses.add(entry.kind)
        elif isinstance(entry, PauseLifted):
            pauses.discard(entry.kind)
    return frozenset(pauses)
