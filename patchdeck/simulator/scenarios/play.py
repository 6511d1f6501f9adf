"""Carries a scenario out against a running engine."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
from collections.abc import Awaitable, Callable, Iterable
from functools import partial
from typing import Any, Final, Protocol

from patchdeck.simulator.scenarios import script
from patchdeck.simulator.scenarios.client import Client, Lost, Refused
from patchdeck.simulator.scenarios.compose import image_of, name_of, request_for
from patchdeck.simulator.scenarios.script import Scenario, Service, Version
from patchdeck.simulator.scenarios.signs import Signs

AGAIN_S: Final = 4.0
"""From a pull that was refused to the next try."""
PIECE_S: Final = 0.05
"""Of the disk's time, that what reads it all the time takes in one go."""

_log = logging.getLogger(__name__)


class Controls(Protocol):
    """What a scenario can do beside asking the engine."""

    def want_processors(self, processors: float) -> None: ...

    async def read_disk(self, seconds: float) -> None: ...

    def slow_disk(self, factor: float) -> None: ...

    async def restart_engine(self, down_s: float) -> None: ...

    def lose_events(self, *, losing: bool) -> None: ...

    def fail_registry(self, *, failing: bool) -> None: ...


class Player:
    """Each act is carried out at its time, beside those that are still under way."""

    def __init__(self, scenario: Scenario, client: Client, controls: Controls, chance: random.Random) -> None:
        self._scenario = scenario
        self._client = client
        self._controls = controls
        self._chance = chance
        self._wanted = sum(service.replicas * service.processors for service in scenario.services)
        self._signs = Signs(scenario)

    async def run(self) -> None:
        """Until cancelled."""
        self._controls.want_processors(self._wanted)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._told("signs", self._signs.follow(self._client)))
            for at in self._scenario.script:
                tasks.create_task(self._at(at))
            for upon in self._scenario.answers:
                tasks.create_task(self._upon(upon))
            if self._scenario.restart_s is not None:
                tasks.create_task(self._replace_now_and_then(self._scenario.restart_s))
            await asyncio.Event().wait()

    async def _at(self, at: script.At) -> None:
        await asyncio.sleep(at.seconds)
        if at.unless is None or not self._signs.count(at.unless):
            await self._told(type(at.act).__name__, self._carry_out(at.act))

    async def _upon(self, upon: script.Upon) -> None:
        await self._signs.next(upon.sign)
        await self._told(type(upon.act).__name__, self._carry_out(upon.act))

    async def _told(self, what: str, doing: Awaitable[None]) -> None:
        """Others act on the same engine, and a scenario may take it away: what fails for that is told in the log."""
        try:
            await doing
        except (Refused, *Lost) as problem:
            _log.warning("%s: %s", what, problem)

    async def _carry_out(self, act: script.Act) -> None:
        match act:
            case script.Grow(service=name, by=by, at_once=at_once):
                await self._grow(self._scenario.service(name), by, at_once)
            case script.Shrink(service=name, by=by, at_once=at_once):
                running = await self._running(self._scenario.service(name))
                await self._together(
                    at_once, (partial(self._client.take_away, one["Id"]) for one in running[::-1][:by])
                )
            case script.Patch():
                await self._patch(self._scenario.service(act.service), act)
            case script.Load(processors=processors, for_s=for_s):
                await self._load(processors, for_s)
            case script.SlowDisk(factor=factor, for_s=for_s):
                self._controls.slow_disk(factor)
                await asyncio.sleep(for_s)
                self._controls.slow_disk(1.0)
            case script.ReadDisk():
                await self._read_disk(act)
            case script.RestartEngine(down_s=down_s):
                await self._controls.restart_engine(down_s)
            case script.LoseEvents(for_s=for_s):
                self._controls.lose_events(losing=True)
                await asyncio.sleep(for_s)
                self._controls.lose_events(losing=False)
            case script.FailRegistry(for_s=for_s):
                self._controls.fail_registry(failing=True)
                await asyncio.sleep(for_s)
                self._controls.fail_registry(failing=False)
            case _:
                raise TypeError(f"no one knows how to {type(act).__name__}")

    # ------------------------------------------------------------------------------------------------ acts

    async def _running(self, service: Service) -> list[dict[str, Any]]:
        return await self._client.running(service.project, service.short)

    async def _grow(self, service: Service, by: int, at_once: int) -> None:
        running = await self._running(service)
        image = running[0]["Image"] if running else image_of(service, service.versions[0])
        version = service.version(image.rpartition(":")[2])
        taken = {_number(one) for one in running}
        numbers = [number for number in range(1, len(taken) + by + 1) if number not in taken][:by]
        await self._together(at_once, (partial(self._start, service, version, number) for number in numbers))

    async def _patch(self, service: Service, patch: script.Patch) -> None:
        version = service.version(patch.to)
        image = image_of(service, version)
        await self._fetch(image)
        old = [one for one in await self._running(service) if one["Image"] != image]

        async def replace(one: dict[str, Any]) -> None:
            await self._replace(service, version, one)
            await asyncio.sleep(patch.apart_s)

        await self._together(patch.at_once, (partial(replace, one) for one in old[: patch.most]))

    async def _fetch(self, image: str) -> None:
        while not await self._client.has_image(image):
            try:
                await self._client.pull(image)
            except Refused as refused:
                _log.warning("pull of %s: %s", image, refused)
                await asyncio.sleep(AGAIN_S)

    async def _load(self, processors: float, for_s: float) -> None:
        self._wanted += processors
        self._controls.want_processors(self._wanted)
        await asyncio.sleep(for_s)
        self._wanted -= processors
        self._controls.want_processors(self._wanted)

    async def _read_disk(self, reading: script.ReadDisk) -> None:
        async def read() -> None:
            while True:
                await self._controls.read_disk(PIECE_S)

        async def enough() -> None:
            async with asyncio.timeout(reading.most_s), asyncio.TaskGroup() as waits:
                waits.create_task(asyncio.sleep(reading.for_s))
                if reading.until is not None:
                    waits.create_task(self._signs.next(reading.until, reading.then_s))

        async with asyncio.TaskGroup() as tasks:
            reader = tasks.create_task(read())
            with contextlib.suppress(TimeoutError):  # long enough, whatever did not come
                await enough()
            reader.cancel()

    async def _replace_now_and_then(self, every_s: float) -> None:
        scenario = self._scenario
        replaced = [one for one in scenario.services if one.name not in scenario.left_alone]
        while True:
            await asyncio.sleep(self._chance.expovariate(1 / every_s))
            service = self._chance.choice(replaced)
            await self._told("a replacement", self._replace_one(service))

    async def _replace_one(self, service: Service) -> None:
        running = [one for one in await self._running(service) if one["State"] == "running"]
        if running:
            one = self._chance.choice(running)
            await self._replace(service, service.version(one["Image"].rpartition(":")[2]), one)

    # ------------------------------------------------------------------------------------------------ replicas

    async def _start(self, service: Service, version: Version, number: int) -> None:
        await self._client.start_new(name_of(service, number), request_for(service, version, number))

    async def _replace(self, service: Service, version: Version, one: dict[str, Any]) -> None:
        await self._client.take_away(one["Id"])
        await self._start(service, version, _number(one))

    async def _together(self, at_once: int, doings: Iterable[Callable[[], Awaitable[None]]]) -> None:
        """All of them, so many at a time; one that fails leaves the others alone."""
        slots = asyncio.Semaphore(at_once)

        async def one(doing: Callable[[], Awaitable[None]]) -> None:
            async with slots:
                await self._told("a replica", doing())

        await asyncio.gather(*map(one, doings))


def _number(one: dict[str, Any]) -> int:
    return int(one["Labels"]["com.docker.compose.container-number"])
