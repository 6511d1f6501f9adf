"""The latency heatmap: startups counted by time and by latency, service or phase."""

from __future__ import annotations

import bisect
import math
import statistics
from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from patchdeck.crowd import peaks
from patchdeck.model import (
    HEAT_LEVELS,
    Gap,
    HeatColumn,
    HeatGrid,
    HeatMode,
    Measure,
    Startup,
    StartupKind,
    StartupOutcome,
)
from patchdeck.startup import PHASES
from patchdeck.versions import latency_quantiles, ready_quantiles

Keep = Callable[[Startup], bool]

_TICKS_S = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0, 300.0, 1000.0)
_TICK_LABELS = ("10ms", "30ms", "100ms", "300ms", "1s", "3s", "10s", "30s", "100s", "300s", "1000s")
_USUAL_S = (0.1, 10.0)
"""The rows reach at least from here to here, so that the axis stays put while little happens."""

_LONGEST_START_NS = 3_600_000_000_000
"""Spans of starts in flight are looked for this far back of the window."""

_FAINTEST_PEAK = 8
"""A cell is at full shade from this many startups on, so that a lone one stays faint."""

OTHERS = "others"
"""The label of the row that gathers the services that have none of their own."""


def grid(
    startups: Sequence[Startup],
    *,
    now_ns: int,
    window_s: float,
    columns: int,
    rows: int,
    mode: HeatMode = HeatMode.ALL,
    measure: Measure = Measure.STARTED,
    kind: StartupKind = StartupKind.FIRST,
    keep: Keep | None = None,
    gaps: Sequence[Gap] = (),
    offsets_ns: Mapping[str, int] | None = None,
) -> HeatGrid:
    """The heatmap of the last `window_s` before `now_ns`, for at most `columns` by `rows` cells.

    `startups` are all, sorted by the time they began; the strip of starts in flight counts every one of them, the
    cells only those of `kind` for which `keep` holds. `offsets_ns` are the engines' clock offsets.
    """
    placing = _Placing(
        now_ns,
        window_s,
        columns,
        mode=mode,
        measure=measure,
        kind=kind,
        keep=keep,
        offsets_ns=offsets_ns or {},
    )
    recent = placing.recent(startups)
    chosen = [startup for startup in recent if placing.belongs(startup)]
    labels, edges_s = placing.choose_rows(chosen, rows)
    cells: list[list[list[float]]] = [[[] for _ in labels] for _ in range(placing.count)]
    failed = [0] * placing.count
    starting = [0] * placing.count
    for startup in chosen:
        column = placing.column_of(startup)
        if _is_failed(startup):
            failed[column] += 1
        elif startup.outcome is StartupOutcome.STARTING:
            starting[column] += 1
        for row, value_s in placing.cells_of(startup, labels, edges_s):
            cells[column][row].append(value_s)
    in_flight = peaks(placing.spans(recent), placing.edges_ns)
    missing = [placing.is_missing(index, gaps) for index in range(placing.count)]
    peak = max((len(cell) for column in cells for cell in column), default=0)
    made = tuple(
        HeatColumn(
            began_ns=placing.edges_ns[index],
            levels=tuple(_level(cell, mode, peak) for cell in cells[index]),
            counts=tuple(len(cell) for cell in cells[index]),
            median_s=()
            if mode is HeatMode.ALL
            else tuple(statistics.median(cell) if cell else None for cell in cells[index]),
            failed=failed[index],
            starting=starting[index],
            in_flight=in_flight[index],
            gap=missing[index],
        )
        for index in range(placing.count)
    )
    return HeatGrid(
        mode=mode,
        measure=measure,
        columns=made,
        row_labels=_labels(mode, labels, edges_s),
        edges_s=edges_s,
        column_s=placing.step_ns / 1e9,
        window_s=window_s,
        peak=peak,
        peak_in_flight=max(in_flight, default=0),
        quantiles=latency_quantiles(chosen) if measure is Measure.STARTED else ready_quantiles(chosen),
    )


def cell_startups(
    startups: Sequence[Startup],
    grid: HeatGrid,
    column: int,
    row: int | None,
    *,
    kind: StartupKind = StartupKind.FIRST,
    keep: Keep | None = None,
    offsets_ns: Mapping[str, int] | None = None,
) -> tuple[Startup, ...]:
    """The startups that a cell of `grid` counts; `row` None is the row of the failed and never ready."""
    now_ns = grid.columns[-1].began_ns
    placing = _Placing(
        now_ns,
        grid.window_s,
        len(grid.columns),
        mode=grid.mode,
        measure=grid.measure,
        kind=kind,
        keep=keep,
        offsets_ns=offsets_ns or {},
    )
    placing.take_columns(grid)
    labels = grid.row_labels
    found = []
    for startup in placing.recent(startups):
        if not placing.belongs(startup) or placing.column_of(startup) != column:
            continue
        if row is None:
            if _is_failed(startup):
                found.append(startup)
        elif any(own == row for own, _ in placing.cells_of(startup, labels, grid.edges_s)):
            found.append(startup)
    return tuple(found)


