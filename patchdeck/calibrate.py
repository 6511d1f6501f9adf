"""A host's own levels, from how it was while nothing much went on.

What is usual in quiet times is not busy: the level of busy lies clear of the highest that was usual, and that of
saturated above it by the proportion that the defaults have. A host quieter than the defaults suppose gets levels down
to half of them, and no lower: a few minutes do not show everything that is usual.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import msgspec

from patchdeck import durations
from patchdeck.model import Level, Snapshot, SourceState
from patchdeck.settings import PressureLevels

MEASURED: Final = ("cpu", "memory", "io", "network", "throttling", "engine")
LEAST_SAMPLES: Final = 10
HERD: Final = 3
"""More starts in flight than this are no quiet time."""
_LOWEST: Final = 0.5
_CLEAR: Final = 1.5
_MARGIN: Final = {"share": 0.01, "s": 0.02}
_MOST: Final = {"share": 0.8, "s": 3600.0}
_RANK: Final = 0.99


class NotQuietError(Exception):
    """What was watched was no quiet time; in words."""


class Proposal(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    unit: str
    samples: int
    usual: float
    """The 99th percentile of what was seen."""
    busy: float
    saturated: float

    @property
    def lines(self) -> dict[str, str]:
        """Keys of the configuration's [pressure] to their values, as they are written."""
        return {
            f"{self.name}_busy": self._written(self.busy),
            f"{self.name}_saturated": self._written(self.saturated),
        }

    def _written(self, value: float) -> str:
        return f"{value * 100:g}%" if self.unit == "share" else durations.written(value)


class QuietTime:
    """What the indicators of all engines were, one snapshot after the other."""

    def __init__(self) -> None:
        self._values: dict[str, dict[tuple[str, int], float]] = {name: {} for name in MEASURED}
        self._units: dict[str, str] = {}

    def add(self, snapshot: Snapshot) -> None:
        """Raises: NotQuietError, as soon as it is known."""
        for engine in snapshot.engines:
            if engine.state is SourceState.LOST:
                raise NotQuietError(f"{engine.name} was lost: {engine.detail}")
            if engine.in_flight > HERD:
                raise NotQuietError(f"{engine.in_flight} starts were in flight on {engine.name}")
            for one in engine.indicators:
                if one.level is Level.SATURATED:
                    raise NotQuietError(f"{one.name} of {engine.name} was saturated: {one.reason}")
                # Use in place of waiting has levels of its own, which are not to be calibrated.
                if one.name in self._values and one.value is not None and one.busy is not None and one.at_ns:
                    self._values[one.name][engine.name, one.at_ns] = one.value
                    self._units[one.name] = one.unit

    def proposals(self, defaults: PressureLevels) -> list[Proposal]:
        """One for each indicator that was seen often enough. Raises: NotQuietError where none was."""
        found = [
            _proposal(name, self._units[name], list(values.values()), defaults)
            for name, values in self._values.items()
            if len(values) >= LEAST_SAMPLES
        ]
        if not found:
            raise NotQuietError(f"no indicator had {LEAST_SAMPLES} samples: watch for longer")
        return found


def _proposal(name: str, unit: str, values: Sequence[float], defaults: PressureLevels) -> Proposal:
    suffix = "_s" if unit == "s" else ""
    busy: float = getattr(defaults, f"{name}_busy{suffix}")
    saturated: float = getattr(defaults, f"{name}_saturated{suffix}")
    usual = sorted(values)[math.ceil(_RANK * len(values)) - 1]
    own = min(_MOST[unit], max(busy * _LOWEST, usual * _CLEAR + _MARGIN[unit]))
    own = _rounded_up(own, unit)
    above = _rounded_up(max(own * min(saturated / busy, 10.0), saturated * _LOWEST), unit)
    if unit == "share":
        above = min(1.0, above)
    return Proposal(name=name, unit=unit, samples=len(values), usual=usual, busy=own, saturated=above)


def _rounded_up(value: float, unit: str) -> float:
    """To half a per cent, or to ten milliseconds."""
    steps = 200 if unit == "share" else 100
    return math.ceil(round(value * steps, 6)) / steps
