"""The latency heatmap: startups counted by time and by latency, service or phase."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence

from patchdeck.heat_columns import Column, Keep, Look, Window, is_failed
from patchdeck.heat_memory import HeatMemory
from patchdeck.heat_rows import Rows, level_of
from patchdeck.model import Gap, HeatColumn, HeatGrid, HeatMode, Measure, Quantiles, Startup, StartupKind
from patchdeck.versions import quantiles


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
    memory: HeatMemory | None = None,
) -> HeatGrid:
    """The heatmap of the last `window_s` before `now_ns`, for at most `columns` by `rows` cells.

    `startups` are all, sorted by the time they began; the strip of starts in flight counts every one of them, the
    cells only those of `kind` for which `keep` holds. `offsets_ns` are the engines' clock offsets. From `memory`, that
    of the grids before, is taken what has not changed.
    """
    window = Window(now_ns, window_s, columns)
    look = Look(mode, measure, kind, keep, offsets_ns or {})
    memory = HeatMemory() if memory is None else memory
    held, in_flight = memory.columns(startups, window, look)
    chosen = Rows.of(held, mode, rows)
    cells = memory.cells(chosen)
    peak = max((len(cell) for column in cells for cell in column), default=0)
    made = tuple(
        HeatColumn(
            began_ns=window.edges_ns[index],
            levels=tuple(level_of(cell, mode, peak) for cell in cells[index]),
            counts=tuple(map(len, cells[index])),
            median_s=()
            if mode is HeatMode.ALL
            else tuple(statistics.median(cell) if cell else None for cell in cells[index]),
            failed=column.failed,
            starting=column.starting,
            in_flight=in_flight[index],
            gap=window.is_missing(index, gaps, look.offsets_ns),
        )
        for index, column in enumerate(held)
    )
    return HeatGrid(
        mode=mode,
        measure=measure,
        columns=made,
        row_labels=chosen.labels,
        edges_s=chosen.edges_s,
        column_s=window.step_ns / 1e9,
        window_s=window_s,
        peak=peak,
        peak_in_flight=max(in_flight, default=0),
        quantiles=_quantiles(held),
    )


def _quantiles(columns: Sequence[Column]) -> Quantiles:
    measured_s = [value_s for column in columns for value_s in column.measured_s]
    return quantiles(measured_s, sum(column.unmeasured for column in columns))


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
    look = Look(grid.mode, grid.measure, kind, keep, offsets_ns or {})
    chosen = Rows(grid.mode, grid.row_labels, grid.edges_s)
    begin_ns = grid.columns[column].began_ns
    end_ns = begin_ns + round(grid.column_s * 1e9)

    def is_in(startup: Startup) -> bool:
        if row is None:
            return is_failed(startup)
        return any(chosen.row_of(name, value_s) == row for name, value_s in look.parts(startup))

    return tuple(
        startup
        for startup in startups
        if begin_ns <= look.at_ns(startup) < end_ns and look.chooses(startup) and is_in(startup)
    )
