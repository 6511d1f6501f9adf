"""From which values on something is busy, and from which it is saturated."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from patchdeck.contention.reading import Reading
from patchdeck.model import Level
from patchdeck.settings import IndicatorSettings, PressureLevels

IN_USE: Final = 0.9
"""A stand-in tells how much is in use, not who waits: from here on it is busy, and never saturated."""


class Levels(NamedTuple):
    busy: float
    saturated: float

    def level(self, short: float, long: float) -> Level:
        """Two windows, so that a spike does not cry wolf: red needs both, and busy the long one."""
        if long >= self.saturated and short >= self.saturated:
            return Level.SATURATED
        return Level.BUSY if long >= self.busy else Level.CALM


_STAND_IN: Final = Levels(IN_USE, math.inf)
_KILLS: Final = Levels(0.5, math.inf)
"""One process killed for memory within the long window is worth a look. How many is no measure of how short it is."""


def levels_of(pressure: PressureLevels, own: Sequence[IndicatorSettings] = ()) -> Mapping[str, Levels]:
    """By the name of what is read. What is not among them has no level."""
    return {
        "cpu": Levels(pressure.cpu_busy, pressure.cpu_saturated),
        "memory": Levels(pressure.memory_busy, pressure.memory_saturated),
        "limits": Levels(pressure.limits_busy, math.inf),
        "oom": _KILLS,
        "io": Levels(pressure.io_busy, pressure.io_saturated),
        "network": Levels(pressure.network_busy, pressure.network_saturated),
        "drops": Levels(pressure.network_busy, pressure.network_saturated),
        "throttling": Levels(pressure.throttling_busy, pressure.throttling_saturated),
        "engine": Levels(pressure.engine_busy_s, pressure.engine_saturated_s),
        "allocation": Levels(pressure.allocation_busy_s, pressure.allocation_saturated_s),
        "events": Levels(pressure.events_busy_s, pressure.events_saturated_s),
        **{one.name: Levels(one.busy, one.saturated) for one in own},
    }


def level_of(name: str, reading: Reading, levels: Mapping[str, Levels]) -> Level:
    """UNKNOWN where nothing says how much is much."""
    found = _STAND_IN if reading.stand_in and reading.unit == "share" else levels.get(name)
    if found is None or (reading.unit == "bytes/s" and name in _SHARES):
        return Level.UNKNOWN
    short = reading.value if reading.short is None else reading.short
    return found.level(short, reading.value if reading.sustained is None else reading.sustained)


_SHARES: Final = frozenset({"cpu", "memory", "io"})
