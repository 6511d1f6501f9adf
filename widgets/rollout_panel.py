"""Rollouts that matter now, one line each: how far, what holds them, when they end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from textual.message import Message

from patchdeck.model import Rollout
from themes.ramps import UNICODE, Glyphs
from widgets import rollout_now, rollout_words
from widgets.ink import Ink
from widgets.line import Line, Span, Spans, cells_of, merged
from widgets.rows import RowPanel

_STATE_CELLS = 16
_ETA_CELLS = 9
_WAY_CELLS = 18
_MOST_BAR = 8
_NAME_CELLS = 8
_WIDE = 100
_LEAST_TEXT = 24


class RolloutPanel(RowPanel[Rollout]):
    """The row with the cursor is the one that keys act on, whether the panel has the keyboard or not."""

    @dataclass
    class Highlighted(Message):
        """The cursor came to this rollout."""

        panel: RolloutPanel
        rollout: str

        @property
        def control(self) -> RolloutPanel:
            return self.panel

    @dataclass
    class Opened(Highlighted):
        """This rollout was asked for."""

    def __init__(
        self,
        *,
        glyphs: Glyphs = UNICODE,
        joined: bool = False,
        closed: bool = True,
        name: str | None = None,
        id: str | None = None,  # noqa: A002 - Textual's own name for it
        classes: str | None = None,
    ) -> None:
        super().__init__(
            title="Rollouts",
            empty="no rollout is open",
            glyphs=glyphs,
            joined=joined,
            closed=closed,
            name=name,
            id=id,
            classes=classes,
        )
        self._now_ns = 0
        self._keys: Mapping[str, str] = {}
        self._submitted: Mapping[str, str] = {}

    def show(
        self,
        rollouts: Sequence[Rollout],
        *,
        now_ns: int,
        keys: Mapping[str, str] | None = None,
        submitted: Mapping[str, str] | None = None,
    ) -> None:
        """Show these.

        `keys` says by which key each action works; `submitted`, by rollout, what was asked and is not answered yet.
        """
        self._now_ns, self._keys, self._submitted = now_ns, keys or {}, submitted or {}
        self._title = "Rollout" if len(rollouts) == 1 else "Rollouts"
        self.set_rows(sorted(rollouts, key=lambda one: one.open, reverse=True))
        selected = self.selected
        if selected is not None and not selected.open and not self.has_focus:
            # Keys act on one that goes on rather than on one that has ended beneath the cursor.
            self.select(self._rows[0].id)

    def row_key(self, row: Rollout) -> str:
        return row.id

    def highlighted(self, row: Rollout) -> None:
        self.post_message(self.Highlighted(self, row.id))

    def opened(self, row: Rollout) -> None:
        self.post_message(self.Opened(self, row.id))

    def visual_state(self) -> object:
        # To the second, as it is drawn.
        return (self._now_ns // 10**9, tuple(self._submitted.items()))

    def note(self) -> Sequence[Span]:
        row = self.selected
        if row is None:
            return ()
        return rollout_words.keys_of(row, self._keys)

    def draw_row(self, row: Rollout, width: int, *, selected: bool) -> Spans:
        wide, glyphs = width >= _WIDE, self.glyphs
        line = self.line(width).put(glyphs.cursor if selected else " ", Ink.ACCENT)
        line.value(row.service, 20 if wide else 14, Ink.STRONG, cut="middle").gap(1)
        if wide:
            line.value(rollout_words.way(row.plan, glyphs), _WAY_CELLS, Ink.NEW, cut="middle").gap(2)
        text, ink, _ = rollout_words.state_span(row, glyphs)
        line.value(text, _STATE_CELLS, ink).gap(1)
        eta = rollout_words.ends_in(row, self._now_ns)
        self._put_steps(line, row, line.room - _ETA_CELLS - _LEAST_TEXT)
        self._put_text(line, row, line.room - (len(eta) + 1 if eta else 0))
        if eta:
            line.gap(1).put(eta)
        return line.spans(self.cursor_ink(selected=selected))

    def _put_steps(self, line: Line, row: Rollout, room: int) -> None:
        marked = rollout_words.steps(row, self.glyphs)
        named = merged(
            span
            for name, mark in marked
            for span in (
                (f"{name} ", Ink.MUTED if mark[1] == Ink.MUTED else Ink.TEXT, ""),
                mark,
                ("  ", Ink.TEXT, ""),
            )
        )
        if cells_of(named) <= room:
            for text, ink, _ in named:
                line.put(text, ink)
        elif len(marked) <= _MOST_BAR:
            for _, (text, ink, _) in marked:
                line.put(text, ink)
            if room >= len(marked) + 1 + _NAME_CELLS + 2:
                line.gap(1).value(rollout_words.step_name(row), _NAME_CELLS)
            line.gap(2)
        else:
            at = 0 if row.step is None else min(row.step + 1, len(marked))
            line.value(f"step {at} of {len(marked)}", 14).gap(2)

    def _put_text(self, line: Line, row: Rollout, room: int) -> None:
        asked = self._submitted.get(row.id)
        if asked:
            line.value(asked, room, Ink.ACCENT)
            return
        text, ink = rollout_now.sentence(row, self._now_ns)
        part = self.line(room)
        if row.open and row.pace is not None and room >= 2 * _LEAST_TEXT:
            part.put(f"pace {row.pace:.0f}  ", Ink.MUTED)
        part.value(text, part.room, ink)
        for word, word_ink, _ in part.spans():
            line.put(word, word_ink)
