"""Where the simulated engine's time comes from: the host's clock, or a test that moves it on by hand."""

from __future__ import annotations

import asyncio
import heapq
import itertools
import time
from typing import Protocol


class Clock(Protocol):
    def now_ns(self) -> int:
        """Unix time."""

    async def sleep(self, seconds: float) -> None: ...


class WallClock:
    """Real time."""

    def now_ns(self) -> int:
        return time.time_ns()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class HandClock:
    """Stands still until it is moved; then everyone who slept long enough wakes, in the order of their times."""

    def __init__(self, start_ns: int = 1_700_000_000_000_000_000) -> None:
        self._now_ns = start_ns
        self._order = itertools.count()
        self._sleepers: list[tuple[int, int, asyncio.Future[None]]] = []

    def now_ns(self) -> int:
        """Each look is a microsecond later, so that no two things happen at once."""
        self._now_ns += 1_000
        return self._now_ns

    async def sleep(self, seconds: float) -> None:
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        due_ns = self._now_ns + round(seconds * 1e9)
        heapq.heappush(self._sleepers, (due_ns, next(self._order), woken))
        await woken

    async def move(self, seconds: float) -> None:
        """Time passes, and everything that it causes has happened."""
        until_ns = self._now_ns + round(seconds * 1e9)
        await settle()
        while self._sleepers and self._sleepers[0][0] <= until_ns:
            due_ns, _, woken = heapq.heappop(self._sleepers)
            self._now_ns = max(self._now_ns, due_ns)
            if not woken.done():
                woken.set_result(None)
                await settle()
        self._now_ns = max(self._now_ns, until_ns)


async def settle() -> None:
    """Let every task that can go on do so; the engine's own chains of awaits are shorter than this."""
    for _ in range(20):
        await asyncio.sleep(0)
