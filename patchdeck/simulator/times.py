"""Times as the Engine API writes them."""

from __future__ import annotations

import time
from typing import Final

NEVER: Final = "0001-01-01T00:00:00Z"


def rfc3339(ns: int | None) -> str:
    """UTC, with as many digits as it takes; `NEVER` for None."""
    if ns is None:
        return NEVER
    seconds, rest = divmod(ns, 1_000_000_000)
    fraction = f".{rest:09d}".rstrip("0") if rest else ""
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(seconds))}{fraction}Z"


def ago(seconds: float) -> str:
    """As in "Up 5 minutes"."""
    whole = int(seconds)
    if whole < 1:
        return "Less than a second"
    if whole == 1:
        return "1 second"
    if whole < 60:
        return f"{whole} seconds"
    if (minutes := whole // 60) == 1:
        return "About a minute"
    if minutes < 60:
        return f"{minutes} minutes"
    if (hours := round(whole / 3600)) == 1:
        return "About an hour"
    if hours < 48:
        return f"{hours} hours"
    if hours < 24 * 14:
        return f"{hours // 24} days"
    return f"{hours // 24 // 7} weeks"
