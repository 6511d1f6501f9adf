"""How the fleet that is there at the beginning came up: wave by wave, over the last quarter of an hour."""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Final

from patchdeck.simulator.clock import Clock
from patchdeck.simulator.scenarios.script import Scenario, Service

AT_ONCE: Final = 4
QUIET_S: Final = 20.0
"""Before the beginning; the last wave is through by then."""

Start = Callable[[Service, int], Awaitable[None]]
"""Creates and starts a replica by its number."""


async def bring_up(scenario: Scenario, clock: Clock, chance: random.Random, start: Start) -> None:
    """Each service in a wave of its own, a few replicas at once, from `scenario.past_s` before the present on."""
    apart_s = (scenario.past_s - QUIET_S) / max(1, len(scenario.services))
    async with asyncio.TaskGroup() as tasks:
        for index, service in enumerate(scenario.services):
            at_s = apart_s * (index + chance.uniform(0.0, 0.7))
            numbers = deque(range(1, service.replicas + 1))
            for _ in range(AT_ONCE):
                tasks.create_task(_one_after_another(service, numbers, clock, at_s, start))


async def _one_after_another(
    service: Service, numbers: deque[int], clock: Clock, at_s: float, start: Start
) -> None:
    await clock.sleep(at_s)
    while numbers:
        await start(service, numbers.popleft())
