"""The pace: how many starts a rollout allows at once, found while it runs.

Each start's latency is compared with what a start takes in calm. As long as it hardly grows, the limit doubles; from
then on it follows the gradient: the limit settles where what is gained by one more start is lost by the waiting of all.
Pressure that lasts is a brake: it keeps the limit from growing, or takes it back. Pure values; who runs a rollout feeds
them and asks `admit`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final

import msgspec

from patchdeck.model.journal import Binding

SMOOTHING: Final = 0.3
"""Of the newest start in the moving mean of relative latencies."""

TOLERANCE: Final = 1.2
"""A start may take this much longer than in calm before the limit yields."""

STEEP: Final = 0.9
"""A gradient below this ends the doubling."""

GENTLEST: Final = 0.55
"""A gradient is taken for no smaller: where starts are slow whatever the pace, this settles it at about five."""

MOST: Final = 512


class Pressure(msgspec.Struct, frozen=True, kw_only=True):
    """How near the host is to saturated: 1 is at the levels that the configuration calls saturated.

    `short` is over about ten seconds, `long` over about a minute. A rollout presses on the host itself, in bursts: only
    what is over in both is someone else's load, or too much of our own.
    """

    short: float = 0.0
    long: float = 0.0

    @property
    def lasting(self) -> float:
        return min(self.short, self.long)


class Pace(msgspec.Struct, frozen=True, kw_only=True):
    """The controller's state. Its methods give the next one."""

    limit: float = 1.0
    latency: float = 1.0
    """Moving mean of latency over baseline."""
    doubling: bool = True
    settled: int = 0
    """Starts since the limit was last doubled."""
    fixed: bool = False

    @classmethod
    def at(cls, limit: int) -> Pace:
        """One that stays where it is, as `--pace N` asks."""
        return cls(limit=float(limit), doubling=False, fixed=True)

    @property
    def starts(self) -> int:
        return max(1, math.floor(self.limit))

    def started(self, relative: float, *, in_flight: int, spare: bool = True) -> Pace:
        """A start took `relative` times its baseline while `in_flight` were starting, itself included.

        Without processors to `spare` the limit does not grow: more starts at once would only wait for each other.
        """
        if self.fixed:
            return self
        latency = (1 - SMOOTHING) * self.latency + SMOOTHING * relative
        gradient = min(1.0, max(GENTLEST, TOLERANCE / latency))
        settled = self.settled + 1
        if self.doubling and gradient >= STEEP:
            # As many as are allowed at once must have told before there are more of them.
            if settled < self.starts or in_flight < self.starts or not spare:
                return _to(self, latency=latency, settled=settled)
            return _to(self, limit=self.limit * 2, latency=latency, settled=0)
        if in_flight < self.limit / 2:
            # A limit that is not used was not tried.
            return _to(self, latency=latency, doubling=False, settled=settled)
        wanted = gradient * self.limit + max(1.0, math.sqrt(self.limit))
        limit = 0.8 * self.limit + 0.2 * wanted
        if not spare:
            limit = min(self.limit, limit)
        return _to(self, limit=limit, latency=latency, doubling=False, settled=settled)

    def failed(self) -> Pace:
        """A start ran out of time, or the engine could not serve it."""
        return self if self.fixed else _to(self, limit=math.floor(self.limit / 2), doubling=False)

    def pressed(self, pressure: Pressure) -> Pace:
        """Told once a sample of pressure."""
        if self.fixed or pressure.lasting < 0.5:
            return self
        if pressure.lasting < 1:
            return _to(self, doubling=False)
        return _to(self, limit=math.floor(0.7 * self.limit), doubling=False)

    @property
    def learned(self) -> Mapping[str, float]:
        """For the journal; see `from_learned`."""
        return {"limit": self.limit, "latency": self.latency, "doubling": float(self.doubling)}

    @classmethod
    def from_learned(cls, learned: Mapping[str, float]) -> Pace:
        """What a worker before this one had learned. What is missing begins anew."""
        fresh = cls()
        return cls(
            limit=min(MOST, max(1.0, learned.get("limit", fresh.limit))),
            latency=max(0.0, learned.get("latency", fresh.latency)),
            doubling=bool(learned.get("doubling", 1.0)),
        )


class Admission(msgspec.Struct, frozen=True, kw_only=True):
    """How many more may start now, and what keeps it from being more."""

    starts: int
    binds: Binding


def admit(
    pace: Pace,
    pressure: Pressure,
    *,
    in_flight: int,
    wanted: int,
    available: int,
    ports_race: bool = False,
    patient: bool = True,
) -> Admission:
    """Of `wanted` units that could start, how many may.

    `available` is how many more replicas may be away at this moment. `ports_race` is set where host ports are handed
    out by the engine from a range. While `patient`, nothing starts under pressure that lasts although none of our own
    is in flight; when patience has ended, one at a time does.
    """
    limits = [
        (max(0, wanted), Binding.STEP),
        (max(0, available), Binding.AVAILABILITY),
        (max(0, pace.starts - in_flight), Binding.PACE),
    ]
    if ports_race:
        limits.append((max(0, 1 - in_flight), Binding.PORTS))
    if pressure.lasting >= 1 and not pace.fixed:
        limits.append((0 if patient or in_flight else 1, Binding.PRESSURE))
    starts, binds = min(limits, key=lambda limit: limit[0])
    return Admission(starts=starts, binds=Binding.NOTHING if starts >= wanted > 0 else binds)


def _to(
    pace: Pace,
    *,
    limit: float | None = None,
    latency: float | None = None,
    doubling: bool | None = None,
    settled: int | None = None,
) -> Pace:
    return Pace(
        limit=min(float(MOST), max(1.0, pace.limit if limit is None else limit)),
        latency=pace.latency if latency is None else latency,
        doubling=pace.doubling if doubling is None else doubling,
        settled=pace.settled if settled is None else settled,
    )
