"""Startups in each format of `patchdeck startups`: a header where there is one, and a line for each startup."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from patchdeck.model import Startup, StartupOutcome
from tui.headless import startup_csv
from tui.headless.records import json_line, startup_record
from tui.headless.table import Cell, Colour, Column, Table
from tui.headless.times import clock_ms
from widgets.units import MISSING, latency

_COLUMNS = (
    Column("began", 13),
    Column("container", 12, grows=3, cut_middle=True),
    Column("version", 8, grows=2),
    Column("kind", 7),
    Column("outcome", 7),
    Column("latency", 7, "right"),
    Column("ready", 6, "right"),
    Column("flight", 6, "right"),
    Column("service", 12, grows=2, cut_middle=True),
    Column("engine", 8, grows=1),
    Column("why", 12, grows=4),
)
"""From the most to the least wanted: what has no room is left out from the right."""

_COLOURS = {StartupOutcome.FAILED: Colour.BAD, StartupOutcome.READY: Colour.GOOD}


class Lines(NamedTuple):
    header: str | None
    line: Callable[[Startup], str]


def lines(form: str, *, width: int, colour: bool, ascii_only: bool, utc: bool) -> Lines:
    """For the format "table", "json" or "csv"; the rest only shapes the table."""
    if form == "json":
        return Lines(None, lambda startup: json_line(startup_record(startup)))
    if form == "csv":
        return Lines(startup_csv.header(), startup_csv.row)
    table = Table(_COLUMNS, width=width, colour=colour, ascii_only=ascii_only)
    missing = "-" if ascii_only else MISSING
    return Lines(table.header(), lambda startup: table.row(_cells(startup, missing=missing, utc=utc)))


def _cells(startup: Startup, *, missing: str, utc: bool) -> list[Cell]:
    outcome = Colour.WARNING if startup.censored else Colour.NONE
    outcome = _COLOURS.get(startup.outcome, outcome)
    about = "~" if startup.approximate and startup.latency_s is not None else ""
    return [
        Cell(clock_ms(startup.at_ns, utc=utc), Colour.FAINT),
        Cell(startup.name or startup.container_id[:12]),
        Cell(startup.version),
        Cell(startup.kind.value),
        Cell(startup.outcome.value, outcome),
        Cell(about + latency(startup.latency_s, missing=missing)),
        _ready(startup, missing),
        Cell(missing if startup.in_flight is None else str(startup.in_flight)),
        Cell(startup.service),
        Cell(startup.engine),
        Cell(startup.reason, Colour.BAD),
    ]


def _ready(startup: Startup, missing: str) -> Cell:
    if startup.ready_s is None and startup.expects_ready and startup.censored:
        return Cell("never", Colour.WARNING)
    return Cell(latency(startup.ready_s, missing=missing))
