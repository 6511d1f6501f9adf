"""Tables for terminals: columns of fixed width, so that rows can follow each other as they come."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

import msgspec

from widgets.cells import Align, clean, fit

_GAP = "  "


class Colour(StrEnum):
    """Of the sixteen that every terminal has; each goes with a word or glyph that says the same."""

    NONE = ""
    GOOD = "\x1b[32m"
    BAD = "\x1b[31m"
    WARNING = "\x1b[33m"
    FAINT = "\x1b[2m"


RESET = "\x1b[0m"


class Column(msgspec.Struct, frozen=True):
    title: str
    width: int
    """Cells; of a column that grows, the least."""
    align: Align = "left"
    grows: int = 0
    """Its share of the room that is left."""
    cut_middle: bool = False


class Cell(msgspec.Struct, frozen=True):
    text: str
    colour: Colour = Colour.NONE


class Table:
    """Rows as lines of at most `width` cells, whatever their texts hold."""

    def __init__(self, columns: Sequence[Column], *, width: int, colour: bool, ascii_only: bool) -> None:
        self._columns = columns
        self._colour = colour
        self._ascii_only = ascii_only
        self._widths = _widths(columns, width)

    def header(self) -> str:
        return self.row([Cell(column.title, Colour.FAINT) for column in self._columns])

    def row(self, cells: Sequence[Cell]) -> str:
        line = ""
        pending = ""
        for cell, column, width in zip(cells, self._columns, self._widths, strict=True):
            padded = self._fitted(cell, column, width)
            text = padded.rstrip(" ")
            if text:
                line += pending + (f"{cell.colour}{text}{RESET}" if self._colour and cell.colour else text)
                pending = ""
            # Blanks are written once something follows them.
            pending += padded[len(text) :] + _GAP
        return line

    def _fitted(self, cell: Cell, column: Column, width: int) -> str:
        return fit(
            cell.text,
            width,
            column.align,
            cut="middle" if column.cut_middle else "end",
            ellipsis="~" if self._ascii_only else "…",
            ascii_only=self._ascii_only,
        )


def _widths(columns: Sequence[Column], width: int) -> list[int]:
    """Columns that do not fit are left out from the right: half a column tells nothing."""
    shown = list(columns)
    while len(shown) > 1 and _needed(shown) > width:
        shown.pop()
    room = max(0, width - _needed(shown))
    shares = sum(column.grows for column in shown)
    widths = [column.width + (room * column.grows // shares if shares else 0) for column in shown]
    return [min(one, width) for one in widths] + [0] * (len(columns) - len(shown))


def _needed(columns: Sequence[Column]) -> int:
    return sum(column.width for column in columns) + len(_GAP) * (len(columns) - 1)


def sentence(text: str, *, ascii_only: bool) -> str:
    """A line for standard error, made harmless, of any length."""
    return clean(text, ascii_only=ascii_only)
