"""How the person at the keyboard looks at the state: one value, shared by all views."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

from patchdeck.model import HeatMode, Measure

WINDOWS_S = (300.0, 900.0, 1800.0, 3600.0, 3 * 3600.0, 6 * 3600.0)
"""The windows that the keys go through."""

_MODES = tuple(HeatMode)
_MEASURES = tuple(Measure)


@dataclass(frozen=True, slots=True, kw_only=True)
class Looking:
    window_s: float = 900.0
    mode: HeatMode = HeatMode.ALL
    measure: Measure = Measure.STARTED
    words: str = ""
    """What the filter says; empty is everything."""
    only_failed: bool = False
    only_slow: bool = False

    def longer(self) -> Self:
        return replace(self, window_s=next((w for w in WINDOWS_S if w > self.window_s), self.window_s))

    def shorter(self) -> Self:
        return replace(
            self, window_s=next((w for w in reversed(WINDOWS_S) if w < self.window_s), self.window_s)
        )

    def next_mode(self) -> Self:
        return replace(self, mode=_MODES[(_MODES.index(self.mode) + 1) % len(_MODES)])

    def next_measure(self) -> Self:
        return replace(self, measure=_MEASURES[(_MEASURES.index(self.measure) + 1) % len(_MEASURES)])
