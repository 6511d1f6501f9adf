"""How long a rollout will take, from how long startups took and how many go at once."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Sequence
from typing import Final

from patchdeck.model import ContainerFacts, Healthcheck, Knee, Order, PlannedStep, Service, Strategy
from patchdeck.model.facts import Value
from patchdeck.rollout.planning.world import ContainerSeen

_AT_ONCE_PER_CPU: Final = 2
"""Where no knee is known: about what engines take before latency grows faster than throughput."""
_IDLE_S: Final = 30.0
"""A container that was started later than this after its creation was not asked to start at once."""


class Observed(Value, frozen=True, kw_only=True):
    """What is known of the service's startups and of the engine, from a watch, a recording or the containers."""

    unit_s: float | None = None
    """From asked to ready, of one container that starts in calm."""
    words: str = ""
    """What that rests on."""
    knee: int | None = None


def watched(service: Service | None, knee: Knee | None) -> Observed | None:
    """From what a watch or a recording tells of the service and its engine; None where it tells nothing of startups.

    The time to ready where containers have a healthcheck, else the latency, of the startups in its window. It falls to
    None where the median lies among those that were never ready.
    """
    if service is None:
        return None
    for quantiles, until in ((service.ready, "ready"), (service.starts, "started")):
        if quantiles.p50_s is not None and math.isfinite(quantiles.p50_s):
            words = f"{quantiles.n} startups that were watched, until {until}"
            return Observed(unit_s=quantiles.p50_s, words=words, knee=knee.at if knee else None)
    return None


def observed(members: Iterable[ContainerSeen]) -> Observed:
    """From the containers' own times: Created to StartedAt, and the first probe where they have a healthcheck."""
    facts = [member.facts for member in members]
    started = [seconds for one in facts if (seconds := _first_start_s(one)) is not None]
    if not started:
        return Observed()
    probes = [
        check.start_interval_s if check.start_period_s else check.interval_s for check in _checks(facts)
    ]
    probe_s = statistics.median(probes) if probes else 0.0
    several = f"{len(started)} containers" if len(started) > 1 else "one container"
    words = f"the times of {several}, from created to started"
    return Observed(
        unit_s=statistics.median(started) + probe_s,
        words=f"{words}, and the first probe after {probe_s:g} s" if probe_s else words,
    )


def _first_start_s(facts: ContainerFacts) -> float | None:
    if facts.restart_count or facts.started_ns is None:
        return None
    seconds = (facts.started_ns - facts.created_ns) / 1e9
    return seconds if 0 <= seconds <= _IDLE_S else None


def _checks(facts: Iterable[ContainerFacts]) -> list[Healthcheck]:
    return [one.healthcheck for one in facts if one.healthcheck is not None]


def predicted(
    seen: Observed,
    strategy: Strategy,
    steps: Iterable[PlannedStep],
    orders: Sequence[Order],
    *,
    budget: int,
    cpus: int,
) -> tuple[float | None, str]:
    """Seconds, and what they rest on. None, and what is missing, where no startup is known.

    Without a fixed pace it doubles from one up to the knee. A step's start-first units go by pace, its stop-first
    units by the budget too; after a step comes the bake.
    """
    if seen.unit_s is None:
        return None, "no startup of this service is known"
    most = strategy.pace or seen.knee or max(1, _AT_ONCE_PER_CPU * cpus)
    pace = most if strategy.pace else 1
    total_s = 0.0
    for step in steps:
        stop_first = sum(1 for unit in step.units if orders[unit] is Order.STOP_FIRST)
        for left, limit in ((len(step.units) - stop_first, most), (stop_first, min(most, max(budget, 1)))):
            waves, pace = _waves(left, pace, limit, most)
            total_s += waves * seen.unit_s
        total_s += strategy.bake_s
    why = "the pace asked for" if strategy.pace else "the knee" if seen.knee else "twice its processors"
    words = f"{seen.words}; at most {most} at once ({why}); without the pull and the stopping of old ones"
    return round(total_s, 1), words


def _waves(units: int, pace: int, limit: int, most: int) -> tuple[int, int]:
    """How many times some are started together until all are, and the pace after that."""
    waves = 0
    while units > 0:
        units -= min(pace, limit)
        pace = min(2 * pace, most)
        waves += 1
    return waves, pace
