"""A sentence in a frame, broken at blanks over as many lines as there are."""

from __future__ import annotations

from collections.abc import Sequence

from themes.ramps import Glyphs
from widgets.cells import clean
from widgets.ink import Ink
from widgets.line import Spans
from widgets.panel import Panel


class Sentence(Panel):
    """What does not fit the last line ends in an ellipsis there."""

    DEFAULT_CSS = "Sentence { height: 4; }"

    def __init__(self, *, title: str, glyphs: Glyphs) -> None:
        super().__init__(title=title, glyphs=glyphs)
        self._text = ""

    def show(self, text: str) -> None:
        if text != self._text:
            self._text = text
            self.redraw()

    def draw(self, width: int, height: int) -> Sequence[Spans]:
        lines = _broken(clean(self._text).split(" "), max(width - 2, 1))
        kept = lines[: max(height, 1)]
        if len(lines) > len(kept):
            kept[-1] = " ".join(lines[len(kept) - 1 :])
        return [self.line(width).gap(1).value(line, max(width - 2, 1), Ink.TEXT).spans() for line in kept]


def _broken(words: Sequence[str], width: int) -> list[str]:
    lines = [""]
    for word in words:
        longer = f"{lines[-1]} {word}" if lines[-1] else word
        if len(longer) <= width or not lines[-1]:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines
