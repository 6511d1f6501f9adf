"""Single keys from a terminal, while something else is waited for."""

from __future__ import annotations

import os
import select
import sys
import termios
import time
import tty
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol


class Waiting(Protocol):
    def __call__(self, timeout_s: float) -> str:
        """Waits so long, or until a key is pressed: the key, or nothing."""


@contextmanager
def single_keys() -> Iterator[Waiting]:
    """Keys come without Enter until the end of the block. Where standard input is no terminal there are none."""
    if not sys.stdin.isatty():
        yield no_keys
        return
    descriptor = sys.stdin.fileno()
    before = termios.tcgetattr(descriptor)

    def wait(timeout_s: float) -> str:
        ready, _, _ = select.select([descriptor], [], [], timeout_s)
        return os.read(descriptor, 1).decode("ascii", "replace") if ready else ""

    try:
        tty.setcbreak(descriptor)
        yield wait
    finally:
        termios.tcsetattr(descriptor, termios.TCSADRAIN, before)


def no_keys(timeout_s: float) -> str:
    """Only waits."""
    time.sleep(timeout_s)
    return ""
