"""Everything that a simulated engine knows; what happens to it is elsewhere."""

from __future__ import annotations

import random
from typing import Final

from patchdeck.simulator.clock import Clock, WallClock
from patchdeck.simulator.container import Container
from patchdeck.simulator.containers import ContainerStore
from patchdeck.simulator.costs import Costs, Instant
from patchdeck.simulator.events import EventLog
from patchdeck.simulator.faults import Faults
from patchdeck.simulator.generation import GENERATIONS, NEWEST
from patchdeck.simulator.ids import Ids
from patchdeck.simulator.images import ImageStore
from patchdeck.simulator.mounting import Mounting
from patchdeck.simulator.networks import NetworkStore
from patchdeck.simulator.registry import Registry
from patchdeck.simulator.volumes import VolumeStore
from patchdeck.simulator.words import Words

PROCESSORS: Final = 2
MEMORY_BYTES: Final = 16 << 30


class World:
    """`version` is one of GENERATIONS. Everything that is drawn by chance is drawn out of `seed`."""

    def __init__(
        self,
        *,
        version: str = NEWEST,
        seed: int = 0,
        costs: Costs | None = None,
        clock: Clock | None = None,
        name: str = "simulated",
    ) -> None:
        self.name = name
        self.generation = GENERATIONS[version]
        self.words = Words(self.generation)
        self.clock: Clock = clock or WallClock()
        self.costs: Costs = costs or Instant()
        self.chance = random.Random(seed)
        self.ids = Ids(self.chance)
        self.engine_id = self.ids.new()
        self.events = EventLog(self.clock)
        self.faults = Faults()
        self.images = ImageStore(self.events, self.words)
        self.registry = Registry(self.words)
        shared = (self.clock, self.ids, self.events, self.words, self.generation)
        self.networks = NetworkStore(*shared)
        self.volumes = VolumeStore(*shared)
        self.containers = ContainerStore(self.words)
        self.mounting = Mounting(self.volumes, self.containers, self.words)

    def tell(self, container: Container, action: str, **more: str) -> None:
        """An event of a container, with its labels as real engines copy them."""
        container.changed += 1
        about = {"name": container.name, "image": container.config["Image"]}
        # Labels are laid over the engine's own attributes, and may hide them.
        self.events.emit("container", action, container.id, about | more | container.labels)

    def tell_volumes(self, container: Container, action: str) -> None:
        """`mount` or `unmount` of each volume."""
        for mount in container.mounts:
            if mount.kind != "volume":
                continue
            attributes = {"container": container.id, "driver": "local"}
            if action == "mount":
                attributes |= {
                    "destination": mount.destination,
                    "propagation": "",
                    "read/write": "true" if mount.writable else "false",
                }
            self.events.emit("volume", action, mount.name, attributes)
