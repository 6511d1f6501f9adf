"""One engine's indicators over time, each with what it says now and why."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from patchdeck.model import Engine, Indicator, Level, Sample, SourceState
from themes.ramps import Glyphs
from widgets import units
from widgets.contention_panel import value_text
from widgets.heat_axes import time_marks
from widgets.ink import Ink
from widgets.line import Spans
from widgets.panel import Panel

_WORDS = {Level.UNKNOWN: "not known", Level.CALM: "calm", Level.BUSY: "busy", Level.SATURATED: "SATURATED"}
_INKS = {
    Level.UNKNOWN: Ink.MUTED,
    Level.CALM: Ink.CALM,
    Level.BUSY: Ink.BUSY,
    Level.SATURATED: Ink.SATURATED,
}
_FULL_SCALE = {"share": 0.25, "s": 0.1, "starts": 8.0}
"""The top of a chart at the least, so that calm looks calm."""
_NAME_CELLS = 8
_VALUE_CELLS = 8
_WORD_CELLS = 11
_GUTTER = 9
_MOST_ROWS = 8


class ContentionChart(Panel):
    """Bars per indicator over the window, the newest at the right; a stretch without a sample stays blank."""

    DEFAULT_CSS = "ContentionChart { min-height: 7; }"

    def __init__(self, *, utc: bool = False, glyphs: Glyphs) -> None:
        super().__init__(title="Contention", glyphs=glyphs)
        self._utc = utc
        self._engine: Engine | None = None
        self._window_s = 900.0
        self._now_ns = 0

    def show(self, engine: Engine, *, now_ns: int, window_s: float) -> None:
        """Show the `window_s` before `now_ns`, by this engine's clock."""
        self._engine, self._window_s = engine, window_s
        self._now_ns = now_ns
        self._title = f"{engine.name} {self.glyphs.dot} last {units.span(window_s)}"
        self.redraw()

    def draw(self, width: int, height: int) -> Sequence[Spans]:
        engine = self._engine
        if engine is None:
            return ()
        indicators = engine.indicators
        stale = engine.state is not SourceState.LIVE
        if not indicators:
            return [self.line(width).gap(1).free(engine.detail or "nothing is known yet", Ink.MUTED).spans()]
        cells = max(width - _GUTTER - 1, 1)
        cell_ns = max(round(self._window_s * 1e9 / cells), 1)
        charted = [one for one in indicators if one.history]
        room = height - len(indicators) - 1
        rows = min(room // len(charted), _MOST_ROWS) if charted and room > 0 else 0
        lines: list[Spans] = []
        for indicator in indicators:
            lines.append(self._heading(indicator, width, stale=stale))
            if indicator.history and rows:
                lines += self._bars(indicator, width, cells, rows, cell_ns, stale=stale)
        if rows:
            lines.append(self._axis(width, cells, cell_ns))
        return lines

    def _heading(self, indicator: Indicator, width: int, *, stale: bool) -> Spans:
        ink = Ink.STALE if stale else _INKS[indicator.level]
        line = self.line(width).gap(1).value(indicator.name, _NAME_CELLS, Ink.STRONG)
        line.value(
            value_text(indicator), _VALUE_CELLS, Ink.STALE if stale else Ink.STRONG, align="right"
        ).gap(2)
        word = _WORDS[indicator.level]
        if indicator.level is Level.UNKNOWN and indicator.value is not None:
            word = ""
        line.value(word, _WORD_CELLS, ink)
        source = f"  {indicator.source} "
        line.value(indicator.reason, max(line.room - len(source), 0), Ink.TEXT if not stale else Ink.STALE)
        return line.free(source, Ink.MUTED).spans()

    def _bars(
        self, indicator: Indicator, width: int, cells: int, rows: int, cell_ns: int, *, stale: bool
    ) -> list[Spans]:
        values = self._by_cell(indicator.history, cells, cell_ns)
        top = max(
            _FULL_SCALE.get(indicator.unit, 1.0), *(value for value in values if value is not None), 0.0
        )
        bars = self.glyphs.bars
        ink = Ink.STALE if stale else Ink.ACCENT
        lines = []
        for row in range(rows - 1, -1, -1):
            line = self.line(width)
            label = _scale(top, indicator.unit) if row == rows - 1 and rows > 1 else ""
            line.value(label, _GUTTER - 1, Ink.MUTED, align="right").put(self.glyphs.axis, Ink.FRAME)
            text = "".join(
                _piece(value / top if value is not None else None, row, rows, bars) for value in values
            )
            lines.append(line.put(text, ink).spans())
        return lines

    def _by_cell(self, history: Sequence[Sample], cells: int, cell_ns: int) -> list[float | None]:
        """The greatest value of each stretch. One sample may stand for several stretches, up to its successor."""
        last = self._now_ns // cell_ns
        values: list[float | None] = [None] * cells
        spacing = _spacing(history)
        for sample in reversed(history):
            place = cells - 1 - (last - sample.at_ns // cell_ns)
            until = cells - 1 - (last - (sample.at_ns + spacing) // cell_ns)
            if until < 0:
                break
            for filled in range(max(place, 0), min(max(until, place + 1), cells)):
                values[filled] = max(values[filled] or 0.0, sample.value)
        return values

    def _axis(self, width: int, cells: int, cell_ns: int) -> Spans:
        last = self._now_ns // cell_ns
        began = [(last - cells + 1 + index) * cell_ns for index in range(cells)]
        line = self.line(width).gap(_GUTTER - 1).put(self.glyphs.axis_corner, Ink.FRAME)
        for index, label in time_marks(began, cell_ns / 1e9, utc=self._utc).items():
            at = _GUTTER + index
            if at < line.taken or at + 1 + len(label) > width:
                continue
            line.put(self.glyphs.horizontal * (at - line.taken), Ink.FRAME)
            line.put(self.glyphs.axis_tick, Ink.FRAME).put(label, Ink.MUTED)
        return line.put(self.glyphs.horizontal * (line.room - 1), Ink.FRAME).spans()


def _spacing(history: Sequence[Sample]) -> int:
    """The usual time between two samples in nanoseconds; a longer silence is a hole and stays one."""
    if len(history) < 2:
        return 0
    recent = history[-50:]
    between = sorted(after.at_ns - before.at_ns for before, after in pairwise(recent))
    return between[len(between) // 2]


def _piece(share: float | None, row: int, rows: int, bars: str) -> str:
    """What of a bar that fills this share of `rows` is in one row, 0 the lowest."""
    if share is None:
        return " "
    steps = len(bars)
    height = round(min(share, 1.0) * rows * steps) - row * steps
    if height <= 0:
        return bars[0] if row == 0 else " "
    return bars[min(height, steps) - 1]


def _scale(top: float, unit: str) -> str:
    if unit == "share":
        return units.share(top)
    return units.response(top) if unit == "s" else units.count(round(top))
