"""What a benchmark reports: figures with a unit, the limit that was promised if any, and how they were made."""

from __future__ import annotations

import datetime as dt
import os
import platform
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

BUSY_S = 3.0
"""For how long is looked at how busy the machine is."""


@dataclass(frozen=True)
class Figure:
    """`limit` is the most it may be; None where nothing is promised."""

    what: str
    value: float
    unit: str
    limit: float | None = None
    note: str = ""

    @property
    def holds(self) -> bool:
        return self.limit is None or self.value <= self.limit


@dataclass
class Report:
    """One benchmark's figures, and tables that explain them."""

    title: str
    how: str
    figures: list[Figure] = field(default_factory=list)
    text: list[str] = field(default_factory=list)

    def add(self, what: str, value: float, unit: str, limit: float | None = None, note: str = "") -> None:
        self.figures.append(Figure(what, value, unit, limit, note))

    def markdown(self, measured: str) -> str:
        """A section; `measured` says when and on what, see `circumstances`."""
        lines = [f"## {self.title}", "", f"*{measured}*", "", self.how, ""]
        if self.figures:
            lines += ["| figure | measured | promised | |", "| --- | ---: | ---: | --- |"]
            lines += [_row(figure) for figure in self.figures]
            lines.append("")
        return "\n".join([*lines, *self.text])


def _row(figure: Figure) -> str:
    promised = "" if figure.limit is None else f"≤ {figure.limit:g} {figure.unit}"
    verdict = "" if figure.limit is None else ("holds" if figure.holds else "**missed**")
    note = " · ".join(part for part in (verdict, figure.note) if part)
    return f"| {figure.what} | {figure.value:.3g} {figure.unit} | {promised} | {note} |"


def median(values: Sequence[float]) -> float:
    """Of at least one value."""
    return statistics.median(values)


def circumstances(engine: str = "") -> str:
    """When and on what is measured, and how busy others keep the machine right now; takes a few seconds.

    `engine` is its version. Names no host.
    """
    day = dt.datetime.now(dt.UTC).date()
    machine = f"{os.cpu_count()} processors, {platform.system()} {platform.machine()}"
    programs = f"Python {platform.python_version()}" + (f", Docker Engine {engine}" if engine else "")
    return (
        f"Measured on {day}: {machine}, {programs}; {_busy():.0%} of the processors at work before it began."
    )


def _busy() -> float:
    """The share of all processors' time that was not idle. Source: /proc/stat, whose 4th and 5th fields are idle."""
    before = _ticks()
    time.sleep(BUSY_S)
    spent = [now - then for now, then in zip(_ticks(), before, strict=True)]
    return 1 - sum(spent[3:5]) / sum(spent)


def _ticks() -> list[int]:
    with Path("/proc/stat").open(encoding="ascii") as file:
        return [int(field) for field in file.readline().split()[1:9]]