class _Placing:
    """Where a startup belongs on the grid."""

    def __init__(
        self,
        now_ns: int,
        window_s: float,
        columns: int,
        *,
        mode: HeatMode,
        measure: Measure,
        kind: StartupKind,
        keep: Keep | None,
        offsets_ns: Mapping[str, int],
    ) -> None:
        self._mode = mode
        self._measure = measure
        self._kind = kind
        self._keep = keep
        self._offsets_ns = offsets_ns
        self.step_ns = round(_step_s(window_s, columns) * 1e9)
        self.count = max(1, math.ceil(window_s * 1e9 / self.step_ns))
        first = now_ns // self.step_ns - self.count + 1
        self.edges_ns = [(first + index) * self.step_ns for index in range(self.count + 1)]

    def take_columns(self, grid: HeatGrid) -> None:
        self.step_ns = round(grid.column_s * 1e9)
        self.count = len(grid.columns)
        first_ns = grid.columns[0].began_ns
        self.edges_ns = [first_ns + index * self.step_ns for index in range(self.count + 1)]

    def recent(self, startups: Sequence[Startup]) -> Sequence[Startup]:
        """Those that can touch the window: a tail, since they are sorted by when they began."""
        slack_ns = max((abs(offset) for offset in self._offsets_ns.values()), default=0) + _LONGEST_START_NS
        start = bisect.bisect_left(startups, self.edges_ns[0] - slack_ns, key=lambda startup: startup.at_ns)
        return startups[start:]

    def _at(self, startup: Startup) -> int:
        return startup.at_ns - self._offsets_ns.get(startup.engine, 0)

    def belongs(self, startup: Startup) -> bool:
        if startup.kind is not self._kind or not self.edges_ns[0] <= self._at(startup) < self.edges_ns[-1]:
            return False
        return self._keep is None or self._keep(startup)

    def column_of(self, startup: Startup) -> int:
        return (self._at(startup) - self.edges_ns[0]) // self.step_ns

    def value_s(self, startup: Startup) -> float | None:
        return startup.latency_s if self._measure is Measure.STARTED else startup.ready_s

    def cells_of(
        self, startup: Startup, labels: Sequence[str], edges_s: Sequence[float]
    ) -> list[tuple[int, float]]:
        """The rows that count it, with what it adds to them. A failed startup has its own row, outside of these."""
        if _is_failed(startup):
            return []
        if self._mode is HeatMode.PHASE:
            return [
                (labels.index(phase.name), phase.seconds) for phase in startup.phases if phase.name in labels
            ]
        value_s = self.value_s(startup)
        if value_s is None:
            return []
        if self._mode is HeatMode.SERVICE:
            label = startup.service if startup.service in labels else OTHERS
            return [(labels.index(label), value_s)] if label in labels else []
        return [(bisect.bisect_right(edges_s, value_s, 1, len(edges_s) - 1) - 1, value_s)]

    def choose_rows(self, chosen: Sequence[Startup], rows: int) -> tuple[Sequence[str], tuple[float, ...]]:
        """Labels, one a row, and the edges where rows are latencies."""
        rows = max(1, rows)
        if self._mode is HeatMode.ALL:
            values = [value for startup in chosen if (value := self.value_s(startup)) is not None]
            edges = _edges(values, rows)
            return [""] * (len(edges) - 1), edges
        if self._mode is HeatMode.PHASE:
            present = {phase.name for startup in chosen for phase in startup.phases}
            return [name for name in reversed(PHASES) if name in present][:rows], ()
        counts = Counter(startup.service for startup in chosen)
        names = [name for name, _ in counts.most_common(rows)]
        if len(counts) > rows:
            names = [*names[: rows - 1]]
            return [OTHERS, *sorted(names, reverse=True)], ()
        return sorted(names, reverse=True), ()

    def spans(self, startups: Sequence[Startup]) -> list[tuple[int, int]]:
        spans = []
        for startup in startups:
            if startup.began_ns is None:
                continue
            offset = self._offsets_ns.get(startup.engine, 0)
            ended_ns = startup.started_ns if startup.started_ns is not None else startup.ended_ns
            until_ns = ended_ns - offset if ended_ns is not None else self.edges_ns[-1]
            if until_ns >= self.edges_ns[0]:
                spans.append((startup.began_ns - offset, until_ns))
        return spans

    def is_missing(self, index: int, gaps: Sequence[Gap]) -> bool:
        low_ns, high_ns = self.edges_ns[index], self.edges_ns[index + 1]
        for gap in gaps:
            offset = self._offsets_ns.get(gap.engine, 0)
            if gap.began_ns - offset < high_ns and gap.ended_ns - offset > low_ns:
                return True
        return False


def _is_failed(startup: Startup) -> bool:
    return startup.outcome is StartupOutcome.FAILED or startup.censored


def _step_s(window_s: float, columns: int) -> float:
    """The width of a column: whole seconds, or halves below five, so that columns are aligned to round times."""
    least = window_s / max(1, columns)
    return max(0.5, math.ceil(least * 2) / 2 if least < 5 else math.ceil(least))


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


def _labels(mode: HeatMode, labels: Sequence[str], edges_s: Sequence[float]) -> tuple[str, ...]:
    if mode is not HeatMode.ALL:
        return tuple(labels)
    named = dict(zip(_TICKS_S, _TICK_LABELS, strict=True))
    return tuple(named.get(edge, "") for edge in edges_s[:-1])


def _level(cell: Sequence[float], mode: HeatMode, peak: int) -> int:
    """Shade of a cell: by count on a log scale, or by median from 10 ms to 30 s."""
    if not cell:
        return 0
    if mode is HeatMode.ALL:
        share = math.log(len(cell)) / math.log(max(peak, _FAINTEST_PEAK))
    else:
        share = math.log(max(statistics.median(cell), 0.01) / 0.01) / math.log(3000)
    return 1 + min(HEAT_LEVELS - 1, max(0, round(share * (HEAT_LEVELS - 1))))
