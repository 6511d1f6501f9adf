"""How long a rollout will take, and the summary that is told with its final state. Pure."""

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
from patchdeck.model.plan import Plan
from patchdeck.rollout.state import Stand, State


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


def remaining_s(plan: Plan, state: State, *, elapsed_s: float, ready_before: int) -> float | None:
    """How long the steps will still take: by the plan at first, and ever more by how they have gone.

    `elapsed_s` is since this worker began its first unit, when `ready_before` were ready already. None: no one knows.
    """
    total = len(state.stands)
    ready = state.count(Stand.READY)
    done, left = ready - ready_before, total - ready
    by_course = elapsed_s / done * left if done > 0 else None
    if plan.predicted_s is None:
        return by_course
    by_plan = plan.predicted_s * left / total
    share = done / (done + left) if by_course is not None else 0.0
    return (1 - share) * by_plan + share * (by_course or 0.0)
