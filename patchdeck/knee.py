"""How many starts at once an engine can take: latency and throughput by starts in flight, and the knee.

Up to the knee, throughput grows with the number in flight; past it, only latency does. On logarithmic scales both
are nearly straight, so the knee is where the two straight lines meet that fit the observed throughputs best. All
points together decide and none alone, which makes it steady; how well other places fit gives the interval. It is a
function of the startups, without chance.
"""

from __future__ import annotations

import itertools
import math
import statistics
from collections.abc import Sequence
from typing import NamedTuple

from patchdeck.bend import bend
from patchdeck.model import Knee, KneePoint, Startup, StartupKind
from patchdeck.stretches import Stretch, stretches
from patchdeck.versions import quantiles

NEWEST = 6_000
"""Startups that are looked at."""

LEAST_STARTUPS = 30
"""Of fewer nothing is said."""

LEAST_AT_POINT = 8
"""A number in flight counts with so many startups."""

_RISE = (0.2, 1.0)
"""How throughput may grow before the knee, as a power of the number in flight. Below the lower bound, where twice as
many at once give 15 % more, it counts as not growing; above the upper one none can be."""

_FALL = (0.0, 0.8)
"""How it may fall past the knee: where starts hinder each other, it does."""

_MODEL_ERROR = 0.04
"""A throughput is trusted no further than this, relative to it: the two lines are only nearly right."""

_VAGUE = 6.0
"""An interval whose ends are further apart than this factor names no knee."""

_MOST_BEYOND = 0.1
"""Probability of having seen no plateau at all, above which that is what is said."""

_SHARP = 0.8
"""Throughput that grows with at least this power of the number in flight, up to the bend, makes a corner of it."""

_REACHED = 0.91
"""Of the throughput past the bend: a batch takes at most a tenth longer than it must. Where the curve is round, the two
lines meet before it has got there, and the knee is the first number seen that has."""

_SEEN_WELL = 0.25
"""A number in flight was seen well with this share of the startups that the median number was seen with."""

_FURTHER = 2.1
"""At most this factor past the bend, and past the number seen before it: between numbers further apart the two lines
tell more than either."""

_PAST = 4.0
"""What lies past the bend is seen up to this factor: further on, starts may hinder each other."""

_ENGINE_OUTLIER = 4.0
"""A stretch with this many times less or more throughput than the median one is not the engine's doing."""


class _Point(NamedTuple):
    in_flight: float
    seconds: float
    throughput: float
    error: float
    """Of the throughput, relative."""
    latencies_s: Sequence[float]


def estimate(startups: Sequence[Startup], *, engine: str, now_ns: int) -> Knee:
    """The knee of `engine` from its newest first starts among `startups`, which are sorted by when they began.

    `now_ns` is by that engine's clock; what is still starting counts as in flight until then. Where the data do not
    suffice, `at` is None and `reason` says why.
    """
    mine = [one for one in startups if one.engine == engine and one.kind is StartupKind.FIRST]
    points = _points(stretches(mine[-NEWEST:], now_ns))
    at, low, high, reason = _judge(points)
    return Knee(
        engine=engine,
        at=at,
        low=low,
        high=high,
        startups=_count(points),
        points=tuple(_told(point) for point in points),
        reason=reason,
    )


def _count(points: Sequence[_Point]) -> int:
    return sum(len(point.latencies_s) for point in points)


def _judge(points: Sequence[_Point]) -> tuple[int | None, int | None, int | None, str]:
    """The knee, the interval's ends, and why there is none."""
    seen = _count(points)
    if seen < LEAST_STARTUPS:
        return None, None, None, f"{seen} startups seen, {LEAST_STARTUPS} are needed"
    curve = [point for point in points if len(point.latencies_s) >= LEAST_AT_POINT]
    top = round(curve[-1].in_flight) if curve else 1
    if top < 2:
        return None, None, None, "hardly ever more than one start in flight"
    found = bend(
        [(math.log(max(p.in_flight, 1.0)), math.log(p.throughput), p.error) for p in curve],
        rise=_RISE,
        fall=_FALL,
    )
    low, high = max(1, round(math.exp(found.low))), max(1, round(math.exp(found.high)))
    if found.beyond > _MOST_BEYOND:
        return None, low, None, f"throughput may still grow at {top} starts in flight, the most seen for long"
    if high > low * _VAGUE:
        return None, low, high, f"somewhere from {low} to {high}: what was seen does not tell closer"
    at = max(1, _reaching(curve, math.exp(found.at)))
    return at, low, max(high, at), ""


