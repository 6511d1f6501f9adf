"""Ports of the simulated host, which containers publish. Nothing listens there."""

from __future__ import annotations

from typing import Final

from patchdeck.simulator.container import Container
from patchdeck.simulator.errors import EngineFault
from patchdeck.simulator.words import Words

EVERYWHERE: Final = "0.0.0.0"  # noqa: S104 - a name in answers, not an address to bind


_ANY_PORT: Final[tuple[dict[str, str], ...]] = ({},)


class Ports:
    """Who has which."""

    def __init__(self, words: Words) -> None:
        self._words = words
        self._taken: dict[tuple[int, str], dict[str, str]] = {}
        """By port and protocol: addresses, and the container that has each."""
        self._next = 32768

    def publish(self, container: Container, endpoint_id: str) -> None:
        """All that is exposed and that HostConfig asks for, or none. Raises: EngineFault."""
        asked = container.host["PortBindings"] or {}
        container.ports = dict.fromkeys(container.config.get("ExposedPorts") or {})
        for port, bindings in asked.items():
            if port not in container.ports:
                continue
            protocol = port.partition("/")[2] or "tcp"
            bound = []
            for binding in bindings or _ANY_PORT:
                try:
                    bound += self._bind(container, endpoint_id, protocol, binding)
                except EngineFault:
                    self.give_back(container)
                    raise
            container.ports[port] = bound

    def _bind(
        self, container: Container, endpoint_id: str, protocol: str, binding: dict[str, str]
    ) -> list[dict[str, str]]:
        address = binding.get("HostIp") or EVERYWHERE
        number = int(binding.get("HostPort") or 0) or self._free(protocol)
        holders = self._taken.setdefault((number, protocol), {})
        if address in holders or EVERYWHERE in holders or (address == EVERYWHERE and holders):
            raise self._words.port_taken(container.name, endpoint_id, address, number)
        holders[address] = container.id
        found = [{"HostIp": address, "HostPort": str(number)}]
        if not binding.get("HostIp"):
            found.append({"HostIp": "::", "HostPort": str(number)})
        return found

    def _free(self, protocol: str) -> int:
        while self._taken.get((self._next, protocol)):
            self._next += 1
        return self._next

    def give_back(self, container: Container) -> None:
        for key in [key for key, holders in self._taken.items() if container.id in holders.values()]:
            kept = {where: who for where, who in self._taken[key].items() if who != container.id}
            if kept:
                self._taken[key] = kept
            else:
                del self._taken[key]
        container.ports = {}
