"""A page of sections: pairs, timed entries and plain lines, from plain values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import msgspec
from textual.binding import BindingType

from patchdeck.model import Severity
from themes.ramps import UNICODE, Glyphs
from widgets import units
from widgets.cursor_keys import cursor_keys
from widgets.ink import Ink
from widgets.line import Spans
from widgets.rows import RowPanel

_KEY_CELLS = 21
_STEP = 20
_INKS = {Severity.INFO: Ink.TEXT, Severity.WARNING: Ink.BUSY, Severity.FAILURE: Ink.FAILED}


class Detail(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a section. All text may come from outside."""

    text: str
    key: str = ""
    """Before the text, in a column of its own."""
    at_ns: int | None = None
    """Before the text as a time of day."""
    severity: Severity = Severity.INFO


class Section(msgspec.Struct, frozen=True, kw_only=True):
    title: str
    details: Sequence[Detail] = ()
    counted: bool = False
    """It is a list of things, and its title says how many."""
    empty: str = "none"
    """Said where there are no details, so that an empty section is not taken for a missing one."""


class _Place(msgspec.Struct, frozen=True):
    """One row of the page; its number keeps the cursor where the reader is."""

    number: int
    section: Section
    detail: Detail | None
    """None: the section's title."""


class Details(RowPanel[_Place]):
    """Sections one beneath the other, to be scrolled through; left and right move along longer texts."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *cursor_keys("details", left=f"shift(-{_STEP})", right=f"shift({_STEP})")
    ]

    def __init__(
        self,
        *,
        title: str = "",
        utc: bool = False,
        glyphs: Glyphs = UNICODE,
        joined: bool = False,
        closed: bool = True,
        name: str | None = None,
        id: str | None = None,  # noqa: A002 - Textual's own name for it
        classes: str | None = None,
    ) -> None:
        super().__init__(
            title=title,
            empty="nothing known",
            glyphs=glyphs,
            joined=joined,
            closed=closed,
            name=name,
            id=id,
            classes=classes,
        )
        self._utc = utc
        self._shift = 0

    def action_shift(self, cells: int) -> None:
        """Move along the texts, which may be longer than the panel is wide."""
        longest = max((len(row.detail.text) for row in self._rows if row.detail), default=0)
        self._shift = min(max(self._shift + cells, 0), max(longest - _STEP, 0))
        self.redraw()

    def visual_state(self) -> object:
        return self._shift

    def show(self, title: str, sections: Sequence[Section]) -> None:
        """Show these sections under this title."""
        self._title = title
        places: list[_Place] = []
        for index, section in enumerate(sections):
            if index:
                places.append(_Place(len(places), Section(title=""), None))
            if section.title:
                places.append(_Place(len(places), section, None))
            for detail in section.details or (Detail(text=section.empty),):
                places.append(_Place(len(places), section, detail))
        self.set_rows(places)

    def row_key(self, row: _Place) -> str:
        return str(row.number)

    def draw_row(self, row: _Place, width: int, *, selected: bool) -> Spans:
        over = self.cursor_ink(selected=selected)
        line = self.line(width).put(self.glyphs.cursor if over else " ", Ink.ACCENT)
        detail = row.detail
        if detail is None:
            if row.section.title:
                line.free(row.section.title, Ink.TITLE)
                if row.section.counted and row.section.details:
                    line.gap(1).put(str(len(row.section.details)), Ink.MUTED)
            return line.spans(over)
        # In a column of its own, so that what follows stands beneath what follows on other lines.
        line.put(self._mark(detail.severity), _INKS[detail.severity]).gap(1)
        if detail.at_ns is not None:
            line.put(units.clock(detail.at_ns, utc=self._utc), Ink.MUTED).gap(1)
        if detail.key:
            line.value(detail.key, min(_KEY_CELLS, line.room // 2), Ink.MUTED, cut="middle").gap(1)
        ink = _INKS[detail.severity] if row.section.details else Ink.MUTED
        return line.free(detail.text[self._shift :], ink).spans(over)

    def _mark(self, severity: Severity) -> str:
        marks = {Severity.WARNING: self.glyphs.warning, Severity.FAILURE: self.glyphs.failure}
        return marks.get(severity, " ")
