"""Networks of the simulated engine, and the addresses and ports they give out."""

from __future__ import annotations

import heapq
import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from patchdeck.simulator.clock import Clock
from patchdeck.simulator.container import Container, Endpoint
from patchdeck.simulator.errors import EngineFault
from patchdeck.simulator.events import EventLog
from patchdeck.simulator.generation import Generation
from patchdeck.simulator.ids import Ids
from patchdeck.simulator.ports import EVERYWHERE, Ports
from patchdeck.simulator.words import Words

PREDEFINED: Final = ("bridge", "host", "none")
_POOLS: Final = tuple(ipaddress.IPv4Network(f"172.{second}.0.0/16") for second in range(17, 32))
_DEFAULT_BRIDGE_OPTIONS: Final = {
    "com.docker.network.bridge.default_bridge": "true",
    "com.docker.network.bridge.enable_icc": "true",
    "com.docker.network.bridge.enable_ip_masquerade": "true",
    "com.docker.network.bridge.host_binding_ipv4": EVERYWHERE,
    "com.docker.network.bridge.name": "docker0",
    "com.docker.network.driver.mtu": "1500",
}


@dataclass(eq=False)
class Network:
    name: str
    id: str
    created_ns: int
    driver: str = "bridge"
    subnet: ipaddress.IPv4Network | None = None
    gateway: str = ""
    subnet_is_asked: bool = False
    """Somebody chose it: only there may addresses be chosen."""
    gateway_is_told: bool = True
    """It was asked for, or nothing was; one that only follows from a subnet is not shown."""
    internal: bool = False
    attachable: bool = False
    labels: dict[str, str] = field(default_factory=dict)
    options: dict[str, str] = field(default_factory=dict)
    ipam_options: dict[str, str] | None = None
    members: dict[str, tuple[str, Endpoint]] = field(default_factory=dict)
    """Containers that run on it, by ID: their names and endpoints."""
    _taken: set[int] = field(default_factory=set)
    _freed: list[int] = field(default_factory=list)
    _next: int = 2

    @property
    def predefined(self) -> bool:
        return self.name in PREDEFINED

    @property
    def event_kind(self) -> dict[str, str]:
        return {"name": self.name, "type": self.driver}

    def take(self, wanted: str, words: Words) -> str:
        """An address: the one that is wanted, or the lowest that is free. Raises: EngineFault."""
        if self.subnet is None:
            return ""
        base = int(self.subnet.network_address)
        if wanted:
            number = int(ipaddress.ip_address(wanted)) - base
            if number in self._taken or wanted == self.gateway:
                raise words.address_taken()
        else:
            number = self._lowest(words)
        self._taken.add(number)
        return str(ipaddress.ip_address(base + number))

    def _lowest(self, words: Words) -> int:
        while self._freed:
            if (number := heapq.heappop(self._freed)) not in self._taken:
                return number
        assert self.subnet is not None
        while self._next in self._taken:
            self._next += 1
        if self._next >= self.subnet.num_addresses - 1:
            raise words.no_addresses()
        return self._next

    def give_back(self, address: str) -> None:
        if self.subnet is not None and address:
            number = int(ipaddress.ip_address(address)) - int(self.subnet.network_address)
            self._taken.discard(number)
            heapq.heappush(self._freed, number)


