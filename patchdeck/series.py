"""A bounded series of samples that does not mind the order they come in."""

from __future__ import annotations

import bisect
from array import array
from collections.abc import Iterable

from patchdeck.model import Sample


class Series:
    """Values over time. `history` thins them to one mean a stretch, aligned to multiples of the stretch.

    `times_ns`, ascending, and `values` are those of a series that this one goes on from.
    """

    def __init__(self, stretch_s: float, times_ns: Iterable[int] = (), values: Iterable[float] = ()) -> None:
        self._stretch_ns = round(stretch_s * 1e9)
        # Six hours of two-second samples are many: arrays take a tenth of the room, and are restored as fast as read.
        self._times = array("q", times_ns)
        self._values = array("d", values)
        self._thinned: dict[int, Sample] = {}
        self._stale: set[int] = set()
        self._all_stale = bool(self._times)
        """Nothing was thinned yet of what it goes on from: most series are never asked for their history."""
        self._history: tuple[Sample, ...] = ()

    @property
    def times_ns(self) -> tuple[int, ...]:
        """Ascending."""
        return tuple(self._times)

    @property
    def values(self) -> list[float]:
        """One for each of `times_ns`."""
        return self._values.tolist()

    def add(self, at_ns: int, value: float) -> None:
        """A second value of the same time is dropped, whichever it is smaller than."""
        index = bisect.bisect_left(self._times, at_ns)
        if index < len(self._times) and self._times[index] == at_ns:
            if self._values[index] >= value:
                return
            self._values[index] = value
        else:
            self._times.insert(index, at_ns)
            self._values.insert(index, value)
        self._stale.add(at_ns // self._stretch_ns)

    def between(self, begin_ns: int, end_ns: int) -> list[float]:
        """Values from `begin_ns` to `end_ns`, both included, oldest first."""
        low = bisect.bisect_left(self._times, begin_ns)
        high = bisect.bisect_right(self._times, end_ns)
        return self._values[low:high].tolist()

    def __len__(self) -> int:
        return len(self._times) + len(self._thinned) + len(self._stale)

    def history(self) -> tuple[Sample, ...]:
        if self._all_stale:
            self._thin_all()
        elif self._stale:
            self._thin_stale()
        else:
            return self._history
        self._stale.clear()
        self._history = tuple(self._thinned[stretch] for stretch in sorted(self._thinned))
        return self._history

    def _thin_all(self) -> None:
        """From the first sample to the last, without asking of each which stretch it is in."""
        self._thinned.clear()
        low = 0
        while low < len(self._times):
            stretch = self._times[low] // self._stretch_ns
            high = bisect.bisect_left(self._times, (stretch + 1) * self._stretch_ns, low)
            self._thinned[stretch] = self._mean(low, high)
            low = high
        self._all_stale = False

    def _thin_stale(self) -> None:
        for stretch in self._stale:
            low = bisect.bisect_left(self._times, stretch * self._stretch_ns)
            high = bisect.bisect_left(self._times, (stretch + 1) * self._stretch_ns)
            if high > low:
                self._thinned[stretch] = self._mean(low, high)
            else:
                self._thinned.pop(stretch, None)

    def _mean(self, low: int, high: int) -> Sample:
        mean = sum(self._values[low:high]) / (high - low)
        return Sample(at_ns=self._times[high - 1], value=mean)

    def forget_before(self, horizon_ns: int) -> None:
        old = bisect.bisect_left(self._times, horizon_ns)
        self._stale.update(at_ns // self._stretch_ns for at_ns in self._times[:old])
        del self._times[:old]
        del self._values[:old]
