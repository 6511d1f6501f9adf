"""A bounded series of samples that does not mind the order they come in."""

from __future__ import annotations

import bisect
from operator import itemgetter

from patchdeck.model import Sample

_time = itemgetter(0)


class Series:
    """Values over time. `history` thins them to one mean a stretch, aligned to multiples of the stretch."""

    def __init__(self, stretch_s: float) -> None:
        self._stretch_ns = round(stretch_s * 1e9)
        self._points: list[tuple[int, float]] = []
        self._thinned: dict[int, Sample] = {}
        self._stale: set[int] = set()
        self._history: tuple[Sample, ...] = ()

    def add(self, at_ns: int, value: float) -> None:
        """A second value of the same time is dropped, whichever it is smaller than."""
        index = bisect.bisect_left(self._points, at_ns, key=_time)
        if index < len(self._points) and self._points[index][0] == at_ns:
            if self._points[index][1] >= value:
                return
            self._points[index] = (at_ns, value)
        else:
            self._points.insert(index, (at_ns, value))
        self._stale.add(at_ns // self._stretch_ns)

    def between(self, begin_ns: int, end_ns: int) -> list[float]:
        """Values from `begin_ns` to `end_ns`, both included, oldest first."""
        low = bisect.bisect_left(self._points, begin_ns, key=_time)
        high = bisect.bisect_right(self._points, end_ns, key=_time)
        return [value for _, value in self._points[low:high]]

    def __len__(self) -> int:
        return len(self._points) + len(self._thinned) + len(self._stale)

    def history(self) -> tuple[Sample, ...]:
        if not self._stale:
            return self._history
        for stretch in self._stale:
            low = bisect.bisect_left(self._points, stretch * self._stretch_ns, key=_time)
            high = bisect.bisect_left(self._points, (stretch + 1) * self._stretch_ns, key=_time)
            values = [value for _, value in self._points[low:high]]
            if values:
                self._thinned[stretch] = Sample(
                    at_ns=self._points[high - 1][0], value=sum(values) / len(values)
                )
            else:
                self._thinned.pop(stretch, None)
        self._stale.clear()
        self._history = tuple(self._thinned[stretch] for stretch in sorted(self._thinned))
        return self._history

    def forget_before(self, horizon_ns: int) -> None:
        old = bisect.bisect_left(self._points, horizon_ns, key=_time)
        self._stale.update(at_ns // self._stretch_ns for at_ns, _ in self._points[:old])
        del self._points[:old]
