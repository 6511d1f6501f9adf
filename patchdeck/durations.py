"""Durations as people write them: a number with its unit, as in 250ms, 15m or 1h30m."""

from __future__ import annotations

import re

EXPECTED = 'a duration with its unit, as in "250ms", "2s", "15m" or "1h30m"'

_UNITS_S = {"d": 86_400.0, "h": 3_600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
_PART = re.compile(r"(\d+)(?:\.(\d+))?(ms|[dhms])", re.ASCII)
_MOST_DIGITS = 9
"""Before and after the point: enough for thousands of years, and too few to be read wrongly."""


def parse(text: str) -> float:
    """Seconds. Several parts go from the largest unit to the smallest, each unit once.

    Raises: ValueError, in one line.
    """
    units = list(_UNITS_S)
    total_s = 0.0
    position = 0
    while position < len(text):
        part = _PART.match(text, position)
        if part is None or part[3] not in units:
            raise ValueError(f"expected {EXPECTED}")
        whole, fraction, unit = part[1], part[2] or "0", part[3]
        if max(len(whole), len(fraction)) > _MOST_DIGITS:
            raise ValueError(f"expected a duration of numbers of at most {_MOST_DIGITS} digits")
        units = units[units.index(unit) + 1 :]
        total_s += float(f"{whole}.{fraction}") * _UNITS_S[unit]
        position = part.end()
    if not position:
        raise ValueError(f"expected {EXPECTED}")
    return round(total_s, 9)


def written(seconds: float) -> str:
    """The shortest way to write it that `parse` reads back, to the millisecond."""
    rest_ms = round(seconds * 1000)
    parts: list[str] = []
    for unit, unit_s in _UNITS_S.items():
        count, rest_ms = divmod(rest_ms, round(unit_s * 1000))
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts) or "0s"
