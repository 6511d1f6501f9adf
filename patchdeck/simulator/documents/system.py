"""GET /version, /info, /networks, /system/df and a container's stats."""

from __future__ import annotations

import itertools
from typing import Any, Final

from patchdeck.simulator.container import Container
from patchdeck.simulator.costs import Use
from patchdeck.simulator.generation import Generation
from patchdeck.simulator.networks import Network
from patchdeck.simulator.times import NEVER, rfc3339
from patchdeck.simulator.volumes import ROOT
from patchdeck.simulator.world import MEMORY_BYTES, PROCESSORS, World

Document = dict[str, Any]
SIMULATED_LABEL: Final = "patchdeck.simulated=true"
"""By which clients know, see patchdeck/sources/engine/describe.py."""
DEFAULT_REGISTRY: Final = "https://registry.simulated.invalid/v1/"
"""Nowhere, so that nobody asks a real registry, with real credentials, about images that are none."""
KERNEL: Final = "6.1.0-simulated"
_BUILT: Final = "2025-01-01T00:00:00.000000000+00:00"


def version(world: World) -> Document:
    """GET /version."""
    of = world.generation
    common = {
        "ApiVersion": of.api,
        "Arch": "amd64",
        "BuildTime": _BUILT,
        "GitCommit": "simulated",
        "GoVersion": "go1.23",
        "KernelVersion": KERNEL,
        "MinAPIVersion": of.least_api,
        "Os": "linux",
    }
    details = {"Experimental": "false", **common}
    found = {
        "Platform": {"Name": ""},
        "Components": [
            {"Name": "Engine", "Version": of.version, "Details": details},
            {"Name": "containerd", "Version": "1.7.24", "Details": {"GitCommit": ""}},
            {"Name": "runc", "Version": "1.1.5", "Details": {"GitCommit": ""}},
            {"Name": "docker-init", "Version": "0.19.0", "Details": {"GitCommit": ""}},
        ],
        "Version": of.version,
        **common,
    }
    return found if of.since_24 else found | {"Experimental": False}


def info(world: World) -> Document:
    """GET /info, marked as what it is."""
    counts = {"running": 0, "paused": 0, "stopped": 0}
    for one in world.containers:
        counts["paused" if one.paused else "running" if one.running else "stopped"] += 1
    found: Document = {
        "ID": world.engine_id if not world.generation.since_24 else _uuid(world.engine_id),
        "Containers": len(world.containers),
        "ContainersRunning": counts["running"],
        "ContainersPaused": counts["paused"],
        "ContainersStopped": counts["stopped"],
        "Images": len(world.images),
        "Driver": "overlay2",
        "DriverStatus": [["Backing Filesystem", "extfs"], ["Supports d_type", "true"]],
        "Plugins": {
            "Volume": ["local"],
            "Network": ["bridge", "host", "null"],
            "Authorization": None,
            "Log": ["json-file"],
        },
        "MemoryLimit": True,
        "SwapLimit": True,
        "CpuCfsPeriod": True,
        "CpuCfsQuota": True,
        "CPUShares": True,
        "CPUSet": True,
        "PidsLimit": True,
        "IPv4Forwarding": True,
        "Debug": False,
        "NFd": 32,
        "OomKillDisable": True,
        "NGoroutines": 48,
        "SystemTime": rfc3339(world.clock.now_ns()),
        "LoggingDriver": "json-file",
        "CgroupDriver": "cgroupfs",
        "CgroupVersion": "1",
        "NEventsListener": world.events.listening,
        "KernelVersion": KERNEL,
        "OperatingSystem": "a simulated host",
        "OSVersion": "",
        "OSType": "linux",
        "Architecture": "x86_64",
        "IndexServerAddress": DEFAULT_REGISTRY,
        "RegistryConfig": {
            "IndexConfigs": {
                "docker.io": {"Mirrors": [], "Name": "docker.io", "Official": True, "Secure": True}
            },
            "InsecureRegistryCIDRs": ["::1/128", "127.0.0.0/8"],
            "Mirrors": None,
        },
        "NCPU": PROCESSORS,
        "MemTotal": MEMORY_BYTES,
        "GenericResources": None,
        "DockerRootDir": ROOT,
        "HttpProxy": "",
        "HttpsProxy": "",
        "NoProxy": "",
        "Name": world.name,
        "Labels": [SIMULATED_LABEL],
        "ExperimentalBuild": False,
        "ServerVersion": world.generation.version,
        "Runtimes": {"runc": {"path": "runc"}},
        "DefaultRuntime": "runc",
        "Swarm": {
            "NodeID": "",
            "NodeAddr": "",
            "LocalNodeState": "inactive",
            "ControlAvailable": False,
            "Error": "",
            "RemoteManagers": None,
        },
        "LiveRestoreEnabled": False,
        "Isolation": "",
        "InitBinary": "docker-init",
        "ContainerdCommit": {"ID": ""},
        "RuncCommit": {"ID": ""},
        "InitCommit": {"ID": ""},
        "SecurityOptions": ["name=seccomp,profile=builtin"],
        "Warnings": None,
        "KernelMemoryTCP": True,
    }
    _of_its_time(found, world.generation)
    return found


