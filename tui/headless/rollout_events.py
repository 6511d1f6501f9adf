"""The journal's entries as JSON objects, one for each. docs/rollout-commands.md has the table of their fields."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Any, Final

import msgspec

from patchdeck.model import (
    ActRefused,
    Answered,
    AnyEntry,
    Commanded,
    Entry,
    GateJudged,
    Intended,
    LockReleased,
    LockTaken,
    Noted,
    PaceChanged,
    PauseAdded,
    PauseLifted,
    Plan,
    Planned,
    Predicted,
    PullProgressed,
    StateEntered,
    StepBegan,
    UnitMoved,
    WorkerBegan,
    WorkerEnded,
)
from tui.headless.plan_record import plan_record
from tui.headless.records import Json, seconds
from tui.headless.times import rfc3339

END: Final = "end"
"""The event that is told last."""

EVENTS: Final[Mapping[type[Entry], str]] = {
    Planned: "planned",
    WorkerBegan: "worker began",
    WorkerEnded: "worker ended",
    LockTaken: "locked",
    LockReleased: "unlocked",
    PullProgressed: "pull",
    StepBegan: "step",
    Intended: "act",
    Answered: "answer",
    UnitMoved: "unit",
    GateJudged: "gate",
    PauseAdded: "paused",
    PauseLifted: "pause lifted",
    PaceChanged: "pace",
    Predicted: "predicted",
    Commanded: "command",
    ActRefused: "refused",
    Noted: "note",
    StateEntered: "state",
}

_HEAD = ("rollout", "sequence", "at_ns")


def event_record(entry: AnyEntry) -> dict[str, Json]:
    """Every field is there, also where nothing is known. A secret is in no entry."""
    return {
        "at": rfc3339(entry.at_ns),
        "id": entry.rollout,
        "event": EVENTS[type(entry)],
        "sequence": entry.sequence,
        **_fields(entry, leave_out=_HEAD),
    }


def struct_record(struct: msgspec.Struct) -> dict[str, Json]:
    """An actor, a summary, … with all of its fields."""
    return _fields(struct)


def _fields(struct: msgspec.Struct, leave_out: tuple[str, ...] = ()) -> dict[str, Json]:
    return dict(
        _field(name, getattr(struct, name)) for name in struct.__struct_fields__ if name not in leave_out
    )


def _field(name: str, value: Any) -> tuple[str, Json]:
    if name.endswith("_ns"):
        return f"{name.removesuffix('_ns')}_at", rfc3339(value or None)
    return name, _plain(value)


def _plain(value: Any) -> Json:
    match value:
        case Plan():
            return plan_record(value)
        case msgspec.Struct():
            return _fields(value)
        case Enum():
            return str(value.value)
        case bool() | None | str() | int():
            return value
        case float():
            return seconds(value)
        case Mapping():
            return {str(key): _plain(one) for key, one in value.items()}
        case _:
            return [_plain(one) for one in value]
