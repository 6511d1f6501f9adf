"""Moments at which something happened, to be counted over windows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from patchdeck.model import Sample


class Happened:
    """Moments by the engine's clock, each with a name that tells several of one moment apart."""

    def __init__(self, moments: Iterable[tuple[int, str]] = ()) -> None:
        self._moments = set(moments)

    @property
    def moments(self) -> tuple[tuple[int, str], ...]:
        """Oldest first."""
        return tuple(sorted(self._moments))

    def add(self, at_ns: int, name: str) -> None:
        self._moments.add((at_ns, name))

    def count(self, until_ns: int, window_s: float) -> int:
        """How many there were in the window that ends at `until_ns`."""
        since_ns = until_ns - round(window_s * 1e9)
        return sum(since_ns <= at_ns <= until_ns for at_ns, _ in self._moments)

    def history(self, stretch_s: float, offset_ns: int) -> tuple[Sample, ...]:
        """Counts by stretches, by the clock that the engine's is `offset_ns` ahead of; only stretches with any."""
        stretch_ns = round(stretch_s * 1e9)
        counts = Counter((at_ns - offset_ns) // stretch_ns for at_ns, _ in self._moments)
        return tuple(Sample(at_ns=one * stretch_ns, value=float(counts[one])) for one in sorted(counts))

    def forget_before(self, horizon_ns: int) -> None:
        self._moments = {one for one in self._moments if one[0] >= horizon_ns}

    def __len__(self) -> int:
        return len(self._moments)