def _of_its_time(found: Document, generation: Generation) -> None:
    """What came and went with the generations."""
    if not generation.since_24:
        found["KernelMemory"] = True
        found["RegistryConfig"]["Mirrors"] = []
    if not generation.since_27:
        empty: list[str] | None = None if generation.since_24 else []
        found["RegistryConfig"] |= {
            "AllowNondistributableArtifactsCIDRs": empty,
            "AllowNondistributableArtifactsHostnames": empty,
        }
        found |= {"BridgeNfIptables": True, "BridgeNfIp6tables": True}
        for program in ("ContainerdCommit", "RuncCommit", "InitCommit"):
            found[program]["Expected"] = ""
    else:
        found["FirewallBackend"] = {"Driver": "iptables"}
        found["Containerd"] = {
            "Address": "/run/containerd/containerd.sock",
            "Namespaces": {"Containers": "moby", "Plugins": "plugins.moby"},
        }
    if generation.since_24:
        found["CDISpecDirs"] = ["/etc/cdi", "/var/run/cdi"] if generation.since_27 else []


def _uuid(hexadecimal: str) -> str:
    cuts = (0, 8, 12, 16, 20, 32)
    return "-".join(hexadecimal[begin:end] for begin, end in itertools.pairwise(cuts))


def network(one: Network, world: World, *, members: bool) -> Document:
    """The listing leaves out who is on it."""
    config: Document | None = None
    if one.subnet is not None:
        config = {"Subnet": str(one.subnet)}
        if one.gateway_is_told:
            config["Gateway"] = one.gateway
    found: Document = {
        "Name": one.name,
        "Id": one.id,
        "Created": rfc3339(one.created_ns),
        "Scope": "local",
        "Driver": one.driver,
    }
    if world.generation.since_27:
        found["EnableIPv4"] = True
    empty: list[Document] | None = None if world.generation.since_27 else []
    return found | {
        "EnableIPv6": False,
        "IPAM": {"Driver": "default", "Options": one.ipam_options, "Config": [config] if config else empty},
        "Internal": one.internal,
        "Attachable": one.attachable,
        "Ingress": False,
        "ConfigFrom": {"Network": ""},
        "ConfigOnly": False,
        "Containers": {
            container: {
                "Name": name,
                "EndpointID": endpoint.id,
                "MacAddress": endpoint.mac,
                "IPv4Address": f"{endpoint.address}/{endpoint.prefix}" if endpoint.address else "",
                "IPv6Address": "",
            }
            for container, (name, endpoint) in one.members.items()
        }
        if members
        else {},
        "Options": one.options,
        "Labels": one.labels,
    }


_IO: Final = (
    "io_service_bytes_recursive", "io_serviced_recursive", "io_queue_recursive", "io_service_time_recursive",
    "io_wait_time_recursive", "io_merged_recursive", "io_time_recursive", "sectors_recursive",
)  # fmt: skip


def stats(one: Container, use: Use | None, now_ns: int, *, before: Use | None, since_24: bool) -> Document:
    """GET /containers/{id}/stats; `use` is None for a container that does not run, `before` for a one-shot."""
    if use is None:
        return {
            "name": f"/{one.name}",
            "id": one.id,
            "read": NEVER,
            "preread": NEVER,
            "pids_stats": {},
            "blkio_stats": dict.fromkeys(_IO),
            "num_procs": 0,
            "storage_stats": {},
            "cpu_stats": _cpu(Use()),
            "precpu_stats": _cpu(Use()),
            "memory_stats": {},
        }
    limit = one.host["Memory"] or MEMORY_BYTES
    blkio: Document = {name: [] for name in _IO}
    if use.read_bytes or use.written_bytes:
        blkio["io_service_bytes_recursive"] = [
            {"major": 8, "minor": 0, "op": "Read", "value": use.read_bytes},
            {"major": 8, "minor": 0, "op": "Write", "value": use.written_bytes},
        ]
    uptime_ns = now_ns % 10**15
    named: Document = {} if before is None and since_24 else {"name": f"/{one.name}", "id": one.id}
    found: Document = named | {
        "read": rfc3339(now_ns),
        "preread": NEVER if before is None else rfc3339(now_ns - 1_000_000_000),
        "pids_stats": {"current": 2},
        "blkio_stats": blkio,
        "num_procs": 0,
        "storage_stats": {},
        "cpu_stats": _cpu(use, system_ns=PROCESSORS * uptime_ns),
        "precpu_stats": _cpu(Use())
        if before is None
        else _cpu(before, system_ns=PROCESSORS * (uptime_ns - 10**9)),
        "memory_stats": {
            "usage": use.memory_bytes,
            "max_usage": use.memory_bytes,
            "stats": {"cache": 0, "rss": use.memory_bytes, "inactive_file": 0, "total_inactive_file": 0},
            "limit": limit,
        },
    }
    if one.endpoints and "host" not in one.endpoints and "none" not in one.endpoints:
        nothing = ("bytes", "packets", "errors", "dropped")
        found["networks"] = {
            "eth0": {f"{way}_{what}": 0 for way in ("rx", "tx") for what in nothing},
        }
    return found


def _cpu(use: Use, system_ns: int | None = None) -> Document:
    usage: Document = {"total_usage": use.cpu_ns, "usage_in_kernelmode": 0, "usage_in_usermode": use.cpu_ns}
    found: Document = {
        "cpu_usage": usage,
        "throttling_data": {
            "periods": use.periods,
            "throttled_periods": use.throttled_periods,
            "throttled_time": use.throttled_ns,
        },
    }
    if system_ns is not None:
        usage["percpu_usage"] = [use.cpu_ns // PROCESSORS] * PROCESSORS
        found |= {"system_cpu_usage": system_ns, "online_cpus": PROCESSORS}
    return found
