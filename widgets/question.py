"""A question before something is done: what it would do, and the two answers. The harmless one is the default."""

from __future__ import annotations

from collections.abc import Sequence

from textual.strip import Strip

from patchdeck.model import Severity
from themes.ramps import UNICODE, Glyphs
from widgets.cells import clean, head
from widgets.ink import Ink
from widgets.line import Spans
from widgets.panel import Panel

_INKS = {Severity.INFO: Ink.TEXT, Severity.WARNING: Ink.BUSY, Severity.FAILURE: Ink.FAILED}


class Question(Panel):
    """Lines that may come from outside, and beneath them how to answer. What does not fit is cut, the answers never.

    Without a `yes` there is nothing to say yes to: it tells why something can not be done.
    """

    def __init__(
        self,
        title: str,
        lines: Sequence[tuple[str, Severity]],
        yes: str,
        no: str,
        *,
        glyphs: Glyphs = UNICODE,
    ) -> None:
        super().__init__(title=title, glyphs=glyphs)
        self._lines = lines
        self._yes = yes
        self._no = no
        self.was_drawn = False
        """Whoever answers may have read it: it is, or goes in this instant, to the terminal."""

    def render_line(self, y: int) -> Strip:
        self.was_drawn = True
        return super().render_line(y)

    def wanted_height(self, width: int) -> int:
        """Rows that it takes on a screen where it is so wide, its frame included."""
        return len(self._wrapped(width - 4)) + 4

    def draw(self, width: int, height: int) -> Sequence[Spans]:
        blank = self.line(width).spans()
        room = max(height - 2, 0)
        wrapped = self._wrapped(width - 2)
        lines = [self.line(width).gap(1).put(text, ink).spans() for text, ink in wrapped[:room]]
        if len(wrapped) > room and lines:
            lines[-1] = self.line(width).gap(1).put(self.glyphs.ellipsis, Ink.MUTED).spans()
        answers = self.line(width).gap(1).put("enter", Ink.ACCENT).put(f" {self._no}   ", Ink.STRONG)
        if self._yes:
            answers.put("y", Ink.ACCENT).put(f" {self._yes}", Ink.MUTED)
        return [*lines, *[blank] * (height - 1 - len(lines)), answers.spans()]

    def _wrapped(self, measure: int) -> list[tuple[str, Ink]]:
        """Broken at blanks, or where a word is longer than a line."""
        done: list[tuple[str, Ink]] = []
        for text, severity in self._lines:
            rest = clean(text[: measure * 20 + 20], ascii_only=self.glyphs.ascii)
            first = True
            while rest or first:
                piece = head(rest, max(measure, 1)) or rest[:1]
                if len(piece) < len(rest) and rest[len(piece)] != " " and " " in piece.strip():
                    piece = piece[: piece.rstrip().rfind(" ") + 1]
                done.append((piece.rstrip(), _INKS[severity]))
                rest, first = rest[len(piece) :].lstrip(), False
        return done
