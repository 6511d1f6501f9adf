"""One reading of one thing by one source, and the series that such readings make."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping
from typing import Final, TypeVar

import msgspec

from patchdeck.contention.parts import rank
from patchdeck.model import Sample
from patchdeck.series import Series

STRETCH_S: Final = 10.0
"""Resolution of the histories."""

SHORT_S: Final = 10.0
LONG_S: Final = 60.0
"""The two windows of what is read moment by moment."""

STALE_WINDOWS: Final = 3.0
"""A reading is of the present for so many of its windows."""

_MOMENT_S: Final = 20.0
"""The window that a reading without one counts as having, for its age."""

_AHEAD_NS: Final = 5_000_000_000
"""A reading may be so far ahead of the present: clocks differ. What is further ahead has not happened yet."""

_KEPT: Final = 4

_Key = TypeVar("_Key")

Points = tuple[Iterable[int], Iterable[float]]


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """`value` is over the short window, `sustained` over the long one; None where its source has only moments."""

    at_ns: int
    value: float
    source: str
    words: str
    """What was read: "io full"."""
    unit: str = "share"
    sustained: float | None = None
    window_s: float = 0.0
    sustained_s: float = 0.0
    stand_in: bool = False
    """How much is in use, not what waits for it: shows what is busy and never what is saturated."""
    short: float | None = None
    """What the level goes by where that is not `value` (a median of moments)."""

    def age_s(self, now_ns: int) -> float:
        return max(0.0, (now_ns - self.at_ns) / 1e9)

    def is_fresh(self, now_ns: int) -> bool:
        return self.age_s(now_ns) <= STALE_WINDOWS * (self.window_s or _MOMENT_S)


class Channel:
    """All readings of one thing by one source. The order in which they come does not matter.

    `points`, times and values, and `newest` are those of a channel that this one goes on from.
    """

    def __init__(
        self, *, median: bool = False, points: Points = ((), ()), newest: Iterable[Reading] = ()
    ) -> None:
        self.median = median
        self._count = 0
        self._series = Series(STRETCH_S, *points)
        self._whole: tuple[int, Reading, Reading] | None = None
        """The last reading whose windows were filled in, before and after, and how many there were then."""
        self._newest = list(newest)
        """The last few: the very last may be ahead of the present."""

    @property
    def points(self) -> tuple[tuple[int, ...], list[float]]:
        """Times, ascending, and values."""
        return self._series.times_ns, self._series.values

    @property
    def newest_readings(self) -> tuple[Reading, ...]:
        """The last few, oldest first."""
        return tuple(self._newest)

    def add(self, reading: Reading) -> None:
        self._count += 1
        self._series.add(reading.at_ns, reading.value)
        if not self._newest or reading.at_ns > self._newest[-1].at_ns:
            self._newest.append(reading)
        elif reading not in self._newest:
            self._newest.append(reading)
            self._newest.sort(key=lambda one: (one.at_ns, one.value, repr(one)))
        del self._newest[:-_KEPT]

    def newest(self, now_ns: int) -> Reading | None:
        """The newest that is not from the future, with its two windows filled in."""
        until_ns = now_ns + _AHEAD_NS
        found = next((one for one in reversed(self._newest) if one.at_ns <= until_ns), None)
        return None if found is None else self._with_windows(found)

    def _with_windows(self, reading: Reading) -> Reading:
        if reading.sustained is not None:
            return reading
        if self._whole is not None and self._whole[:2] == (self._count, reading):
            return self._whole[2]
        middle = statistics.median if self.median else statistics.fmean
        window_s = reading.window_s or SHORT_S
        short = self._series.between(reading.at_ns - round(window_s * 1e9), reading.at_ns)
        long = self._series.between(reading.at_ns - round(LONG_S * 1e9), reading.at_ns)
        whole = msgspec.structs.replace(
            reading,
            short=middle(short or [reading.value]),
            sustained=middle(long or [reading.value]),
            window_s=window_s,
            sustained_s=LONG_S,
        )
        self._whole = (self._count, reading, whole)
        return whole

    def history(self) -> tuple[Sample, ...]:
        return self._series.history()

    def forget_before(self, horizon_ns: int) -> None:
        self._count += 1
        self._series.forget_before(horizon_ns)
        self._newest = [one for one in self._newest if one.at_ns >= horizon_ns]

    def __bool__(self) -> bool:
        return bool(self._newest)

    def __len__(self) -> int:
        return len(self._series) + len(self._newest)


def forgotten(channels: Mapping[_Key, Channel], horizon_ns: int) -> dict[_Key, Channel]:
    """Those that still hold something from `horizon_ns` on."""
    for channel in channels.values():
        channel.forget_before(horizon_ns)
    return {key: channel for key, channel in channels.items() if channel}


def preference(reading: Reading, now_ns: int) -> tuple[bool, float, bool, int]:
    """The least is the best: fresh before stale, waiting before use, the source that is nearer."""
    fresh = reading.is_fresh(now_ns)
    return (not fresh, 0 if fresh else reading.age_s(now_ns), reading.stand_in, rank(reading.source))
