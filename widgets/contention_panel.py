"""What startups wait for, one line an indicator."""

from __future__ import annotations

from collections.abc import Sequence

from patchdeck.model import Engine, Indicator, Level, SourceState
from themes.ramps import UNICODE, Glyphs
from widgets import units
from widgets.ink import Ink
from widgets.line import Spans
from widgets.panel import Panel
from widgets.sparkline import spark

_WORDS = {Level.UNKNOWN: "", Level.CALM: "calm", Level.BUSY: "busy", Level.SATURATED: "SAT"}
_INKS = {
    Level.UNKNOWN: Ink.MUTED,
    Level.CALM: Ink.CALM,
    Level.BUSY: Ink.BUSY,
    Level.SATURATED: Ink.SATURATED,
}
_WORTH = (Level.UNKNOWN, Level.CALM, Level.BUSY, Level.SATURATED)
_FULL_SCALE = {"share": 0.25, "s": 0.1, "starts": 8.0}
"""A sparkline reaches its top here at the least, so that calm looks calm."""
_NAME_CELLS = 8
_VALUE_CELLS = 6
_WORD_CELLS = 4
_SPARK_MOST = 24


class ContentionPanel(Panel):
    """Name, recent history, value and level of each indicator; without a value, why there is none.

    The saturated word is in capitals, so that it stands out without colour.
    """

    def __init__(
        self,
        *,
        spark_s: float = 300.0,
        glyphs: Glyphs = UNICODE,
        joined: bool = False,
        closed: bool = True,
        name: str | None = None,
        id: str | None = None,  # noqa: A002 - Textual's own name for it
        classes: str | None = None,
    ) -> None:
        super().__init__(
            title="Contention",
            glyphs=glyphs,
            joined=joined,
            closed=closed,
            name=name,
            id=id,
            classes=classes,
        )
        self._spark_s = spark_s
        self._engines: Sequence[Engine] = ()

    def show(self, engines: Sequence[Engine]) -> None:
        """Show the indicators of these engines, under their names where there are several."""
        self._engines = engines
        self.redraw()

    def draw(self, width: int, height: int) -> Sequence[Spans]:
        least = self._least_telling(height)
        lines: list[Spans] = []
        for number, engine in enumerate(self._engines):
            stale = engine.state is not SourceState.LIVE
            if len(self._engines) > 1:
                line = self.line(width).gap(1)
                lines.append(line.value(engine.name, line.room, Ink.STRONG, cut="middle").spans())
            lines += [
                self._indicator(indicator, width, stale=stale)
                for indicator in engine.indicators
                if (number, indicator.name) not in least
            ]
            if not engine.indicators:
                lines.append(self.line(width).gap(1).free("nothing known yet", Ink.MUTED).spans())
        if least:
            told = self.line(width).gap(1)
            lines.append(told.value(f"{len(least)} more in view 3", told.room - 1, Ink.MUTED).spans())
        return lines

    def _least_telling(self, height: int) -> frozenset[tuple[int, str]]:
        """What is left out where there is no room for all: what is not known first, then what is calm."""
        every = [
            (_WORTH.index(one.level) + (one.value is not None), -place, number, one.name)
            for number, engine in enumerate(self._engines)
            for place, one in enumerate(engine.indicators)
        ]
        headings = len(self._engines) if len(self._engines) > 1 else 0
        surplus = len(every) + headings - height
        if surplus <= 0:
            return frozenset()
        return frozenset((number, name) for *_, number, name in sorted(every)[: surplus + 1])

    def _indicator(self, indicator: Indicator, width: int, *, stale: bool) -> Spans:
        line = self.line(width).gap(1).value(indicator.name, _NAME_CELLS, Ink.STALE if stale else Ink.TEXT)
        if indicator.value is None:
            reason = indicator.reason or "not known"
            return line.value(reason, line.room - 1, Ink.MUTED).spans()
        ink = Ink.STALE if stale else _INKS[indicator.level]
        if indicator.name == "starts" and indicator.busy is not None:
            # How many are too many is more than how many there were.
            value = f"{value_text(indicator)} (knee {indicator.busy - 1:.0f})"
            word = _WORDS[indicator.level]
            line.value(value, max(line.room - _WORD_CELLS - 2, 0), Ink.STALE if stale else Ink.TEXT).gap(1)
            return line.value(word, min(_WORD_CELLS, line.room), ink).spans()
        cells = min(line.room - _VALUE_CELLS - _WORD_CELLS - 4, _SPARK_MOST)
        if cells >= 3:
            bars = spark(
                indicator.history,
                cells=cells,
                cell_s=self._spark_s / cells,
                full_scale=_FULL_SCALE.get(indicator.unit, 1.0),
                bars=self.glyphs.bars,
            )
            line.put(bars, ink).gap(1)
        value = value_text(indicator)
        line.value(value, _VALUE_CELLS, Ink.STALE if stale else Ink.TEXT, align="right").gap(1)
        return line.value(_WORDS[indicator.level], min(_WORD_CELLS, line.room), ink).spans()


def value_text(indicator: Indicator) -> str:
    """The newest value in its unit."""
    if indicator.unit == "share":
        return units.share(indicator.value)
    if indicator.unit == "s":
        return units.response(indicator.value)
    if indicator.unit == "bytes/s" and indicator.value is not None:
        return f"{units.size(round(indicator.value))}/s"
    if indicator.value is not None and indicator.value != round(indicator.value):
        return f"{indicator.value:.3g}"
    return units.count(None if indicator.value is None else round(indicator.value))
