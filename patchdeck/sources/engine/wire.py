"""The parts of the Engine API's answers that are read, as the API spells them.

Types are those of the API, and a field of another type makes the whole answer unreadable, told as such: half an answer
would be taken for the whole. What the API may leave out or send as null has a default.
"""

# ruff: noqa: N815  # the API's own spelling: renaming each field would hide what is read

from __future__ import annotations

import msgspec

Named = dict[str, str]


class Actor(msgspec.Struct):
    ID: str = ""
    Attributes: Named | None = None


class Event(msgspec.Struct):
    """One line of GET /events."""

    Type: str
    Action: str
    Actor: Actor
    timeNano: int


class Listed(msgspec.Struct):
    """One entry of GET /containers/json, of which inspects will tell the rest."""

    Id: str


class VersionComponent(msgspec.Struct):
    Name: str = ""


class Version(msgspec.Struct):
    """GET /version."""

    Version: str
    ApiVersion: str
    Os: str = ""
    Arch: str = ""
    KernelVersion: str = ""
    Components: list[VersionComponent] | None = None


class SwarmInfo(msgspec.Struct):
    LocalNodeState: str = ""


class Info(msgspec.Struct):
    """GET /info."""

    SystemTime: str = ""
    ID: str = ""
    Name: str = ""
    OperatingSystem: str = ""
    KernelVersion: str = ""
    Architecture: str = ""
    Driver: str = ""
    CgroupVersion: str = ""
    NCPU: int = 0
    MemTotal: int = 0
    Containers: int = 0
    Swarm: SwarmInfo | None = None
    Labels: list[str] | None = None


class Probe(msgspec.Struct):
    Start: str = ""
    End: str = ""
    ExitCode: int = 0
    Output: str = ""


class Health(msgspec.Struct):
    Status: str = ""
    FailingStreak: int = 0
    Log: list[Probe] | None = None


class State(msgspec.Struct):
    Status: str
    Running: bool = False
    ExitCode: int = 0
    Error: str = ""
    OOMKilled: bool = False
    StartedAt: str = ""
    FinishedAt: str = ""
    Health: Health | None = None


class Healthcheck(msgspec.Struct):
    """Durations in nanoseconds."""

    Test: list[str] | None = None
    Interval: int = 0
    Timeout: int = 0
    StartPeriod: int = 0
    StartInterval: int = 0
    Retries: int = 0


class Config(msgspec.Struct):
    Image: str = ""
    Labels: Named | None = None
    Env: list[str] | None = None
    Healthcheck: Healthcheck | None = None
    User: str = ""
    Hostname: str = ""
    Tty: bool = False


class RestartPolicy(msgspec.Struct):
    Name: str = ""


class LogConfig(msgspec.Struct):
    Type: str = ""


class PortBinding(msgspec.Struct):
    HostIp: str = ""
    HostPort: str = ""


class HostConfig(msgspec.Struct):
    RestartPolicy: RestartPolicy = msgspec.field(default_factory=RestartPolicy)
    AutoRemove: bool = False
    NetworkMode: str = ""
    LogConfig: LogConfig | None = None
    PortBindings: dict[str, list[PortBinding] | None] | None = None
    NanoCpus: int = 0
    CpuQuota: int = 0
    CpuPeriod: int = 0
    CpuShares: int = 0
    Memory: int = 0
    MemoryReservation: int = 0
    PidsLimit: int | None = None


class MountPoint(msgspec.Struct):
    Type: str = ""
    Name: str = ""
    Source: str = ""
    Destination: str = ""
    RW: bool = True


class NetworkSettings(msgspec.Struct):
    Networks: dict[str, msgspec.Raw] | None = None
    Ports: dict[str, list[PortBinding] | None] | None = None


class Container(msgspec.Struct):
    """GET /containers/{id}/json."""

    Id: str
    Created: str
    Image: str
    Name: str
    State: State
    Config: Config
    HostConfig: HostConfig
    Path: str = ""
    Args: list[msgspec.Raw] | None = None
    RestartCount: int = 0
    Platform: str = ""
    Mounts: list[MountPoint] | None = None
    NetworkSettings: NetworkSettings | None = None


class TtyConfig(msgspec.Struct):
    Tty: bool = False


class TtyOnly(msgspec.Struct):
    """GET /containers/{id}/json, when only the shape of its log is asked for."""

    Config: TtyConfig


class RootFs(msgspec.Struct):
    Layers: list[str] | None = None


class ImageConfig(msgspec.Struct):
    Labels: Named | None = None


class Image(msgspec.Struct):
    """GET /images/{id}/json."""

    Id: str
    RepoTags: list[str] | None = None
    RepoDigests: list[str] | None = None
    Created: str = ""
    Size: int = 0
    Architecture: str = ""
    Config: ImageConfig | None = None
    RootFS: RootFs | None = None


class HistoryEntry(msgspec.Struct):
    """One instruction of GET /images/{id}/history, newest first."""

    Size: int = 0
    CreatedBy: str = ""
