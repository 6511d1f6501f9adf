"""What a person is told before an act on a rollout: what it is about, and what it would do. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from patchdeck.model import PauseKind, Plan, Refusal, Rollout, Severity, UnitPhase, Verdict
from patchdeck.model.facts import Value
from themes.ramps import Glyphs
from widgets import rollout_words, units

_NAMES = 6
_UNTOUCHED = frozenset({UnitPhase.WAITING, UnitPhase.RETURNED})


class Asked(Value, frozen=True, kw_only=True):
    """A question with its answers."""

    title: str
    lines: tuple[tuple[str, Severity], ...]
    yes: str
    no: str = "leave it as it is"


def _said(*texts: str, severity: Severity = Severity.INFO) -> tuple[tuple[str, Severity], ...]:
    return tuple((text, severity) for text in texts if text)


def promote(rollout: Rollout, glyphs: Glyphs) -> Asked:
    """Names the evidence that was not enough, and every pause that ends with it."""
    held = [
        f"gate {gate.gate} holds: {gate.evidence}"
        for gate in rollout.gates
        if gate.step == rollout.step and gate.verdict is Verdict.HOLD
    ]
    kinds = {pause.kind for pause in rollout.pauses}
    steps, step = rollout.plan.steps, rollout.step or 0
    # A pause at the end of a step stands before the next one, a gate's hold within its own.
    paused = [
        f"It is paused after {steps[step - 1].name}, as the plan says." if PauseKind.STEP in kinds else "",
        "It is paused by a person, which ends with it too." if PauseKind.ASKED in kinds else "",
    ]
    stops_after = held and step < len(steps) and steps[step].kind in rollout.plan.strategy.pause_after
    return Asked(
        title=f"Promote {rollout.service} {glyphs.dot} {rollout_words.way(rollout.plan, glyphs)}",
        lines=(
            *_said(*held, *paused, severity=Severity.WARNING),
            *_said(_done(rollout), _next(rollout)),
            *_said("It is your word then that it passed, and the journal says so." if held else ""),
            *_said(
                f"The pause after {steps[step].name} is answered with it: it goes on at once."
                if stops_after
                else ""
            ),
        ),
        yes="promote it",
    )


def abort(rollout: Rollout, glyphs: Glyphs) -> Asked:
    """Names what is undone."""
    touched = [unit.container for unit in rollout.units if unit.phase not in _UNTOUCHED]
    old = rollout.plan.origin.version or rollout.plan.origin.image
    back = f"{len(touched)} of {len(rollout.units)} replicas go back to {old}: {_names(touched)}"
    return Asked(
        title=f"Abort and roll back {rollout.service} {glyphs.dot} {rollout_words.way(rollout.plan, glyphs)}",
        lines=(
            *_said(back if touched else "No replica was touched yet.", severity=Severity.WARNING),
            *_said(
                "Their old containers are started again, under their names; the new ones are removed."
                if touched
                else "",
                "It can not be paused or turned round again on its way back.",
            ),
        ),
        yes="abort and roll back",
    )


def resume(rollout: Rollout, glyphs: Glyphs) -> Asked:
    """Of a rollout whose worker is gone."""
    worker = rollout.worker
    gone = f"Its worker (process {worker.pid} on {worker.host}) is gone." if worker else "It has no worker."
    return Asked(
        title=f"Resume {rollout.service} {glyphs.dot} {rollout_words.way(rollout.plan, glyphs)}",
        lines=(
            *_said(gone, severity=Severity.WARNING),
            *_said(
                rollout.text,
                _done(rollout),
                "A new worker looks at the containers first, then goes on from what it finds.",
            ),
        ),
        yes="start a worker",
    )


def undo(plan: Plan, of: str, refusals: Sequence[Refusal], glyphs: Glyphs) -> Asked:
    """The plan of the way back; refused, there is nothing to say yes to."""
    how = f"Steps: {rollout_words.in_steps(plan)}; {rollout_words.in_orders(plan)}"
    predicted = (
        f"about {units.latency(plan.predicted_s)}" if plan.predicted_s is not None else "time not known"
    )
    return Asked(
        title=f"Roll back {plan.service} {glyphs.dot} {rollout_words.way(plan, glyphs)}",
        lines=(
            *_said(*(f"refused: {one.text} ({one.rule})" for one in refusals), severity=Severity.FAILURE),
            *_said(
                f"Rollout {of} is committed: {len(plan.units)} containers on {plan.engine} are made anew"
                " from the journal, with their old configuration.",
                severity=Severity.WARNING,
            ),
            *_said(
                f"{how}; at the worst moment {plan.worst_capacity or 'none'} ready; {predicted}.",
                f"Image: {plan.to.version or plan.to.image}",
                *plan.notes,
            ),
        ),
        yes="" if refusals else "roll it back",
    )


def leave(rollouts: Sequence[Rollout], glyphs: Glyphs) -> Asked:
    """What goes on without the console."""
    going = [one for one in rollouts if one.worker_alive]
    lost = [one for one in rollouts if not one.worker_alive]
    return Asked(
        title="Leave",
        lines=(
            *_said(*(_line(one, "goes on without this console", glyphs) for one in going)),
            *_said(
                *(_line(one, "has no worker and stays as it is", glyphs) for one in lost),
                severity=Severity.WARNING,
            ),
            *_said("A console that is opened later shows them, and acts on them as this one does."),
        ),
        yes="leave",
        no="stay",
    )


def _line(rollout: Rollout, what: str, glyphs: Glyphs) -> str:
    way = rollout_words.way(rollout.plan, glyphs)
    return f"{rollout.service} {way} ({rollout_words.state_text(rollout)}) {what}: rollout {rollout.id}"


def _done(rollout: Rollout) -> str:
    return f"{rollout_words.units_done(rollout)} of {len(rollout.units)} replicas run the new version."


def _next(rollout: Rollout) -> str:
    steps = rollout.plan.steps
    # A pause at the end of a step stands before the next one, a gate's hold within its own.
    at = (rollout.step or 0) + any(pause.kind is PauseKind.GATE for pause in rollout.pauses)
    if at >= len(steps):
        return "Next is the commit: the old containers are removed."
    return f"Next is {steps[at].name}, with {len(steps[at].units)} replicas."


def _names(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMES} more" if len(names) > _NAMES else ""
    return ", ".join(names[:_NAMES]) + more
