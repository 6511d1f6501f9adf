"""GET /containers/json and /containers/{id}/json."""

from __future__ import annotations

from typing import Any

from patchdeck.simulator.container import Container, Endpoint, Health, Mount
from patchdeck.simulator.generation import Generation
from patchdeck.simulator.starting import sandbox_key
from patchdeck.simulator.times import ago, rfc3339
from patchdeck.simulator.volumes import ROOT

Document = dict[str, Any]


def inspected(one: Container, generation: Generation) -> Document:
    """The whole of a container."""
    folder = f"{ROOT}/containers/{one.id}"
    been_started = one.started_ns is not None or bool(one.sandbox_id)
    return {
        "Id": one.id,
        "Created": rfc3339(one.created_ns),
        "Path": (one.command or [""])[0],
        "Args": one.command[1:],
        "State": state(one),
        "Image": one.image.id,
        "ResolvConfPath": f"{folder}/resolv.conf" if been_started else "",
        "HostnamePath": f"{folder}/hostname" if been_started else "",
        "HostsPath": f"{folder}/hosts" if been_started else "",
        "LogPath": f"{folder}/{one.id}-json.log" if been_started else "",
        "Name": f"/{one.name}",
        "RestartCount": one.restart_count,
        "Driver": "overlay2",
        "Platform": "linux",
        "MountLabel": "",
        "ProcessLabel": "",
        "AppArmorProfile": "",
        "ExecIDs": None,
        "HostConfig": one.host,
        "GraphDriver": graph_driver(one.id, generation),
        "Mounts": [mount(each) for each in one.mounts],
        "Config": one.config,
        "NetworkSettings": network_settings(one, generation),
    }


def state(one: Container) -> Document:
    """As inspect has it; with Health where there is a check, once it was started."""
    found: Document = {
        "Status": one.status,
        "Running": one.running,
        "Paused": one.paused,
        "Restarting": one.restarting,
        "OOMKilled": one.oom_killed,
        "Dead": False,
        "Pid": one.pid,
        "ExitCode": one.exit_code,
        "Error": one.error,
        "StartedAt": rfc3339(one.started_ns),
        "FinishedAt": rfc3339(one.finished_ns),
    }
    return found if one.health is None else found | {"Health": health(one.health)}


def health(seen: Health) -> Document:
    """State.Health."""
    return {
        "Status": seen.status,
        "FailingStreak": seen.streak,
        "Log": [
            {
                "Start": rfc3339(probe.began_ns),
                "End": rfc3339(probe.ended_ns),
                "ExitCode": probe.exit_code,
                "Output": probe.output,
            }
            for probe in seen.log
        ],
    }


def graph_driver(name: str, generation: Generation) -> Document:
    """Folders of a container or an image, of which none exists."""
    layer = f"{ROOT}/overlay2/{name}"
    data = {
        "LowerDir": f"{layer}-init/diff",
        "MergedDir": f"{layer}/merged",
        "UpperDir": f"{layer}/diff",
        "WorkDir": f"{layer}/work",
    }
    return {"Data": {"ID": name, **data} if generation.since_27 else data, "Name": "overlay2"}


def mount(one: Mount) -> Document:
    """One of Mounts."""
    if one.kind == "volume":
        named: Document = {"Type": one.kind, "Name": one.name, "Source": one.source}
        return named | {
            "Destination": one.destination,
            "Driver": "local",
            "Mode": one.mode,
            "RW": one.writable,
            "Propagation": "",
        }
    return {
        "Type": one.kind,
        "Source": one.source,
        "Destination": one.destination,
        "Mode": one.mode,
        "RW": one.writable,
        "Propagation": "rprivate" if one.kind == "bind" else "",
    }


