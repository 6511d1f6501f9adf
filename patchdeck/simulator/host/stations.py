"""What a start queues for. Pure: every method is told the time, in seconds, which never goes back."""

from __future__ import annotations

import heapq
import math
import random
from typing import Final, Protocol

_AHEAD: Final = 4
"""The next is one of so many that have waited longest."""


class Station(Protocol):
    """Serves tickets. Each is put once with its work, and taken when it is served."""

    def put(self, now_s: float, ticket: int, work: float) -> None: ...

    def next_s(self) -> float:
        """When the next ticket is served, if nothing changes until then; infinite without any."""

    def take(self, now_s: float) -> int:
        """The ticket that is served at `next_s`."""

    def __len__(self) -> int:
        """Tickets here, those being served among them."""


class Sharing:
    """Everyone is served at once and equally fast: processors, a network link.

    `capacity` is the work done in a second, `most` what one ticket can have of it. Each doubling of the crowd past
    what can be served at full speed costs `crowding` of the capacity. `others` are served as well, and never done.
    """

    def __init__(self, capacity: float, *, most: float = math.inf, crowding: float = 0.0) -> None:
        self._capacity = capacity
        self._most = most
        self._crowding = crowding
        self._others = 0.0
        # All tickets are served equally fast, so one counter of what each has had is enough, and a heap of where it
        # is to stand when they are done.
        self._had = 0.0
        self._since_s = 0.0
        self._done_at: list[tuple[float, int]] = []

    def __len__(self) -> int:
        return len(self._done_at)

    def put(self, now_s: float, ticket: int, work: float) -> None:
        self._settle(now_s)
        heapq.heappush(self._done_at, (self._had + work, ticket))

    def next_s(self) -> float:
        if not self._done_at:
            return math.inf
        left = max(0.0, self._done_at[0][0] - self._had)
        return self._since_s + left / self._rate() if left else self._since_s

    def take(self, now_s: float) -> int:
        self._settle(now_s)
        return heapq.heappop(self._done_at)[1]

    def beside(self, now_s: float, others: float) -> None:
        """From now on so many others, on average, are served as well."""
        self._settle(now_s)
        self._others = others

    def _settle(self, now_s: float) -> None:
        if self._done_at:
            self._had += (now_s - self._since_s) * self._rate()
        self._since_s = now_s

    def _rate(self) -> float:
        """Of each ticket."""
        served = len(self._done_at) + self._others
        crowd = max(1.0, served * self._most / self._capacity) if self._crowding else 1.0
        return min(self._most, self._capacity / (1 + self._crowding * math.log2(crowd)) / served)


class Line:
    """One at a time: a lock, a disk that takes one request at a time.

    Nearly in the order they came: locks and IO schedulers let one or another go first. `slower` stretches the work of
    what is served from then on, and each doubling of those who wait stretches it by `crowding`.
    """

    def __init__(self, chance: random.Random, *, crowding: float = 0.0) -> None:
        self.slower = 1.0
        self._chance = chance
        self._crowding = crowding
        self._waiting: list[tuple[int, float]] = []
        self._served: int | None = None
        self._done_s = math.inf

    def __len__(self) -> int:
        return len(self._waiting) + (self._served is not None)

    def put(self, now_s: float, ticket: int, work: float) -> None:
        self._waiting.append((ticket, work))
        if self._served is None:
            self._serve(now_s)

    def next_s(self) -> float:
        return self._done_s

    def take(self, now_s: float) -> int:
        assert self._served is not None
        ticket, self._served = self._served, None
        self._done_s = math.inf
        if self._waiting:
            self._serve(now_s)
        return ticket

    def _serve(self, now_s: float) -> None:
        crowd = 1 + self._crowding * math.log2(len(self._waiting))
        index = self._chance.randrange(min(_AHEAD, len(self._waiting)))
        self._served, work = self._waiting.pop(index)
        self._done_s = now_s + work * self.slower * crowd
