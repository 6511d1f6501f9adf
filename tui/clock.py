"""The time of day, or of a replay, in a widget of its own: a second costs the wire a few cells and not a line."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import UTC, datetime

from themes.ramps import Glyphs
from widgets import units
from widgets.ink import Ink
from widgets.line import Spans
from widgets.panel import Panel


def reading(*, utc: bool, at_ns: int | None = None) -> str:
    """The time of day then, or now, with its zone."""
    at_ns = time.time_ns() if at_ns is None else at_ns
    zone = "UTC" if utc else datetime.fromtimestamp(at_ns // 1_000_000_000, UTC).astimezone().strftime("%Z")
    return f"{units.clock(at_ns, utc=utc)} {zone}"


class Clock(Panel):
    """`23:41:07 CET`, redrawn at the beginning of every second, or, in a replay, when it is told the time."""

    DEFAULT_CSS = "Clock { width: auto; height: 1; }"

    def __init__(self, *, utc: bool, glyphs: Glyphs) -> None:
        super().__init__(glyphs=glyphs, framed=False)
        self._utc = utc
        self._at_ns: int | None = None

    def on_mount(self) -> None:
        self._at_next_second()

    def show(self, at_ns: int) -> None:
        """Show this time, and from now on none but those that are told."""
        self._at_ns = at_ns
        self.redraw()

    def _at_next_second(self) -> None:
        if self._at_ns is not None:
            return
        self.redraw()
        self.set_timer(1.001 - time.time() % 1.0, self._at_next_second)

    def get_content_width(self, *_: object) -> int:
        return len(reading(utc=self._utc, at_ns=self._at_ns)) + 1

    def draw(self, width: int, height: int) -> Sequence[Spans]:
        del height
        return (self.line(width).value(reading(utc=self._utc, at_ns=self._at_ns), width, Ink.TEXT).spans(),)
