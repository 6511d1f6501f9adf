"""Pressure as a kernel tells it: for how much of the time something waited. Pure."""

from __future__ import annotations

import math
from typing import Final, NamedTuple

WINDOWS_S: Final = (10, 60, 300)


class Stalls(NamedTuple):
    """Seconds in which something waited (`some`) and in which everything that was not idle did (`full`)."""

    some: float = 0.0
    full: float = 0.0


class Busy:
    """Adds up, over stretches in which nothing changes, who waited and what was in use."""

    def __init__(self, processors: int) -> None:
        self.processors = processors
        self.cpu = Stalls()
        self.io = Stalls()
        self.used_s = 0.0
        """Of processors, all together."""
        self.iowait_s = 0.0

    def count(self, span_s: float, *, cpu: int, others: float, disk: int) -> None:
        """For `span_s`, `cpu` errands and `others` wanted a processor, and `disk` errands waited for the disk."""
        wanted = cpu + others
        # What containers want is a mean: where that is 0.3 of a processor, two errands on two processors wait for each
        # other in 0.3 of the time.
        waiting = min(1.0, max(0.0, wanted - self.processors))
        used = min(float(self.processors), wanted)
        self.cpu = Stalls(self.cpu.some + span_s * waiting)
        if disk:
            # Nothing else runs in so much of the time.
            alone = max(0.0, 1.0 - wanted)
            self.io = Stalls(self.io.some + span_s, self.io.full + span_s * alone)
            self.iowait_s += span_s * min(float(disk), self.processors - used)
        self.used_s += span_s * used


class Averages:
    """The kernel's running averages of one kind of stall, updated from a total that only grows."""

    def __init__(self) -> None:
        self._total_s = 0.0
        self._shares = dict.fromkeys(WINDOWS_S, 0.0)

    def update(self, total_s: float, span_s: float) -> None:
        """`span_s` after the update before."""
        share = min(1.0, (total_s - self._total_s) / span_s)
        self._total_s = total_s
        for window_s, before in self._shares.items():
            kept = math.exp(-span_s / window_s)
            self._shares[window_s] = before * kept + share * (1 - kept)

    def fields(self) -> str:
        """As in a line of /proc/pressure."""
        shares = " ".join(f"avg{window_s}={share * 100:.2f}" for window_s, share in self._shares.items())
        return f"{shares} total={self._total_s * 1e6:.0f}"
