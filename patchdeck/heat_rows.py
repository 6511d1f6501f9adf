"""The rows of the heatmap: latencies on a log scale, services or phases."""

from __future__ import annotations

import bisect
import math
import statistics
from collections import Counter
from collections.abc import Sequence
from typing import Final

from patchdeck.heat_columns import Column
from patchdeck.model import HEAT_LEVELS, HeatMode
from patchdeck.startup import PHASES

OTHERS: Final = "others"
"""The label of the row that gathers the services that have none of their own."""

_TICKS_S: Final = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0, 300.0, 1000.0)
_TICK_LABELS: Final = ("10ms", "30ms", "100ms", "300ms", "1s", "3s", "10s", "30s", "100s", "300s", "1000s")
_USUAL_S: Final = (0.1, 10.0)
"""The rows reach at least from here to here, so that the axis stays put while little happens."""

_FAINTEST_PEAK: Final = 8
"""A cell is at full shade from this many startups on, so that a lone one stays faint."""


Cells = Sequence[Sequence[float]]
"""Of one column: what each row has, the bottom row first."""


class Rows:
    """One label a row, the bottom row first, and the edges where rows are latencies."""

    def __init__(self, mode: HeatMode, labels: Sequence[str], edges_s: tuple[float, ...]) -> None:
        self.labels = tuple(labels)
        self.edges_s = edges_s
        self._mode = mode
        self._numbers = {label: number for number, label in enumerate(labels)}

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Rows) and self._told == other._told

    def __hash__(self) -> int:
        return hash(self._told)

    @property
    def _told(self) -> tuple[object, ...]:
        return (self._mode, self.labels, self.edges_s)

    @classmethod
    def of(cls, columns: Sequence[Column], mode: HeatMode, most: int) -> Rows:
        """At most so many, chosen by what is in the columns."""
        most = max(1, most)
        match mode:
            case HeatMode.ALL:
                edges_s = _edges([value_s for column in columns for value_s in column.extremes_s], most)
                named = dict(zip(_TICKS_S, _TICK_LABELS, strict=True))
                return cls(mode, [named.get(edge_s, "") for edge_s in edges_s[:-1]], edges_s)
            case HeatMode.PHASE:
                present = {name for column in columns for name in column.names}
                return cls(mode, [name for name in reversed(PHASES) if name in present][:most], ())
            case HeatMode.SERVICE:
                counts: Counter[str] = Counter()
                for column in columns:
                    counts.update(column.services)
                names = sorted(counts, key=lambda name: (-counts[name], name))
                if len(names) > most:
                    return cls(mode, [OTHERS, *sorted(names[: most - 1], reverse=True)], ())
                return cls(mode, sorted(names, reverse=True), ())

    def row_of(self, name: str, value_s: float) -> int | None:
        """The row that counts a part of a startup; None if it has none."""
        if self._mode is HeatMode.ALL:
            return bisect.bisect_right(self.edges_s, value_s, 1, len(self.edges_s) - 1) - 1
        others = self._numbers.get(OTHERS) if self._mode is HeatMode.SERVICE else None
        return self._numbers.get(name, others)

    def cells(self, column: Column) -> Cells:
        """What each row has of a column."""
        cells: list[list[float]] = [[] for _ in self.labels]
        for name, values_s in column.values_s.items():
            for value_s in values_s:
                row = self.row_of(name, value_s)
                if row is not None:
                    cells[row].append(value_s)
        return cells


def _edges(values_s: Sequence[float], rows: int) -> tuple[float, ...]:
    """Log-spaced bounds, two ticks a decade, each stretch between ticks cut into as many rows as fit."""
    shortest = min(values_s, default=_USUAL_S[0])
    longest = max(values_s, default=_USUAL_S[1])
    low = max(0, bisect.bisect_right(_TICKS_S, min(shortest, _USUAL_S[0])) - 1)
    high = min(len(_TICKS_S) - 1, bisect.bisect_left(_TICKS_S, max(longest, _USUAL_S[1])))
    if high - low > rows:
        # Too few rows for the whole range: the slow end matters, and the lowest row is open downwards.
        low = high - rows
    cuts = max(1, rows // (high - low))
    while (high - low + 1) * cuts <= rows and (high < len(_TICKS_S) - 1 or low > 0):
        if high < len(_TICKS_S) - 1:
            high += 1
        else:
            low -= 1
    edges = []
    for tick in range(low, high):
        ratio = _TICKS_S[tick + 1] / _TICKS_S[tick]
        edges += [_TICKS_S[tick] * ratio ** (cut / cuts) for cut in range(cuts)]
    return (*edges, _TICKS_S[high])


def level_of(cell: Sequence[float], mode: HeatMode, peak: int) -> int:
    """Shade of a cell: by count on a log scale, or by median from 10 ms to 30 s."""
    if not cell:
        return 0
    if mode is HeatMode.ALL:
        share = math.log(len(cell)) / math.log(max(peak, _FAINTEST_PEAK))
    else:
        share = math.log(max(statistics.median(cell), 0.01) / 0.01) / math.log(3000)
    return 1 + min(HEAT_LEVELS - 1, max(0, round(share * (HEAT_LEVELS - 1))))
