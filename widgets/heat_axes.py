"""Where the marks on a heatmap's time axis go."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

from widgets import units

_STEPS_S = (5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600)
_LABEL_CELLS = 9
"""A time label, its tick and some rule, below which marks would crowd."""


def time_step_s(column_s: float) -> int:
    """Seconds between two marks on the time axis: the smallest round step that leaves room for its label."""
    for step in _STEPS_S:
        if step / column_s >= _LABEL_CELLS + 3 * (step < 60):
            return step
    return _STEPS_S[-1]


def _local_seconds(at_ns: int, *, utc: bool) -> int:
    """Seconds since the epoch as a clock on the wall would count them, so that marks fall on its round times."""
    moment = datetime.fromtimestamp(at_ns // 1_000_000_000, UTC)
    offset = timedelta(0) if utc else moment.astimezone().utcoffset() or timedelta(0)
    return at_ns // 1_000_000_000 + round(offset.total_seconds())


def time_marks(began_ns: Sequence[int], column_s: float, *, utc: bool) -> dict[int, str]:
    """Column index to the time of day to be written at it: the columns in which a round time begins."""
    if not began_ns or column_s <= 0:
        return {}
    step = time_step_s(column_s)
    marks: dict[int, str] = {}
    before = (_local_seconds(began_ns[0], utc=utc) - 1) // step
    for index, at_ns in enumerate(began_ns):
        # A round time inside a column belongs to it, so the column's end decides.
        number = int(_local_seconds(at_ns, utc=utc) + column_s - 1e-6) // step
        if number != before:
            whole_ns = at_ns + round((number * step - _local_seconds(at_ns, utc=utc)) * 1e9)
            marks[index] = units.clock(whole_ns, utc=utc, seconds=step % 60 != 0)
        before = number
    return marks


def step_columns(began_ns: Sequence[int], column_s: float, steps_ns: Iterable[int]) -> frozenset[int]:
    """The columns into which these moments fall; moments outside of all are left out."""
    if not began_ns or column_s <= 0:
        return frozenset()
    indices = (math.floor((at_ns - began_ns[0]) / (column_s * 1e9)) for at_ns in steps_ns)
    return frozenset(index for index in indices if 0 <= index < len(began_ns))
