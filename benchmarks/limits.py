"""A measurement has an end, whatever it measures."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class TookTooLong(Exception):
    """A benchmark was cut short; what it had begun was cleaned up on the way out."""


@contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """Raise TookTooLong inside the block after so long. Only in the main thread, and not one in another."""

    def cut(_signal: int, _frame: FrameType | None) -> None:
        raise TookTooLong(f"it took more than {seconds:g} s")

    before = signal.signal(signal.SIGALRM, cut)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
