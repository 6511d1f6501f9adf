"""What startups wait for, as a table and as JSON. docs/command-line.md has the tables of the fields."""

from __future__ import annotations

from patchdeck.contention.words import amount
from patchdeck.model import Engine, Indicator, Knee, Level, Snapshot
from tui.headless.records import Json, seconds
from tui.headless.table import Cell, Colour, Column, Table
from tui.headless.times import rfc3339
from widgets.units import MISSING

_COLUMNS = (
    Column("indicator", 10),
    Column("value", 10, "right"),
    Column("level", 9),
    Column("why", 20, grows=1),
)
_COLOURS = {Level.BUSY: Colour.WARNING, Level.SATURATED: Colour.BAD, Level.CALM: Colour.GOOD}


def contention_lines(snapshot: Snapshot, *, width: int, colour: bool, ascii_only: bool) -> list[str]:
    """A table an engine, under its name where there are several, and its knee."""
    table = Table(_COLUMNS, width=width, colour=colour, ascii_only=ascii_only)
    missing = "-" if ascii_only else MISSING
    lines: list[str] = []
    for engine in snapshot.engines:
        if len(snapshot.engines) > 1:
            lines += ["", engine.name] if lines else [engine.name]
        lines.append(table.header())
        lines += [table.row(_cells(one, missing)) for one in engine.indicators]
        lines.append(table.row([Cell("knee"), *_knee_cells(engine.knee, missing)]))
    return lines


def _cells(one: Indicator, missing: str) -> list[Cell]:
    value = missing if one.value is None else amount(one.value, one.unit)
    level = "unknown" if one.level is Level.UNKNOWN and one.value is None else one.level.value
    if one.level is Level.UNKNOWN and one.value is not None:
        level = missing
    why = f"{one.reason} ({one.source})" if one.source else one.reason
    return [Cell(one.name), Cell(value), Cell(level, _COLOURS.get(one.level, Colour.FAINT)), Cell(why)]


def _knee_cells(knee: Knee | None, missing: str) -> list[Cell]:
    if knee is None or knee.at is None:
        return [Cell(missing), Cell("unknown", Colour.FAINT), Cell(knee.reason if knee else "")]
    interval = f"{knee.low} to {knee.high}" if knee.high is not None else f"at least {knee.low}"
    return [Cell(str(knee.at)), Cell(""), Cell(f"{interval}, from {knee.startups} startups")]


def contention_record(engine: Engine, at_ns: int) -> dict[str, Json]:
    """One engine at one moment."""
    return {
        "at": rfc3339(at_ns),
        "engine": engine.name,
        "state": engine.state.value,
        "in_flight": engine.in_flight,
        "indicators": [_indicator(one) for one in engine.indicators],
        "knee": _knee(engine.knee),
        "services": [
            {
                "service": one.service,
                "indicator": one.indicator,
                "value": seconds(one.value),
                "unit": one.unit,
                "level": one.level.value,
                "reason": one.reason,
                "source": one.source,
                "at": rfc3339(one.at_ns),
            }
            for one in engine.of_services
        ],
    }


def _indicator(one: Indicator) -> Json:
    return {
        "name": one.name,
        "value": seconds(one.value),
        "unit": one.unit,
        "level": one.level.value,
        "reason": one.reason,
        "source": one.source,
        "at": rfc3339(one.at_ns),
        "busy": seconds(one.busy),
        "saturated": seconds(one.saturated),
    }


def _knee(knee: Knee | None) -> Json:
    if knee is None:
        return None
    return {
        "at": knee.at,
        "low": knee.low,
        "high": knee.high,
        "startups": knee.startups,
        "reason": knee.reason,
        "points": [
            {
                "in_flight": point.in_flight,
                "startups": point.startups,
                "p50_s": seconds(point.p50_s),
                "p95_s": seconds(point.p95_s),
                "throughput_per_s": seconds(point.throughput_per_s),
            }
            for point in knee.points
        ],
    }