class NetworkStore:
    def __init__(
        self, clock: Clock, ids: Ids, events: EventLog, words: Words, generation: Generation
    ) -> None:
        self._clock = clock
        self._ids = ids
        self._events = events
        self._words = words
        self._generation = generation
        self._by_name: dict[str, Network] = {}
        self.ports = Ports(words)
        for name, driver in (("bridge", "bridge"), ("host", "host"), ("none", "null")):
            made = self._add(name, driver)
            if name == "bridge":
                made.subnet, made.options = _POOLS[0], dict(_DEFAULT_BRIDGE_OPTIONS)
                made.gateway = str(_POOLS[0][1])

    def _add(self, name: str, driver: str) -> Network:
        made = self._by_name[name] = Network(name, self._ids.new(), self._clock.now_ns(), driver)
        return made

    def __iter__(self) -> Iterator[Network]:
        return iter(self._by_name.values())

    def find(self, name: str) -> Network | None:
        """By name or ID, or the beginning of one."""
        if (network := self._by_name.get(name)) is not None:
            return network
        found = [one for one in self._by_name.values() if name and one.id.startswith(name)]
        return found[0] if len(found) == 1 else None

    def get(self, name: str) -> Network:
        """Raises: EngineFault where there is none."""
        found = self.find(name)
        if found is None:
            raise self._words.no_network(name)
        return found

    def make(self, body: dict[str, Any]) -> Network:
        """As POST /networks/create asks for it. Raises: EngineFault."""
        name = body.get("Name") or ""
        if not name:
            raise self._words.network_without_name()
        if name in PREDEFINED:
            raise self._words.predefined_to_create(name)
        if name in self._by_name:
            raise self._words.network_exists(name)
        ipam = body.get("IPAM") or {}
        config = (ipam.get("Config") or [{}])[0]
        subnet = self._pool(config.get("Subnet") or "")
        made = self._add(name, body.get("Driver") or "bridge")
        made.subnet = subnet
        made.gateway = config.get("Gateway") or str(subnet[1])
        made.subnet_is_asked = bool(config.get("Subnet"))
        made.gateway_is_told = "Gateway" in config or not config
        made.internal = bool(body.get("Internal"))
        made.attachable = bool(body.get("Attachable"))
        made.labels = dict(body.get("Labels") or {})
        made.options = dict(body.get("Options") or {})
        made.ipam_options = ipam.get("Options")
        self._events.emit("network", "create", made.id, made.event_kind)
        return made

    def _pool(self, asked: str) -> ipaddress.IPv4Network:
        taken = [one.subnet for one in self._by_name.values() if one.subnet is not None]
        if asked:
            try:
                wanted = ipaddress.IPv4Network(asked)
            except ValueError as error:
                raise EngineFault(400, f"invalid subnet {asked}: invalid CIDR block notation") from error
            if any(wanted.overlaps(one) for one in taken):
                raise self._words.pools_overlap()
            return wanted
        for pool in _POOLS:
            if not any(pool.overlaps(one) for one in taken):
                return pool
        for pool in ipaddress.IPv4Network("192.168.0.0/16").subnets(new_prefix=20):
            if not any(pool.overlaps(one) for one in taken):
                return pool
        raise EngineFault(500, "could not find an available, non-overlapping IPv4 address pool")

    def remove(self, name: str) -> None:
        """Raises: EngineFault."""
        network = self.get(name)
        if network.predefined:
            raise self._words.predefined_to_remove(network.name)
        for container, endpoint in network.members.values():
            raise self._words.network_in_use(network.name, network.id, container, endpoint.id)
        del self._by_name[network.name]
        self._events.emit("network", "destroy", network.id, network.event_kind)

    # --- endpoints --------------------------------------------------------------------------------

    def complaints(self, name: str, endpoint: Endpoint) -> list[str]:
        """What is asked for of this network and can not be had there; nothing for one that is not there."""
        network = self.find(name)
        if network is None:
            return []
        found = []
        if (endpoint.asked.get("IPAMConfig") or {}).get("IPv4Address") and not network.subnet_is_asked:
            found.append(
                "user specified IP address is supported only when connecting to networks with user configured subnets"
            )
        if endpoint.asked.get("Aliases") and network.predefined:
            found.append("network-scoped alias is supported only for containers in user defined networks")
        return found

    def join(self, container: Container, name: str) -> None:
        """The container gets its address on a network, whose event comes later. Raises: EngineFault."""
        network = self.get(name)
        endpoint = container.endpoints[name]
        asked = (endpoint.asked.get("IPAMConfig") or {}).get("IPv4Address") or ""
        endpoint.address = network.take(asked, self._words)
        endpoint.network_id, endpoint.id = network.id, self._ids.new()
        if network.subnet is not None:
            endpoint.prefix = network.subnet.prefixlen
            # Newer engines do not tell a gateway through which nothing goes out.
            hidden = network.internal and self._generation.since_24
            endpoint.gateway = "" if hidden else network.gateway
            endpoint.mac = endpoint.asked.get("MacAddress") or self._mac(endpoint.address)
        network.members[container.id] = (container.name, endpoint)

    def _mac(self, address: str) -> str:
        """Older engines make it out of the address."""
        if self._generation.since_27:
            return self._ids.mac()
        return "02:42:" + ":".join(f"{int(part):02x}" for part in address.split("."))

    def rename(self, container: Container) -> None:
        """It is a member by its new name from now on."""
        for name, endpoint in container.endpoints.items():
            network = self._by_name.get(name)
            if network is not None and container.id in network.members:
                network.members[container.id] = (container.name, endpoint)

    def tell(self, container: Container, name: str, action: str) -> None:
        """`connect` or `disconnect`, as an event."""
        network = self._by_name.get(name)
        if network is not None:
            attributes = {"container": container.id, **network.event_kind}
            self._events.emit("network", action, network.id, attributes)

    def part(self, container: Container, name: str) -> None:
        """What it got on a network goes back; which network it was is remembered."""
        endpoint = container.endpoints[name]
        network = self._by_name.get(name)
        if network is not None:
            network.give_back(endpoint.address)
            network.members.pop(container.id, None)
        endpoint.id = endpoint.address = endpoint.gateway = endpoint.mac = ""
        endpoint.prefix = 0
