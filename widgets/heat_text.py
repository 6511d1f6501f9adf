"""The words around a heatmap: its title, its percentiles, its legend and what is under the cursor."""

from __future__ import annotations

from patchdeck.model import HeatColumn, HeatGrid, HeatMode, Measure, Quantiles
from themes.ramps import Glyphs
from widgets import units
from widgets.cells import short
from widgets.ink import HEAT, Ink
from widgets.line import Span

_NAME_CELLS = 24
_ROWS = {HeatMode.ALL: "log", HeatMode.SERVICE: "by service", HeatMode.PHASE: "by phase"}
_MEASURES = {Measure.STARTED: "Startup latency", Measure.READY: "Time to ready"}


def title(grid: HeatGrid, glyphs: Glyphs) -> str:
    """Startup latency · last 15 min · log"""
    dot = f" {glyphs.dot} "
    return dot.join((_MEASURES[grid.measure], f"last {units.span(grid.window_s)}", _ROWS[grid.mode]))


def quantiles(values: Quantiles) -> tuple[Span, ...]:
    """p50 0.36s  p95 1.9s  p99 4.2s  n 412"""
    spans: list[Span] = []
    for name, value in (("p50", values.p50_s), ("p95", values.p95_s), ("p99", values.p99_s)):
        spans += [(f"{name} ", Ink.MUTED, ""), (f"{units.latency(value)}  ", Ink.STRONG, "")]
    return (*spans, ("n ", Ink.MUTED, ""), (units.count(values.n), Ink.STRONG, ""))


def legend(grid: HeatGrid, glyphs: Glyphs, *, steps: bool = False) -> tuple[Span, ...]:
    """How many failed, what a column is, the most starts in flight, and what the ends of the shades stand for.

    With `steps` the mark of a rollout's step is told too.
    """
    failed = sum(column.failed for column in grid.columns)
    words: list[Span] = [(f"failed {units.count(failed)}  ", Ink.FAILED, "")] if failed else []
    words += [
        (
            f"{units.span(grid.column_s)} a column  most in flight {units.count(grid.peak_in_flight)}",
            Ink.MUTED,
            "",
        )
    ]
    shades = _shades(grid)
    if shades:
        words.append(("  " + ("n " if grid.mode is HeatMode.ALL else "median "), Ink.MUTED, ""))
        for level, meaning in shades:
            words += [(glyphs.heat[level], HEAT[level - 1], ""), (f" {meaning} ", Ink.MUTED, "")]
    if any(column.gap for column in grid.columns):
        words.append((f" {glyphs.gap} gap", Ink.MUTED, ""))
    if steps:
        words += [(f" {glyphs.warning}", Ink.NEW, ""), (" rollout step", Ink.MUTED, "")]
    return tuple(words)


def _shades(grid: HeatGrid) -> list[tuple[int, str]]:
    """The lowest and the highest level that occur, with the values that they were given for."""
    seen: dict[int, float] = {}
    for column in grid.columns:
        for row, level in enumerate(column.levels):
            if level:
                value = float(column.counts[row]) if grid.mode is HeatMode.ALL else _median(column, row)
                if value is not None:
                    seen[level] = max(seen.get(level, 0.0), value)
    ends = sorted({min(seen), max(seen)}) if seen else []
    return [
        (level, units.count(int(seen[level])) if grid.mode is HeatMode.ALL else units.latency(seen[level]))
        for level in ends
    ]


def _median(column: HeatColumn, row: int) -> float | None:
    return column.median_s[row] if row < len(column.median_s) else None


def readout(grid: HeatGrid, index: int, row: int | None, glyphs: Glyphs, *, utc: bool) -> tuple[Span, ...]:
    """Exactly what is in one cell: its times, its latencies, its counts."""
    column = grid.columns[index]
    began = units.clock(column.began_ns, utc=utc)
    ended = units.clock(column.began_ns + round(grid.column_s * 1e9), utc=utc)
    words: list[tuple[str, str]] = [(f"{began}{glyphs.dash}{ended}", Ink.MUTED)]
    if row is not None and row < len(column.counts):
        words.append((_row_name(grid, row, glyphs), Ink.TEXT))
        words.append((f"n {column.counts[row]}", Ink.STRONG))
        if grid.mode is not HeatMode.ALL:
            words.append((f"median {units.latency(_median(column, row))}", Ink.TEXT))
    if row is None or column.failed:
        words.append((f"failed {column.failed}", Ink.FAILED if column.failed else Ink.MUTED))
    if column.starting:
        words.append((f"starting {column.starting}", Ink.TEXT))
    words.append((f"in flight {column.in_flight}", Ink.MUTED))
    if column.gap:
        words.append(("gap: may be incomplete", Ink.BUSY))
    return tuple((text if last else text + "  ", ink, "") for (text, ink), last in _with_last(words))


def _with_last(words: list[tuple[str, str]]) -> list[tuple[tuple[str, str], bool]]:
    return [(word, index == len(words) - 1) for index, word in enumerate(words)]


def _row_name(grid: HeatGrid, row: int, glyphs: Glyphs) -> str:
    if grid.mode is not HeatMode.ALL:
        name = grid.row_labels[row] if row < len(grid.row_labels) else ""
        return short(name, _NAME_CELLS, ellipsis=glyphs.ellipsis, ascii_only=glyphs.ascii)
    low, high = units.latency(grid.edges_s[row]), units.latency(grid.edges_s[row + 1])
    if row == 0:
        return f"below {high}"
    if row == len(grid.edges_s) - 2:
        return f"over {low}"
    return f"{low}{glyphs.dash}{high}"
