"""A page that says one thing: the terminal is too small, no engine was found, what to do about it."""

from __future__ import annotations

from collections.abc import Sequence

from themes.ramps import UNICODE, Glyphs
from widgets.cells import clean, head
from widgets.ink import Ink
from widgets.line import Spans
from widgets.panel import Panel

_WIDEST = 100
_INDENT = "  "


class Notice(Panel):
    """A title, paragraphs beneath it, a hint below; in the middle of whatever room there is, down to a few cells."""

    def __init__(
        self,
        *,
        glyphs: Glyphs = UNICODE,
        name: str | None = None,
        id: str | None = None,  # noqa: A002 - Textual's own name for it
        classes: str | None = None,
    ) -> None:
        super().__init__(glyphs=glyphs, framed=False, name=name, id=id, classes=classes)
        self._heading = ""
        self._lines: Sequence[str] = ()
        self._hint = ""

    def show(self, title: str, lines: Sequence[str] = (), hint: str = "") -> None:
        """Show this. A line that begins with two blanks is said more quietly, as an addition to the one above."""
        self._heading, self._lines, self._hint = title, lines, hint
        self.redraw()

    def draw(self, width: int, height: int) -> Sequence[Spans]:
        measure = min(width - 2, _WIDEST) if width > 20 else width
        paragraphs = [(self._heading, Ink.STRONG), ("", Ink.TEXT)] if self._lines or self._hint else []
        paragraphs = paragraphs or [(self._heading, Ink.STRONG)]
        for text in self._lines:
            paragraphs.append((text, Ink.MUTED if text.startswith(_INDENT) else Ink.TEXT))
        if self._hint:
            paragraphs += [("", Ink.TEXT), (self._hint, Ink.ACCENT)]
        wrapped = [(line, ink) for text, ink in paragraphs for line in self._wrap(text, measure)]
        widest = max((self.line(measure).put(text).taken for text, _ in wrapped), default=0)
        left = (width - widest) // 2
        above = max((height - len(wrapped)) // 2, 0)
        blank = self.line(width).spans()
        lines = [self.line(width).gap(left).put(text, ink).spans() for text, ink in wrapped]
        if len(lines) > height:
            lines = [*lines[: height - 1], self.line(width).gap(left).put(self.glyphs.ellipsis).spans()]
        return [*[blank] * above, *lines]

    def _wrap(self, text: str, measure: int) -> list[str]:
        """Broken at blanks, or where a word is longer than a line; what comes after is indented as the first."""
        text = clean(text[: measure * 40], ascii_only=self.glyphs.ascii)
        indent = text[: len(text) - len(text.lstrip())][: measure // 4]
        rest = text.lstrip()
        lines: list[str] = []
        while rest:
            room = max(measure - len(indent), 1)
            piece = head(rest, room)
            if len(piece) < len(rest) and rest[len(piece)] != " " and " " in piece.strip():
                piece = piece[: piece.rstrip().rfind(" ") + 1]
            piece = piece or rest[0]
            lines.append(indent + piece.rstrip())
            rest = rest[len(piece) :].lstrip()
        return lines or [""]
