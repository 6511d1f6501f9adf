"""What startups wait for in one line, for terminals that have no room for the panel."""

from __future__ import annotations

from collections.abc import Sequence

from patchdeck.model import Engine, Indicator, Level, SourceState
from themes.ramps import Glyphs
from widgets.contention_panel import value_text
from widgets.ink import Ink
from widgets.line import Spans
from widgets.panel import Panel

_WORDS = {Level.UNKNOWN: "", Level.CALM: " calm", Level.BUSY: " busy", Level.SATURATED: " SAT"}
_INKS = {
    Level.UNKNOWN: Ink.MUTED,
    Level.CALM: Ink.CALM,
    Level.BUSY: Ink.BUSY,
    Level.SATURATED: Ink.SATURATED,
}
_ORDER = tuple(_WORDS)
"""From the least to tell to the most."""


class ContentionStrip(Panel):
    """`io 31% SAT   cpu 38% busy   memory 0% calm`: of several engines the worst for each indicator.

    The worst comes first, and what is not known last, where the line may end before it. An indicator moves only when
    its level changes, never with its value.
    """

    DEFAULT_CSS = "ContentionStrip { height: 1; }"

    def __init__(self, *, glyphs: Glyphs) -> None:
        super().__init__(glyphs=glyphs, framed=False)
        self._engines: Sequence[Engine] = ()

    def show(self, engines: Sequence[Engine]) -> None:
        self._engines = engines
        self.redraw()

    def draw(self, width: int, height: int) -> Sequence[Spans]:
        del height
        line = self.line(width).gap(1)
        told = sorted(self._worst().items(), key=lambda item: -_worth(item[1][1]))
        for name, (engine, indicator) in told:
            stale = engine.state is not SourceState.LIVE
            words = value_text(indicator) + _WORDS[indicator.level]
            whose = f" {engine.name}" if len(self._engines) > 1 and indicator.level is Level.SATURATED else ""
            if line.taken > 1 and line.room < len(name) + len(words) + len(whose) + 4:
                break
            line.gap(3 if line.taken > 1 else 0).put(f"{name} ", Ink.MUTED)
            line.put(words, Ink.STALE if stale else _INKS[indicator.level])
            line.free(whose, Ink.MUTED)
        return (line.spans(),)

    def _worst(self) -> dict[str, tuple[Engine, Indicator]]:
        found: dict[str, tuple[Engine, Indicator]] = {}
        for engine in self._engines:
            for indicator in engine.indicators:
                before = found.get(indicator.name)
                if before is None or _rank(indicator) > _rank(before[1]):
                    found[indicator.name] = (engine, indicator)
        return found


def _worth(indicator: Indicator) -> int:
    """A value of which nobody says how much is much tells as much as calm does."""
    if indicator.value is None:
        return _ORDER.index(Level.UNKNOWN)
    return max(_ORDER.index(indicator.level), _ORDER.index(Level.CALM))


def _rank(indicator: Indicator) -> tuple[int, float]:
    return _ORDER.index(indicator.level), indicator.value if indicator.value is not None else -1.0
