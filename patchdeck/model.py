"""The frozen value types that every part of Patchdeck shares.

Two families live here. *Observations* are the timestamped facts that sources emit; they are the only thing that
changes the state. *Views* are what a `Snapshot` of that state is made of; the screen and the headless commands draw
them and nothing else.

Times are integers in nanoseconds since the epoch, UTC (`_ns`); those of an engine are by that engine host's clock.
Durations are floats in seconds (`_s`), sizes are integers in bytes (`_bytes`). Text that came from an engine is kept
exactly as it came; whoever draws it makes it harmless (`widgets.cells`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from enum import StrEnum

import msgspec

# --------------------------------------------------------------------------------------------------------------------
# Words


class StartupKind(StrEnum):
    """First starts and restarts are two populations and are never mixed."""

    FIRST = "first"
    RESTART = "restart"


class StartupOutcome(StrEnum):
    """How far a startup has come. `STARTING` is the only one that is not on the command line's JSON."""

    STARTING = "starting"
    STARTED = "started"
    READY = "ready"
    FAILED = "failed"


class Evidence(StrEnum):
    """What a startup's beginning is known from; the last two are lower and no bounds of its latency."""

    CREATED = "created"
    """A first start: the engine's own record of when create began."""
    CREATE_EVENT = "create event"
    """A first start whose container was gone before it could be inspected: the end of create."""
    DIED = "died"
    """A restart by policy or by `docker restart`: the moment the process before it ended."""
    CONNECTED = "connected"
    """A `docker start` of a container that lay idle: the first trace that the start itself left."""
    NONE = "none"


class SourceState(StrEnum):
    CONNECTING = "connecting"
    LIVE = "live"
    STALE = "stale"
    LOST = "lost"
    MALFORMED = "malformed"
    """It answers, and its answers make no sense."""
    ABSENT = "absent"


class Level(StrEnum):
    """Of contention. `UNKNOWN` is the absence of data and is never drawn as calm."""

    UNKNOWN = "unknown"
    CALM = "calm"
    BUSY = "busy"
    SATURATED = "saturated"


class Severity(StrEnum):
    INFO = "info"
    WARNING = "warning"
    FAILURE = "failure"


class Role(StrEnum):
    """What a container is to its service. Only replicas count as live replicas and in the percentiles."""

    REPLICA = "replica"
    ONE_OFF = "one-off"
    """`docker compose run`"""
    TASK = "task"
    """A Swarm task: a replica whose successor has another container."""


class Grouping(StrEnum):
    """Why containers are one service."""

    SWARM = "swarm"
    COMPOSE = "compose"
    LABEL = "label"
    ALONE = "alone"


# --------------------------------------------------------------------------------------------------------------------
# What an engine says of a container and of an image


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


# --------------------------------------------------------------------------------------------------------------------
# Observations


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
    | Ticked
)
"""Every observation there is; msgspec decodes a line of a recording into one of these by its tag."""


# --------------------------------------------------------------------------------------------------------------------
# Views


class Phase(Value, frozen=True, kw_only=True):
    """A stretch of a startup. Phases follow each other without holes: they add up to the latency."""

    name: str
    """Up to started: see `patchdeck.startup.PHASES`. After it: `ready`."""
    seconds: float


class Startup(Value, frozen=True, kw_only=True):
    """One container going from requested to started, and to ready where it has a healthcheck."""

    engine: str
    container_id: str
    anchor_ns: int
    """Tells the startups of a container apart: 0 for its first start, else when the process before it ended."""
    name: str
    service: str
    role: Role
    image: str
    image_id: str
    version: str
    kind: StartupKind
    outcome: StartupOutcome
    settled: bool
    """Nothing that may still arrive in time would change the outcome."""
    evidence: Evidence
    expects_ready: bool
    """It has a healthcheck: `started` is then not the end of it."""
    began_ns: int | None = None
    started_ns: int | None = None
    ready_ns: int | None = None
    ready_error_s: float = 0.0
    """It may have been ready this much earlier: since the last probe that failed, or since it was started."""
    ended_ns: int | None = None
    """When it failed, or stopped before it was ready."""
    exit_code: int | None = None
    reason: str = ""
    """Why it failed, in words; empty unless the outcome is failed."""
    phases: tuple[Phase, ...] = ()
    in_flight: int | None = None
    """Others starting on the same engine when this one began."""
    approximate: bool = False
    """Its times come from an inspect after a gap, not from events."""
    started_bound: bool = False
    """`started_ns` is StartedAt of an engine that stamps it before the process runs: it was started later than that."""

    @property
    def startup_id(self) -> str:
        return f"{self.engine}/{self.container_id}/{self.anchor_ns}"

    @property
    def at_ns(self) -> int:
        """Where it stands on a time axis: its beginning, or the first moment that is known of it."""
        for moment in (self.began_ns, self.started_ns, self.ended_ns, self.ready_ns):
            if moment is not None:
                return moment
        return 0

    @property
    def latency_s(self) -> float | None:
        """Began to started. None if either is not known, or only bounded."""
        if self.began_ns is None or self.started_ns is None or self.started_bound:
            return None
        return (self.started_ns - self.began_ns) / 1e9

    @property
    def ready_s(self) -> float | None:
        """Began to ready. None if it is not ready, or its beginning is not known."""
        if self.began_ns is None or self.ready_ns is None:
            return None
        return (self.ready_ns - self.began_ns) / 1e9

    @property
    def censored(self) -> bool:
        """It was to become ready and was not: its time to ready is longer than anything seen, not absent."""
        return self.outcome is StartupOutcome.FAILED or (
            self.outcome is StartupOutcome.STARTED
            and self.settled
            and self.expects_ready
            and not self.approximate
        )


