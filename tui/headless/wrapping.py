"""Paragraphs for terminals."""

from __future__ import annotations

from collections.abc import Iterator

from rich.cells import cell_len, chop_cells


def wrapped(text: str, width: int, *, first: str = "", rest: str = "") -> Iterator[str]:
    """Lines of at most `width` cells, broken between words; a word that is longer than a line is broken too.

    `first` and `rest` stand before the first line and before all others. `text` has been made harmless.
    """
    line, empty = first, True
    for word in text.split(" "):
        if not empty and cell_len(line) + 1 + cell_len(word) > width:
            yield line.rstrip(" ")
            line, empty = rest, True
        pieces = [word]
        if empty and cell_len(line) + cell_len(word) > width:
            pieces = chop_cells(word, max(1, width - max(cell_len(first), cell_len(rest))))
        for piece in pieces[:-1]:
            yield line + piece
            line = rest
        line += pieces[-1] if empty else f" {pieces[-1]}"
        empty = False
    yield line.rstrip(" ")
