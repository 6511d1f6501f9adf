"""Where a curve bends: two straight lines that meet, fitted to points by weighted least squares."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple


class Bend(NamedTuple):
    """The bend is likely at `at`, and with 90 % probability from `low` to `high`."""

    at: float
    low: float
    high: float
    beyond: float
    """The probability that it is at the last point or past it, that is, that no bend was seen."""


_STEP = 0.05
"""Between two places that are tried."""

_BEYOND = 0.1
"""A bend this close to the last point can not be told from one past it."""

_TAIL = 0.05


def bend(
    points: Sequence[tuple[float, float, float]], *, rise: tuple[float, float], fall: tuple[float, float]
) -> Bend:
    """Of two or more points (x, y, standard error of y), ascending by x, the first of them at 0 or later.

    `rise` bounds the slope before the bend, `fall` the downward slope past it. Every place from 0 to the last point
    is taken to be equally likely beforehand. Where the lines fit worse than the errors explain, the errors are taken
    to be larger by as much.
    """
    places = list(_places(points[-1][0]))
    misfits = [_misfit(place, points, rise, fall) for place in places]
    best = min(misfits)
    scale = max(1.0, best / max(1, len(points) - 4))
    weights = [math.exp((best - misfit) / 2 / scale) for misfit in misfits]
    whole = sum(weights)
    last = points[-1][0] - _BEYOND
    beyond = sum(weight for place, weight in zip(places, weights, strict=True) if place >= last)
    at, low, high = (_quantile(places, weights, share * whole) for share in (0.5, _TAIL, 1 - _TAIL))
    return Bend(at=at, low=low, high=high, beyond=beyond / whole)


def _places(last: float) -> Iterator[float]:
    count = max(1, math.ceil(last / _STEP))
    return (last * index / count for index in range(count + 1))


def _quantile(places: Sequence[float], weights: Sequence[float], mass: float) -> float:
    for place, weight in zip(places, weights, strict=True):
        mass -= weight
        if mass <= 0:
            return place
    return places[-1]


def _misfit(
    place: float,
    points: Sequence[tuple[float, float, float]],
    rise: tuple[float, float],
    fall: tuple[float, float],
) -> float:
    """Chi-square of the best two lines that meet at `place`."""
    # Two regressors, u before the place and v past it, all centred so that the height drops out.
    whole = mean_u = mean_v = mean_y = 0.0
    rows = []
    for x, y, error in points:
        u, v, weight = min(0.0, x - place), min(0.0, place - x), error**-2
        rows.append((u, v, y, weight))
        whole += weight
        mean_u += weight * u
        mean_v += weight * v
        mean_y += weight * y
    mean_u, mean_v, mean_y = mean_u / whole, mean_v / whole, mean_y / whole
    uu = vv = yy = uv = uy = vy = 0.0
    for row_u, row_v, row_y, weight in rows:
        u, v, y = row_u - mean_u, row_v - mean_v, row_y - mean_y
        uu += weight * u * u
        vv += weight * v * v
        yy += weight * y * y
        uv += weight * u * v
        uy += weight * u * y
        vy += weight * v * y

    def misfit(r: float, f: float) -> float:
        return yy - 2 * (r * uy + f * vy) + r * r * uu + 2 * r * f * uv + f * f * vv

    def best_rise(f: float) -> float:
        return min(max((uy - f * uv) / uu, rise[0]), rise[1]) if uu > 0 else rise[0]

    def best_fall(r: float) -> float:
        return min(max((vy - r * uv) / vv, fall[0]), fall[1]) if vv > 0 else fall[0]

    determinant = uu * vv - uv * uv
    if determinant > 1e-9 * uu * vv:
        r, f = (uy * vv - vy * uv) / determinant, (vy * uu - uy * uv) / determinant
        if rise[0] <= r <= rise[1] and fall[0] <= f <= fall[1]:
            return misfit(r, f)
    # The best within the bounds is then on one of their edges.
    edges = [(r, best_fall(r)) for r in rise] + [(best_rise(f), f) for f in fall]
    return min(misfit(r, f) for r, f in edges)
