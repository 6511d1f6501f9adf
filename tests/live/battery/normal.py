"""An inspect document less its IDs, names, times and addresses, so that two containers can be compared."""

from __future__ import annotations

import re
from typing import Any

# The life of the container, not its configuration: status, times, process ID, exit code, restarts.
LIFE = ("State", "Created", "RestartCount", "ExecIDs")
# Names of layers, which the engine makes up.
LAYERS = ("GraphDriver", "Storage")
# What the engine finds out when it connects a container: names and addresses of its own choice.
FOUND_OUT = (
    "SandboxID",
    "SandboxKey",
    "EndpointID",
    "Gateway",
    "IPAddress",
    "IPPrefixLen",
    "IPv6Gateway",
    "GlobalIPv6Address",
    "GlobalIPv6PrefixLen",
)
ANONYMOUS = re.compile(r"[0-9a-f]{64}")
FREE_PORTS = range(32768, 61000)


def normal(inspect: dict[str, Any]) -> dict[str, Any]:
    """What is left must be equal for the same settings on the same image."""
    document = _renamed(inspect, str(inspect["Id"]))
    for key in ("Id", *LIFE, *LAYERS):
        document.pop(key, None)
    # Docker's command line sends variables in no order.
    document["Config"]["Env"] = sorted(document["Config"]["Env"] or [])
    # No policy and the policy "no" are the same, and no request can set the former.
    policy = document["HostConfig"]["RestartPolicy"]
    policy["Name"] = policy["Name"] or "no"
    _networks(document)
    _mounts(document)
    pruned: dict[str, Any] = _pruned(document)
    return pruned


def differences(one: Any, other: Any, path: str = "") -> dict[str, tuple[Any, Any]]:
    """Where two documents differ: path to what each has there."""
    if isinstance(one, dict) and isinstance(other, dict):
        found: dict[str, tuple[Any, Any]] = {}
        for key in sorted({*one, *other}):
            found |= differences(one.get(key), other.get(key), f"{path}.{key}".lstrip("."))
        return found
    return {} if one == other else {path: (one, other)}


def _renamed(value: Any, identifier: str) -> Any:
    """The container's ID, and the host name and paths made of it, read alike in both."""
    if isinstance(value, dict):
        return {key: _renamed(one, identifier) for key, one in value.items()}
    if isinstance(value, list):
        return [_renamed(one, identifier) for one in value]
    if isinstance(value, str):
        return value.replace(identifier, "<id>").replace(identifier[:12], "<id>")
    return value


def _networks(document: dict[str, Any]) -> None:
    settings = document["NetworkSettings"]
    asked = document["Config"].get("MacAddress")
    for place in (settings, *settings["Networks"].values()):
        for key in FOUND_OUT:
            place.pop(key, None)
        mac = place.get("MacAddress") or ""
        # A MAC address that was asked for is configuration; any other is made up, or made of the IP address.
        if mac != asked and (not mac or int(mac[:2], 16) & 0b10):
            place.pop("MacAddress", None)
        # The engine's order of names, with the ID among them.
        for key in ("DNSNames", "Aliases"):
            place[key] = sorted(place.get(key) or [])
    # Renamed while it runs, a container has names even where there is no network to find it by.
    settings["Networks"].get("none", {}).pop("DNSNames", None)
    ranges = document["HostConfig"].get("PortBindings") or {}
    for port, bindings in (settings.get("Ports") or {}).items():
        for binding in bindings or []:
            # Whichever was free, of all or of a range.
            wanted = [one.get("HostPort") or "" for one in ranges.get(port) or []]
            if int(binding["HostPort"]) in FREE_PORTS or any("-" in one for one in wanted):
                binding["HostPort"] = "<free>"


def _mounts(document: dict[str, Any]) -> None:
    """Anonymous volumes have an ID for a name. A new one is asked for by no name, one that is adopted by that ID."""
    config, host_config = document["Config"], document["HostConfig"]
    # The engine keeps these in no order.
    document["Mounts"] = sorted(document["Mounts"], key=lambda mount: str(mount["Destination"]))
    for mount in document["Mounts"]:
        if mount["Type"] == "volume" and ANONYMOUS.search(mount["Source"]):
            mount["Source"] = ANONYMOUS.sub("<id>", mount["Source"])
            mount["Name"] = (
                "<id>"  # engines leave it out where the volume was asked for as a bind without a source
            )
            mount["Mode"] = ""  # "z" where the volume was asked for by name, and the same mount
    host_config["Binds"] = sorted(
        ANONYMOUS.sub("", bind).removeprefix(":") for bind in host_config["Binds"] or []
    )
    kept = []
    for mount in host_config.get("Mounts") or []:
        if ANONYMOUS.fullmatch(mount.get("Source") or ""):
            if mount["Target"] in (config.get("Volumes") or {}):
                continue
            mount.pop("Source")
        kept.append(mount)
    host_config["Mounts"] = kept


def _pruned(value: Any) -> Any:
    """Without what is empty: by the way a request came, the engine keeps nothing as null or as an empty list."""
    if isinstance(value, dict):
        pruned = {key: _pruned(one) for key, one in value.items()}
        return {key: one for key, one in pruned.items() if one not in (None, {}, [], "")}
    if isinstance(value, list):
        return [_pruned(one) for one in value]
    return value
