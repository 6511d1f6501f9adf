"""One line of a panel while it is put together: stretches of text, each with its ink."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Self

from rich.cells import cell_len

from themes.ramps import Glyphs
from widgets.cells import Align, Cut, clean, fit, head, in_ascii
from widgets.ink import Ink

Span = tuple[str, str, str]
"""Text, its ink, and the ink laid over it (empty for none)."""
Spans = tuple[Span, ...]


class Line:
    """Collects stretches from left to right and never grows past `width` cells."""

    __slots__ = ("_glyphs", "_spans", "_taken", "_width")

    def __init__(self, width: int, glyphs: Glyphs) -> None:
        self._width = max(width, 0)
        self._glyphs = glyphs
        self._spans: list[Span] = []
        self._taken = 0

    @property
    def room(self) -> int:
        return self._width - self._taken

    @property
    def taken(self) -> int:
        return self._taken

    def put(self, text: str, ink: str = Ink.TEXT) -> Self:
        """Text of our own. What does not fit is cut with an ellipsis."""
        if self._glyphs.ascii and not text.isascii():
            text = in_ascii(text)
        length = cell_len(text)
        if length > self.room:
            if not self.room:
                return self._mark_cut() if text.strip() else self
            return self.value(text, self.room, ink)
        if text:
            self._spans.append((text, ink, ""))
            self._taken += length
        return self

    def value(
        self, text: str, width: int, ink: str = Ink.TEXT, *, align: Align = "left", cut: Cut = "end"
    ) -> Self:
        """Text from outside, in exactly `width` cells, or in what room is left."""
        width = min(width, self.room)
        if width > 0:
            glyphs = self._glyphs
            fitted = fit(text, width, align, cut=cut, ellipsis=glyphs.ellipsis, ascii_only=glyphs.ascii)
            self._spans.append((fitted, ink, ""))
            self._taken += width
        return self

    def free(self, text: str, ink: str = Ink.TEXT) -> Self:
        """Text from outside, as long as it is, cut with an ellipsis where the room ends."""
        # Cut first: what can not be seen is not worth cleaning.
        text = text[: self.room * 8 + 8]
        return self.put(clean(text, ascii_only=self._glyphs.ascii), ink)

    def _mark_cut(self) -> Self:
        """There is more to say and no room left: the last cell says so."""
        if self._spans and self._width:
            text, ink, over = self._spans[-1]
            ellipsis = self._glyphs.ellipsis
            if not text.endswith(ellipsis):
                kept = head(text, cell_len(text) - 1)
                blanks = " " * (cell_len(text) - 1 - cell_len(kept))
                self._spans[-1] = (kept + blanks + ellipsis, ink, over)
        return self

    def gap(self, cells: int) -> Self:
        """So many blank cells, or fewer where the line ends."""
        cells = min(cells, self.room)
        return self.put(" " * cells) if cells > 0 else self

    def right(self, spans: Iterable[Span]) -> Self:
        """Put finished stretches against the right end, with blanks before them; all of them or, without room, none."""
        spans = tuple(spans)
        length = cells_of(spans)
        if length <= self.room:
            self.gap(self.room - length)
            self._spans.extend(spans)
            self._taken += length
        return self

    def spans(self, over: str = "") -> Spans:
        """The whole line, padded to its width; `over` is laid over all of it."""
        self.gap(self.room)
        return merged((text, ink, over or laid) for text, ink, laid in self._spans)

    def so_far(self) -> Spans:
        """What is on the line, not padded."""
        return merged(self._spans)


def cells_of(spans: Iterable[Span]) -> int:
    """How many cells these stretches take."""
    return sum(cell_len(text) for text, _, _ in spans)


def merged(spans: Iterable[Span]) -> Spans:
    """Equal neighbours as one. Blanks take the ink beside them: every change of ink costs bytes on the wire."""
    done: list[Span] = []
    for text, ink, over in spans:
        if not text:
            continue
        before, before_ink, before_over = done[-1] if done else ("", "", "")
        if done and before_over == over and (before_ink == ink or text.isspace()):
            done[-1] = (before + text, before_ink, over)
        elif done and before_over == over and before.isspace():
            done[-1] = (before + text, ink, over)
        else:
            done.append((text, ink, over))
    return tuple(done)


def headed(spans: Iterable[Span], cells: int) -> Spans:
    """As many of the stretches as `cells` cells hold; made for glyphs that are one cell wide."""
    done: list[Span] = []
    for text, ink, over in spans:
        kept = head(text, cells)
        done.append((kept, ink, over))
        cells -= cell_len(kept)
    return merged(done)


def overlaid(spans: Iterable[Span], cells: Iterable[int], mark: Span) -> Spans:
    """The same with a mark in place of these cells; made for glyphs that are one cell wide."""
    single = [(glyph, ink, over) for text, ink, over in spans for glyph in text]
    for cell in cells:
        single[cell] = mark
    return merged(single)


def inked(spans: Iterable[Span], ink: str) -> Spans:
    """The same text in one ink, for what is stale."""
    return merged((text, ink, over) for text, _, over in spans)


def changed_cells(before: Spans, after: Spans) -> int:
    """How many cells from the left hold every difference between two lines of one width."""
    same = 0
    for old, new in zip(reversed(before), reversed(after), strict=False):
        if old != new:
            break
        same += 1
    return cells_of(after[: len(after) - same])
