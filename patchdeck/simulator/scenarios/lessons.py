"""What a guided scenario has to show, and how much of it was seen: by what a console sees, never by a clock. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import Final

from msgspec.structs import replace

from patchdeck.model import Binding, Command, Commanded, PauseKind, Rollout, RolloutState, Snapshot, Verdict
from patchdeck.model.facts import Value
from patchdeck.settings import GateSettings, RolloutSettings

CONTENTION: Final = "contention"
"""The gate that judges the host."""


class Goal(StrEnum):
    """What is to be seen of a rollout."""

    PROMOTED = "promoted"
    """A gate held it, a person promoted it, and it was committed."""
    RETURNED = "returned"
    """It was rolled back by itself."""
    BRAKED = "braked"
    """Contention paused it, and it went on."""


class Lesson(Value, frozen=True, kw_only=True):
    goal: Goal
    about: str
    """What comes, in one line."""
    patches: tuple[tuple[str, str], ...]
    """Services with the version that each is to be moved to: the first that has no container of it yet is proposed."""


class Guide(Value, frozen=True, kw_only=True):
    lessons: tuple[Lesson, ...]
    rollout: RolloutSettings
    gates: tuple[GateSettings, ...]
    """The strategy and the gates that the lessons need: nothing of the configuration is about a simulated fleet."""


class Progress(Value, frozen=True, kw_only=True):
    """What was seen so far; rollouts by their IDs."""

    promoted: frozenset[str] = frozenset()
    braked: frozenset[str] = frozenset()


def further(progress: Progress, snapshot: Snapshot) -> Progress:
    """With what this snapshot shows."""
    promoted = {one.id for one in snapshot.rollouts if _was_promoted(one)}
    braked = {one.id for one in snapshot.rollouts if is_braked(one)}
    if promoted <= progress.promoted and braked <= progress.braked:
        return progress
    return replace(progress, promoted=progress.promoted | promoted, braked=progress.braked | braked)


def is_reached(goal: Goal, progress: Progress, snapshot: Snapshot) -> bool:
    """Whether some rollout has shown it."""
    return any(_shows(goal, one, progress) for one in snapshot.rollouts)


def next_lesson(guide: Guide, progress: Progress, snapshot: Snapshot) -> int | None:
    """The first that is not over and has a service left to show it on; None where there is none."""
    for index, lesson in enumerate(guide.lessons):
        if not is_reached(lesson.goal, progress, snapshot) and proposed(lesson, snapshot) is not None:
            return index
    return None


def proposed(lesson: Lesson, snapshot: Snapshot) -> tuple[str, str] | None:
    """A service and the version that it is to be moved to."""
    live = {service.name: {one.name for one in service.versions if one.live} for service in snapshot.services}
    return next(((name, to) for name, to in lesson.patches if to not in live.get(name, ())), None)


def is_braked(rollout: Rollout) -> bool:
    """The host's contention keeps it from going on now: its pace, or the gate, or both."""
    if rollout.state is RolloutState.HOLDING:
        return any(gate == CONTENTION for gate, _ in holds(rollout))
    return rollout.state is RolloutState.RUNNING and rollout.binds is Binding.PRESSURE


def holds(rollout: Rollout) -> Iterator[tuple[str, str]]:
    """The gates that hold it at its step, with their evidence. Text from outside."""
    for one in rollout.gates:
        if one.step == rollout.step and one.verdict is Verdict.HOLD:
            yield one.gate, one.evidence


def was_asked(command: Command, rollout: Rollout) -> bool:
    """A person asked for it, and the rollout did it."""
    return any(
        isinstance(one, Commanded) and one.accepted and one.command is command for one in rollout.entries
    )


def _was_promoted(rollout: Rollout) -> bool:
    held = any(one.verdict is Verdict.HOLD for one in rollout.gates)
    waits = any(pause.kind is PauseKind.GATE for pause in rollout.pauses)
    return held and not waits and was_asked(Command.PROMOTE, rollout)


def _shows(goal: Goal, rollout: Rollout, progress: Progress) -> bool:
    match goal:
        case Goal.PROMOTED:
            return rollout.state is RolloutState.COMMITTED and rollout.id in progress.promoted
        case Goal.RETURNED:
            return rollout.state is RolloutState.ROLLED_BACK and not was_asked(Command.ABORT, rollout)
        case Goal.BRAKED:
            return rollout.id in progress.braked and not is_braked(rollout)
