"""The runners of a rollout: at most one for each unit."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable
from typing import Any

from patchdeck.rollout.runner import Runner, Tools
from patchdeck.rollout.seen import Unit
from patchdeck.rollout.unit import Goal

Spawn = Callable[[Coroutine[Any, Any, None], str], asyncio.Task[None]]


class Crew:
    """`spawn` starts a task whose errors end the worker."""

    def __init__(self, units: Iterable[Unit], tools: Tools, spawn: Spawn) -> None:
        self._units = {unit.index: unit for unit in units}
        self._tools = tools
        self._spawn = spawn
        self._running: dict[int, tuple[Runner, asyncio.Task[None]]] = {}

    def send(self, unit: int, goal: Goal) -> None:
        """Bring a unit to a goal; a runner that has another one turns round."""
        active = self._active(unit)
        if active is not None:
            active[0].turn(goal)
            return
        runner = Runner(self._units[unit], goal, self._tools)
        self._running[unit] = runner, self._spawn(runner.run(), f"unit {unit}")

    async def verify(self, units: Iterable[int]) -> None:
        """Look at units that are ready again: what is wrong with one by now is told as its failure."""
        units = list(units)
        for unit in units:
            if self._active(unit) is None:
                self.send(unit, Goal.FORWARD)
        tasks = [active[1] for unit in units if (active := self._active(unit)) is not None]
        if tasks:
            await asyncio.wait(tasks)

    def happened(self, unit: int, container_id: str, action: str) -> None:
        """The engine told of one of its containers."""
        if (active := self._active(unit)) is not None:
            active[0].happened(container_id, action)

    def look_again(self) -> None:
        """Anything may have happened to any of them."""
        for unit in self._running:
            if (active := self._active(unit)) is not None:
                active[0].look_again()

    def _active(self, unit: int) -> tuple[Runner, asyncio.Task[None]] | None:
        known = self._running.get(unit)
        return None if known is None or known[1].done() else known
