"""Two lines that lead through a demo: what is on now, and what to press next."""

from __future__ import annotations

from collections.abc import Sequence

from themes.ramps import Glyphs
from widgets.ink import Ink
from widgets.line import Spans
from widgets.panel import Panel

_MARGIN = 14
"""Cells of what stands before both lines."""


class GuideLine(Panel):
    """Takes no room while it is hidden."""

    DEFAULT_CSS = "GuideLine { height: 2; &.-hidden { display: none; } }"

    def __init__(self, *, glyphs: Glyphs) -> None:
        super().__init__(glyphs=glyphs, framed=False)
        self._how_far = self._now = self._next = self._key = ""

    def show(self, now: str, then: str, *, how_far: str, key: str) -> None:
        """Show this. Text from outside may be in `now` and `then`; `key` hides it."""
        self._now, self._next, self._how_far, self._key = now, then, how_far, key
        self.redraw()

    def draw(self, width: int, height: int) -> Sequence[Spans]:
        del height
        above = self.line(width).gap(1).put(f"Guide {self._how_far}", Ink.TITLE)
        above.gap(_MARGIN - above.taken).free(self._now, Ink.TEXT)
        below = self.line(width).gap(1).put(self._key, Ink.ACCENT).put(" hides", Ink.MUTED)
        below.gap(max(_MARGIN - below.taken, 1)).free(self._next, Ink.STRONG)
        return (above.spans(), below.spans())
