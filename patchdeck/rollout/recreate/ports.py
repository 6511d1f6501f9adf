"""Host ports: those that a container asked for, and those that it got."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from patchdeck.model.facts import Value
from patchdeck.rollout.recreate.documents import Document, host_config_of

Socket = tuple[str, int]
"""Protocol and host port."""


class Wanted(Value, frozen=True, kw_only=True):
    """One entry of PortBindings: a host port, a range of them, or whichever is free."""

    port: str
    """In the container: `80/tcp`."""
    first: int
    """0: whichever is free."""
    last: int

    @property
    def protocol(self) -> str:
        return self.port.partition("/")[2] or "tcp"

    @property
    def host(self) -> str:
        """As it was asked for: `8080/tcp`, `8080-8090/tcp`."""
        return f"{self.first if self.first == self.last else f'{self.first}-{self.last}'}/{self.protocol}"

    def free(self, taken: frozenset[Socket]) -> bool:
        """Whether another container can get one of these."""
        return not self.first or any(
            (self.protocol, port) not in taken for port in range(self.first, self.last + 1)
        )


def published(container: Document) -> frozenset[str]:
    """The container's ports that it publishes by name: `80/tcp`."""
    return frozenset(host_config_of(container).get("PortBindings") or {})


def wanted(container: Document) -> Iterator[Wanted]:
    """What the container asks of the host's ports. With the network of the host, or another's, it publishes none."""
    for port, bindings in sorted((host_config_of(container).get("PortBindings") or {}).items()):
        for binding in bindings or []:
            first, _, last = str(binding.get("HostPort") or "0").partition("-")
            yield Wanted(port=port, first=int(first), last=int(last or first))


def from_range(container: Document) -> bool:
    """It takes any port of a range, so that two that start at once may be after the same one."""
    return any(one.first != one.last for one in wanted(container))


def taken(containers: Sequence[Document]) -> frozenset[Socket]:
    """The host ports that these containers have now. Addresses are not told apart: one host port is one port."""
    return frozenset(
        (port.partition("/")[2] or "tcp", int(binding["HostPort"]))
        for container in containers
        for port, bindings in ((container.get("NetworkSettings") or {}).get("Ports") or {}).items()
        for binding in bindings or []
        if binding.get("HostPort")
    )


def frozen(host_config: dict[str, Any], container: Document) -> dict[str, Any]:
    """The same, asking for the very host ports that the container has now, where it took whichever were free."""
    has = (container.get("NetworkSettings") or {}).get("Ports") or {}
    bindings = {port: [dict(one) for one in asked or [{}]] for port, asked in _asked(host_config, has)}
    for port, asked in bindings.items():
        got = sorted({one["HostPort"] for one in has.get(port) or []})
        if len(asked) == 1 and len(got) == 1:
            asked[0]["HostPort"] = got[0]
    return {**host_config, "PortBindings": bindings} if bindings else host_config


def _asked(host_config: Document, has: Document) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    asked = host_config.get("PortBindings") or {}
    yield from asked.items()
    if host_config.get("PublishAllPorts"):
        for port, got in has.items():
            if got and port not in asked:
                yield port, [{}]
