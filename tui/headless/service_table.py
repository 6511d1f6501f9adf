"""Services and their versions as a table: a line a version."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from patchdeck.model import Service, Version
from tui.headless.table import Cell, Colour, Column, Table
from widgets.units import MISSING, latency

_COLUMNS = (
    Column("service", 12, grows=3, cut_middle=True),
    Column("version", 8, grows=2),
    Column("live", 4, "right"),
    Column("n", 5, "right"),
    Column("p50", 5, "right"),
    Column("p95", 5, "right"),
    Column("p99", 5, "right"),
    Column("ready", 5, "right"),
    Column("state", 12, grows=3),
    Column("engine", 8, grows=1),
)
"""n and the percentiles are of first starts until started; `ready` is the median until ready."""


def service_lines(
    services: Iterable[Service], *, width: int, colour: bool, ascii_only: bool
) -> Iterator[str]:
    """The header, then every version of every service."""
    table = Table(_COLUMNS, width=width, colour=colour, ascii_only=ascii_only)
    missing = "-" if ascii_only else MISSING
    yield table.header()
    for service in services:
        for version in service.versions:
            yield table.row(_cells(service, version, missing))


def _cells(service: Service, version: Version, missing: str) -> list[Cell]:
    starts = version.starts
    return [
        Cell(service.name),
        Cell(version.label),
        Cell(str(version.live)),
        Cell(str(starts.n)),
        *(Cell(latency(value, missing=missing)) for value in (starts.p50_s, starts.p95_s, starts.p99_s)),
        Cell(latency(version.ready.p50_s, missing=missing)),
        _state(service, version),
        Cell(service.engine),
    ]


def _state(service: Service, version: Version) -> Cell:
    """In words; what is wrong goes first."""
    troubles = [
        f"{count} {what}"
        for count, what in (
            (version.unhealthy, "unhealthy"),
            (version.restarting, "restarting"),
            (version.failed, "failed"),
        )
        if count
    ]
    others = [f"{version.starting} starting"] if version.starting else []
    others += ["in flight"] if service.in_flight else []
    words = ", ".join([*troubles, *others])
    if words:
        return Cell(words, Colour.BAD if troubles else Colour.WARNING)
    return Cell("steady" if version.live else "not running")