def network_settings(one: Container, generation: Generation) -> Document:
    """NetworkSettings of inspect."""
    # What is true of the default network is told at the top as well, for old clients.
    default = one.endpoints.get("bridge") or Endpoint({})
    return {
        "Bridge": "",
        "SandboxID": one.sandbox_id,
        "SandboxKey": sandbox_key(one),
        "Ports": one.ports,
        "HairpinMode": False,
        "LinkLocalIPv6Address": "",
        "LinkLocalIPv6PrefixLen": 0,
        "SecondaryIPAddresses": None,
        "SecondaryIPv6Addresses": None,
        "EndpointID": default.id,
        "Gateway": default.gateway,
        "GlobalIPv6Address": "",
        "GlobalIPv6PrefixLen": 0,
        "IPAddress": default.address,
        "IPPrefixLen": default.prefix,
        "IPv6Gateway": "",
        "MacAddress": default.mac,
        "Networks": {name: endpoint(each, generation) for name, each in sorted(one.endpoints.items())},
    }


def endpoint(one: Endpoint, generation: Generation) -> Document:
    """One of NetworkSettings.Networks."""
    found: Document = {
        "IPAMConfig": one.asked.get("IPAMConfig"),
        "Links": one.asked.get("Links"),
        "Aliases": one.asked.get("Aliases"),
        "MacAddress": one.mac or one.asked.get("MacAddress") or "",
        "DriverOpts": one.asked.get("DriverOpts"),
        "NetworkID": one.network_id,
        "EndpointID": one.id,
        "Gateway": one.gateway,
        "IPAddress": one.address,
        "IPPrefixLen": one.prefix,
        "IPv6Gateway": "",
        "GlobalIPv6Address": "",
        "GlobalIPv6PrefixLen": 0,
    }
    if generation.since_27:
        found["GwPriority"] = one.asked.get("GwPriority") or 0
    if generation.since_24:
        found["DNSNames"] = one.names
    return found


# --- the listing ----------------------------------------------------------------------------------


def status_text(one: Container, now_ns: int) -> str:
    """As `docker ps` shows it: "Up 5 minutes (healthy)"."""
    if one.removing:
        return "Removal In Progress"
    if not one.running and one.started_ns is None:
        return "Created"
    if not one.running or one.restarting:
        since = ago((now_ns - (one.finished_ns or now_ns)) / 1e9)
        return f"{'Restarting' if one.restarting else 'Exited'} ({one.exit_code}) {since} ago"
    text = f"Up {ago((now_ns - (one.started_ns or now_ns)) / 1e9)}"
    if one.paused:
        return f"{text} (Paused)"
    if one.health is not None:
        told = {"starting": "health: starting"}.get(one.health.status, one.health.status)
        return f"{text} ({told})"
    return text


def listed(one: Container, generation: Generation, status: str) -> Document:
    """One entry of the listing."""
    found: Document = {
        "Id": one.id,
        "Names": [f"/{one.name}"],
        "Image": one.config["Image"],
        "ImageID": one.image.id,
        "Command": " ".join(one.command),
        "Created": one.created_ns // 1_000_000_000,
        "Ports": ports(one),
        "Labels": one.labels,
        "State": one.status,
        "Status": status,
        "HostConfig": {"NetworkMode": one.network_mode},
        "NetworkSettings": {
            "Networks": {name: endpoint(each, generation) for name, each in sorted(one.endpoints.items())}
        },
        "Mounts": [_mount_in_listing(each) for each in one.mounts],
    }
    return found


def _mount_in_listing(one: Mount) -> Document:
    found = mount(one)
    # The source of an anonymous volume is told by inspect only.
    return found | {"Source": ""} if one.anonymous else found


def ports(one: Container) -> list[Document]:
    """Of the listing."""
    found: list[Document] = []
    for port, bindings in one.ports.items():
        number, _, protocol = port.partition("/")
        private: Document = {"PrivatePort": int(number), "Type": protocol or "tcp"}
        if not bindings:
            found.append(private)
        for binding in bindings or ():
            public = {"IP": binding["HostIp"], "PublicPort": int(binding["HostPort"])}
            found.append(private | public)
    return found
