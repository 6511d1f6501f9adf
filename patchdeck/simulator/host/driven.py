"""The model of the host in real time: an errand is begun by waiting for it."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Sequence

from patchdeck.simulator.host.model import HostModel, Step


class DrivenHost:
    """Moves a model on as the loop's time passes. To be used on one running loop."""

    def __init__(self, model: HostModel) -> None:
        self._model = model
        self._loop = asyncio.get_running_loop()
        self._began_at = self._loop.time()
        self._waiting: dict[int, asyncio.Future[None]] = {}
        self._timer: asyncio.TimerHandle | None = None

    def now_s(self) -> float:
        """Since this began."""
        return self._loop.time() - self._began_at

    async def through(self, steps: Sequence[Step]) -> None:
        """Until an errand of these steps is done. One that nobody waits for any more goes on, as on a real host."""
        number = self._model.begin(self._advanced(), steps)
        done = self._waiting[number] = self._loop.create_future()
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
        """Take what is due, and bring the model's counters up to now; the time."""
        now_s = self._advanced()
        self._arm()
        return now_s

    def _advanced(self) -> float:
        now_s = self.now_s()
        for _, number in self._model.advance(now_s):
            done = self._waiting.pop(number)
            if not done.done():
                done.set_result(None)
        return now_s

    def _arm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        next_s = self._model.next_s()
        self._timer = None if math.isinf(next_s) else self._loop.call_at(self._began_at + next_s, self.settle)
