"""What a stretch of startups came to, in a line or two."""

from __future__ import annotations

from array import array

from patchdeck.model import NEVER, Startup, StartupKind, StartupOutcome
from patchdeck.versions import quantiles
from widgets.units import latency


class Tally:
    """Counts startups as they are told. Eight bytes each, so that it may go on for days."""

    def __init__(self) -> None:
        self._latencies_s = {kind: array("d") for kind in StartupKind}
        self._n = dict.fromkeys(StartupKind, 0)
        self._failed = dict.fromkeys(StartupKind, 0)
        self._peak = 0

    def add(self, startup: Startup) -> None:
        kind = startup.kind
        failed = startup.outcome is StartupOutcome.FAILED
        self._n[kind] += 1
        self._failed[kind] += failed
        if startup.latency_s is not None:
            self._latencies_s[kind].append(startup.latency_s)
        elif failed and startup.started_ns is None:
            self._latencies_s[kind].append(NEVER)
        if startup.in_flight is not None:
            self._peak = max(self._peak, startup.in_flight + 1)

    def sentences(self) -> list[str]:
        """First starts and restarts are two populations: a line for each of which there were any."""
        kinds = [self._of(kind) for kind in StartupKind if self._n[kind]]
        return [*kinds, f"peak in flight: {self._peak}"] if kinds else ["no startups"]

    def _of(self, kind: StartupKind) -> str:
        of = quantiles(self._latencies_s[kind])
        what = "first starts" if kind is StartupKind.FIRST else "restarts"
        percentiles = "  ".join(
            f"{name} {latency(value, missing='-')}"
            for name, value in (("p50", of.p50_s), ("p95", of.p95_s), ("p99", of.p99_s))
        )
        return f"{what}: n {self._n[kind]}  failed {self._failed[kind]}  {percentiles}"
