"""What the journal is told when the machine's state changes. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from patchdeck.model.journal import (
    AnyEntry,
    PauseAdded,
    PauseKind,
    PauseLifted,
    StateEntered,
    StepBegan,
    UnitMoved,
    UnitPhase,
)
from patchdeck.model.plan import Plan
from patchdeck.rollout.state import Stage, Stand, State

COMMIT: str = "commit"
"""The name of what comes after the last step."""

_PAUSE_TEXTS = {
    PauseKind.ASKED: "a person asked for it",
    PauseKind.GATE: "a gate has not enough evidence: promote goes on, resume asks it again, abort goes back",
    PauseKind.STEP: "as asked before this step: promote or resume goes on",
    PauseKind.SIGNAL: "its worker was told to end: resume goes on",
    PauseKind.ENGINE: "the engine does not answer: it goes on once it does",
}


def changes(rollout: str, plan: Plan, before: State, after: State) -> Iterator[AnyEntry]:
    """The entries for a change, in order. Those of the end are the worker's matter: they come last of all."""
    for kind in sorted(before.pauses - after.pauses):
        yield PauseLifted(rollout=rollout, kind=kind)
    for step in plan.steps[: after.step]:
        for unit in step.units:
            known = before.stands[unit] is Stand.READY or unit in before.was_ready
            was_told = known and step.index < before.step
            if after.stands[unit] is Stand.READY and not was_told:
                yield UnitMoved(rollout=rollout, unit=unit, phase=UnitPhase.BAKED)
    begins = after.prepared and not before.prepared and after.stage is Stage.STEPPING
    if (after.step != before.step or begins) and after.step < len(plan.steps):
        yield StepBegan(rollout=rollout, step=after.step, name=plan.steps[after.step].name)
    elif after.step != before.step:
        yield StepBegan(rollout=rollout, step=after.step, name=COMMIT)
    for kind in sorted(after.pauses - before.pauses):
        yield PauseAdded(rollout=rollout, kind=kind, text=_PAUSE_TEXTS[kind])
    if after.public is not before.public and after.end is None:
        yield StateEntered(rollout=rollout, state=after.public, text=after.text)
