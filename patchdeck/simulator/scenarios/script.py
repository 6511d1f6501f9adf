"""What a scenario is made of: services that have been running for a while, and what happens to them by the clock.

Data only. `play` carries it out.
"""

from __future__ import annotations

import msgspec

from patchdeck.simulator.behaviour import Behaviour
from patchdeck.simulator.scenarios.lessons import Guide

MB = 1_000_000


class Value(msgspec.Struct, frozen=True):
    """Base of everything here."""


class Version(Value, frozen=True):
    name: str
    behaviour: Behaviour | None = None
    """None: good, that is, ready as soon as its service usually is."""
    size_bytes: int = 18 * MB
    """Of the layer that sets it apart from the others."""


class Service(Value, frozen=True, kw_only=True):
    """Replicas of one image, under Compose. The first version is the one that runs at the beginning."""

    name: str
    """project/service"""
    versions: tuple[Version, ...]
    replicas: int
    ready_s: float | None = None
    """How long a good version takes until its probe passes; None: it has no healthcheck."""
    processors: float = 0.004
    """That a replica keeps busy."""
    memory_bytes: int = 96 * MB
    limit_bytes: int | None = 256 * MB
    cpu_limit: float | None = 0.5
    runtime_bytes: int = 54 * MB
    """Of the layer that its versions share, above the base layer that all images share."""

    @property
    def project(self) -> str:
        return self.name.partition("/")[0]

    @property
    def short(self) -> str:
        return self.name.partition("/")[2]

    def version(self, name: str) -> Version:
        return next(version for version in self.versions if version.name == name)


class Act(Value, frozen=True):
    """Something that happens."""


class Grow(Act, frozen=True, kw_only=True):
    """More replicas, so many starts at once."""

    service: str
    by: int
    at_once: int


class Shrink(Act, frozen=True, kw_only=True):
    """The newest replicas are stopped and removed."""

    service: str
    by: int
    at_once: int = 2


class Patch(Act, frozen=True, kw_only=True):
    """Each replica is stopped, removed and started anew from another version, so many at once."""

    service: str
    to: str
    at_once: int
    apart_s: float = 0.0
    """From one that is started to the next that is stopped in its place."""
    most: int | None = None
    """Only so many replicas; None: all of them."""


class Load(Act, frozen=True, kw_only=True):
    """Something on the host wants so many processors: a report, a backup."""

    processors: float
    for_s: float


class SlowDisk(Act, frozen=True, kw_only=True):
    """The disk takes so many times as long."""

    factor: float
    for_s: float


class RestartEngine(Act, frozen=True, kw_only=True):
    """The engine goes away and comes back; containers come back by their restart policies."""

    down_s: float


class LoseEvents(Act, frozen=True, kw_only=True):
    """The engine tells no events, and nobody that it does not."""

    for_s: float


class Sign(Value, frozen=True, kw_only=True):
    """Something that the engine tells of: an event. What a person does from the keyboard shows in these."""

    kind: str
    action: str
    of: str
    """How the image of a container begins, or the name of anything else."""


LOCKED = Sign(kind="volume", action="create", of="patchdeck-lock-")
"""A rollout begins: its service is locked."""


class ReadDisk(Act, frozen=True, kw_only=True):
    """Something reads the disk without a rest, as a backup does; whatever else needs it waits between the pieces."""

    for_s: float
    """At least."""
    until: Sign | None = None
    """It goes on until this comes while it reads, and so much longer."""
    then_s: float = 0.0
    most_s: float = 900.0


class FailRegistry(Act, frozen=True, kw_only=True):
    """Pulls and questions about images in the registry are refused."""

    for_s: float


class At(Value, frozen=True):
    seconds: float
    """From the start."""
    act: Act
    unless: Sign | None = None
    """Nothing happens if this came before."""


class Upon(Value, frozen=True):
    """The first time that this comes."""

    sign: Sign
    act: Act


class Scenario(Value, frozen=True, kw_only=True):
    about: str
    """One line, for the list."""
    services: tuple[Service, ...]
    script: tuple[At, ...] = ()
    answers: tuple[Upon, ...] = ()
    """What happens because of what a person did."""
    past_s: float = 840.0
    """The services were started over so long before the start."""
    restart_s: float | None = None
    """A replica somewhere is replaced by a new one of the same version so often, on average; None: never."""
    left_alone: tuple[str, ...] = ()
    """Services of which no replica is replaced so."""
    guide: Guide | None = None
    """What leads a newcomer through it."""

    def service(self, name: str) -> Service:
        return next(service for service in self.services if service.name == name)

    def pulled(self, service: Service) -> frozenset[str]:
        """The versions that acts of the script patch a service to, other than the one that it begins with."""
        patches = (at.act for at in self.script if isinstance(at.act, Patch))
        named = {patch.to for patch in patches if patch.service == service.name}
        return frozenset(named - {service.versions[0].name})
