"""What happened, one line each, the newest at the bottom as in a log."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from textual.message import Message

from patchdeck.model import FeedEntry, Severity
from themes.ramps import UNICODE, Glyphs
from widgets import units
from widgets.ink import Ink
from widgets.line import Spans, inked
from widgets.rows import RowPanel

_INKS = {Severity.INFO: Ink.MUTED, Severity.WARNING: Ink.BUSY, Severity.FAILURE: Ink.FAILED}
_WHAT_CELLS = 10
_NAME_CELLS = 24
_MOST_LINES = 2_000


class EventFeed(RowPanel[FeedEntry]):
    """Follows the newest line until the cursor is moved off it, and again once it is back (End)."""

    @dataclass
    class Opened(Message):
        """The container of this line was asked for; its ID is empty where the line is about none."""

        feed: EventFeed
        entry: FeedEntry

        @property
        def control(self) -> EventFeed:
            return self.feed

    def __init__(
        self,
        *,
        utc: bool = False,
        glyphs: Glyphs = UNICODE,
        joined: bool = False,
        closed: bool = True,
        name: str | None = None,
        id: str | None = None,  # noqa: A002 - Textual's own name for it
        classes: str | None = None,
    ) -> None:
        super().__init__(
            title="Events",
            empty="nothing has happened yet",
            follow="bottom",
            glyphs=glyphs,
            joined=joined,
            closed=closed,
            name=name,
            id=id,
            classes=classes,
        )
        self._utc = utc
        self._with_engine = False
        self._stale: frozenset[str] = frozenset()

    def show(
        self,
        entries: Sequence[FeedEntry],
        *,
        with_engine: bool = False,
        stale: frozenset[str] = frozenset(),
        empty: str = "nothing has happened yet",
    ) -> None:
        """Show these, oldest first; of more than 2,000 the newest. Lines of the engines in `stale` are grey."""
        self._with_engine, self._stale, self._empty = with_engine, stale, empty
        self.set_rows(entries[-_MOST_LINES:])

    def row_key(self, row: FeedEntry) -> str:
        return f"{row.at_ns}/{row.engine}/{row.container_id}/{row.what}/{row.detail}"

    def opened(self, row: FeedEntry) -> None:
        self.post_message(self.Opened(self, row))

    def visual_state(self) -> object:
        return (self._with_engine, self._stale)

    def draw_row(self, row: FeedEntry, width: int, *, selected: bool) -> Spans:
        glyphs = self.glyphs
        mark = {
            Severity.INFO: glyphs.info,
            Severity.WARNING: glyphs.warning,
            Severity.FAILURE: glyphs.failure,
        }[row.severity]
        over = self.cursor_ink(selected=selected)
        line = self.line(width).put(glyphs.cursor if over else " ", Ink.ACCENT)
        line.put(units.clock(row.at_ns, utc=self._utc), Ink.MUTED).gap(1)
        line.put(f"{mark} ", _INKS[row.severity])
        line.value(row.what, _WHAT_CELLS, Ink.TEXT if row.severity is Severity.INFO else _INKS[row.severity])
        if self._with_engine:
            line.gap(1).value(row.engine, 10, Ink.MUTED, cut="middle")
        name = row.name or row.service
        if name:
            # Of a source the reason matters more than that the reasons stand beneath each other.
            cells = _NAME_CELLS if row.container_id else min(cell_len(name), _NAME_CELLS)
            line.gap(1).value(name, min(cells, max(line.room * 3 // 5, 8)), Ink.TEXT, cut="middle")
        line.gap(1).free(row.detail, Ink.MUTED)
        spans = line.spans(over)
        return inked(spans, Ink.STALE) if row.engine in self._stale else spans
