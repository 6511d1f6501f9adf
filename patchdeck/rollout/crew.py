"""The runners of a rollout: at most one for each unit, and what is still known of the unit when it has none."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable
from typing import Any

from patchdeck.rollout.memory import Memory
from patchdeck.rollout.runner import Runner, Tools
from patchdeck.rollout.seen import Unit
from patchdeck.rollout.unit import Goal

Spawn = Callable[[Coroutine[Any, Any, None], str], asyncio.Task[None]]


class Crew:
    """`spawn` starts a task whose errors end the worker."""

    def __init__(self, units: Iterable[Unit], tools: Tools, spawn: Spawn) -> None:
        self._units = {unit.index: unit for unit in units}
        self._memories = {index: Memory() for index in self._units}
        self._tools = tools
        self._spawn = spawn
        self._running: dict[int, tuple[Runner, asyncio.Task[None]]] = {}

    def send(self, unit: int, goal: Goal) -> None:
        """Bring a unit to a goal; a runner that has another one turns round."""
        active = self._active(unit)
        if active is not None:
            active[0].turn(goal)
            return
        runner = Runner(self._units[unit], goal, self._tools, self._memories[unit])
        self._running[unit] = runner, self._spawn(runner.run(), f"unit {unit}")

    async def verify(self, units: Iterable[int]) -> None:
        """Look at units that are ready again: what is wrong with one by now is told as its failure."""
        units = list(units)
        for unit in units:
            if self._active(unit) is None:
                for member in range(len(self._units[unit].members)):
                    self._memories[unit].forget(self._tools.ledger.new_id(unit, member))
                self.send(unit, Goal.FORWARD)
        tasks = [active[1] for unit in units if (active := self._active(unit)) is not None]
        if tasks:
            await asyncio.wait(tasks)

    def happened(self, unit: int, container_id: str, action: str) -> None:
        """The engine told of one of its containers."""
        self._memories[unit].happened(container_id, action)
        if (active := self._active(unit)) is not None:
            active[0].wake()

    def look_again(self) -> None:
        """Anything may have happened to any of them."""
        for unit, memory in self._memories.items():
            memory.forget_all()
            if (active := self._active(unit)) is not None:
                active[0].wake()

    def _active(self, unit: int) -> tuple[Runner, asyncio.Task[None]] | None:
        known = self._running.get(unit)
        return None if known is None or known[1].done() else known
