"""What a container has on each network, as a request would ask for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from patchdeck.model.facts import Value
from patchdeck.rollout.recreate.documents import (
    Document,
    config_of,
    endpoints_of,
    host_config_of,
    short_id,
)

Api = tuple[int, int]
"""The version of the Engine API that requests are made with: (1, 41)."""

SEVERAL_AT_CREATE: Api = (1, 44)
"""From here on create takes all endpoints, and MAC addresses in them."""
OWN_ALIASES_ONLY: Api = (1, 45)
"""Before, inspect listed the short ID and the host name among the aliases."""
RANDOM_MACS: Api = (1, 48)
"""Engines that speak this make MAC addresses up; those before derive them from the IPv4 address."""
_DEFAULT_MODES = ("default", "bridge")
_NO_ENDPOINTS = ("host", "none")
_STATIC = ("IPv4Address", "IPv6Address")


class Connection(Value, frozen=True, kw_only=True):
    """A network and what the container is to have there: the EndpointConfig of a request."""

    network: str
    endpoint: dict[str, Any]


class Networks(Value, frozen=True, kw_only=True):
    at_create: tuple[Connection, ...] = ()
    connect: tuple[Connection, ...] = ()
    """To be connected between create and start."""
    mode: str
    """NetworkMode: the recorded one, as long as the container is connected there. The engine connects a container to
    the network of its mode by itself, also one that was disconnected from it since."""
    unclear: tuple[str, ...] = ()
    """Addresses that may be the engine's or the container's own, and are left to the engine."""


def networks(container: Document, api: Api) -> Networks:
    """The networks of a container as requests; NetworkMode and the first endpoint go by the same name."""
    mode = str(host_config_of(container).get("NetworkMode") or "default")
    if mode in _NO_ENDPOINTS or mode.startswith("container:"):
        return Networks(mode=mode)
    found = _by_mode(mode, endpoints_of(container))
    mode = next(iter(found), "none")
    wanted: list[Connection] = []
    unclear: list[str] = []
    for network, recorded in found.items():
        endpoint = _endpoint(container, recorded, api)
        mac, sure = _mac(container, recorded, api, first=network == mode)
        if mac and sure and api >= SEVERAL_AT_CREATE:
            endpoint["MacAddress"] = mac
        elif mac and not sure:
            unclear.append(f"MAC address {mac} on {network}")
        wanted.append(Connection(network=network, endpoint=endpoint))
    if api >= SEVERAL_AT_CREATE:
        at_create, later = wanted, []
    else:
        at_create = [one for one in wanted if one.network == mode]
        later = [one for one in wanted if one.network != mode]
    return Networks(
        mode=mode,
        at_create=() if [one.endpoint for one in at_create] == [{}] else tuple(at_create),
        connect=tuple(later),
        unclear=tuple(unclear),
    )


def own_mac(container: Document) -> str:
    """The MAC address that the container was given for the network of its NetworkMode; empty: none."""
    return str(config_of(container).get("MacAddress") or "")


def static_addresses(connections: tuple[Connection, ...]) -> list[str]:
    """IP and MAC addresses that only one container can have at a time."""
    found: list[str] = []
    for connection in connections:
        allocated = connection.endpoint.get("IPAMConfig") or {}
        found += [allocated[key] for key in _STATIC if key in allocated]
        found += [mac for mac in (connection.endpoint.get("MacAddress"),) if mac]
    return found


def _by_mode(mode: str, endpoints: Mapping[str, Document]) -> dict[str, Document]:
    """The endpoints, that of NetworkMode first and under the very name that NetworkMode has for it.

    NetworkMode may be the network's ID or the beginning of one, and an engine given the latter records the network
    twice. A request that names one network in two ways connects it twice, or is refused.
    """
    first: dict[str, Document] = {}
    others: dict[str, Document] = {}
    for name, endpoint in endpoints.items():
        identifier = str(endpoint.get("NetworkID") or "")
        is_default = name == "bridge" and mode in _DEFAULT_MODES
        if name == mode or is_default or (len(mode) >= 12 and identifier.startswith(mode)):
            if mode not in first or name != mode:
                first[mode] = endpoint
        else:
            others[name] = endpoint
    return first | dict(sorted(others.items()))


def _endpoint(container: Document, recorded: Document, api: Api) -> dict[str, Any]:
    """What was asked for, without what the engine found out while it connected."""
    endpoint: dict[str, Any] = {}
    allocated = {key: value for key, value in (recorded.get("IPAMConfig") or {}).items() if value}
    if allocated:
        endpoint["IPAMConfig"] = allocated
    added = {short_id(container)}
    if api < OWN_ALIASES_ONLY:
        added.add(str(config_of(container).get("Hostname") or ""))
    aliases = [alias for alias in recorded.get("Aliases") or [] if alias not in added]
    given = {key: recorded[key] for key in ("Links", "DriverOpts", "GwPriority") if recorded.get(key)}
    return endpoint | given | ({"Aliases": aliases} if aliases else {})


def _mac(container: Document, recorded: Document, api: Api, *, first: bool) -> tuple[str, bool]:
    """The MAC address that may have been asked for on one network, and whether it surely was."""
    asked = own_mac(container)
    if first:
        return asked, True
    mac = str(recorded.get("MacAddress") or "").lower()
    if not mac or mac == _derived(str(recorded.get("IPAddress") or "")):
        return "", True
    made_up = api >= RANDOM_MACS and bool(int(mac[:2], 16) & 0b10)
    return mac, not made_up


def _derived(ipv4: str) -> str:
    """The MAC address that an engine gives an endpoint of this address: 02:42 and the four bytes."""
    parts = ipv4.split(".")
    return ":".join(["02", "42", *(f"{int(part):02x}" for part in parts)]) if len(parts) == 4 else ""