NEVER = math.inf
"""A percentile that falls among the censored."""


class Quantiles(Value, frozen=True, kw_only=True):
    """Exact (nearest-rank) percentiles in seconds; every one is a value that was observed.

    None: nothing was observed. `inf`: the rank falls among the censored, so the true value is longer than any
    that was seen ("never").
    """

    n: int = 0
    censored: int = 0
    p50_s: float | None = None
    p95_s: float | None = None
    p99_s: float | None = None


class Version(Value, frozen=True, kw_only=True):
    """One image of a service."""

    image_id: str
    name: str
    """OCI version label, else tag, else short ID."""
    label: str
    """The name, and the short image ID too where another version of the service has the same name."""
    images: tuple[str, ...] = ()
    """The strings its containers were created from."""
    created_ns: int | None = None
    since_ns: int | None = None
    """When the earliest of its containers that still exist was created."""
    live: int = 0
    running: int = 0
    starting: int = 0
    restarting: int = 0
    unhealthy: int = 0
    starts: Quantiles = Quantiles()
    """Latency of first starts in the window."""
    ready: Quantiles = Quantiles()
    """Time to ready of first starts in the window."""
    restarts: Quantiles = Quantiles()
    failed: int = 0
    """Startups that failed in the window."""
    size_bytes: int | None = None
    layers: tuple[Layer, ...] = ()


class Service(Value, frozen=True, kw_only=True):
    """Containers that are replicas of one thing."""

    engine: str
    name: str
    grouping: Grouping
    versions: tuple[Version, ...]
    """Oldest first, those with live containers only, unless there is none."""
    live: int
    running: int
    starting: int
    restarting: int
    unhealthy: int
    failed: int
    starts: Quantiles
    ready: Quantiles
    restarts: Quantiles
    last_start_ns: int | None = None
    container_ids: tuple[str, ...] = ()
    one_offs: int = 0

    @property
    def in_flight(self) -> bool:
        """More than one version among its live containers."""
        return sum(1 for version in self.versions if version.live) > 1

    @property
    def key(self) -> str:
        return f"{self.engine}/{self.name}"


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


class Sample(Value, frozen=True, kw_only=True):
    at_ns: int
    value: float


class Indicator(Value, frozen=True, kw_only=True):
    """One thing that startups may wait for."""

    name: str
    """cpu, memory, io, network, throttling, engine, pulls, starts, or the name of a user's own"""
    unit: str
    """share (0…1), s, pulls, starts, or that of a user's own"""
    value: float | None
    level: Level
    reason: str
    """In words: "io full 31 % over 60 s", or why there is no value."""
    source: str
    """Who says so: /proc/pressure, prometheus, stats, /_ping, events."""
    at_ns: int | None = None
    """How new that is, by this host's clock."""
    history: tuple[Sample, ...] = ()
    """Oldest first, over the window that is kept, by this host's clock."""
    busy: float | None = None
    """From this value on it is busy; None where nothing says how much is much."""
    saturated: float | None = None


class ServiceReading(Value, frozen=True, kw_only=True):
    """What one service waits for or takes, now."""

    service: str
    indicator: str
    """As of an indicator, or used-cpu, used-memory, used-io."""
    value: float
    unit: str
    level: Level
    reason: str
    source: str
    at_ns: int


class Gap(Value, frozen=True, kw_only=True):
    engine: str
    began_ns: int
    ended_ns: int
    reason: str


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

    def engine(self, name: str) -> Engine | None:
        return next((engine for engine in self.engines if engine.name == name), None)


