"""What a guide says: what is on now, and which key comes next. Pure, and always about what is there to be seen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from patchdeck.model import Command, PauseKind, Rollout, RolloutState, Snapshot, UnitPhase
from patchdeck.model.facts import Value
from patchdeck.simulator.scenarios.lessons import (
    CONTENTION,
    Guide,
    Progress,
    holds,
    is_braked,
    is_reached,
    next_lesson,
    proposed,
    was_asked,
)

DECK: Final = "deck"
COMPOSER: Final = "composer"
ROLLOUT: Final = "rollout"
"""Pages, by the keymap's names."""

_DONE: Final = frozenset({UnitPhase.READY, UnitPhase.BAKED, UnitPhase.COMMITTED})
_TOO_EARLY: Final = "exit status 75: "
"""Before what a command says as a gate."""
_ARM: Final = "Press {arm}, type why, press enter: it has to be armed first."


class View(Value, frozen=True, kw_only=True):
    """What the newcomer has before the eyes."""

    snapshot: Snapshot
    page: str
    armed: bool
    keys: Mapping[str, str]
    """By an action's ID in the keymap, its key."""


class Words(Value, frozen=True, kw_only=True):
    """Two lines. Text from outside is in them."""

    now: str
    next: str
    lesson: int | None = None
    """Counted from 1; None where all are over."""


def words(guide: Guide, progress: Progress, view: View) -> Words:
    """Of an open rollout, how it stands; where there is none, what comes next and how it is begun."""
    still = [one for one in view.snapshot.rollouts if one.open]
    # One that waits for a person comes before one that does not; of several, the newest.
    still.sort(key=lambda one: (one.state is not RolloutState.RUNNING, one.began_ns or 0))
    index = next_lesson(guide, progress, view.snapshot)
    if not view.snapshot.services:
        now, then = "The simulated fleet is coming into view.", "Nothing to do: look on."
    elif view.page == COMPOSER:
        now, then = _composing(still, view)
    elif still:
        now, then = _under_way(still[-1], view)
    else:
        now, then = _between(guide, index, progress, view)
    return Words(now=now, next=then.format_map(view.keys), lesson=None if index is None else index + 1)


def _composing(still: list[Rollout], view: View) -> tuple[str, str]:
    if still:
        now, _ = _under_way(still[-1], view)
        return now, "{back} leaves this page, on which another one may be begun."
    now = "To which image, how, and what that would do: nothing changes yet."
    if not view.armed:
        return now, "{begin_rollout} asks to be armed first: type why, press enter."
    return now, "Once there is a plan: {begin_rollout}, then y. Enter would begin nothing."


def _between(guide: Guide, index: int | None, progress: Progress, view: View) -> tuple[str, str]:
    over = [one for one in view.snapshot.rollouts if not one.open]
    if view.page == ROLLOUT and over:
        over.sort(key=lambda one: one.ended_ns or 0)
        return _ended(over[-1]), "Press {deck}: back to the deck, for what comes next."
    if index is None:
        return _all(guide, progress, view.snapshot)
    lesson = guide.lessons[index]
    if not view.armed:
        now = "This console is disarmed: it shows everything and changes nothing."
        return now, "Press {arm}, type why, press enter: all of this is simulated."
    service, _ = proposed(lesson, view.snapshot) or ("", "")
    if view.page != DECK:
        return lesson.about, "Press {deck}: it begins on the deck."
    return lesson.about, f"Go to {service} with the arrows, and press {{roll_out}}."


def _all(guide: Guide, progress: Progress, snapshot: Snapshot) -> tuple[str, str]:
    if all(is_reached(lesson.goal, progress, snapshot) for lesson in guide.lessons):
        return (
            "That was all: one was held, one went back, and one had to wait.",
            "{help} tells every key; {quit} leaves, and nothing of this is kept.",
        )
    return "No service is left to show the rest on.", "{quit} leaves; begin the demo anew to see it."


