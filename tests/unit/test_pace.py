"""The pace: quick to the knee, not past it, yielding to others, and never stopped for good."""

from __future__ import annotations

import itertools
import random
from collections.abc import Sequence

import pytest

from patchdeck.model.journal import Binding
from patchdeck.rollout.pace import Pace, Pressure, admit

CURVES = {
    "20.10": [(1, 5.8), (2, 9.1), (4, 10.0), (8, 10.9), (16, 10.0), (32, 9.5), (64, 9.1)],
    "28.5": [(1, 9.7), (2, 15.3), (4, 18.0), (8, 18.1), (16, 18.4), (32, 17.8), (64, 17.2)],
}
"""Starts a second by starts in flight, as measured on real engines on two processors (docs/benchmarks.md)."""

REPLICAS = 64


def rate(curve: Sequence[tuple[int, float]], in_flight: int) -> float:
    for (low, at_low), (high, at_high) in itertools.pairwise(curve):
        if low <= in_flight <= high:
            return at_low + (at_high - at_low) * (in_flight - low) / (high - low)
    return curve[-1][1]


def patch(
    curve: Sequence[tuple[int, float]], pace: Pace, seed: int, replicas: int = REPLICAS
) -> tuple[float, list[float], Pace]:
    """Replaces all replicas at the pace on a host that shares its rate among what starts: time, latencies, pace."""
    chance = random.Random(seed)
    baseline_s = 1 / rate(curve, 1)
    now_s, left = 0.0, replicas
    running: list[list[float]] = []
    latencies: list[float] = []
    while left or running:
        room = admit(pace, Pressure(), in_flight=len(running), wanted=left, available=replicas).starts
        running += [[chance.lognormvariate(0, 0.15), now_s] for _ in range(room)]
        left -= room
        share = rate(curve, len(running)) / len(running)
        first = min(running)
        took_s = first[0] / share
        now_s += took_s
        for one in running:
            one[0] -= took_s * share
        latency_s = now_s - first[1]
        latencies.append(latency_s)
        pace = pace.started(latency_s / baseline_s, in_flight=len(running))
        running.remove(first)
    return now_s, sorted(latencies), pace


@pytest.mark.parametrize("engine", CURVES)
def test_at_its_own_pace_starts_take_a_fraction_of_what_they_take_all_at_once_and_no_more_time_in_all(
    engine: str,
) -> None:
    ratios, times = [], []
    for seed in range(20):
        all_s, all_latencies, _ = patch(CURVES[engine], Pace.at(REPLICAS), seed)
        paced_s, latencies, _ = patch(CURVES[engine], Pace(), seed)
        p95 = int(0.95 * REPLICAS)
        ratios.append(latencies[p95] / all_latencies[p95])
        times.append(paced_s / all_s)
    ratios.sort()
    times.sort()
    assert ratios[18] <= 0.15, ratios
    assert times[18] <= 1.05, times


@pytest.mark.parametrize("engine", CURVES)
def test_it_settles_about_the_knee(engine: str) -> None:
    limits = sorted(patch(CURVES[engine], Pace(), seed)[2].limit for seed in range(20))
    assert limits[1] >= 2.5, limits
    assert limits[18] <= 8, limits


def test_it_begins_with_one_and_doubles_while_starts_take_no_longer() -> None:
    pace, seen = Pace(), []
    for _ in range(15):
        seen.append(pace.starts)
        pace = pace.started(1.0, in_flight=pace.starts)
    assert seen == [1, 2, 2, 4, 4, 4, 4, *[8] * 8]


def test_a_limit_that_is_not_used_does_not_grow() -> None:
    pace = Pace(limit=8.0, doubling=False)
    assert pace.started(1.0, in_flight=3).limit == 8.0
    assert pace.started(1.0, in_flight=8).limit > 8.0


def test_without_a_processor_to_spare_it_does_not_grow_and_may_shrink() -> None:
    pace = Pace()
    for _ in range(9):
        pace = pace.started(1.0, in_flight=pace.starts, spare=False)
    assert pace.starts == 1
    assert pace.started(1.0, in_flight=1).starts == 2
    settled = Pace(limit=8.0, doubling=False, latency=1.3)
    assert settled.started(1.3, in_flight=8, spare=False).limit == 8.0
    assert settled.started(9.0, in_flight=8, spare=False).limit < 8.0


def test_a_failed_start_halves_it_and_never_to_none() -> None:
    pace = Pace(limit=5.0).failed()
    assert pace.limit == 2.0
    assert pace.failed().failed().limit == 1.0


def test_pressure_that_lasts_takes_the_limit_back_and_a_burst_does_not() -> None:
    pace = Pace(limit=10.0)
    assert pace.pressed(Pressure(short=3.0, long=0.3)).limit == 10.0
    assert pace.pressed(Pressure(short=1.2, long=1.1)).limit == 7.0
    growing = pace.pressed(Pressure(short=0.7, long=0.6))
    assert growing.limit == 10.0
    assert not growing.doubling


def test_under_pressure_nothing_starts_until_patience_ends_and_then_one_at_a_time() -> None:
    pace, pressure = Pace(limit=4.0), Pressure(short=2.0, long=2.0)
    held = admit(pace, pressure, in_flight=0, wanted=10, available=10)
    assert (held.starts, held.binds) == (0, Binding.PRESSURE)
    at_last = admit(pace, pressure, in_flight=0, wanted=10, available=10, patient=False)
    assert (at_last.starts, at_last.binds) == (1, Binding.PRESSURE)
    assert admit(pace, pressure, in_flight=1, wanted=9, available=9, patient=False).starts == 0


@pytest.mark.parametrize(
    ("limits", "starts", "binds"),
    [
        ({"in_flight": 0, "wanted": 9, "available": 9}, 4, Binding.PACE),
        ({"in_flight": 3, "wanted": 9, "available": 9}, 1, Binding.PACE),
        ({"in_flight": 0, "wanted": 9, "available": 1}, 1, Binding.AVAILABILITY),
        ({"in_flight": 0, "wanted": 2, "available": 9}, 2, Binding.NOTHING),
        ({"in_flight": 0, "wanted": 9, "available": 9, "ports_race": True}, 1, Binding.PORTS),
        ({"in_flight": 4, "wanted": 0, "available": 9}, 0, Binding.STEP),
    ],
)
def test_the_limit_that_binds_is_told(limits: dict[str, int], starts: int, binds: Binding) -> None:
    admitted = admit(Pace(limit=4.9), Pressure(), **limits)  # type: ignore[arg-type]
    assert (admitted.starts, admitted.binds) == (starts, binds)


def test_a_fixed_pace_stays_where_it_was_put() -> None:
    pace = Pace.at(6)
    assert pace.started(9.0, in_flight=6).failed().pressed(Pressure(short=5, long=5)) == pace
    assert admit(pace, Pressure(short=5, long=5), in_flight=0, wanted=9, available=9).starts == 6


def test_what_was_learned_survives_its_worker() -> None:
    pace = Pace()
    for _ in range(9):
        pace = pace.started(1.4, in_flight=pace.starts)
    again = Pace.from_learned(dict(pace.learned))
    assert (again.limit, again.latency, again.doubling) == (pace.limit, pace.latency, pace.doubling)
    assert Pace.from_learned({}) == Pace()
    assert Pace.from_learned({"limit": -3.0}).limit == 1.0
