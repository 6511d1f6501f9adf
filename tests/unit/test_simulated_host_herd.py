"""The simulated host starts containers as a real engine of two processors was measured to, and its knee is where it is.

Measured: 64 creates and starts, so many at once, image present, without a network, on a 28.5 engine.
"""

from __future__ import annotations

import functools
import random
import statistics
from typing import NamedTuple

import pytest

from patchdeck import knee
from patchdeck.simulator.host.model import HostModel
from patchdeck.simulator.host.service_times import CREATE, MOUNTS, RUNTIME, SANDBOX, drawn
from tests.unit.queueing import ENGINE, EPOCH_NS, startups

STARTS = 64
STARTUP = (*CREATE, *MOUNTS, *SANDBOX, *RUNTIME)
SEEDS = range(9)
WITHIN = 0.25
APART_S = 30.0


class Herd(NamedTuple):
    batch_s: float
    p50_s: float
    p95_s: float


MEASURED = {
    1: Herd(6.8, 0.10, 0.13),
    2: Herd(4.7, 0.15, 0.18),
    4: Herd(3.6, 0.22, 0.29),
    8: Herd(3.7, 0.44, 0.60),
    16: Herd(4.1, 0.94, 1.46),
    64: Herd(4.0, 3.24, 3.94),
}


@functools.cache
def spans(at_once: int, seed: int) -> tuple[tuple[float, float], ...]:
    """When each of a herd began and ended, in seconds of the model's own clock."""
    chance = random.Random(seed)
    host = HostModel(chance)
    began = {host.begin(0.0, drawn(chance, STARTUP)): 0.0 for _ in range(at_once)}
    asked = at_once
    done = []
    while host.errands:
        for at_s, errand in host.advance(host.next_s()):
            done.append((began.pop(errand), at_s))
            if asked < STARTS:
                asked += 1
                began[host.begin(at_s, drawn(chance, STARTUP))] = at_s
    return tuple(done)


def herd(at_once: int, seed: int) -> Herd:
    ended = spans(at_once, seed)
    took_s = sorted(end - begin for begin, end in ended)
    return Herd(max(end for _, end in ended), statistics.median(took_s), took_s[int(0.95 * STARTS)])


@pytest.mark.parametrize("at_once", MEASURED)
@pytest.mark.parametrize("figure", Herd._fields)
def test_every_cell_of_the_measured_table_is_met_within_a_quarter(at_once: int, figure: str) -> None:
    simulated = [getattr(herd(at_once, seed), figure) for seed in SEEDS]
    measured = getattr(MEASURED[at_once], figure)
    assert statistics.median(simulated) == pytest.approx(measured, rel=WITHIN), simulated
    assert statistics.mean(simulated) == pytest.approx(measured, rel=WITHIN), simulated


@pytest.mark.parametrize("seed", SEEDS)
def test_the_estimated_knee_is_where_the_batch_is_within_a_tenth_of_the_best(seed: int) -> None:
    sizes = (1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 32, 64)
    batch_s = {at_once: statistics.median(herd(at_once, each).batch_s for each in SEEDS) for at_once in sizes}
    seen = [
        (turn * APART_S + began, turn * APART_S + ended)
        for turn, at_once in enumerate(sizes)
        for began, ended in spans(at_once, seed)
    ]
    found = knee.estimate(startups(seen), engine=ENGINE, now_ns=EPOCH_NS + 10**15)
    assert found.at is not None, found.reason
    assert batch_s[found.at] <= 1.1 * min(batch_s.values()), (found.at, batch_s)


def test_the_same_seed_gives_the_same_herd() -> None:
    spans.cache_clear()
    first = spans(8, 3)
    spans.cache_clear()
    assert spans(8, 3) == first
    assert spans(8, 4) != first
