"""What an engine says of a container and of an image."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec


class Value(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Base of the values that are not observations."""


class Probe(Value, frozen=True, kw_only=True):
    """One run of a health check, from the five that an engine keeps. Source: inspect State.Health.Log."""

    began_ns: int
    ended_ns: int
    exit_code: int
    output: str = ""


class Health(Value, frozen=True, kw_only=True):
    status: str
    """none, starting, healthy or unhealthy"""
    failing_streak: int = 0
    probes: tuple[Probe, ...] = ()


class Healthcheck(Value, frozen=True, kw_only=True):
    """The check as the engine will run it. Zero means the engine's own default was not filled in."""

    test: str = ""
    """Its kind (CMD or CMD-SHELL) and program, without arguments."""
    interval_s: float = 30.0
    timeout_s: float = 30.0
    start_period_s: float = 0.0
    start_interval_s: float = 5.0
    retries: int = 3


class Limits(Value, frozen=True, kw_only=True):
    """None is no limit."""

    cpus: float | None = None
    cpu_shares: int | None = None
    memory_bytes: int | None = None
    memory_reservation_bytes: int | None = None
    pids: int | None = None


class Mount(Value, frozen=True, kw_only=True):
    type: str
    source: str
    destination: str
    read_write: bool = True


class ContainerFacts(Value, frozen=True, kw_only=True):
    """What an inspect says, less everything that may hold a secret (environment values, command arguments)."""

    container_id: str
    name: str
    image: str
    """The string used at create."""
    image_id: str
    created_ns: int
    status: str
    """created, running, paused, restarting, removing, exited or dead"""
    labels: Mapping[str, str] = {}
    started_ns: int | None = None
    finished_ns: int | None = None
    exit_code: int | None = None
    error: str = ""
    oom_killed: bool = False
    restart_count: int = 0
    restart_policy: str = "no"
    auto_remove: bool = False
    health: Health | None = None
    healthcheck: Healthcheck | None = None
    limits: Limits = Limits()
    networks: tuple[str, ...] = ()
    network_mode: str = ""
    mounts: tuple[Mount, ...] = ()
    ports: tuple[str, ...] = ()
    environment_names: tuple[str, ...] = ()
    program: str = ""
    """The program that runs, without its arguments."""
    argument_count: int = 0
    user: str = ""
    host_name: str = ""
    log_driver: str = ""
    platform: str = ""

    @property
    def live(self) -> bool:
        return self.status in ("running", "paused", "restarting")


class Layer(Value, frozen=True, kw_only=True):
    diff_id: str
    size_bytes: int | None = None


class ImageFacts(Value, frozen=True, kw_only=True):
    image_id: str
    tags: tuple[str, ...] = ()
    digests: tuple[str, ...] = ()
    labels: Mapping[str, str] = {}
    created_ns: int | None = None
    size_bytes: int | None = None
    layers: tuple[Layer, ...] = ()
    architecture: str = ""
