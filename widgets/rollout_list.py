"""Rollouts, open and past, one line each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual.message import Message

from patchdeck.model import Rollout
from themes.ramps import UNICODE, Glyphs
from widgets import rollout_words, units
from widgets.ink import Ink
from widgets.line import Span, Spans
from widgets.rows import RowPanel

_ID_CELLS = 8
_STATE_CELLS = 16
_DONE_CELLS = 9
_BY_CELLS = 10
_TOOK_CELLS = 5
_ENGINE_CELLS = 10
_WIDE = 100


class RolloutList(RowPanel[Rollout]):
    """Open ones come first, then the newest of the past."""

    @dataclass
    class Highlighted(Message):
        """The cursor came to this rollout."""

        rollouts: RolloutList
        rollout: str

        @property
        def control(self) -> RolloutList:
            return self.rollouts

    @dataclass
    class Opened(Highlighted):
        """This rollout was asked for."""

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
            title="Rollouts", empty="no rollouts yet", glyphs=glyphs, name=name, id=id, classes=classes
        )
        self._utc = utc
        self._now_ns = 0

    def show(
        self,
        rollouts: Sequence[Rollout],
        *,
        now_ns: int,
        empty: str = "no rollouts yet",
        total: int | None = None,
    ) -> None:
        """Show these, in whatever order they come. `total` is how many there are without a filter."""
        self._now_ns, self._empty = now_ns, empty
        newest_first = sorted(rollouts, key=lambda one: (one.open, one.began_ns or 0, one.id), reverse=True)
        everything = len(rollouts) if total is None else total
        hidden = everything - len(rollouts)
        self._title = f"Rollouts {self.glyphs.dot} {len(rollouts)} of {everything}" if hidden else "Rollouts"
        self.set_rows(newest_first)

    def note(self) -> Sequence[Span]:
        still = sum(row.open for row in self._rows)
        return ((f"{still} open", Ink.NEW if still else Ink.MUTED, ""),)

    def row_key(self, row: Rollout) -> str:
        return row.id

    def highlighted(self, row: Rollout) -> None:
        self.post_message(self.Highlighted(self, row.id))

    def opened(self, row: Rollout) -> None:
        self.post_message(self.Opened(self, row.id))

    def visual_state(self) -> object:
        return self._now_ns // 10**9

    def header(self, width: int) -> Sequence[Spans]:
        line = self.line(width).gap(1)
        for name, cells in self._columns(width).items():
            line.value(name, cells, Ink.MUTED).gap(2)
        return (line.spans(),)

    def draw_row(self, row: Rollout, width: int, *, selected: bool) -> Spans:
        line = self.line(width).put(self.glyphs.cursor if selected else " ", Ink.ACCENT)
        state, ink, _ = rollout_words.state_span(row, self.glyphs)
        values = {
            "began": (units.clock(row.began_ns, utc=self._utc), Ink.MUTED),
            "service": (row.service, Ink.STRONG if row.open else Ink.TEXT),
            "engine": (row.engine, Ink.MUTED),
            "versions": (rollout_words.way(row.plan, self.glyphs), Ink.TEXT),
            "state": (state, ink),
            "new": (f"{rollout_words.units_done(row)} of {len(row.units)}", Ink.TEXT),
            "took": (self._took(row), Ink.MUTED),
            "by": (row.by.user if row.by else units.MISSING, Ink.MUTED),
            "rollout": (row.id, Ink.MUTED),
        }
        for name, cells in self._columns(width).items():
            text, value_ink = values[name]
            line.value(text, cells, value_ink, cut="middle").gap(2)
        return line.spans(self.cursor_ink(selected=selected))

    def _took(self, row: Rollout) -> str:
        if row.began_ns is None:
            return units.MISSING
        return units.latency(((row.ended_ns or self._now_ns) - row.began_ns) / 1e9)

    def _columns(self, width: int) -> dict[str, int]:
        wide = width >= _WIDE
        fixed = {"began": 8, "state": _STATE_CELLS, "new": _DONE_CELLS, "took": _TOOK_CELLS}
        if wide:
            fixed |= {"engine": _ENGINE_CELLS, "by": _BY_CELLS, "rollout": _ID_CELLS}
        room = max(width - 1 - sum(fixed.values()) - 2 * (len(fixed) + 2), 2)
        service = room // 2
        sizes = {**fixed, "service": service, "versions": room - service}
        order = ("began", "service", "engine", "versions", "state", "new", "took", "by", "rollout")
        return {name: sizes[name] for name in order if name in sizes}
