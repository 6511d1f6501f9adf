"""The knee, on real engines: what the console would say, against the batch times that a client sees."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping

from benchmarks.figures import Report, median
from patchdeck import knee
from patchdeck.model import Knee, Snapshot, Startup, StartupOutcome
from tests.lab.engine import Engine
from tests.lab.herd import fire
from tests.lab.images import Images
from tests.lab.lab import Lab
from tests.lab.newer import NoNewerEngineError
from tests.live.watching import Watching

STARTS = 64
AT_ONCE = (1, 2, 4, 8, 16, 32, 64)
ROUNDS = 5
AS_GOOD = 1.10
"""Batch times up to this many times the best are as good as the best."""


def measure(lab: Lab, stock: Engine, images: Images) -> Report:
    """Leaves the engine without containers; a newer one is started for this and stopped."""
    report = Report(
        "The knee",
        f"{STARTS} creates and starts with so many at once, {ROUNDS} rounds through all of them, so that whatever "
        "else the machine does falls on all alike. The batch time is the client's, the median of the rounds. The knee "
        "is estimated from the engine's events, by the path that the console takes. It is to lie where the batch time "
        f"is within {AS_GOOD - 1:.0%} of the best.",
    )
    _measure_one(report, stock, images)
    try:
        newer = lab.engine("newer")
    except NoNewerEngineError as problem:
        report.text += [f"Not measured on a newer engine: {problem}.", ""]
        return report
    with newer:
        _measure_one(report, newer, Images(newer))
    return report


def _measure_one(report: Report, engine: Engine, images: Images) -> None:
    batches: dict[int, list[float]] = {at_once: [] for at_once in AT_ONCE}
    with Watching(engine) as watching:
        for turn in range(ROUNDS):
            for at_once in AT_ONCE:
                herd = fire(
                    engine,
                    images.plain,
                    STARTS,
                    at_once=at_once,
                    network="none",
                    prefix=f"k{turn}-{at_once}-",
                )
                batches[at_once].append(herd.took_s)
                engine.clean()
        expected = STARTS * len(AT_ONCE) * ROUNDS
        if not watching.until(lambda: len(_started(watching.snapshot)) >= expected, 60):
            report.text += [f"Of {expected} startups {len(_started(watching.snapshot))} were seen.", ""]
        startups = watching.snapshot.startups
        name = watching.snapshot.engines[0].name
    began = time.process_time()
    found = knee.estimate(startups, engine=name, now_ns=time.time_ns())
    spent_s = time.process_time() - began
    _report(report, engine.version, {n: median(times) for n, times in batches.items()}, found, spent_s)


def _started(snapshot: Snapshot) -> list[Startup]:
    return [one for one in snapshot.startups if one.outcome is not StartupOutcome.STARTING and one.latency_s]


def as_good(batches_s: Mapping[int, float]) -> tuple[int, int]:
    """The least and the most at once, around the best, whose batch times are as good as the best."""
    order = sorted(batches_s)
    best = min(order, key=lambda at_once: batches_s[at_once])
    first = last = order.index(best)
    limit = AS_GOOD * batches_s[best]
    while first > 0 and batches_s[order[first - 1]] <= limit:
        first -= 1
    while last + 1 < len(order) and batches_s[order[last + 1]] <= limit:
        last += 1
    return order[first], order[last]


def _report(
    report: Report, version: str, batches_s: Mapping[int, float], found: Knee, spent_s: float
) -> None:
    low, high = as_good(batches_s)
    outside = math.inf if found.at is None else max(low - found.at, found.at - high, 0)
    said = found.reason if found.at is None else f"knee {found.at}, interval {found.low} to {found.high}"
    report.add(
        f"engine {version}: knee outside of where the batch is as good as the best",
        outside,
        "starts",
        0,
        note=f"{said}; as good as the best: {low} to {high}; {found.startups} startups",
    )
    report.add(f"engine {version}: time for the estimate", spent_s * 1e3, "ms", 50)
    report.text += [
        f"Engine {version}:",
        "",
        "| starts at once | whole batch |",
        "| ---: | ---: |",
        *(f"| {at_once} | {batch_s:.1f} s |" for at_once, batch_s in batches_s.items()),
        "",
        "| in flight, as observed | startups | p50 | p95 | throughput |",
        "| ---: | ---: | ---: | ---: | ---: |",
        *(
            f"| {one.in_flight} | {one.startups} | {one.p50_s:.2f} s | {one.p95_s:.2f} s "
            f"| {one.throughput_per_s:.1f}/s |"
            for one in found.points
            if one.startups >= knee.LEAST_AT_POINT
        ),
        "",
    ]
