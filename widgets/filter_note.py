"""What the filter says, on a line of its own for as long as it hides something and is not being typed."""

from __future__ import annotations

from collections.abc import Sequence

from themes.ramps import Glyphs
from widgets.ink import Ink
from widgets.line import Spans
from widgets.panel import Panel


class FilterNote(Panel):
    """Not there without a filter."""

    DEFAULT_CSS = "FilterNote { height: 1; display: none; &.-on { display: block; } }"

    def __init__(self, *, glyphs: Glyphs) -> None:
        super().__init__(glyphs=glyphs, framed=False)
        self._words = ""

    def show(self, words: str) -> None:
        """Show these words of the filter, or nothing where there are none."""
        self._words = words
        self.set_class(bool(words), "-on")
        self.redraw()

    def draw(self, width: int, height: int) -> Sequence[Spans]:
        del height
        hint = "  / changes it, escape clears it "
        line = self.line(width).gap(1).put("filter: ", Ink.MUTED)
        line.value(self._words, max(line.room - len(hint), line.room // 2), Ink.ACCENT)
        return (line.right(((hint, Ink.MUTED, ""),)).spans(),)
