"""Which service a container belongs to, what its version is called, and how long the versions take to start."""

from __future__ import annotations

import functools
import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence

import msgspec

from patchdeck.model import (
    NEVER,
    Container,
    Grouping,
    ImageFacts,
    Quantiles,
    Role,
    Service,
    Startup,
    StartupKind,
    StartupOutcome,
    Version,
)
from patchdeck.settings import COMPOSE_SERVICE, SWARM_SERVICE

VERSION_LABEL = "org.opencontainers.image.version"
ONE_OFF_LABEL = "com.docker.compose.oneoff"
TASK_LABEL = "com.docker.swarm.task.id"


def group(name: str, labels: Mapping[str, str], group_by: Sequence[str]) -> tuple[str, Grouping]:
    """The service of a container: the first rule of `group_by` whose labels it has, else its own name.

    A rule is a label's name, or several joined by `+`, whose values are then joined by a slash.
    """
    for rule in group_by:
        values = [labels.get(label, "") for label in _labels_of(rule)]
        if all(values):
            return "/".join(values), _GROUPINGS.get(rule, Grouping.LABEL)
    return name, Grouping.ALONE


@functools.cache
def _labels_of(rule: str) -> tuple[str, ...]:
    """Rules are few, and asked of every container."""
    return tuple(rule.split("+"))


_GROUPINGS = {SWARM_SERVICE: Grouping.SWARM, COMPOSE_SERVICE: Grouping.COMPOSE}


def role(labels: Mapping[str, str]) -> Role:
    """Source: the labels that Compose and Swarm give their containers."""
    if labels.get(ONE_OFF_LABEL, "").lower() == "true":
        return Role.ONE_OFF
    return Role.TASK if labels.get(TASK_LABEL) else Role.REPLICA


def short_id(image_id: str) -> str:
    """Twelve hexadecimal digits, as Docker shows it."""
    return image_id.removeprefix("sha256:")[:12]


def version_name(image_id: str, image: str, facts: ImageFacts | None) -> str:
    """The OCI version label of the image, else the tag the container was created from, else the short image ID.

    A tag that has moved on still names the version it was, as long as the label does not say better.
    """
    if facts is not None and (labelled := facts.labels.get(VERSION_LABEL, "").strip()):
        return labelled
    tag = tag_of(image)
    if tag:
        return tag
    if facts is not None and facts.tags:
        return tag_of(facts.tags[0]) or short_id(image_id)
    return short_id(image_id) or image or "?"


def tag_of(image: str) -> str:
    """The tag of an image reference; empty for one by digest or by ID. No tag is `latest`."""
    if not image or image.startswith("sha256:") or "@" in image:
        return ""
    last = image.rsplit("/", 1)[-1]
    name, colon, tag = last.partition(":")
    if colon:
        return tag
    is_id = len(name) >= 12 and all(character in "0123456789abcdef" for character in name)
    return "" if is_id else "latest"


def quantiles(values_s: Iterable[float], censored: int = 0) -> Quantiles:
    """Exact nearest-rank percentiles of `values_s` and of `censored` more that are longer than all of them.

    `n` counts both.
    """
    ordered = sorted(values_s)
    n = len(ordered) + censored

    def at(share: float) -> float | None:
        if not n:
            return None
        rank = max(1, math.ceil(share * n))
        return ordered[rank - 1] if rank <= len(ordered) else NEVER

    return Quantiles(n=n, censored=censored, p50_s=at(0.50), p95_s=at(0.95), p99_s=at(0.99))


def latency_quantiles(startups: Iterable[Startup]) -> Quantiles:
    """Of began to started. Failed before started is longer than anything seen; an unknown beginning says nothing."""
    values, censored = [], 0
    for startup in startups:
        if startup.latency_s is not None:
            values.append(startup.latency_s)
        elif startup.outcome is StartupOutcome.FAILED and startup.started_ns is None:
            censored += 1
    return quantiles(values, censored)


def ready_quantiles(startups: Iterable[Startup]) -> Quantiles:
    """Of began to ready, over those that have a healthcheck or failed; never ready is censored, not dropped."""
    values, censored = [], 0
    for startup in startups:
        if startup.ready_s is not None:
            values.append(startup.ready_s)
        elif startup.censored:
            censored += 1
    return quantiles(values, censored)


class Measured(msgspec.Struct, frozen=True):
    """The three populations of a set of startups, never mixed."""

    starts: Quantiles
    ready: Quantiles
    restarts: Quantiles
    failed: int


class _Tally:
    """The values of the three populations, gathered in one pass over the startups."""

    def __init__(self) -> None:
        self.first: list[Startup] = []
        self.again: list[Startup] = []
        self.failed = 0

    def add(self, startup: Startup) -> None:
        """One-off containers are left out: they are not replicas."""
        if startup.role is Role.ONE_OFF:
            return
        (self.first if startup.kind is StartupKind.FIRST else self.again).append(startup)
        self.failed += startup.outcome is StartupOutcome.FAILED

    def measured(self) -> Measured:
        return Measured(
            starts=latency_quantiles(self.first),
            ready=ready_quantiles(self.first),
            restarts=latency_quantiles(self.again),
            failed=self.failed,
        )