def _reaching(curve: Sequence[_Point], bend_at: float) -> int:
    """The bend, or the first number seen past it that reaches the throughput there, where the curve is round."""
    rise = _rise([point for point in curve if point.in_flight <= bend_at])
    if rise is None or rise >= _SHARP:
        return round(bend_at)
    past = [point for point in curve if bend_at - 0.25 <= point.in_flight <= bend_at * _PAST]
    weights = [point.error**-2 for point in past]
    usual = sum(w * p.throughput for w, p in zip(weights, past, strict=True)) / max(sum(weights), 1e-9)
    least = _SEEN_WELL * statistics.median(len(point.latencies_s) for point in curve)
    seen = [point for point in curve if len(point.latencies_s) >= least]
    for before, point in itertools.pairwise(seen):
        if point not in past:
            continue
        if point.in_flight > _FURTHER * min(bend_at, before.in_flight):
            break
        if point.throughput >= _REACHED * usual:
            return round(point.in_flight)
    return round(bend_at)


def _rise(before: Sequence[_Point]) -> float | None:
    """The power of the number in flight with which throughput grows; None where fewer than two points tell."""
    if len(before) < 2:
        return None
    weights = [point.error**-2 for point in before]
    xs = [math.log(max(point.in_flight, 1.0)) for point in before]
    ys = [math.log(point.throughput) for point in before]
    mean_x = sum(w * x for w, x in zip(weights, xs, strict=True)) / sum(weights)
    mean_y = sum(w * y for w, y in zip(weights, ys, strict=True)) / sum(weights)
    spread = sum(w * (x - mean_x) ** 2 for w, x in zip(weights, xs, strict=True))
    if spread <= 0:
        return None
    return sum(w * (x - mean_x) * (y - mean_y) for w, x, y in zip(weights, xs, ys, strict=True)) / spread


def _points(found: Sequence[Stretch]) -> list[_Point]:
    by_bucket: dict[int, list[Stretch]] = {}
    for one in found:
        by_bucket.setdefault(_bucket(one.in_flight), []).append(one)
    made = (_point(_alike(by_bucket[bucket])) for bucket in sorted(by_bucket))
    return [point for point in made if point is not None]


def _bucket(in_flight: float) -> int:
    """Whole numbers up to ten, then sixteen to a decade."""
    level = max(1, round(in_flight))
    return level if level <= 10 else 10 + round(16 * math.log10(level / 10))


def _alike(members: Sequence[Stretch]) -> Sequence[Stretch]:
    """A container that hangs for a minute makes a stretch of its own, which says nothing of the engine."""
    if len(members) < 4:
        return members
    middle = statistics.median(one.work / one.seconds for one in members)
    low, high = middle / _ENGINE_OUTLIER, middle * _ENGINE_OUTLIER
    return [one for one in members if low <= one.work / one.seconds <= high]


def _point(members: Sequence[Stretch]) -> _Point | None:
    latencies_s = [latency for one in members for latency in one.latencies_s]
    seconds = sum(one.seconds for one in members)
    work = sum(one.work for one in members)
    if not latencies_s or work <= 0:
        return None
    throughput = work / seconds
    # By count: less than chance arrivals would have, since an engine works at a steady rate.
    error = 0.5 / math.sqrt(max(work, 1.0))
    if len(members) >= 4:
        squares = sum((one.work - throughput * one.seconds) ** 2 for one in members)
        spread = math.sqrt(squares * len(members) / (len(members) - 1)) / work
        error = max(spread, error / 2)
    return _Point(
        in_flight=sum(one.in_flight * one.seconds for one in members) / seconds,
        seconds=seconds,
        throughput=throughput,
        error=math.hypot(error, _MODEL_ERROR),
        latencies_s=latencies_s,
    )


def _told(point: _Point) -> KneePoint:
    told = quantiles(point.latencies_s)
    assert told.p50_s is not None
    assert told.p95_s is not None
    return KneePoint(
        in_flight=max(1, round(point.in_flight)),
        startups=told.n,
        seconds_observed=point.seconds,
        p50_s=told.p50_s,
        p95_s=told.p95_s,
        throughput_per_s=point.throughput,
    )
