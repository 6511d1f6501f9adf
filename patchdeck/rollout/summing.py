"""The summary that is told with a rollout's final state. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence

from patchdeck.model.journal import (
    AnyEntry,
    Planned,
    Summary,
    UnitMoved,
    UnitPhase,
    WorkerBegan,
)


def summary(entries: Sequence[AnyEntry], *, ended_ns: int, fewest_ready: int, pace: float) -> Summary:
    """Of all entries of one rollout. What its starts took is from the request to the engine's answer."""
    planned = [entry for entry in entries if isinstance(entry, Planned)]
    starts = sorted(
        entry.latency_s
        for entry in entries
        if isinstance(entry, UnitMoved) and entry.phase is UnitPhase.STARTED and entry.latency_s is not None
    )
    workers = sum(isinstance(entry, WorkerBegan) for entry in entries)
    return Summary(
        # The clock may have been set back meanwhile.
        seconds=max(0.0, (ended_ns - planned[0].at_ns) / 1e9) if planned else 0.0,
        new_p50_s=_quantile(starts, 0.50),
        new_p95_s=_quantile(starts, 0.95),
        startups=len(starts),
        pace=pace,
        worker_restarts=max(0, workers - 1),
        fewest_ready=fewest_ready,
    )


def _quantile(ordered: Sequence[float], share: float) -> float | None:
    """Nearest rank."""
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)] if ordered else None
