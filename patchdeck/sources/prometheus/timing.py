"""How often instances are scraped, how old their newest samples are, and the windows that follow."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Final

import msgspec

ASSUMED_SCRAPE_S: Final = 15.0
SPAN_S: Final = 300.0
"""Prometheus itself takes a sample for the present for this long."""
_SCRAPES_A_WINDOW: Final = 4
_SHORTEST_S, _SUSTAINED_S = 10.0, 60.0


class Windows(msgspec.Struct, frozen=True):
    """In seconds. A rate over fewer than four scrapes jumps with every one that is late."""

    short_s: float
    long_s: float

    @classmethod
    def of(cls, scrape_s: float) -> Windows:
        short_s = max(_SHORTEST_S, _SCRAPES_A_WINDOW * scrape_s)
        return cls(short_s, max(_SUSTAINED_S, 2 * short_s))


def spacing_s(moments: Sequence[float]) -> float | None:
    """The median time between samples, in whole seconds; None of fewer than three."""
    gaps = [later - earlier for earlier, later in pairwise(sorted(set(moments)))]
    return max(1.0, float(round(statistics.median(gaps)))) if len(gaps) >= 2 else None


def scrape_s(samples: Iterable[Sequence[float]]) -> float | None:
    """The longest of all instances' scrape intervals."""
    return max((spacing for moments in samples if (spacing := spacing_s(moments)) is not None), default=None)


def span_s(scrape: float) -> float:
    """How far back to look for samples, so that there are enough and not too many."""
    return min(SPAN_S, max(60.0, 10 * scrape))


def is_stale(age_s: float, scrape: float) -> bool:
    """Two scrapes were missed; a second is for the way."""
    return age_s > min(SPAN_S, 2 * scrape + 1.0)


def newest(samples: Mapping[str, Sequence[float]]) -> dict[str, float]:
    """The time of each instance's newest sample."""
    return {instance: max(moments) for instance, moments in samples.items() if moments}
