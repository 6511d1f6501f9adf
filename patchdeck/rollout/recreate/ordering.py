"""Whether a container's successor can run beside it for a while, or why not."""

from __future__ import annotations

from collections.abc import Sequence

from patchdeck.model.facts import Value
from patchdeck.rollout.recreate import ports
from patchdeck.rollout.recreate.documents import (
    Document,
    config_of,
    host_config_of,
    name_of,
    short_id,
)
from patchdeck.rollout.recreate.networks import Networks, own_mac, static_addresses
from patchdeck.rollout.recreate.references import NAMESPACES, dependents


class Hindrance(Value, frozen=True, kw_only=True):
    """One reason against start-first."""

    rule: str
    """host-port, port-range, address, host-network, namespace, dependents, volume, hostname"""
    text: str
    """Why not start-first, to be read after "stop-first:"."""
    certain: bool = True
    """The start would fail, or break something. False: it might, by what is customary; a person may decide."""


def hindrances(
    container: Document, networks: Networks, containers: Sequence[Document]
) -> tuple[Hindrance, ...]:
    """Everything against start-first; `containers` are the inspect documents of all that the engine has."""
    return (
        *_host(container),
        *_ports(container, containers),
        *_addresses(container, networks),
        *_namespaces(container),
        *_dependents(container, containers),
        *_volumes(container, containers),
        *_hostname(container),
    )


def _host(container: Document) -> list[Hindrance]:
    if host_config_of(container).get("NetworkMode") != "host":
        return []
    return [Hindrance(rule="host-network", text="uses the host's network, and so the host's ports")]


def _ports(container: Document, containers: Sequence[Document]) -> list[Hindrance]:
    others = frozenset(ports.taken(containers))
    found = []
    for one in ports.wanted(container):
        if one.first and one.first == one.last:
            found.append(Hindrance(rule="host-port", text=f"has host port {one.host}"))
        elif not one.free(others):
            found.append(Hindrance(rule="port-range", text=f"no port of {one.host} is free"))
    return found


def _addresses(container: Document, networks: Networks) -> list[Hindrance]:
    found = static_addresses((*networks.at_create, *networks.connect))
    mac = own_mac(container)
    addresses = found if not mac or mac in found else [*found, mac]
    return [Hindrance(rule="address", text=f"has the address {address}") for address in addresses]


def _namespaces(container: Document) -> list[Hindrance]:
    host_config = host_config_of(container)
    return [
        Hindrance(rule="namespace", text=f"shares the {what} of another container")
        for key, what in NAMESPACES.items()
        if str(host_config.get(key) or "").startswith("container:")
    ]


def _dependents(container: Document, containers: Sequence[Document]) -> list[Hindrance]:
    return [
        Hindrance(rule="dependents", text=f"{one.container} depends on it ({one.what})")
        for one in dependents(container["Id"], containers)
    ]


def _volumes(container: Document, containers: Sequence[Document]) -> list[Hindrance]:
    """What it writes to and no other container does is taken for its own: two programs at once might spoil it."""
    shared = {
        source
        for other in containers
        if other["Id"] != container["Id"] and (other.get("State") or {}).get("Running")
        for source in _written(other)
    }
    return [
        Hindrance(rule="volume", text=f"writes to {destination}, which no other container has", certain=False)
        for source, destination in sorted(_written(container).items(), key=lambda item: item[1])
        if source not in shared
    ]


def _written(container: Document) -> dict[str, str]:
    """Volume or folder of the host to where it is mounted, of those that can be written to."""
    return {
        str(mount.get("Name") or mount.get("Source")): str(mount["Destination"])
        for mount in container.get("Mounts") or []
        if mount.get("Type") in ("volume", "bind") and mount.get("RW", True)
    }


def _hostname(container: Document) -> list[Hindrance]:
    """A host name of one's own is how programs of a cluster know each other."""
    host_config = host_config_of(container)
    mode = str(host_config.get("NetworkMode") or "")
    given = str(config_of(container).get("Hostname") or "")
    if not given or given == short_id(container) or mode == "host" or mode.startswith("container:"):
        return []
    text = f"{name_of(container)} has the host name {given}, which two would have at once"
    return [Hindrance(rule="hostname", text=text, certain=False)]