# --------------------------------------------------------------------------------------------------------------------
# The knee, and what a slow startup waited for


class KneePoint(Value, frozen=True, kw_only=True):
    """What was observed while about so many starts were in flight."""

    in_flight: int
    startups: int
    seconds_observed: float
    """How long so many were in flight, all told."""
    p50_s: float
    p95_s: float
    throughput_per_s: float
    """Startups finished per second of that time."""


class Knee(Value, frozen=True, kw_only=True):
    """The number of starts in flight past which latency grows faster than throughput."""

    engine: str
    at: int | None = None
    """None: not enough is known, and `reason` says what is missing."""
    low: int | None = None
    """Lower end of the interval; without `at`, the knee is at least this."""
    high: int | None = None
    """Upper end of the interval. None: no upper end is known."""
    startups: int = 0
    """What the estimate rests on."""
    points: tuple[KneePoint, ...] = ()
    """Ascending by `in_flight`; those of few startups too, which the estimate leaves out."""
    reason: str = ""


class GrownPhase(Value, frozen=True, kw_only=True):
    """One phase against its calm baseline; medians over the startups that were asked about."""

    name: str
    seconds: float
    baseline_s: float
    baseline_n: int
    """Calm startups that the baseline rests on."""
    ratio: float
    """`seconds` to `baseline_s`; inf where the baseline is zero."""

    @property
    def grown_s(self) -> float:
        return self.seconds - self.baseline_s


class BusyIndicator(Value, frozen=True, kw_only=True):
    """An indicator that was over a threshold while something started."""

    name: str
    unit: str
    value: float
    """The greatest, meanwhile."""
    level: Level
    times_busy: float
    """`value` to the threshold of busy: by what indicators of different units are ranked."""


class Attribution(Value, frozen=True, kw_only=True):
    """What the evidence says of why startups took long."""

    startups: int = 0
    """Those that could be compared."""
    in_flight: int | None = None
    """Others that were starting when they began: the median."""
    phases: tuple[GrownPhase, ...] = ()
    """Those that grew, the one with the most seconds first."""
    indicators: tuple[BusyIndicator, ...] = ()
    """Those that were busy, the furthest over its threshold first."""
    unmeasured: tuple[str, ...] = ()
    """Indicators that have no sample of that time: neither calm nor busy."""
    baseline_n: int = 0
    """Calm startups compared with; the fewest, where several strata were."""
    verdict: bool = False
    """There was enough to compare with."""
    sentence: str = ""
    """The evidence in one sentence; without a verdict, what is missing."""


# --------------------------------------------------------------------------------------------------------------------
# The heatmap


class HeatMode(StrEnum):
    """What the rows of a heatmap are."""

    ALL = "all"
    """Latency, on a log scale; a cell is darker the more startups fall into it."""
    SERVICE = "service"
    """One service a row; a cell is darker the longer its median startup took."""
    PHASE = "phase"
    """One phase a row; a cell is darker the longer its median took."""


class Measure(StrEnum):
    """What is measured of a startup."""

    STARTED = "started"
    """Began to started: `latency_s`."""
    READY = "ready"
    """Began to ready: `ready_s`."""


HEAT_LEVELS = 12
"""Shades of a heatmap cell above empty."""


class HeatColumn(Value, frozen=True, kw_only=True):
    """One stretch of time. `levels`, `counts` and `median_s` have one entry a row, bottom row first."""

    began_ns: int
    levels: tuple[int, ...]
    """0 is empty, 1…HEAT_LEVELS are shades."""
    counts: tuple[int, ...]
    median_s: tuple[float | None, ...] = ()
    """Only in the modes SERVICE and PHASE."""
    failed: int = 0
    """Failed or never ready."""
    starting: int = 0
    """Still starting."""
    in_flight: int = 0
    """Most starts in flight at once during it."""
    gap: bool = False
    """Observations may be missing."""


class HeatGrid(Value, frozen=True, kw_only=True):
    """Startups by time and row. Columns are aligned to multiples of `column_s`, so that they do not shimmer."""

    mode: HeatMode
    measure: Measure
    columns: tuple[HeatColumn, ...]
    """Oldest first, all of one width; the newest is the one that is still filling."""
    row_labels: tuple[str, ...]
    """Bottom row first; empty where a row has no label of its own."""
    edges_s: tuple[float, ...]
    """Mode ALL: the bounds of the rows, ascending, one more than there are rows; the outer rows are open."""
    column_s: float
    window_s: float
    peak: int
    """The largest count in a cell."""
    peak_in_flight: int
    quantiles: Quantiles
    """Over the whole window."""
