"""Text from outside, made harmless and cut to cells.

Names, labels, images, log lines and errors come from containers and may hold anything. On a terminal an escape
sequence moves the cursor, a newline breaks the frame, an override turns the rest of the line round, and a mark of no
width pushes the cells after it out of place. What is drawn has therefore passed through `clean`, and takes exactly the
cells that `fit` was asked for.
"""

from __future__ import annotations

import unicodedata
from typing import Literal

from rich.cells import cell_len, get_character_cell_size

Align = Literal["left", "right", "center"]
Cut = Literal["end", "middle"]

SUBSTITUTE = "�"

_CONTROL_PICTURES = 0x2400
_DELETE_PICTURE = "␡"
_VARIATION_SELECTORS = range(0xFE00, 0xFE10)
_REGIONAL_INDICATORS = range(0x1F1E6, 0x1F200)
_SKIN_TONES = range(0x1F3FB, 0x1F400)
_RIGHT_TO_LEFT = frozenset({"R", "AL", "AN", "RLE", "RLO", "RLI", "LRE", "LRO", "LRI", "PDF", "PDI", "FSI"})

_IN_ASCII = {
    "–": "-",
    "—": "-",
    "‐": "-",
    "…": "~",
    "·": ".",
    "→": ">",
    "×": "x",
    "‘": "'",
    "’": "'",
    "“": '"',
    "”": '"',
}

_INPUT_PER_CELL = 6
"""At most so many characters go into one cell: a base, the marks that compose with it, one variation selector."""


def _shown(code: int) -> str:
    """What a character that stands alone becomes: itself, a substitute, or nothing for a mark (see `_composed`)."""
    if code < 0x20:
        return chr(_CONTROL_PICTURES + code)
    if code == 0x7F:
        return _DELETE_PICTURE
    char = chr(code)
    category = unicodedata.category(char)
    if category == "Zs":
        return " "
    if category[0] == "M":
        return char
    # Right-to-left letters too: a terminal that knows them also moves the numbers beside them.
    if category[0] == "C" or category in ("Zl", "Zp") or unicodedata.bidirectional(char) in _RIGHT_TO_LEFT:
        return SUBSTITUTE
    # Terminals disagree on whether these merge with their neighbour.
    if code in _REGIONAL_INDICATORS or code in _SKIN_TONES:
        return SUBSTITUTE
    return char if get_character_cell_size(char) > 0 else SUBSTITUTE


class _Table(dict[int, str]):
    """For str.translate: filled as characters turn up, so that a character is judged once."""

    def __missing__(self, code: int) -> str:
        shown = self[code] = _shown(code)
        return shown


_TABLE = _Table()


def _composed(text: str) -> str:
    """Marks merged into their base where Unicode has such a character; any other mark becomes visible.

    The first variation selector after a base is dropped: it only asks for another look, and changes the width.
    """
    done: list[str] = []
    selected = False
    for char in text:
        if unicodedata.category(char)[0] != "M":
            done.append(char)
            selected = False
            continue
        if ord(char) in _VARIATION_SELECTORS and done and not selected:
            selected = True
            continue
        whole = unicodedata.normalize("NFC", done[-1] + char) if done else char
        if len(whole) == 1 and done and whole != char and get_character_cell_size(whole) > 0:
            done[-1] = whole
        else:
            done.append(SUBSTITUTE)
    return "".join(done)


def clean(text: str, *, ascii_only: bool = False) -> str:
    """The same text on one line with nothing in it that acts on a terminal; every character is 1 or 2 cells wide.

    With `ascii_only` whatever has nothing like it in ASCII becomes a question mark.
    """
    if not (text.isascii() and text.isprintable()):
        text = text.translate(_TABLE)
        if not text.isascii():
            text = _composed(text)
    return in_ascii(text) if ascii_only and not text.isascii() else text


def in_ascii(text: str) -> str:
    """A clean text in ASCII, of the same width."""
    return "".join(
        char if char.isascii() else _IN_ASCII.get(char, "?" * get_character_cell_size(char)) for char in text
    )


def head(text: str, width: int) -> str:
    """The longest beginning of a clean text that takes at most `width` cells."""
    if text.isascii():
        return text[:width]
    taken = 0
    for index, char in enumerate(text):
        taken += get_character_cell_size(char)
        if taken > width:
            return text[:index]
    return text


def _tail(text: str, width: int) -> str:
    return head(text[::-1], width)[::-1]


def _cut(text: str, width: int, cut: Cut, ellipsis: str) -> str:
    """A clean text that is too long, in at most `width` cells, with an ellipsis where something is missing."""
    room = width - cell_len(ellipsis)
    if room <= 0:
        return head(ellipsis, width)
    if cut == "end" or room < 4:
        return head(text, room) + ellipsis
    last = room // 2
    return head(text, room - last) + ellipsis + _tail(text, last)


def fit(
    text: str,
    width: int,
    align: Align = "left",
    *,
    cut: Cut = "end",
    ellipsis: str = "…",
    ascii_only: bool = False,
) -> str:
    """Any text in exactly `width` cells: cleaned, cut with an ellipsis if too long, padded if too short.

    `cut="middle"` keeps both ends, for names whose ends tell them apart.
    """
    if width <= 0:
        return ""
    # An input of any length costs no more than what can be seen of it.
    keep = width * _INPUT_PER_CELL + _INPUT_PER_CELL
    if len(text) > 2 * keep:
        text = text[:keep] + text[-keep:]
    text = clean(text, ascii_only=ascii_only)
    length = cell_len(text)
    if length > width:
        text = _cut(text, width, cut, ellipsis)
        length = cell_len(text)
    room = width - length
    if align == "right":
        return " " * room + text
    if align == "center":
        return " " * (room // 2) + text + " " * (room - room // 2)
    return text + " " * room


def short(text: str, most: int, *, cut: Cut = "middle", ellipsis: str = "…", ascii_only: bool = False) -> str:
    """As `fit`, in no more cells than the text needs."""
    cleaned = clean(text[: most * _INPUT_PER_CELL + _INPUT_PER_CELL], ascii_only=ascii_only)
    return fit(text, min(cell_len(cleaned), most), cut=cut, ellipsis=ellipsis, ascii_only=ascii_only)
