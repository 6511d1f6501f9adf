"""The time of day, in a widget of its own so that a second costs the wire a few cells and not a line."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import UTC, datetime

from themes.ramps import Glyphs
from widgets import units
from widgets.ink import Ink
from widgets.line import Spans
from widgets.panel import Panel


def reading(*, utc: bool) -> str:
    """The time of day now, with its zone."""
    zone = "UTC" if utc else datetime.now(UTC).astimezone().strftime("%Z")
    return f"{units.clock(time.time_ns(), utc=utc)} {zone}"


class Clock(Panel):
    """`23:41:07 CET`, redrawn at the beginning of every second."""

    DEFAULT_CSS = "Clock { width: auto; height: 1; }"

    def __init__(self, *, utc: bool, glyphs: Glyphs) -> None:
        super().__init__(glyphs=glyphs, framed=False)
        self._utc = utc

    def on_mount(self) -> None:
        self._at_next_second()

    def _at_next_second(self) -> None:
        self.redraw()
        self.set_timer(1.001 - time.time() % 1.0, self._at_next_second)

    def get_content_width(self, *_: object) -> int:
        return len(reading(utc=self._utc)) + 1

    def draw(self, width: int, height: int) -> Sequence[Spans]:
        del height
        return (self.line(width).value(reading(utc=self._utc), width, Ink.TEXT).spans(),)
