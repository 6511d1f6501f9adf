"""A clock that runs through a past as fast as it can be told, and then is the wall's."""

from __future__ import annotations

import asyncio
import heapq
import itertools
import time
from collections.abc import Callable
from typing import Final

TURNS: Final = 4
"""Of the loop after each thing that happens in the past, for what follows from it at once."""


class Alarm:
    """Something to be called at its time, unless it is cancelled before."""

    __slots__ = ("_callback", "_handle")

    def __init__(self, callback: Callable[[], object]) -> None:
        self._callback: Callable[[], object] | None = callback
        self._handle: asyncio.TimerHandle | None = None

    @property
    def is_set(self) -> bool:
        return self._callback is not None

    def ring(self) -> None:
        callback, self._callback = self._callback, None
        if callback is not None:
            callback()

    def cancel(self) -> None:
        self._callback = None
        if self._handle is not None:
            self._handle.cancel()

    def ring_in(self, seconds: float) -> None:
        """By the loop's own time."""
        self._handle = asyncio.get_running_loop().call_later(seconds, self.ring)


class StoryClock:
    """`patchdeck.simulator.clock.Clock`. Begins `past_s` ago and stands still until `live` moves it."""

    def __init__(self, past_s: float) -> None:
        self._past_ns: int | None = time.time_ns() - round(past_s * 1e9)
        self._order = itertools.count()
        self._alarms: list[tuple[int, int, Alarm]] = []

    def now_ns(self) -> int:
        """Each look into the past is a microsecond later, so that no two things happen at once."""
        if self._past_ns is None:
            return time.time_ns()
        self._past_ns += 1_000
        return self._past_ns

    def at(self, at_ns: int, callback: Callable[[], object]) -> Alarm:
        alarm = Alarm(callback)
        if self._past_ns is None:
            alarm.ring_in((at_ns - time.time_ns()) / 1e9)
        else:
            heapq.heappush(self._alarms, (at_ns, next(self._order), alarm))
        return alarm

    async def sleep(self, seconds: float) -> None:
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        alarm = self.at(self.now_ns() + round(seconds * 1e9), lambda: _wake(woken))
        try:
            await woken
        finally:
            alarm.cancel()

    async def live(self) -> None:
        """Through the past up to now. From then on this is the wall's clock; what is under way goes on."""
        await _follow()
        while self._alarms and self._alarms[0][0] <= time.time_ns():
            at_ns, _, alarm = heapq.heappop(self._alarms)
            if not alarm.is_set:
                continue
            assert self._past_ns is not None
            self._past_ns = max(self._past_ns, at_ns)
            alarm.ring()
            await _follow()
        self._past_ns = None
        now_ns = time.time_ns()
        for at_ns, _, alarm in self._alarms:
            if alarm.is_set:
                alarm.ring_in((at_ns - now_ns) / 1e9)
        self._alarms.clear()


def _wake(sleeper: asyncio.Future[None]) -> None:
    if not sleeper.done():
        sleeper.set_result(None)


async def _follow() -> None:
    for _ in range(TURNS):
        await asyncio.sleep(0)
