"""What startups wait for: indicators, the knee, and what made a startup slow."""

from __future__ import annotations

from patchdeck.model.facts import Value
from patchdeck.model.words import Level


class Sample(Value, frozen=True, kw_only=True):
    at_ns: int
    value: float


class Indicator(Value, frozen=True, kw_only=True):
    """One thing that startups may wait for."""

    name: str
    """cpu, memory, io, network, throttling, engine, pulls, starts, or the name of a user's own"""
    unit: str
    """share (0…1), s, pulls, starts, or that of a user's own"""
    value: float | None
    level: Level
    reason: str
    """In words: "io full 31 % over 60 s", or why there is no value."""
    source: str
    """Who says so: /proc/pressure, prometheus, stats, /_ping, events."""
    at_ns: int | None = None
    """How new that is, by this host's clock."""
    history: tuple[Sample, ...] = ()
    """Oldest first, over the window that is kept, by this host's clock."""
    busy: float | None = None
    """From this value on it is busy; None where nothing says how much is much."""
    saturated: float | None = None


class ServiceReading(Value, frozen=True, kw_only=True):
    """What one service waits for or takes, now."""

    service: str
    indicator: str
    """As of an indicator, or used-cpu, used-memory, used-io."""
    value: float
    unit: str
    level: Level
    reason: str
    source: str
    at_ns: int


class KneePoint(Value, frozen=True, kw_only=True):
    """What was observed while about so many starts were in flight."""

    in_flight: int
    startups: int
    seconds_observed: float
    """How long so many were in flight, all told."""
    p50_s: float
    p95_s: float
    throughput_per_s: float
    """Startups finished per second of that time."""


class Knee(Value, frozen=True, kw_only=True):
    """The number of starts in flight past which latency grows faster than throughput."""

    engine: str
    at: int | None = None
    """None: not enough is known, and `reason` says what is missing."""
    low: int | None = None
    """Lower end of the interval; without `at`, the knee is at least this."""
    high: int | None = None
    """Upper end of the interval. None: no upper end is known."""
    startups: int = 0
    """What the estimate rests on."""
    points: tuple[KneePoint, ...] = ()
    """Ascending by `in_flight`; those of few startups too, which the estimate leaves out."""
    reason: str = ""


class GrownPhase(Value, frozen=True, kw_only=True):
    """One phase against its calm baseline; medians over the startups that were asked about."""

    name: str
    seconds: float
    baseline_s: float
    baseline_n: int
    """Calm startups that the baseline rests on."""
    ratio: float
    """`seconds` to `baseline_s`; inf where the baseline is zero."""

    @property
    def grown_s(self) -> float:
        return self.seconds - self.baseline_s


class BusyIndicator(Value, frozen=True, kw_only=True):
    """An indicator that was over a threshold while something started."""

    name: str
    unit: str
    value: float
    """The greatest, meanwhile."""
    level: Level
    times_busy: float
    """`value` to the threshold of busy: by what indicators of different units are ranked."""


class Attribution(Value, frozen=True, kw_only=True):
    """What the evidence says of why startups took long."""

    startups: int = 0
    """Those that could be compared."""
    in_flight: int | None = None
    """Others that were starting when they began: the median."""
    phases: tuple[GrownPhase, ...] = ()
    """Those that grew, the one with the most seconds first."""
    indicators: tuple[BusyIndicator, ...] = ()
    """Those that were busy, the furthest over its threshold first."""
    unmeasured: tuple[str, ...] = ()
    """Indicators that have no sample of that time: neither calm nor busy."""
    baseline_n: int = 0
    """Calm startups compared with; the fewest, where several strata were."""
    verdict: bool = False
    """There was enough to compare with."""
    sentence: str = ""
    """The evidence in one sentence; without a verdict, what is missing."""
