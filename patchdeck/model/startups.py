"""Startups, and how long they took."""

from __future__ import annotations

import math

from patchdeck.model.facts import Value
from patchdeck.model.words import Evidence, Role, StartupKind, StartupOutcome


class Phase(Value, frozen=True, kw_only=True):
    """A stretch of a startup. Phases follow each other without holes: they add up to the latency."""

    name: str
    """Up to started: see `patchdeck.startup.PHASES`. After it: `ready`."""
    seconds: float


class Startup(Value, frozen=True, kw_only=True):
    """One container going from requested to started, and to ready where it has a healthcheck."""

    engine: str
    container_id: str
    anchor_ns: int
    """Tells the startups of a container apart: 0 for its first start, else when the process before it ended."""
    name: str
    service: str
    role: Role
    image: str
    image_id: str
    version: str
    kind: StartupKind
    outcome: StartupOutcome
    settled: bool
    """Nothing that may still arrive in time would change the outcome."""
    evidence: Evidence
    expects_ready: bool
    """It has a healthcheck: `started` is then not the end of it."""
    began_ns: int | None = None
    started_ns: int | None = None
    ready_ns: int | None = None
    ready_error_s: float = 0.0
    """It may have been ready this much earlier: since the last probe that failed, or since it was started."""
    ended_ns: int | None = None
    """When it failed, or stopped before it was ready."""
    exit_code: int | None = None
    reason: str = ""
    """Why it failed, in words; empty unless the outcome is failed."""
    phases: tuple[Phase, ...] = ()
    in_flight: int | None = None
    """Others starting on the same engine when this one began."""
    approximate: bool = False
    """Its times come from an inspect after a gap, not from events."""
    started_bound: bool = False
    """`started_ns` is StartedAt of an engine that stamps it before the process runs: it was started later than that."""

    @property
    def startup_id(self) -> str:
        return f"{self.engine}/{self.container_id}/{self.anchor_ns}"

    @property
    def at_ns(self) -> int:
        """Where it stands on a time axis: its beginning, or the first moment that is known of it."""
        for moment in (self.began_ns, self.started_ns, self.ended_ns, self.ready_ns):
            if moment is not None:
                return moment
        return 0

    @property
    def latency_s(self) -> float | None:
        """Began to started. None if either is not known, or only bounded."""
        if self.began_ns is None or self.started_ns is None or self.started_bound:
            return None
        return (self.started_ns - self.began_ns) / 1e9

    @property
    def ready_s(self) -> float | None:
        """Began to ready. None if it is not ready, or its beginning is not known."""
        if self.began_ns is None or self.ready_ns is None:
            return None
        return (self.ready_ns - self.began_ns) / 1e9

    @property
    def censored(self) -> bool:
        """It was to become ready and was not: its time to ready is longer than anything seen, not absent."""
        return self.outcome is StartupOutcome.FAILED or (
            self.outcome is StartupOutcome.STARTED
            and self.settled
            and self.expects_ready
            and not self.approximate
        )


NEVER = math.inf
"""A percentile that falls among the censored."""


class Quantiles(Value, frozen=True, kw_only=True):
    """Exact (nearest-rank) percentiles in seconds; every one is a value that was observed.

    None: nothing was observed. `inf`: the rank falls among the censored, so the true value is longer than any
    that was seen ("never").
    """

    n: int = 0
    censored: int = 0
    p50_s: float | None = None
    p95_s: float | None = None
    p99_s: float | None = None
