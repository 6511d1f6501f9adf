"""The words that observations and views are made of."""

from __future__ import annotations

from enum import StrEnum


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
