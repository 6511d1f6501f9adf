"""The state at one moment, as the screen and the headless commands draw it."""

from __future__ import annotations

from collections.abc import Mapping

from patchdeck.model.contention import Indicator, Knee, ServiceReading
from patchdeck.model.facts import ContainerFacts, Value
from patchdeck.model.observations import ContainerEvent, EngineDescribed
from patchdeck.model.rollouts import Rollout
from patchdeck.model.services import Service
from patchdeck.model.startups import Startup
from patchdeck.model.words import Role, Severity, SourceState


class Container(Value, frozen=True, kw_only=True):
    """One container as the state knows it."""

    engine: str
    service: str
    role: Role
    version: str
    facts: ContainerFacts
    events: tuple[ContainerEvent, ...] = ()
    """Oldest first; the newest few dozen."""
    startups: tuple[Startup, ...] = ()
    gone: bool = False


class Gap(Value, frozen=True, kw_only=True):
    engine: str
    began_ns: int
    ended_ns: int
    reason: str


class Mark(Value, frozen=True, kw_only=True):
    """A moment that a person named."""

    at_ns: int
    """By this host's clock."""
    name: str
    by: str = ""


class FeedEntry(Value, frozen=True, kw_only=True):
    """One line of the event feed."""

    at_ns: int
    """By this host's clock, so that lines of several engines are in one order."""
    engine: str
    severity: Severity
    what: str
    """One of the vocabulary's verbs: created, started, ready, failed, died, …"""
    name: str = ""
    service: str = ""
    container_id: str = ""
    detail: str = ""


class Engine(Value, frozen=True, kw_only=True):
    """One engine and how it is doing."""

    name: str
    state: SourceState
    detail: str = ""
    since_ns: int | None = None
    """When it entered this state."""
    described: EngineDescribed | None = None
    heard_ns: int | None = None
    """The newest sign of life, by this host's clock."""
    response_s: float | None = None
    containers: int = 0
    running: int = 0
    in_flight: int = 0
    """Starts in flight now."""
    indicators: tuple[Indicator, ...] = ()
    knee: Knee | None = None
    """How many starts at once it can take, as far as its startups tell."""
    of_services: tuple[ServiceReading, ...] = ()
    """By service and indicator."""

    @property
    def clock_offset_ns(self) -> int:
        """To be taken off this engine's times to have them by this host's clock."""
        return round(self.described.clock_offset_s * 1e9) if self.described else 0


class Snapshot(Value, frozen=True, kw_only=True):
    """The state at one moment. The same observations in any order give the same snapshot."""

    at_ns: int = 0
    """By this host's clock."""
    engines: tuple[Engine, ...] = ()
    services: tuple[Service, ...] = ()
    """Sorted by engine and name."""
    startups: tuple[Startup, ...] = ()
    """Those of the kept window, by the time they began."""
    containers: Mapping[str, Container] = {}
    """By container ID."""
    feed: tuple[FeedEntry, ...] = ()
    """Oldest first."""
    gaps: tuple[Gap, ...] = ()
    marks: tuple[Mark, ...] = ()
    """Oldest first."""
    rollouts: tuple[Rollout, ...] = ()
    """By when they were planned: open ones, and those that ended within the kept window."""
    journal_trouble: str = ""
    """Why the journal of rollouts can not be read, and what to do; empty where it can."""

    def engine(self, name: str) -> Engine | None:
        return next((engine for engine in self.engines if engine.name == name), None)
