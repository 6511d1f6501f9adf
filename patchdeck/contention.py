"""What startups wait for: indicators with a level and a reason, from samples of pressure and response time.

Two windows decide a level, so that a spike does not cry wolf: busy when the long window (60 s) is over its threshold,
saturated only when the short one (10 s) is over the higher threshold too.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable
from dataclasses import dataclass

from patchdeck.model import HostSampled, Indicator, Level, SourceState
from patchdeck.series import Series
from patchdeck.settings import PressureLevels

STRETCH_S = 10.0
"""Resolution of the histories."""

_SHORT_NS = 10_000_000_000
_LONG_NS = 60_000_000_000
_PSI = "/proc/pressure"
_STAT = "/proc/stat"
_PING = "/_ping"


@dataclass(frozen=True)
class _Pressure:
    """How one resource's level is read off a sample."""

    name: str
    words: str
    short: Callable[[HostSampled], float | None]
    long: Callable[[HostSampled], float | None]
    busy: Callable[[PressureLevels], float]
    saturated: Callable[[PressureLevels], float]


_PRESSURES = (
    _Pressure(
        "cpu",
        "cpu some",
        lambda sample: sample.cpu_some_10,
        lambda sample: sample.cpu_some_60,
        lambda levels: levels.cpu_busy,
        lambda levels: levels.cpu_saturated,
    ),
    _Pressure(
        "memory",
        "memory full",
        lambda sample: sample.memory_full_10,
        lambda sample: sample.memory_full_60,
        lambda levels: levels.memory_busy,
        lambda levels: levels.memory_saturated,
    ),
    _Pressure(
        "io",
        "io full",
        lambda sample: sample.io_full_10,
        lambda sample: sample.io_full_60,
        lambda levels: levels.io_busy,
        lambda levels: levels.io_saturated,
    ),
)


class Contention:
    """The samples of one engine, and what they say now."""

    def __init__(self, levels: PressureLevels) -> None:
        self._levels = levels
        self._newest: HostSampled | None = None
        self._pressure = {pressure.name: Series(STRETCH_S) for pressure in _PRESSURES}
        self._processor = Series(STRETCH_S)
        self._responses = Series(STRETCH_S)
        self._absent = (
            "the engine is not on this host: its pressure comes from Prometheus, which is not configured"
        )

    def add_sample(self, sample: HostSampled) -> None:
        if self._newest is None or (sample.at_ns, repr(sample)) > (self._newest.at_ns, repr(self._newest)):
            self._newest = sample
        for pressure in _PRESSURES:
            value = pressure.short(sample)
            if value is not None:
                self._pressure[pressure.name].add(sample.at_ns, value)
        if sample.cpu_busy is not None:
            self._processor.add(sample.at_ns, sample.cpu_busy)

    def add_response(self, at_ns: int, response_s: float) -> None:
        self._responses.add(at_ns, response_s)

    def forget_before(self, horizon_ns: int) -> None:
        for series in (*self._pressure.values(), self._processor, self._responses):
            series.forget_before(horizon_ns)

    @property
    def size(self) -> int:
        """How many objects are kept, for tests of the bounds."""
        return sum(len(series) for series in (*self._pressure.values(), self._processor, self._responses))

    @property
    def response_s(self) -> float | None:
        newest = self._responses.newest()
        return newest[1] if newest else None

    def indicators(self, in_flight: int, host_detail: str = "") -> tuple[Indicator, ...]:
        """Always the same five, in the order of the panel. What has no data says so and is UNKNOWN, never calm."""
        measured = [self._of_pressure(pressure, host_detail) for pressure in _PRESSURES]
        return (*measured, self._of_engine(), _of_starts(in_flight))

    def _of_pressure(self, pressure: _Pressure, host_detail: str) -> Indicator:
        sample = self._newest
        short = pressure.short(sample) if sample else None
        long = pressure.long(sample) if sample else None
        if sample is None or short is None or long is None:
            if pressure.name == "cpu" and sample is not None and sample.cpu_busy is not None:
                return self._of_processor(sample)
            return _unknown(pressure.name, _PSI, host_detail or self._absent)
        level = _level(short, long, pressure.busy(self._levels), pressure.saturated(self._levels))
        return Indicator(
            name=pressure.name,
            unit="share",
            value=short,
            level=level,
            reason=f"{pressure.words} {short:.0%} over 10 s, {long:.0%} over 60 s",
            source=_PSI,
            at_ns=sample.at_ns,
            history=self._pressure[pressure.name].history(),
        )

    def _of_processor(self, sample: HostSampled) -> Indicator:
        """Without pressure data a full processor is told as busy, not as saturated: nobody may be waiting."""
        long = statistics.fmean(self._processor.since(sample.at_ns - _LONG_NS))
        return Indicator(
            name="cpu",
            unit="share",
            value=sample.cpu_busy,
            level=Level.BUSY if long >= 0.9 else Level.CALM,
            reason=f"processors {long:.0%} in use over 60 s; this kernel tells no pressure",
            source=_STAT,
            at_ns=sample.at_ns,
            history=self._processor.history(),
        )

    def _of_engine(self) -> Indicator:
        newest = self._responses.newest()
        if newest is None:
            return _unknown("engine", _PING, "the engine has not answered yet")
        at_ns, response_s = newest
        short = statistics.median(self._responses.since(at_ns - _SHORT_NS))
        long = statistics.median(self._responses.since(at_ns - _LONG_NS))
        return Indicator(
            name="engine",
            unit="s",
            value=response_s,
            level=_level(short, long, self._levels.engine_busy_s, self._levels.engine_saturated_s),
            reason=f"a ping took {short * 1e3:.0f} ms over 10 s, {long * 1e3:.0f} ms over 60 s (medians)",
            source=_PING,
            at_ns=at_ns,
            history=self._responses.history(),
        )


def _of_starts(in_flight: int) -> Indicator:
    """Without a knee nothing can be said of how many are too many."""
    return Indicator(
        name="starts",
        unit="starts",
        value=float(in_flight),
        level=Level.UNKNOWN if in_flight else Level.CALM,
        reason=f"{in_flight} starts in flight" if in_flight else "nothing is starting",
        source="events",
    )


def _level(short: float, long: float, busy: float, saturated: float) -> Level:
    if long >= saturated and short >= saturated:
        return Level.SATURATED
    return Level.BUSY if long >= busy else Level.CALM


def _unknown(name: str, source: str, why: str) -> Indicator:
    return Indicator(
        name=name,
        unit="s" if name == "engine" else "share",
        value=None,
        level=Level.UNKNOWN,
        reason=why,
        source=source,
    )


def host_trouble(state: SourceState | None, detail: str) -> str:
    """Why there is no pressure data, if the host source has said so."""
    return detail if state in (SourceState.ABSENT, SourceState.LOST) else ""
