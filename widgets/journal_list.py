"""What the journal says of a rollout, one line an entry, the newest at the bottom."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from patchdeck.model import Severity
from themes.ramps import UNICODE, Glyphs
from widgets import units
from widgets.cursor_keys import cursor_keys
from widgets.ink import Ink
from widgets.line import Spans
from widgets.rows import RowPanel

_INKS = {Severity.INFO: Ink.TEXT, Severity.WARNING: Ink.BUSY, Severity.FAILURE: Ink.FAILED}
_STEP = 20


class JournalLine(msgspec.Struct, frozen=True):
    """One entry in words, which may come from outside."""

    sequence: int
    at_ns: int
    text: str
    severity: Severity = Severity.INFO


class JournalList(RowPanel[JournalLine]):
    """Follows the newest until the cursor is moved off it; left and right move along longer lines."""

    BINDINGS = [*cursor_keys("journal", left=f"shift(-{_STEP})", right=f"shift({_STEP})")]  # noqa: RUF012 - as Textual has it

    def __init__(
        self,
        *,
        utc: bool = False,
        glyphs: Glyphs = UNICODE,
        name: str | None = None,
        id: str | None = None,  # noqa: A002 - Textual's own name for it
        classes: str | None = None,
    ) -> None:
        super().__init__(
            title="Journal",
            empty="nothing is written yet",
            follow="bottom",
            glyphs=glyphs,
            name=name,
            id=id,
            classes=classes,
        )
        self._utc = utc
        self._shift = 0

    def show(self, lines: Sequence[JournalLine]) -> None:
        """Show these, in the order of their sequence."""
        self.set_rows(lines)

    def action_shift(self, cells: int) -> None:
        longest = max((len(row.text) for row in self._rows), default=0)
        self._shift = min(max(self._shift + cells, 0), max(longest - _STEP, 0))
        self.redraw()

    def visual_state(self) -> object:
        return self._shift

    def row_key(self, row: JournalLine) -> str:
        return str(row.sequence)

    def draw_row(self, row: JournalLine, width: int, *, selected: bool) -> Spans:
        over = self.cursor_ink(selected=selected)
        line = self.line(width).put(self.glyphs.cursor if over else " ", Ink.ACCENT)
        line.put(units.clock(row.at_ns, utc=self._utc), Ink.MUTED).gap(1)
        return line.free(row.text[self._shift :], _INKS[row.severity]).spans(over)
