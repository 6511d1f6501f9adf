"""Observations: the timestamped facts that sources emit, the only thing that changes the state."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from patchdeck.model.facts import ContainerFacts, ImageFacts
from patchdeck.model.journal import AnyEntry
from patchdeck.model.words import SourceState


class Observation(
    msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="seen", tag=str.lower
):
    """One timestamped fact from a source.

    `at_ns` is when it was true: by the engine host's clock for what an engine says, by this host's clock for the rest.
    """

    engine: str
    """The engine's short name; unique in a console. Empty for what concerns no engine."""
    at_ns: int


class EngineDescribed(Observation, frozen=True, kw_only=True):
    """Identity of an engine, told at every connect. Source: /version and /info."""

    host: str
    version: str
    api_version: str
    engine_id: str = ""
    host_name: str = ""
    operating_system: str = ""
    kernel: str = ""
    architecture: str = ""
    storage_driver: str = ""
    cgroup_version: str = ""
    cpus: int = 0
    memory_bytes: int = 0
    clock_offset_s: float = 0.0
    """The engine's clock less this host's; half the round trip is its error."""
    clock_error_s: float = 0.0
    local: bool = False
    """The engine runs on this host, so that /proc/pressure speaks of it."""
    swarm: bool = False
    simulated: bool = False
    """It says so itself: nothing that it tells is of a real container."""

    @property
    def stamps_before_start(self) -> bool:
        """Engines of 27 and later stamp StartedAt before the runtime and the network are set up."""
        major = self.version.split(".", 1)[0]
        return int(major) >= 27 if major.isdigit() else True


class SourceChanged(Observation, frozen=True, kw_only=True):
    """A source came, went or fell silent."""

    source: str
    """engine, host or prometheus"""
    state: SourceState
    detail: str = ""
    """Why, and what to do about it, in one line."""


class GapSeen(Observation, frozen=True, kw_only=True):
    """Between these two times observations of this engine may be missing."""

    began_ns: int
    ended_ns: int
    reason: str


class ContainerEvent(Observation, frozen=True, kw_only=True):
    """One event of type container, or of type network about a container (`connect`, `disconnect`).

    Source: /events. Container labels are copied over event attributes, so exit codes are taken from inspects where
    there is one; `exit_code` here is a hint.
    """

    container_id: str
    action: str
    """create, start, die, health_status, connect, …: the part before any colon."""
    detail: str = ""
    """What came after the colon for health_status; the network's name for connect and disconnect; the signal."""
    name: str = ""
    image: str = ""
    exit_code: int | None = None
    labels: Mapping[str, str] = {}
    """Only on create: the labels that grouping needs, so that a container that is gone still has its service."""


class ContainerInspected(Observation, frozen=True, kw_only=True):
    container: ContainerFacts


class ContainersListed(Observation, frozen=True, kw_only=True):
    """Every container that exists at `at_ns`; those not named are gone."""

    container_ids: tuple[str, ...]


class ContainerVanished(Observation, frozen=True, kw_only=True):
    """An inspect found no such container."""

    container_id: str


class ImageInspected(Observation, frozen=True, kw_only=True):
    image: ImageFacts


class ImageEvent(Observation, frozen=True, kw_only=True):
    """pull, tag, untag, delete, load or import of an image. `pull` is told at its end."""

    action: str
    image: str


class HostSampled(Observation, frozen=True, kw_only=True):
    """Pressure and processor time of a local engine's host. Source: /proc/pressure/* and /proc/stat.

    Shares are in 0…1. None where the kernel does not tell.
    """

    cpu_some_10: float | None = None
    cpu_some_60: float | None = None
    memory_some_10: float | None = None
    memory_full_10: float | None = None
    memory_full_60: float | None = None
    io_some_10: float | None = None
    io_full_10: float | None = None
    io_full_60: float | None = None
    cpu_busy: float | None = None
    """Share of processor time not idle since the sample before."""
    cpu_iowait: float | None = None
    cpu_steal: float | None = None


class IndicatorRead(Observation, frozen=True, kw_only=True):
    """One value of one indicator, as a source other than this host's own /proc tells it.

    `value` is over the source's short window, `sustained` over its long one. A source that has no answer emits nothing:
    an indicator without fresh readings is unknown, not zero.
    """

    indicator: str
    """cpu, memory, io, network, throttling, engine, allocation, …, or the name of a user's own."""
    source: str
    """prometheus, stats or events"""
    value: float
    sustained: float | None = None
    window_s: float = 0.0
    sustained_s: float = 0.0
    service: str = ""
    """Empty: of the whole engine."""
    detail: str = ""
    """What was read, in words: "io full", "throttled periods"."""
    unit: str = "share"
    """share (0…1), s, kills, bytes/s, or that of a user's own."""
    stand_in: bool = False
    """Not the waiting that is asked for but how much is in use: it may show what is busy, not what is saturated."""


class EngineAnswered(Observation, frozen=True, kw_only=True):
    """How long a cheap call took (`/_ping`), in seconds."""

    response_s: float


class Marked(Observation, frozen=True, kw_only=True):
    """A person dropped a named mark, to find this moment again."""

    name: str
    by: str = ""
    """The user who did."""


class JournalEntered(Observation, frozen=True, kw_only=True):
    """One entry of the rollout journal. `engine` is the one that the rollout is about."""

    entry: AnyEntry


class WorkerSeen(Observation, frozen=True, kw_only=True):
    """A rollout's worker is there, or is gone. Told on change.

    Source: the journal's heartbeats and this host's processes.
    """

    rollout: str
    alive: bool


class Ticked(Observation, frozen=True, kw_only=True):
    """Time passes. Sources of observations may be silent; ages and windows move on all the same."""


AnyObservation = (
    EngineDescribed
    | SourceChanged
    | GapSeen
    | ContainerEvent
    | ContainerInspected
    | ContainersListed
    | ContainerVanished
    | ImageInspected
    | ImageEvent
    | HostSampled
    | IndicatorRead
    | EngineAnswered
    | Marked
    | JournalEntered
    | WorkerSeen
    | Ticked
)
"""Every observation there is; msgspec decodes a line of a recording into one of these by its tag."""
