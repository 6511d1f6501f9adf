"""How much of its time a host's processors are at rest, while the rollout starts containers and while it stands still.

Pressure tells that something waits, and not for whom: a herd of starts presses on a host as much as anyone else's load
does. Two things do tell. While processors are at rest, more starts at once end sooner; when none is, they only wait for
each other, and take from everyone else. And what the processors do while no start is in flight is not the rollout's.
Pure: the counters are read by a function that is handed in.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final

from patchdeck.model.facts import Value

LEAST_S: Final = 0.4
"""The shortest time of which a share is made: the kernel counts in hundredths of a second."""
EVERY_S: Final = 0.1
"""Between two readings of the counters, however often it is asked, as long as it stands still or does not."""
FRESH_S: Final = 20.0
"""For how long what was seen while standing still is taken to hold."""
SPARE: Final = 0.03
"""At rest for less of the time than this, processors have nothing left for another start. Much more would be given away
where a few starts come near to keeping them busy."""
OURS: Final = 0.5
"""At rest for more of the time than this while the rollout stands still: it was the rollout that pressed on them."""


class Times(Value, frozen=True, kw_only=True):
    """Processor time until now, over all processors, in any unit."""

    resting: float
    total: float


class Processors:
    """Fed by `look`, a few times a second. `times` reads the counters; None where they can not be read."""

    def __init__(self, times: Callable[[], Times | None]) -> None:
        self._times = times
        self._read = (-math.inf, False)
        self._always = _Stretch()
        self._standing_still = _Stretch()
        self._rested: float | None = None
        self._rested_still = 0.0
        self._stood_still_s = -math.inf

    def look(self, now_s: float, in_flight: int) -> None:
        """`now_s` is by the monotonic clock, `in_flight` counts the rollout's starts."""
        if in_flight:
            self._standing_still = _Stretch()
        read_s, was_in_flight = self._read
        lately = now_s - read_s < EVERY_S and was_in_flight == bool(in_flight)
        if lately or (times := self._times()) is None:
            return
        self._read = now_s, bool(in_flight)
        if (rested := self._always.share(now_s, times)) is not None:
            self._rested = rested
        if not in_flight and (rested := self._standing_still.share(now_s, times)) is not None:
            self._rested_still, self._stood_still_s = rested, now_s

    @property
    def spare(self) -> bool:
        """They have time for more starts at once, as far as anyone knows."""
        return self._rested is None or self._rested >= SPARE

    def pressed_by_us(self, now_s: float) -> bool | None:
        """Whether it is the rollout that presses on them; None where it has not stood still of late."""
        if now_s - self._stood_still_s >= FRESH_S:
            return None
        return self._rested_still > OURS


class _Stretch:
    """Of time, over and over."""

    def __init__(self) -> None:
        self._began: tuple[float, Times] | None = None

    def share(self, now_s: float, times: Times) -> float | None:
        """How much of it they were at rest, 0…1, once it is long enough; another one begins then."""
        if self._began is None:
            self._began = now_s, times
            return None
        began_s, before = self._began
        total = times.total - before.total
        if now_s - began_s < LEAST_S or total <= 0:
            return None
        self._began = now_s, times
        # A processor that goes offline takes its counters along.
        return min(1.0, max(0.0, (times.resting - before.resting) / total))
