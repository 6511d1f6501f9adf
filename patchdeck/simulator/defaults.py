"""What an engine fills in where a request to create a container says nothing."""

from __future__ import annotations

from typing import Any, Final

from patchdeck.simulator.generation import Generation

HOST: Final[dict[str, Any]] = {
    "Binds": None,
    "ContainerIDFile": "",
    "LogConfig": {"Type": "json-file", "Config": {}},
    "NetworkMode": "",
    "PortBindings": None,
    "RestartPolicy": {"Name": "", "MaximumRetryCount": 0},
    "AutoRemove": False,
    "VolumeDriver": "",
    "VolumesFrom": None,
    "ConsoleSize": [0, 0],
    "CapAdd": None,
    "CapDrop": None,
    "CgroupnsMode": "host",
    "Dns": None,
    "DnsOptions": None,
    "DnsSearch": None,
    "ExtraHosts": None,
    "GroupAdd": None,
    "IpcMode": "private",
    "Cgroup": "",
    "Links": None,
    "OomScoreAdj": 0,
    "PidMode": "",
    "Privileged": False,
    "PublishAllPorts": False,
    "ReadonlyRootfs": False,
    "SecurityOpt": None,
    "UTSMode": "",
    "UsernsMode": "",
    "ShmSize": 67_108_864,
    "Runtime": "runc",
    "Isolation": "",
    "CpuShares": 0,
    "Memory": 0,
    "NanoCpus": 0,
    "CgroupParent": "",
    "BlkioWeight": 0,
    "BlkioWeightDevice": None,
    "BlkioDeviceReadBps": None,
    "BlkioDeviceWriteBps": None,
    "BlkioDeviceReadIOps": None,
    "BlkioDeviceWriteIOps": None,
    "CpuPeriod": 0,
    "CpuQuota": 0,
    "CpuRealtimePeriod": 0,
    "CpuRealtimeRuntime": 0,
    "CpusetCpus": "",
    "CpusetMems": "",
    "Devices": None,
    "DeviceCgroupRules": None,
    "DeviceRequests": None,
    "MemoryReservation": 0,
    "MemorySwap": 0,
    "MemorySwappiness": None,
    "OomKillDisable": False,
    "PidsLimit": None,
    "Ulimits": None,
    "CpuCount": 0,
    "CpuPercent": 0,
    "IOMaximumIOps": 0,
    "IOMaximumBandwidth": 0,
    "MaskedPaths": [
        "/proc/asound",
        "/proc/acpi",
        "/proc/kcore",
        "/proc/keys",
        "/proc/latency_stats",
        "/proc/timer_list",
        "/proc/timer_stats",
        "/proc/sched_debug",
        "/proc/scsi",
        "/sys/firmware",
    ],
    "ReadonlyPaths": ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"],
}

CONFIG: Final[dict[str, Any]] = {
    "Hostname": "",
    "Domainname": "",
    "User": "",
    "AttachStdin": False,
    "AttachStdout": False,
    "AttachStderr": False,
    "Tty": False,
    "OpenStdin": False,
    "StdinOnce": False,
    "Env": [],
    "Cmd": None,
    "Image": "",
    "Volumes": None,
    "WorkingDir": "",
    "Entrypoint": None,
    "OnBuild": None,
    "Labels": {},
}
OPTIONAL: Final = ("ExposedPorts", "Healthcheck", "StopSignal", "StopTimeout", "Shell", "NetworkDisabled")
"""Told only where they are set."""


def host_config(asked: dict[str, Any], generation: Generation) -> dict[str, Any]:
    """HostConfig as inspect has it: all fields, those asked for as they were."""
    made = HOST | {
        key: value for key, value in asked.items() if key in HOST or key in ("Mounts", "Tmpfs", "Init")
    }
    if not generation.since_24:
        made |= {"KernelMemory": 0, "KernelMemoryTCP": 0}
    policy = made["RestartPolicy"] or {}
    name = policy.get("Name") or ("no" if generation.since_24 else "")
    made["RestartPolicy"] = {"Name": name, "MaximumRetryCount": policy.get("MaximumRetryCount") or 0}
    if not made["NetworkMode"] or (made["NetworkMode"] == "default" and generation.since_24):
        made["NetworkMode"] = "bridge" if generation.since_24 else "default"
    if made["Memory"] and not made["MemorySwap"]:
        made["MemorySwap"] = 2 * made["Memory"]
    if made["PortBindings"]:
        made["PortBindings"] = {
            port: [
                {"HostIp": one.get("HostIp") or "", "HostPort": one.get("HostPort") or ""}
                for one in bound or ()
            ]
            for port, bound in made["PortBindings"].items()
        }
    for key in ("Binds", "Links", "VolumesFrom"):
        made[key] = made[key] or None
    return made


def container_config(asked: dict[str, Any], image: dict[str, Any]) -> dict[str, Any]:
    """Config as inspect has it: what was asked for over what the image says."""
    made = CONFIG | {key: value for key, value in asked.items() if key in CONFIG and value is not None}
    for key in OPTIONAL:
        if asked.get(key):
            made[key] = asked[key]
    named = {entry.partition("=")[0] for entry in made["Env"]}
    made["Env"] = [
        *made["Env"],
        *(entry for entry in image.get("Env") or () if entry.partition("=")[0] not in named),
    ]
    made["Labels"] = dict(sorted({**(image.get("Labels") or {}), **(made["Labels"] or {})}.items()))
    if not made["Entrypoint"]:
        if not made["Cmd"]:
            made["Cmd"] = image.get("Cmd")
        if made["Entrypoint"] is None:
            made["Entrypoint"] = image.get("Entrypoint")
    for key in ("User", "WorkingDir"):
        made[key] = made[key] or image.get(key) or ""
    if stop_signal := asked.get("StopSignal") or image.get("StopSignal"):
        made["StopSignal"] = stop_signal
    for key in ("Volumes", "ExposedPorts"):
        if both := {**(image.get(key) or {}), **(asked.get(key) or {})}:
            made[key] = both
    if healthcheck := _healthcheck(asked.get("Healthcheck"), image.get("Healthcheck")):
        made["Healthcheck"] = healthcheck
    return made


def _healthcheck(asked: dict[str, Any] | None, image: dict[str, Any] | None) -> dict[str, Any] | None:
    """Field by field; what is zero or empty is as the image has it."""
    if not asked:
        return image
    return {**(image or {}), **{key: value for key, value in asked.items() if value}}
