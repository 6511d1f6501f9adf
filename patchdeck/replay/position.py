"""Where a replay is, as the screen shows it."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from patchdeck.model.facts import Value
from patchdeck.recording.values import Landmark, LandmarkKind

SPEEDS: Final = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0)
"""Those that the keys go through."""


class ReplayState(StrEnum):
    PLAYING = "playing"
    PAUSED = "paused"
    ENDED = "at the end"
    FOLLOWING = "following"
    """At the end of a file that is still being written: what comes is shown as it comes."""


class Position(Value, frozen=True, kw_only=True):
    """Times are by the clock of the host that was recorded."""

    at_ns: int
    began_ns: int
    ended_ns: int
    state: ReplayState
    speed: float = 1.0
    skipping_idle: bool = False
    cut_short: bool = False
    """The recording has no end: its recorder was killed, or is still writing."""
    landmarks: tuple[Landmark, ...] = ()
    """Oldest first."""
    trouble: str = ""
    """Why the replay can not go on, in one sentence."""

    @property
    def running(self) -> bool:
        """The time moves on by itself."""
        return self.state in (ReplayState.PLAYING, ReplayState.FOLLOWING)

    def landmark_after(self, kinds: frozenset[LandmarkKind], at_ns: int) -> Landmark | None:
        return next((one for one in self.landmarks if one.kind in kinds and one.at_ns > at_ns), None)

    def landmark_before(self, kinds: frozenset[LandmarkKind], at_ns: int) -> Landmark | None:
        earlier = (one for one in reversed(self.landmarks) if one.kind in kinds and one.at_ns < at_ns)
        return next(earlier, None)


def faster(speed: float) -> float:
    """The next of `SPEEDS`; the last is its own."""
    return next((one for one in SPEEDS if one > speed), SPEEDS[-1])


def slower(speed: float) -> float:
    """The one before of `SPEEDS`; the first is its own."""
    return next((one for one in reversed(SPEEDS) if one < speed), SPEEDS[0])
