"""Where a scenario plays: an engine, the host it is on, and everything that its services need."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path

from patchdeck.simulator.engine import Engine
from patchdeck.simulator.host.simulated import Appetite, SimulatedHost
from patchdeck.simulator.scenarios.compose import image_of, name_of, request_for
from patchdeck.simulator.scenarios.images import images_of
from patchdeck.simulator.scenarios.memory import Memory
from patchdeck.simulator.scenarios.past import bring_up
from patchdeck.simulator.scenarios.script import Scenario, Service
from patchdeck.simulator.scenarios.story_clock import StoryClock
from patchdeck.simulator.world import World


class Stage:
    """To be made on a running loop. Pressure is kept in the folder `proc`."""

    def __init__(self, scenario: Scenario, *, seed: int, proc: Path) -> None:
        self.chance = random.Random(seed)
        self._scenario = scenario
        self._clock = StoryClock(scenario.past_s)
        self.host = SimulatedHost(self.chance, self._clock, proc=proc, appetite=self._appetite)
        self.world = World(seed=seed, costs=self.host, clock=self._clock)
        self.engine = Engine(self.world)
        self._appetites: dict[str, Appetite] = {}
        for project in sorted({service.project for service in scenario.services}):
            self.world.networks.make({"Name": f"{project}_default"})
        for service in scenario.services:
            self._publish(service)

    def _publish(self, service: Service) -> None:
        """All versions in the registry; on the engine, too, but for those that the scenario is going to pull."""
        for name, image in images_of(service, self._clock.now_ns()).items():
            self.world.registry.publish(service.name, name, image)
            if name not in self._scenario.pulled(service):
                reference = image_of(service, service.version(name))
                self.world.images.keep(image, reference, f"{service.name}@{image.manifest}")

    async def live_through_the_past(self) -> None:
        """The fleet comes up, and then it is now. Raises an ExceptionGroup of what could not be started."""
        coming_up = asyncio.create_task(
            bring_up(self._scenario, self._clock, self.chance, self._start), name="coming up"
        )
        memory = Memory(self.world.events)
        listening = asyncio.create_task(memory.listen(), name="remembering")
        await self._clock.live()
        await coming_up
        listening.cancel()
        memory.remember()

    async def _start(self, service: Service, number: int) -> None:
        body = request_for(service, service.versions[0], number)
        container = await self.engine.creating.create(name_of(service, number), body)
        await self.engine.life.start(container)

    # ------------------------------------------------------------------------------------------------ controls

    def want_processors(self, processors: float) -> None:
        self.host.want_processors(processors)

    async def read_disk(self, seconds: float) -> None:
        await self.host.read_disk(seconds)

    def slow_disk(self, factor: float) -> None:
        self.host.slow_disk(factor)

    async def restart_engine(self, down_s: float) -> None:
        await self.engine.restart(down_s)

    def lose_events(self, *, losing: bool) -> None:
        self.world.events.losing = losing

    def fail_registry(self, *, failing: bool) -> None:
        self.world.registry.failing = failing

    # ------------------------------------------------------------------------------------------------ appetites

    def _appetite(self, container_id: str) -> Appetite:
        if (known := self._appetites.get(container_id)) is None:
            known = self._appetites[container_id] = self._appetite_of(container_id)
        return known

    def _appetite_of(self, container_id: str) -> Appetite:
        """As its service's replicas have, more or less; of a container that a person made, a small one."""
        container = self.world.containers.find(container_id)
        labels = container.labels if container is not None else {}
        name = f"{labels.get('com.docker.compose.project')}/{labels.get('com.docker.compose.service')}"
        service = next((one for one in self._scenario.services if one.name == name), None)
        if service is None:
            return Appetite()
        share = self.chance.uniform(0.8, 1.2)
        return Appetite(
            processors=service.processors * share,
            memory_bytes=round(service.memory_bytes * share),
            has_cpu_limit=service.cpu_limit is not None,
        )
