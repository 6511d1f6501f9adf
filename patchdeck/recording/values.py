"""What a recording tells of itself, and what is read from it."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final, NamedTuple

import msgspec

from patchdeck.model import AnyObservation
from patchdeck.model.facts import Value

VERSION: Final = 1
"""Of the format that is written; docs/recording-format.md says what belongs to it."""


class RecordingError(Exception):
    """A recording can not be read or written; one sentence that says what is wrong and what to do."""


class Header(msgspec.Struct, frozen=True, kw_only=True):
    """The first line. `settings` are the sections that decide what a snapshot is, in the form of `Settings`."""

    patchdeck: str = "recording"
    version: int = VERSION
    program: str = ""
    """The version of Patchdeck that wrote it."""
    began_ns: int
    """By the clock of the host that it was recorded on, as all times of arrival are."""
    engines: tuple[str, ...] = ()
    simulated: bool = False
    """The engines were not real ones."""
    settings: Mapping[str, Any] = {}


class LandmarkKind(StrEnum):
    """What is worth jumping to."""

    MARK = "mark"
    GAP = "gap"
    """Observations may be missing: the connection was lost, or the recording itself has a hole."""
    ROLLOUT = "rollout"
    """A step of a rollout began, or it entered another state."""
    FAILURE = "failure"
    LOST = "lost"
    """An engine was out of reach."""


class Landmark(Value, frozen=True, kw_only=True):
    """A moment that a person may look for. Times are those of arrival."""

    kind: LandmarkKind
    at_ns: int
    name: str
    """A mark's own, the engine's, the rollout's service or the container's."""
    detail: str = ""
    ended_ns: int | None = None
    """Of gaps and lost engines; None: it is a moment, or had not ended when this was read."""
    engine: str = ""


class Cursor(NamedTuple):
    """A place between two lines."""

    member: int
    line: int


class Line(NamedTuple):
    """One observation and when it arrived. `cursor` is the place after it."""

    seen_ns: int
    observation: AnyObservation
    cursor: Cursor
    anew: bool = False
    """Lines before it are missing (the disk was full): it is to be applied to `Recording.fleet_before(line)`."""
