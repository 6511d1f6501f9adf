"""The host as a network of queues, moved on from event to event. Pure: it is told what time it is."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from patchdeck.simulator.host.pressure import Busy
from patchdeck.simulator.host.stations import Line, Sharing, Station

PROCESSORS: Final = 2
LINK_BYTES_PER_S: Final = 60e6
CPU, DISK, NETWORK, LINK = "cpu", "disk", "network", "link"

CPU_CROWDING: Final = 0.03
"""Each doubling of what wants a processor, past those there are, costs so much in switching between them."""
DISK_CROWDING: Final = 0.025
NETWORK_CROWDING: Final = 0.04
"""The same of the disk, and of the lock, which those who wait for it keep trying."""


class Step(NamedTuple):
    """Work at one station: seconds of a processor, the disk or the lock; bytes of the link."""

    station: str
    work: float


class HostModel:
    """Takes errands, which are steps one after another, and tells when each is done."""

    def __init__(
        self,
        chance: random.Random,
        *,
        processors: int = PROCESSORS,
        link_bytes_per_s: float = LINK_BYTES_PER_S,
    ) -> None:
        self.busy = Busy(processors)
        """What was waited for so far."""
        self._cpu = Sharing(processors, most=1.0, crowding=CPU_CROWDING)
        self._disk = Line(chance, crowding=DISK_CROWDING)
        self._network = Line(chance, crowding=NETWORK_CROWDING)
        self._link = Sharing(link_bytes_per_s)
        self._stations: dict[str, Station] = {
            CPU: self._cpu,
            DISK: self._disk,
            NETWORK: self._network,
            LINK: self._link,
        }
        self._left: dict[int, deque[Step]] = {}
        self._number = 0
        self._now_s = 0.0
        self._wanted = 0.0

    @property
    def errands(self) -> int:
        """Under way."""
        return len(self._left)

    def begin(self, now_s: float, steps: Sequence[Step]) -> int:
        """A new errand, of at least one step; its number. What is due by `now_s` has been taken by `advance`."""
        self._pass(now_s)
        self._number += 1
        self._left[self._number] = deque(steps)
        self._put(self._number)
        return self._number

    def next_s(self) -> float:
        """When something happens next, if nothing is begun until then; infinite when nothing will."""
        return min(station.next_s() for station in self._stations.values())

    def advance(self, until_s: float) -> Iterator[tuple[float, int]]:
        """The errands that are done by then, in order, each with its time."""
        while (at_s := self.next_s()) <= until_s:
            self._pass(at_s)
            station = min(self._stations.values(), key=lambda one: one.next_s())
            number = station.take(at_s)
            if self._left[number]:
                self._put(number)
            else:
                del self._left[number]
                yield at_s, number
        self._pass(until_s)

    def want_processors(self, now_s: float, processors: float) -> None:
        """From now on containers that run want so many processors, and get their fair share of those there are."""
        self._pass(now_s)
        self._wanted = processors
        self._cpu.beside(now_s, processors)

    def slow_disk(self, now_s: float, factor: float) -> None:
        """From now on the disk takes so many times as long; 1 is as calibrated."""
        self._pass(now_s)
        self._disk.slower = factor

    def _put(self, number: int) -> None:
        step = self._left[number].popleft()
        self._stations[step.station].put(self._now_s, number, step.work)

    def _pass(self, until_s: float) -> None:
        span = until_s - self._now_s
        if span <= 0:
            return
        self.busy.count(span, cpu=len(self._cpu), others=self._wanted, disk=len(self._disk))
        self._now_s = until_s
