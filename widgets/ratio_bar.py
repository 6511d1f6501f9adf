"""How the new version's startups compare with the old one's: the interval of their ratio, drawn on a scale."""

from __future__ import annotations

import math

from themes.ramps import Glyphs
from widgets.ink import Ink
from widgets.line import Spans, merged

LEAST, MOST = 0.5, 2.0
"""The ends of the scale, which is logarithmic, so that half and double are as far from equal."""


def ratio_bar(
    low: float, ratio: float, high: float, cells: int, *, glyphs: Glyphs, ink: str = Ink.TEXT
) -> Spans:
    """In exactly `cells` cells, at least five. The point is the ratio; equal is marked in the middle.

    What lies outside of the scale is drawn at its end; to the right with a mark that it goes on.
    """
    cells = max(cells, 5)
    first, point, last, equal = (_cell(value, cells) for value in (low, ratio, high, 1.0))
    spans = []
    for cell in range(cells):
        if cell == point:
            spans.append((glyphs.live, ink, ""))
        elif cell == last and high > MOST:
            spans.append((glyphs.beyond, ink, ""))
        elif first <= cell <= last:
            spans.append((glyphs.share_old, ink, ""))
        elif cell == equal:
            spans.append((glyphs.vertical, Ink.MUTED, ""))
        else:
            spans.append((glyphs.horizontal, Ink.FRAME, ""))
    return merged(spans)


def _cell(ratio: float, cells: int) -> int:
    confined = min(max(ratio, LEAST), MOST)
    return round(math.log(confined / LEAST) / math.log(MOST / LEAST) * (cells - 1))
