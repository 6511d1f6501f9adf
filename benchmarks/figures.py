"""What a benchmark reports: figures with a unit, the limit that was promised if any, and how they were made."""

from __future__ import annotations

import os
import platform
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field


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

    def markdown(self) -> str:
        lines = [f"## {self.title}", "", self.how, ""]
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


def machine() -> str:
    """What was measured on; names no host."""
    return f"{os.cpu_count()} processors, {platform.system()} {platform.machine()}, Python {platform.python_version()}"
