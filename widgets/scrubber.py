"""Where a replay is within its recording, in one line: what is worth jumping to, and the gaps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from textual import events
from textual.message import Message

from themes.ramps import Glyphs
from widgets import units
from widgets.ink import Ink
from widgets.line import Span, Spans
from widgets.panel import Panel

_WORDS_CELLS = 14
"""What the words at the left end take at least, so that the track stays where it is."""
_WITH_DATE = 100
"""Cells from which the date has room."""


class Notch(StrEnum):
    """What is marked on the track; where several fall into one cell, the first of these is drawn."""

    FAILURE = "failure"
    MARK = "mark"
    ROLLOUT = "rollout"
    GAP = "gap"


@dataclass(frozen=True, slots=True)
class Marked:
    """Something on the track, at a moment or over a stretch of time."""

    notch: Notch
    at_ns: int
    ended_ns: int | None = None


class Scrubber(Panel):
    """`paused 4×  2026-01-31 23:41:07 ━━◆━━┃──╱╱──✗──── 00:10:00`. A click on the track goes there, and so does a drag.

    In the order of the line: what it does, at which speed, when the recording began, the track, when it ended.
    """

    DEFAULT_CSS = "Scrubber { height: 1; }"

    @dataclass
    class Sought(Message):
        """Go to this moment."""

        scrubber: Scrubber
        at_ns: int

        @property
        def control(self) -> Scrubber:
            return self.scrubber

    def __init__(self, *, glyphs: Glyphs, utc: bool = False) -> None:
        super().__init__(glyphs=glyphs, framed=False)
        self._utc = utc
        self._words = ""
        self._stopped = False
        self._at_ns = self._began_ns = self._ended_ns = 0
        self._marked: Sequence[Marked] = ()
        self._track = range(0)
        """The cells of the track."""

    def show(
        self,
        words: str,
        *,
        at_ns: int,
        began_ns: int,
        ended_ns: int,
        marked: Sequence[Marked] = (),
        stopped: bool = False,
    ) -> None:
        """Show this. `words` are for the left end, as they are; `stopped` draws them so that they are noticed."""
        self._words, self._stopped = words, stopped
        self._at_ns, self._began_ns, self._ended_ns = at_ns, began_ns, ended_ns
        self._marked = marked
        self.redraw()

    # Drawing

    def draw(self, width: int, height: int) -> Sequence[Spans]:
        del height
        glyphs = self.glyphs
        line = self.line(width).gap(1)
        line.put(self._words, Ink.BUSY if self._stopped else Ink.CALM)
        line.gap(max(_WORDS_CELLS + 1 - line.taken, 0) + 1)
        line.put(self._beginning(width), Ink.MUTED).gap(1)
        end = units.clock(self._ended_ns, utc=self._utc)
        cells = max(line.room - len(end) - 2, 1)
        self._track = range(line.taken, line.taken + cells)
        here = self.cell_of(self._at_ns)
        notches = self._notches()
        for cell in range(cells):
            text, ink, _ = self._look(notches.get(cell), passed=cell < here)
            if cell == here:
                text, ink = glyphs.thumb, Ink.STRONG
            line.put(text, ink)
        return (line.gap(1).put(end, Ink.MUTED).spans(),)

    def _beginning(self, width: int) -> str:
        """With its date where there is room: what is replayed is seldom of today."""
        if width < _WITH_DATE:
            return units.clock(self._began_ns, utc=self._utc)
        return units.date_and_clock(self._began_ns, utc=self._utc).removesuffix("Z")

    def _notches(self) -> dict[int, Notch]:
        """By cell, what weighs most there."""
        order = list(Notch)
        found: dict[int, Notch] = {}
        for one in self._marked:
            for cell in range(self.cell_of(one.at_ns), self.cell_of(one.ended_ns or one.at_ns) + 1):
                found[cell] = min(found.get(cell, one.notch), one.notch, key=order.index)
        return found

    def _look(self, notch: Notch | None, *, passed: bool) -> Span:
        glyphs = self.glyphs
        if notch is None:
            return (glyphs.share_old, Ink.ACCENT, "") if passed else (glyphs.horizontal, Ink.FRAME, "")
        return {
            Notch.FAILURE: (glyphs.failure, Ink.FAILED, ""),
            Notch.MARK: (glyphs.ready, Ink.STRONG, ""),
            Notch.ROLLOUT: (glyphs.warning, Ink.NEW, ""),
            Notch.GAP: (glyphs.gap, Ink.GAP, ""),
        }[notch]

    # Cells and moments

    def cell_of(self, at_ns: int) -> int:
        """The cell of the track that a moment falls into; the first or the last for one outside the recording."""
        length_ns = max(self._ended_ns - self._began_ns, 1)
        last = max(len(self._track) - 1, 0)
        return min(max((at_ns - self._began_ns) * last // length_ns, 0), last)

    def moment_of(self, cell: int) -> int:
        """The first moment of a cell of the track."""
        last = max(len(self._track) - 1, 1)
        cell = min(max(cell, 0), last)
        return self._began_ns - (self._began_ns - self._ended_ns) * cell // last

    # The mouse

    def on_mouse_down(self, event: events.MouseDown) -> None:
        if event.x in self._track:
            event.stop()
            self.capture_mouse()
            self._seek(event.x)

    def on_mouse_move(self, event: events.MouseMove) -> None:
        if self.app.mouse_captured is self:
            event.stop()
            self._seek(event.x)

    def on_mouse_up(self, event: events.MouseUp) -> None:
        if self.app.mouse_captured is self:
            event.stop()
            self.release_mouse()

    def _seek(self, x: int) -> None:
        self.post_message(self.Sought(self, self.moment_of(x - self._track.start)))
