"""Inspects of containers and images: a bounded number at once, coalesced, and never in the way of reading events.

Engines up to 26 hold a container's lock while it is being started, so that an inspect of it blocks for as long; here
that costs one worker until its time is up, and the container is asked about again.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
from collections.abc import Awaitable, Callable
from enum import IntEnum
from typing import Final

from patchdeck.sources.engine.connection import Refused
from patchdeck.sources.engine.faults import FAULTS

RETRY_S: Final = (0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
TOLD_AFTER: Final = 3


class Urgency(IntEnum):
    """Which waiting inspect goes first."""

    EVENT = 0
    IMAGE = 1
    LISTED = 2


Look = Callable[[str], Awaitable[None]]
"""Inspects one thing by its ID and emits what it found. Raises one of FAULTS, or ValueError for what it can't read."""


class Inspector:
    """Runs looks for IDs: at most one at a time for each, and at most one more waiting.

    `tell` gets one sentence about an ID that can not be inspected; `gone` gets an ID that does not exist.
    """

    def __init__(
        self, look: Look, *, at_once: int, gone: Callable[[str], None], tell: Callable[[str], None]
    ) -> None:
        self._look = look
        self._at_once = at_once
        self._gone = gone
        self._tell = tell
        self._ready: asyncio.PriorityQueue[tuple[int, int, str]] = asyncio.PriorityQueue()
        self._order = itertools.count()
        self._due: dict[str, float] = {}
        """When each waiting ID is to be looked at, by the loop's clock; entries of the heap that differ are void."""
        self._urgency: dict[str, int] = {}
        self._heap: list[tuple[float, str]] = []
        self._wake = asyncio.Event()
        self._running: set[str] = set()
        self._again: dict[str, tuple[float, int]] = {}
        self._failures: dict[str, int] = {}
        self.done = 0
        """Looks that came to an end, for tests and the doctor."""

    def ask(self, thing_id: str, *, delay_s: float = 0.0, urgency: Urgency = Urgency.EVENT) -> None:
        """Look at it after `delay_s`, or sooner if it is already waiting for sooner."""
        due = asyncio.get_running_loop().time() + delay_s
        if thing_id in self._running:
            earlier, urgent = self._again.get(thing_id, (due, urgency))
            self._again[thing_id] = (min(due, earlier), min(urgency, urgent))
            return
        waiting = self._due.get(thing_id)
        if waiting is not None:
            due, known = min(due, waiting), self._urgency[thing_id]
            if due == waiting and urgency >= known:
                return
            urgency = min(urgency, Urgency(known))
        self._due[thing_id], self._urgency[thing_id] = due, urgency
        heapq.heappush(self._heap, (due, thing_id))
        self._wake.set()

    def forget(self, thing_id: str) -> None:
        """It is gone: do not look at it unless asked anew."""
        for waiting in (self._due, self._urgency, self._again, self._failures):
            waiting.pop(thing_id, None)

    async def run(self) -> None:
        """Until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            for number in range(self._at_once):
                tasks.create_task(self._work(), name=f"inspect {number}")
            while True:
                await self._hand_over()

    async def _hand_over(self) -> None:
        """Move what is due to the workers and sleep until the next is, or until something is asked."""
        loop = asyncio.get_running_loop()
        while self._heap and self._heap[0][0] <= loop.time():
            due, thing_id = heapq.heappop(self._heap)
            if self._due.get(thing_id) == due:
                self._ready.put_nowait((self._urgency[thing_id], next(self._order), thing_id))
        self._wake.clear()
        wait_s = self._heap[0][0] - loop.time() if self._heap else None
        if wait_s is None or wait_s > 0:
            try:
                async with asyncio.timeout(wait_s):
                    await self._wake.wait()
            except TimeoutError:
                return

    async def _work(self) -> None:
        while True:
            _, _, thing_id = await self._ready.get()
            if self._due.pop(thing_id, None) is None:
                continue  # forgotten, or handed over twice
            self._urgency.pop(thing_id, None)
            self._running.add(thing_id)
            try:
                await self._look_once(thing_id)
            finally:
                self._running.discard(thing_id)
                self.done += 1
            if again := self._again.pop(thing_id, None):
                due, urgency = again
                delay_s = max(0.0, due - asyncio.get_running_loop().time())
                self.ask(thing_id, delay_s=delay_s, urgency=Urgency(urgency))

    async def _look_once(self, thing_id: str) -> None:
        try:
            await self._look(thing_id)
        except Refused as error:
            if error.status == 404:
                self.forget(thing_id)
                self._gone(thing_id)
                return
            self._retry(thing_id, error)
        except FAULTS as error:
            self._retry(thing_id, error)
        except ValueError as error:
            self._tell(f"{thing_id[:12]} can not be read: {error}")
        else:
            self._failures.pop(thing_id, None)

    def _retry(self, thing_id: str, error: BaseException) -> None:
        failures = self._failures.get(thing_id, 0)
        self._failures[thing_id] = failures + 1
        if failures + 1 == TOLD_AFTER:
            self._tell(f"{thing_id[:12]} can not be inspected: {str(error) or type(error).__name__}")
        due = asyncio.get_running_loop().time() + RETRY_S[min(failures, len(RETRY_S) - 1)]
        self._again.setdefault(thing_id, (due, Urgency.LISTED))
