"""For tests only: end a process at an exact point of a rollout, to show that it is whole afterwards.

There is a point before and after every journal write and every engine call, and each has a name: "before call start 3",
"after writing UnitMoved ready 3". The second of a name is "before call rename 3 #2". Signs of life are no points: they
say nothing but that it is there.

PATCHDECK_CRASH_AT=POINT sends SIGKILL when this worker comes to that point: to the worker itself, or to the process of
PATCHDECK_CRASH_PID (an engine). PATCHDECK_CRASH_LIST=FILE gets the name of every point that it comes to.
Without the first and the last variable nothing is counted.
"""

from __future__ import annotations

import os
import signal
from collections import Counter
from pathlib import Path
from typing import Final

from patchdeck.model.journal import Entry

AT: Final = "PATCHDECK_CRASH_AT"
PID: Final = "PATCHDECK_CRASH_PID"
LIST: Final = "PATCHDECK_CRASH_LIST"

_TELLING: Final = ("act", "phase", "state", "kind", "gate", "unit", "step")


class CrashPoints:
    """Counts the points of one process, by name."""

    def __init__(self) -> None:
        self._times = Counter[str]()

    def reached(self, when: str, *what: Entry | str) -> None:
        """The points of these: one, or several entries of one transaction."""
        at, listed = os.environ.get(AT), os.environ.get(LIST)
        if at is None and listed is None:
            return
        for one in what:
            name = f"{when} {one if isinstance(one, str) else _named(one)}"
            self._times[name] += 1
            point = name if self._times[name] == 1 else f"{name} #{self._times[name]}"
            if listed is not None:
                with Path(listed).open("a", encoding="utf-8") as file:
                    file.write(f"{point}\n")
            if point == at:
                os.kill(int(os.environ.get(PID, "0")) or os.getpid(), signal.SIGKILL)


def _named(entry: Entry) -> str:
    words = (getattr(entry, key, None) for key in _TELLING)
    return " ".join([type(entry).__name__, *(str(word) for word in words if word is not None)])


POINTS: Final = CrashPoints()
