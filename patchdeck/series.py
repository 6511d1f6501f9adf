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

    def newest(self) -> tuple[int, float] | None:
        return self._points[-1] if self._points else None

    def since(self, at_ns: int) -> list[float]:
        """Values from `at_ns` on, oldest first."""
        return [value for _, value in self._points[bisect.bisect_left(self._points, at_ns, key=_time) :]]

    def __len__(self) -> int:
        return len(self._points) + len(self._thinned) + len(self._stale)

    def history(self) -> tuple[Sample, ...]:
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
        return tuple(self._thinned[stretch] for stretch in sorted(self._thinned))

    def forget_before(self, horizon_ns: int) -> None:
        old = bisect.bisect_left(self._points, horizon_ns, key=_time)
        self._stale.update(at_ns // self._stretch_ns for at_ns, _ in self._points[:old])
        del self._points[:old]
