"""The model of the host in somebody's time: an errand is begun by waiting for it."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Sequence
from typing import Protocol

from patchdeck.simulator.host.model import HostModel, Step


class Alarm(Protocol):
    def cancel(self) -> None: ...


class Clock(Protocol):
    def now_ns(self) -> int:
        """Unix time."""

    def at(self, at_ns: int, callback: Callable[[], object]) -> Alarm:
        """Call back at that time."""

    async def sleep(self, seconds: float) -> None: ...


class DrivenHost:
    """Moves a model on as a clock's time passes."""

    def __init__(self, model: HostModel, clock: Clock) -> None:
        self._model = model
        self._clock = clock
        self._began_ns = clock.now_ns()
        self._waiting: dict[int, asyncio.Future[None]] = {}
        self._alarm: Alarm | None = None

    async def through(self, steps: Sequence[Step]) -> None:
        """Until an errand of these steps is done. One that nobody waits for any more goes on, as on a real host."""
        number = self._model.begin(self._advanced(), steps)
        done = self._waiting[number] = asyncio.get_running_loop().create_future()
        self._arm()
        await done

    def want_processors(self, processors: float) -> None:
        """See `HostModel.want_processors`."""
        self._model.want_processors(self._advanced(), processors)
        self._arm()

    def slow_disk(self, factor: float) -> None:
        """See `HostModel.slow_disk`."""
        self._model.slow_disk(self._advanced(), factor)
        self._arm()

    def settle(self) -> float:
        """Take what is due, and bring the model's counters up to now. Returns the seconds since this began."""
        now_s = self._advanced()
        self._arm()
        return now_s

    def _advanced(self) -> float:
        now_s = (self._clock.now_ns() - self._began_ns) / 1e9
        for _, number in self._model.advance(now_s):
            done = self._waiting.pop(number)
            if not done.done():
                done.set_result(None)
        return now_s

    def _arm(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
        next_s = self._model.next_s()
        at_ns = 0 if math.isinf(next_s) else self._began_ns + math.ceil(next_s * 1e9)
        self._alarm = self._clock.at(at_ns, self.settle) if at_ns else None
