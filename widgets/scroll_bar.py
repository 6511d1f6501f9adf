"""The scroll bar of what is longer than the screen, where only ASCII may be drawn."""

from __future__ import annotations

from typing import ClassVar

from textual.scrollbar import ScrollBarRender
from textual.widget import Widget

from themes.ramps import Glyphs


class PlainEnds(ScrollBarRender):
    """Textual's draws the ends of its thumb with blocks; here they are whole cells, told by their colour."""

    VERTICAL_BARS: ClassVar[list[str]] = [" "] * 8


def in_glyphs(widget: Widget, glyphs: Glyphs) -> None:
    """Draw the scroll bar of `widget` with these glyphs only."""
    if glyphs.ascii:
        # As Textual's own page on scroll bars has it, whatever the attribute's type says.
        widget.vertical_scrollbar.renderer = PlainEnds  # type: ignore[misc]
