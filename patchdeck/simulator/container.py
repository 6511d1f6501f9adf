"""One container of the simulated engine, as it is right now."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, field
from typing import Any, Final

from patchdeck.simulator.behaviour import Behaviour
from patchdeck.simulator.images import Image

LOG_LINES: Final = 1_000
HEALTH_LOG: Final = 5
MANUAL_POLICIES: Final = ("", "no")


@dataclass
class Mount:
    kind: str
    """volume, bind or tmpfs"""
    destination: str
    name: str = ""
    source: str = ""
    mode: str = ""
    writable: bool = True
    anonymous: bool = False
    inherited: bool = False
    """From another container, which holds the volume."""


@dataclass
class Endpoint:
    """A container's place on a network: what was asked for, and while it runs what it got."""

    asked: dict[str, Any]
    """Aliases, Links, IPAMConfig, MacAddress, DriverOpts, GwPriority"""
    network_id: str = ""
    id: str = ""
    address: str = ""
    prefix: int = 0
    gateway: str = ""
    mac: str = ""
    names: list[str] | None = None
    """By which it is found in the network's DNS."""


@dataclass
class Probe:
    began_ns: int
    ended_ns: int
    exit_code: int
    output: str


@dataclass
class Health:
    status: str = "starting"
    streak: int = 0
    log: deque[Probe] = field(default_factory=lambda: deque(maxlen=HEALTH_LOG))


@dataclass(eq=False, kw_only=True)
class Container:
    id: str
    name: str
    created_ns: int
    image: Image
    behaviour: Behaviour
    config: dict[str, Any]
    """As inspect has it."""
    host: dict[str, Any]
    """HostConfig, as inspect has it."""
    mounts: list[Mount]
    endpoints: dict[str, Endpoint]
    """By the network's name."""

    running: bool = False
    paused: bool = False
    restarting: bool = False
    removing: bool = False
    oom_killed: bool = False
    pid: int = 0
    exit_code: int = 0
    error: str = ""
    started_ns: int | None = None
    finished_ns: int | None = None
    health: Health | None = None
    sandbox_id: str = ""
    ports: dict[str, list[dict[str, str]] | None] = field(default_factory=dict)
    restart_count: int = 0
    log: deque[tuple[int, int, str]] = field(default_factory=lambda: deque(maxlen=LOG_LINES))
    """Time, stream (1 or 2) and line."""

    stopped_by_hand: bool = False
    """Since it was last started by a call: its policy does not start it again."""
    stays_down: bool = False
    """Its next end is its last: a stop or a kill is under way."""
    stop_called: bool = False
    """A stop waits for its end, and is told with it."""
    ending: bool = False
    """Its process is gone, and the engine clears away."""
    backoff_s: float = 0.0
    """Before the last restart by its policy."""
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    """Set while no process of it runs."""
    begun: asyncio.Event = field(default_factory=asyncio.Event)
    """Set while one does."""
    gone: asyncio.Event = field(default_factory=asyncio.Event)
    """Set once it is removed."""
    tasks: set[asyncio.Task[None]] = field(default_factory=set)
    """What happens to it by itself: its own end, its probes, its next start."""
    changed: int = 0
    """Grows with every change, so that what was written of it before is known to be old."""

    def __post_init__(self) -> None:
        self.ended.set()

    @property
    def status(self) -> str:
        if self.removing:
            return "removing"
        if self.paused:
            return "paused"
        if self.restarting:
            return "restarting"
        if self.running:
            return "running"
        return "created" if self.started_ns is None else "exited"

    @property
    def alive(self) -> bool:
        """A process of it runs."""
        return self.running and not self.restarting

    @property
    def network_mode(self) -> str:
        return str(self.host["NetworkMode"])

    @property
    def shares_network_of(self) -> str | None:
        """The container, by name or ID, in whose network this one lives."""
        kind, colon, whose = self.network_mode.partition(":")
        return whose if colon and kind == "container" else None

    @property
    def labels(self) -> dict[str, str]:
        return self.config["Labels"] or {}

    @property
    def policy(self) -> tuple[str, int]:
        policy = self.host["RestartPolicy"]
        return policy["Name"], policy["MaximumRetryCount"]

    @property
    def has_check(self) -> bool:
        test = (self.config.get("Healthcheck") or {}).get("Test") or ["NONE"]
        return bool(test[0] != "NONE")

    @property
    def command(self) -> list[str]:
        return [*(self.config["Entrypoint"] or ()), *(self.config["Cmd"] or ())]

    def say(self, at_ns: int, line: str, stream: int = 1) -> None:
        self.log.append((at_ns, stream, line))