def measure(startups: Iterable[Startup]) -> Measured:
    """One-off containers are left out: they are not replicas."""
    tally = _Tally()
    for startup in startups:
        tally.add(startup)
    return tally.measured()


def build_service(
    engine: str,
    name: str,
    *,
    grouping: Grouping,
    containers: Sequence[Container],
    startups: Sequence[Startup],
    image: Callable[[str], ImageFacts | None],
) -> Service:
    """A service from its containers that still exist and its startups in the window, gone containers' too."""
    replicas = [container for container in containers if container.role is not Role.ONE_OFF]
    starting = {startup.container_id for startup in startups if startup.outcome is StartupOutcome.STARTING}
    by_image: dict[str, list[Container]] = {}
    for container in replicas:
        by_image.setdefault(container.facts.image_id, []).append(container)
    started_by_image: dict[str, list[Startup]] = {}
    for startup in startups:
        started_by_image.setdefault(startup.image_id, []).append(startup)
    live = {image_id for image_id, members in by_image.items() if any(_is_live(member) for member in members)}
    shown = live or by_image.keys() or started_by_image.keys()
    versions = [
        _version(
            image_id,
            by_image.get(image_id, []),
            started_by_image.get(image_id, []),
            image(image_id),
            starting,
        )
        for image_id in shown
    ]
    versions.sort(key=lambda version: (version.since_ns or 0, version.created_ns or 0, version.image_id))
    # Most services have one version, whose startups then are all there are.
    alone = len(versions) == 1 and started_by_image.keys() == {versions[0].image_id}
    measured = _measured_of(versions[0]) if alone else measure(startups)
    return Service(
        engine=engine,
        name=name,
        grouping=grouping,
        versions=_told_apart(versions),
        live=sum(version.live for version in versions),
        running=sum(version.running for version in versions),
        starting=len(starting),
        restarting=sum(version.restarting for version in versions),
        unhealthy=sum(version.unhealthy for version in versions),
        failed=measured.failed,
        starts=measured.starts,
        ready=measured.ready,
        restarts=measured.restarts,
        last_start_ns=max((startup.at_ns for startup in startups), default=None),
        container_ids=tuple(sorted(container.facts.container_id for container in containers)),
        one_offs=len(containers) - len(replicas),
    )


def over_window(service: Service, startups: Sequence[Startup]) -> Service:
    """The same service with its percentiles over other startups of it, for example those of the last 15 minutes."""
    measured = measure(startups)
    by_image: dict[str, list[Startup]] = {}
    for startup in startups:
        by_image.setdefault(startup.image_id, []).append(startup)
    versions = []
    for version in service.versions:
        own = measure(by_image.get(version.image_id, []))
        versions.append(
            msgspec.structs.replace(
                version, starts=own.starts, ready=own.ready, restarts=own.restarts, failed=own.failed
            )
        )
    return msgspec.structs.replace(
        service,
        versions=tuple(versions),
        starts=measured.starts,
        ready=measured.ready,
        restarts=measured.restarts,
        failed=measured.failed,
    )


def _measured_of(version: Version) -> Measured:
    return Measured(version.starts, version.ready, version.restarts, version.failed)


def _is_live(container: Container) -> bool:
    return container.facts.live


def _is_unhealthy(container: Container) -> bool:
    health = container.facts.health
    return health is not None and health.status == "unhealthy"


def _version(
    image_id: str,
    containers: Sequence[Container],
    startups: Sequence[Startup],
    facts: ImageFacts | None,
    starting: set[str],
) -> Version:
    measured = measure(startups)
    images = {container.facts.image for container in containers} | {startup.image for startup in startups}
    live = [container for container in containers if _is_live(container)]
    states = Counter(container.facts.status for container in live)
    newest = max(containers, key=lambda container: container.facts.created_ns, default=None)
    image = newest.facts.image if newest else next(iter(sorted(images)), "")
    return Version(
        image_id=image_id,
        name=version_name(image_id, image, facts),
        label="",
        images=tuple(sorted(images)),
        created_ns=facts.created_ns if facts else None,
        since_ns=min((container.facts.created_ns for container in live or containers), default=None),
        live=len(live),
        running=states["running"],
        starting=sum(1 for container in containers if container.facts.container_id in starting),
        restarting=states["restarting"],
        unhealthy=sum(1 for container in live if _is_unhealthy(container)),
        starts=measured.starts,
        ready=measured.ready,
        restarts=measured.restarts,
        failed=measured.failed,
        size_bytes=facts.size_bytes if facts else None,
        layers=facts.layers if facts else (),
    )


def _told_apart(versions: Sequence[Version]) -> tuple[Version, ...]:
    """A moved tag is a new version with the old name: the short image ID then tells them apart."""
    names = Counter(version.name for version in versions)
    return tuple(
        msgspec.structs.replace(
            version,
            label=version.name
            if names[version.name] == 1
            else f"{version.name}@{short_id(version.image_id)[:7]}",
        )
        for version in versions
    )
