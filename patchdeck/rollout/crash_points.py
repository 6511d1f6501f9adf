"""For tests only: end a process at an exact point of a rollout, to show that it is whole afterwards.

PATCHDECK_CRASH_AT=N sends SIGKILL at the Nth point that this worker comes to, counted from 1. There is a point before
and after every journal write and before and after every engine call. The one that is killed is the worker itself, or
the process of PATCHDECK_CRASH_PID (an engine). Without the first variable nothing is counted.
"""

from __future__ import annotations

import os
import signal
from typing import Final

AT: Final = "PATCHDECK_CRASH_AT"
PID: Final = "PATCHDECK_CRASH_PID"


class CrashPoints:
    """Counts the points of one process."""

    def __init__(self) -> None:
        self._count = 0

    def reached(self) -> None:
        if AT not in os.environ:
            return
        self._count += 1
        if self._count == int(os.environ[AT]):
            os.kill(int(os.environ.get(PID, "0")) or os.getpid(), signal.SIGKILL)


POINTS: Final = CrashPoints()
