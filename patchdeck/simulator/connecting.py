"""Connecting containers to networks, and taking them off."""

from __future__ import annotations

from typing import Any

from patchdeck.simulator.creating import endpoint
from patchdeck.simulator.starting import Starting
from patchdeck.simulator.world import World


class Connecting:
    """Every call raises EngineFault as the engine would answer."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._starting = Starting(world)

    async def connect(self, network: str, body: dict[str, Any]) -> None:
        world = self._world
        container = world.containers.get(body.get("Container") or "")
        private = {"none", "host"} & container.endpoints.keys()
        if private:
            raise world.words.private_mode()
        name = world.networks.get(network).name
        if name in container.endpoints and (container.alive or container.endpoints[name].id):
            raise world.words.connected_already(container.name, name)
        container.endpoints[name] = endpoint(body.get("EndpointConfig") or {})
        if container.alive:
            try:
                await self._starting.connect(container, name)
            except BaseException:
                del container.endpoints[name]
                raise
        container.changed += 1

    async def disconnect(self, network: str, body: dict[str, Any]) -> None:
        world = self._world
        name = world.networks.get(network).name
        container = world.containers.find(body.get("Container") or "")
        if container is None:
            if body.get("Force"):
                return
            raise world.words.no_container(body.get("Container") or "")
        if name not in container.endpoints:
            raise world.words.not_connected(container.id, name)
        if container.alive:
            self._starting.disconnect(container, name)
        else:
            del container.endpoints[name]
            container.changed += 1
