"""One start of one container, phase by phase, and what is cleared away after it or when it fails."""

from __future__ import annotations

from typing import Final

from patchdeck.simulator.container import Container, Health
from patchdeck.simulator.errors import EngineFault
from patchdeck.simulator.volumes import ROOT
from patchdeck.simulator.world import World

_NOT_FOUND: Final = 127
_FAILED: Final = 128
_NO_DNS: Final = ("bridge", "host", "none")


class Starting:
    def __init__(self, world: World) -> None:
        self._world = world

    async def run(self, container: Container) -> None:
        """Raises: EngineFault; the container is then as it was, and tells of the error in its state."""
        container.error, container.oom_killed = "", False
        try:
            if self._world.generation.since_27:
                await self._newer(container)
            else:
                await self._older(container)
        except EngineFault as fault:
            container.exit_code = _NOT_FOUND if container.behaviour.missing_program else _FAILED
            container.error = fault.message
            if not self._world.generation.since_27:
                container.sandbox_id = container.sandbox_id or self._world.ids.new()
            self.clear_away(container)
            raise
        if container.has_check:
            kept = container.health or Health()
            kept.status, kept.streak = "starting", 0
            container.health = kept
        container.running, container.restarting, container.exit_code = True, False, 0
        container.pid = 1_000 + self._world.chance.randrange(30_000)
        container.say(self._world.clock.now_ns(), "starts")
        self._world.tell(container, "start")

    async def _newer(self, container: Container) -> None:
        world = self._world
        await world.costs.mounts(container.id)
        world.tell_volumes(container, "mount")
        joining = self._join(container)
        started_ns = world.clock.now_ns()
        await self._runtime(container)
        await world.costs.network(container.id, len(joining))
        self._connected(container, joining)
        container.started_ns = started_ns

    async def _older(self, container: Container) -> None:
        world = self._world
        await world.costs.mounts(container.id)
        joining = self._join(container)
        await world.costs.network(container.id, len(joining))
        self._connected(container, joining)
        world.tell_volumes(container, "mount")
        await self._runtime(container)
        container.started_ns = world.clock.now_ns()

    async def _runtime(self, container: Container) -> None:
        await self._world.costs.runtime(container.id)
        if container.behaviour.missing_program:
            program = (container.command or [""])[0]
            raise self._world.words.no_program(program)

    # --- networks ---------------------------------------------------------------------------------

    def _join(self, container: Container) -> list[str]:
        """Addresses and ports; the networks' names."""
        world = self._world
        if (whose := container.shares_network_of) is not None:
            self._check_host(container, whose)
            return []
        try:
            joined: list[str] = []
            for name in container.endpoints:
                self._join_one(container, name)
                joined.append(name)
            container.sandbox_id = world.ids.new()
            if joined:
                world.networks.ports.publish(container, container.endpoints[joined[0]].id)
        except EngineFault as fault:
            raise world.words.in_networking(fault) from fault
        return joined

    def _join_one(self, container: Container, name: str) -> None:
        world = self._world
        complaints = world.networks.complaints(name, container.endpoints[name])
        if complaints:
            raise EngineFault(400, complaints[0])
        try:
            world.networks.join(container, name)
        except EngineFault:
            if world.generation.since_27:
                world.networks.tell(container, name, "disconnect")
            raise

    def _check_host(self, container: Container, whose: str) -> None:
        """The container whose network it shares must run."""
        world = self._world
        host = world.containers.find(whose)
        if host is None:
            raise world.words.host_container_gone(whose)
        if not host.alive:
            raise world.words.host_container_down(host.id, host.name, host.status)
        container.config["Hostname"] = host.config["Hostname"]

    def _connected(self, container: Container, names: list[str]) -> None:
        for name in names:
            endpoint = container.endpoints[name]
            if name not in _NO_DNS:
                given = endpoint.asked.get("Aliases") or []
                short = container.id[:12]
                endpoint.names = list(dict.fromkeys((container.name, *given, short)))
                if not self._world.generation.since_24:
                    endpoint.asked["Aliases"] = list(dict.fromkeys((*given, short)))
            self._world.networks.tell(container, name, "connect")

    def clear_away(self, container: Container) -> None:
        """Networks, ports and mounts go back, and everyone is told."""
        world = self._world
        for name, endpoint in container.endpoints.items():
            if endpoint.id:
                world.networks.part(container, name)
                world.networks.tell(container, name, "disconnect")
        world.networks.ports.give_back(container)
        world.tell_volumes(container, "unmount")
        if world.generation.since_27:
            container.sandbox_id = ""
        container.changed += 1

    # --- connecting by a call ---------------------------------------------------------------------

    async def connect(self, container: Container, name: str) -> None:
        """A running container to one network more. Raises: EngineFault."""
        await self._world.costs.network(container.id, 1)
        self._join_one(container, name)
        self._connected(container, [name])
        container.changed += 1

    def disconnect(self, container: Container, name: str) -> None:
        self._world.networks.part(container, name)
        self._world.networks.tell(container, name, "disconnect")
        del container.endpoints[name]
        container.changed += 1


def sandbox_key(container: Container) -> str:
    """The path of its network namespace."""
    return f"{ROOT}/netns/{container.sandbox_id[:12]}" if container.sandbox_id else ""
