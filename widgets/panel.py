"""The frame and the drawing that all panels share."""

from __future__ import annotations

from collections.abc import Sequence

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.geometry import Region, Size
from textual.strip import Strip
from textual.widget import Widget

from themes.ramps import UNICODE, Glyphs
from widgets.cells import clean
from widgets.ink import Ink, style_of
from widgets.line import Line, Span, Spans, changed_cells

_LEAST_FRAME = 2
"""Cells that the two sides of a frame take."""


class Panel(Widget):
    """A box with a title on its border, drawn line by line from values.

    A subclass returns the lines inside the frame from `draw` and calls `redraw` when its values change. Only lines
    that differ from what is on the screen are painted again, up to their last cell that differs.

    `joined` draws the upper corners as junctions, for a panel that stands right beneath one with `closed=False`,
    which has no lower border. `framed=False` leaves out the frame altogether.
    """

    ALLOW_SELECT = False
    DEFAULT_CSS = """
    Panel {
        width: 1fr;
        height: 1fr;
        background: $background;
        color: $foreground;
    }
    """

    def __init__(
        self,
        *,
        title: str = "",
        glyphs: Glyphs = UNICODE,
        framed: bool = True,
        joined: bool = False,
        closed: bool = True,
        name: str | None = None,
        id: str | None = None,  # noqa: A002 - Textual's own name for it
        classes: str | None = None,
    ) -> None:
        super().__init__(name=name, id=id, classes=classes)
        self.glyphs = glyphs
        self._title = title
        self._framed = framed
        self._joined = joined
        self._floor = closed
        self._ink_styles: dict[tuple[str, str], Style] = {}
        self._drawn: list[Spans] = []
        self._drawn_size = Size(0, 0)
        self._strips: dict[int, tuple[Spans, Strip]] = {}

    # What a subclass says

    def draw(self, width: int, height: int) -> Sequence[Spans]:
        """The lines inside the frame, each of exactly `width` cells; missing ones are blank."""
        raise NotImplementedError

    def note(self) -> Sequence[Span]:
        """What stands at the right end of the upper border."""
        return ()

    def foot(self) -> Sequence[Span]:
        """What stands on the lower border."""
        return ()

    def thumb(self, height: int) -> range:
        """The lines of the right border that are marked to show what part of a longer list is in view."""
        del height
        return range(0)

    # What a subclass uses

    @property
    def title(self) -> str:
        return self._title

    @title.setter
    def title(self, title: str) -> None:
        self._title = title
        self.redraw()

    @property
    def inner_size(self) -> Size:
        """The cells inside the frame."""
        width, height = self.size
        if not self._framed:
            return Size(width, height)
        return Size(max(width - 2, 0), max(height - 1 - self._floor, 0))

    @property
    def inner_top(self) -> int:
        """The widget's line on which the inside begins."""
        return 1 if self._framed else 0

    def line(self, width: int) -> Line:
        return Line(width, self.glyphs)

    def redraw(self) -> None:
        """Draw anew and repaint what differs."""
        if not self.is_mounted or not self.size:
            return
        before, size_before = self._drawn, self._drawn_size
        self._drawn, self._drawn_size = self._draw_all(), self.size
        if size_before != self.size or len(before) != len(self._drawn):
            self.refresh()
            return
        regions = [
            Region(0, y, changed_cells(old, new), 1)
            for y, (old, new) in enumerate(zip(before, self._drawn, strict=True))
            if old != new
        ]
        if regions:
            self.refresh(*regions)

    # Textual

    def render_line(self, y: int) -> Strip:
        if self._drawn_size != self.size:
            self._drawn, self._drawn_size = self._draw_all(), self.size
        if not 0 <= y < len(self._drawn):
            return Strip.blank(self.size.width, self.rich_style)
        spans = self._drawn[y]
        cached = self._strips.get(y)
        if cached is None or cached[0] != spans:
            cached = (spans, self._strip(spans))
            self._strips[y] = cached
        return cached[1]

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._ink_styles.clear()
        self._strips.clear()

    def on_resize(self, _event: events.Resize) -> None:
        self._strips.clear()
        self.redraw()

    def on_focus(self) -> None:
        self.redraw()

    def on_blur(self) -> None:
        self.redraw()

    # Drawing

    def _style(self, ink: str, over: str) -> Style:
        key = (ink, over)
        style = self._ink_styles.get(key)
        if style is None:
            style = ground = self.rich_style
            for name in key:
                if name:
                    laid = style_of(name, self.app.theme_variables)
                    # Reversed, the ink's colour would become the ground, stripe by stripe.
                    style = (ground if laid.reverse else style) + laid
            self._ink_styles[key] = style
        return style

    def _strip(self, spans: Spans) -> Strip:
        return Strip([Segment(text, self._style(ink, over)) for text, ink, over in spans], self.size.width)

    def _draw_all(self) -> list[Spans]:
        width, height = self.inner_size
        body = list(self.draw(width, height))[:height] if width and height else []
        blank = self.line(width).spans()
        body += [blank] * (height - len(body))
        if not self._framed:
            return body
        if self.size.width < _LEAST_FRAME:
            return [self.line(self.size.width).spans()] * self.size.height
        glyphs = self.glyphs
        ink = Ink.FRAME_FOCUS if self.has_focus else Ink.FRAME
        side: Span = (glyphs.vertical, ink, "")
        thumb = self.thumb(height)
        marked: Span = (glyphs.thumb, ink, "")
        lines = [self._upper_border(ink)]
        lines += [(side, *spans, marked if y in thumb else side) for y, spans in enumerate(body)]
        if self._floor:
            lines.append(self._lower_border(ink))
        return lines[: self.size.height]

    def _upper_border(self, ink: str) -> Spans:
        glyphs, width = self.glyphs, self.size.width
        left, right = (
            (glyphs.join_left, glyphs.join_right) if self._joined else (glyphs.top_left, glyphs.top_right)
        )
        line = self.line(width - 1).put(left, ink)
        if self._title and width > 6:
            line.put(" ", ink).free(self._title, Ink.TITLE)
            if line.room:
                line.put(" ", ink)
        return self._border(line, self.note(), right, ink)

    def _lower_border(self, ink: str) -> Spans:
        glyphs = self.glyphs
        line = self.line(self.size.width - 1).put(glyphs.bottom_left, ink)
        return self._border(line, self.foot(), glyphs.bottom_right, ink)

    def _border(self, line: Line, words: Sequence[Span], corner: str, ink: str) -> Spans:
        """Fill a border with its rule up to the words at its right end, which are left out where they do not fit."""
        rule = self.glyphs.horizontal
        trailer = self.line(self.size.width)
        if words:
            trailer.put(" ", ink)
            for text, word_ink, _ in words:
                trailer.put(clean(text, ascii_only=self.glyphs.ascii), word_ink)
            trailer.put(" " + rule, ink)
        if trailer.taken > line.room - 1:
            trailer = self.line(0)
        line.put(rule * (line.room - trailer.taken), ink)
        for text, word_ink, _ in trailer.so_far():
            line.put(text, word_ink)
        return (*line.so_far(), (corner, ink, ""))