def _ended(rollout: Rollout) -> str:
    match rollout.state:
        case RolloutState.COMMITTED:
            return f"{rollout.service} runs {_to(rollout)} now: committed, nothing old is left."
        case RolloutState.ROLLED_BACK:
            return f"{rollout.service} is as before: {rollout.text}"
    return f"{rollout.service} was left as it was: {rollout.text}"


def _under_way(rollout: Rollout, view: View) -> tuple[str, str]:
    name = rollout.service
    match rollout.state:
        case RolloutState.HOLDING:
            return _held(rollout, view)
        case RolloutState.PAUSED:
            return f"{name} is paused: {_why_paused(rollout)}", _to_go_on(rollout, view)
        case RolloutState.LOST:
            then = "Press {pause_rollout}, then y: another one goes on from there."
            return f"{name}: its worker is gone, and nothing is being done.", then if view.armed else _ARM
        case RolloutState.NEEDS_PERSON:
            then = "Do what it says, then {pause_rollout}: it goes on."
            return f"{name} needs a person: {rollout.text}", then if view.armed else _ARM
        case RolloutState.ROLLING_BACK:
            whose = "As you asked" if was_asked(Command.ABORT, rollout) else "By itself"
            return f"{name} goes back: {rollout.text}", f"{whose}: the old containers are started again."
        case RolloutState.PLANNED:
            return f"{name} is in the journal: its worker begins.", "Nothing to do: look on."
    if is_braked(rollout):
        return (
            f"{name} waits: the host is saturated, nothing is started.",
            "Nothing to do: it goes on by itself once that has passed.",
        )
    return _rolling(rollout)


def _rolling(rollout: Rollout) -> tuple[str, str]:
    name, step = rollout.service, rollout.step
    if step is not None and step >= len(rollout.plan.steps):
        return f"{name} is being committed: its old containers go.", "Nothing to do: look on."
    if step is None:
        return f"{name} to {_to(rollout)}: its worker looks at what is there.", "Nothing to do: look on."
    done = sum(unit.phase in _DONE for unit in rollout.units)
    at = rollout.plan.steps[step].name
    return (
        f"{name} to {_to(rollout)}: {at}, {done} of {len(rollout.units)} replicas ready.",
        "Nothing to do: its gates judge it once a step is ready.",
    )


def _held(rollout: Rollout, view: View) -> tuple[str, str]:
    held = dict(holds(rollout))
    at = rollout.plan.steps[rollout.step].name if rollout.step is not None else "step"
    evidence = "; ".join(f"{gate}: {text.removeprefix(_TOO_EARLY)}" for gate, text in held.items())
    now = f"{rollout.service} is held at its {at}. {evidence}"
    if set(held) == {CONTENTION}:
        return now, "The host is saturated: it goes on by itself once that has passed."
    if not view.armed:
        return now, _ARM
    if CONTENTION in held:
        return now, "Wait until the host is calm again: {promote_rollout}, then y, comes after that."
    return now, "Not enough evidence: you decide. {promote_rollout}, then y, lets it go on."


def _why_paused(rollout: Rollout) -> str:
    if any(one.kind is PauseKind.ASKED for one in rollout.pauses):
        return "a person asked for it."
    return "; ".join(one.text for one in rollout.pauses) or rollout.text


def _to_go_on(rollout: Rollout, view: View) -> str:
    kinds = {one.kind for one in rollout.pauses}
    if kinds <= {PauseKind.ENGINE, PauseKind.SIGNAL}:
        return "Nothing to do: it goes on once that is over."
    if not view.armed:
        return _ARM
    return (
        "{promote_rollout}, then y, lets it go on."
        if PauseKind.STEP in kinds
        else "{pause_rollout} lets it go on."
    )


def _to(rollout: Rollout) -> str:
    return rollout.plan.to.version or rollout.plan.to.image
