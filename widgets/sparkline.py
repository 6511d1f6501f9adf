"""Samples as a row of bars."""

from __future__ import annotations

from collections.abc import Sequence

from patchdeck.model import Sample


def spark(samples: Sequence[Sample], *, cells: int, cell_s: float, full_scale: float, bars: str) -> str:
    """The newest `cells` stretches of `cell_s` seconds, newest last, each as high as its greatest sample.

    The scale begins at zero and ends at `full_scale`, or at the greatest sample if that is more. A stretch without
    a sample is blank, not zero. Stretches are aligned to multiples of their length, so that bars do not shimmer.
    """
    if cells <= 0 or not samples:
        return " " * max(cells, 0)
    cell_ns = max(round(cell_s * 1e9), 1)
    newest = samples[-1].at_ns // cell_ns
    highest: dict[int, float] = {}
    for sample in reversed(samples):
        place = cells - 1 - (newest - sample.at_ns // cell_ns)
        if place < 0:
            break
        highest[place] = max(highest.get(place, 0.0), sample.value)
    top = max(full_scale, *highest.values())
    return "".join(_bar(highest.get(place), top, bars) for place in range(cells))


def _bar(value: float | None, top: float, bars: str) -> str:
    if value is None:
        return " "
    if value <= 0 or top <= 0:
        return bars[0]
    return bars[min(round(value / top * (len(bars) - 1)), len(bars) - 1)]
