"""Signals by the names that people give them."""

from __future__ import annotations

import signal
from typing import Final

KILL: Final = int(signal.SIGKILL)
TERM: Final = int(signal.SIGTERM)
_ENDING: Final = frozenset(map(int, (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT)))


def number(text: str) -> int | None:
    """9 for "KILL", "SIGKILL" and "9"; None for what is none."""
    if text.isascii() and text.isdigit():
        return int(text) if 0 < int(text) < signal.NSIG else None
    name = text.upper()
    found = getattr(signal, name if name.startswith("SIG") else f"SIG{name}", None)
    return int(found) if isinstance(found, signal.Signals) else None


def ends(one: int, stop_signal: int) -> bool:
    """A program that behaves ends when it gets this signal."""
    return one in _ENDING or one == stop_signal
