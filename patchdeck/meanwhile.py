"""Which indicators were busy in given stretches of time."""

from __future__ import annotations

import bisect
import statistics
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

from patchdeck.model import BusyIndicator, Level, Sample, Startup


class Watched(NamedTuple):
    """An indicator's history, oldest first, and the values from which it is busy and saturated."""

    samples: Sequence[Sample]
    busy: float
    saturated: float
    unit: str = "share"
    words: str = ""
    """What it is called in a sentence ("io full"); its name if empty."""


def spans(chosen: Sequence[Startup], now_ns: int) -> list[tuple[int, int]]:
    """From began to ready, or to started or its end, or to now; overlapping ones joined."""
    joined: list[tuple[int, int]] = []
    for one in sorted(chosen, key=lambda one: one.began_ns or 0):
        began_ns = one.began_ns or 0
        ended_ns = next((at for at in (one.ready_ns, one.ended_ns, one.started_ns) if at is not None), now_ns)
        if joined and began_ns <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], ended_ns))
        else:
            joined.append((began_ns, max(began_ns, ended_ns)))
    return joined


def busy_meanwhile(
    stretches: Sequence[tuple[int, int]], indicators: Mapping[str, Watched]
) -> tuple[tuple[BusyIndicator, ...], tuple[str, ...]]:
    """The busy ones, the furthest over its threshold first, and those without a sample in any of the stretches."""
    busy, unmeasured = [], []
    for name, watched in indicators.items():
        seen = [highest(watched.samples, began_ns, ended_ns) for began_ns, ended_ns in stretches]
        values = [value for value in seen if value is not None]
        if not values:
            unmeasured.append(name)
        elif max(values) >= watched.busy:
            value = max(values)
            busy.append(
                BusyIndicator(
                    name=name,
                    unit=watched.unit,
                    value=value,
                    level=Level.SATURATED if value >= watched.saturated else Level.BUSY,
                    times_busy=value / watched.busy,
                )
            )
    return tuple(sorted(busy, key=lambda one: -one.times_busy)), tuple(unmeasured)


def highest(samples: Sequence[Sample], began_ns: int, ended_ns: int) -> float | None:
    """The greatest sample of a stretch and of the one interval past it, since a sample tells of the time before it.

    None where there is none: the nearest sample of another time is not taken for this one.
    """
    first = bisect.bisect_left(samples, began_ns, key=_at)
    last = bisect.bisect_right(samples, ended_ns, key=_at)
    if last < len(samples) and samples[last].at_ns - ended_ns <= _usual_interval(samples, last):
        last += 1
    return max((sample.value for sample in samples[first:last]), default=None)


def _usual_interval(samples: Sequence[Sample], around: int) -> float:
    near = samples[max(0, around - 8) : around + 8]
    between = [after.at_ns - before.at_ns for before, after in pairwise(near)]
    return statistics.median(between) if between else 0.0


def _at(sample: Sample) -> int:
    return sample.at_ns
