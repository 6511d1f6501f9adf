"""The views of one engine's containers, startups and services: made anew only for what has changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

import msgspec

from patchdeck.crowd import Crowd
from patchdeck.engine_files import EngineFiles, current_facts
from patchdeck.in_order import InOrder
from patchdeck.model import Container, Grouping, ImageFacts, Service, Startup, StartupOutcome
from patchdeck.settings import Settings
from patchdeck.startup import Deriver
from patchdeck.timeline import Timeline
from patchdeck.versions import build_service, group, role, version_name

_SHOWN_EVENTS: Final = 50
"""Of one container, on its page."""


class Moment(NamedTuple):
    """Of one snapshot, by the engine's clock."""

    told_ns: int
    """Up to here the engine has told everything."""
    until_ns: int
    """What claims to be later than this is not believed."""
    horizon_ns: int
    """What is older than this is forgotten."""
    stamps_before_start: bool


class _Views(NamedTuple):
    """What is shown of one container."""

    container: Container | None
    """None as long as no inspect has told of it."""
    startups: tuple[Startup, ...]
    image: ImageFacts | None = None
    """What its service's version tells of it: told late, it makes the service anew."""

    @property
    def services(self) -> set[str]:
        """Usually one; two after a rename of a container that is a service of its own."""
        services = {startup.service for startup in self.startups}
        return services | {self.container.service} if self.container else services

    def with_startups(self, startups: tuple[Startup, ...]) -> _Views:
        container = self.container and msgspec.structs.replace(self.container, startups=startups)
        return _Views(container, startups, self.image)


_NOTHING: Final = _Views(None, ())


class EngineViews:
    """Views of what `files` holds. `startups`, `containers` and `services` are as of the last `refresh`."""

    def __init__(self, engine: str, settings: Settings, files: EngineFiles) -> None:
        self._engine = engine
        self._settings = settings
        self._files = files
        self._views: dict[str, _Views] = {}
        self._due: dict[str, int] = {}
        """When the views of a container change by time alone."""
        self._starting: dict[str, int] = {}
        """How many of its startups are under way."""
        self._crowd = Crowd()
        self._ordered = InOrder()
        self._members: dict[str, set[str]] = {}
        """Service to containers."""
        self._groupings: dict[str, Grouping] = {}
        self._services: dict[str, Service] = {}
        self._containers: dict[str, Container] = {}
        self.startups: tuple[Startup, ...] = ()
        """In the order they began."""
        self.containers: Mapping[str, Container] = {}
        """By ID."""
        self.services: tuple[Service, ...] = ()
        """By name."""
        self.present = 0
        """Containers that exist."""
        self.live = 0

    @property
    def in_flight(self) -> int:
        return sum(self._starting.values())

    def service_of(self, timeline: Timeline) -> tuple[str, Grouping]:
        return group(timeline.name, timeline.labels, self._settings.services.group_by)

    def refresh(self, moment: Moment) -> bool:
        """Bring all views up to date. Returns whether any may have changed, or a name that the feed tells."""
        told = bool(self._files.changed)
        due = {container_id for container_id, due_ns in self._due.items() if due_ns <= moment.told_ns}
        touched = self._files.changed | due
        self._files.changed = set()
        stale: set[str] = set()
        crowd_from_ns: int | None = None
        for container_id in touched:
            changed_from_ns = self._derive(container_id, moment, stale)
            if changed_from_ns is not None:
                crowd_from_ns = min(crowd_from_ns or changed_from_ns, changed_from_ns)
        if crowd_from_ns is not None:
            self._count_crowd(crowd_from_ns, stale)
        if not stale:
            return told
        for service in stale:
            self._build_service(service)
        self._publish()
        return True

    def drop_before(self, horizon_ns: int) -> None:
        """Mark the containers whose startups have become too old."""
        self._files.changed.update(startup.container_id for startup in self._ordered.before(horizon_ns))

    # ------------------------------------------------------------------------------------------------ one container

    def _derive(self, container_id: str, moment: Moment, stale: set[str]) -> int | None:
        """Make the views of one container anew. Returns from when on the crowd changed."""
        timeline = self._files.timelines.get(container_id)
        old = self._views.get(container_id, _NOTHING)
        self._due.pop(container_id, None)
        new = self._views_of(timeline, moment) if timeline is not None else _NOTHING
        known = {startup.startup_id: startup.in_flight for startup in old.startups}
        new = new.with_startups(
            tuple(
                startup
                if startup.began_ns is None
                else _with_in_flight(startup, known.get(startup.startup_id, startup.in_flight))
                for startup in new.startups
            )
        )
        if new == old:
            return None
        self._file(container_id, new, old)
        stale |= old.services | new.services
        return self._move_crowd(new.startups, old.startups)

    def _views_of(self, timeline: Timeline, moment: Moment) -> _Views:
        derived = self._files.take_derived(timeline.container_id)
        if derived is None:
            timeline.forget_before(moment.horizon_ns)
        labels = timeline.labels
        service, grouping = self.service_of(timeline)
        self._groupings[service] = grouping
        facts = current_facts(timeline)
        image_id = facts.image_id if facts else ""
        image = self._files.image(image_id)
        name = version_name(image_id, timeline.image, image)
        gone = self._files.is_gone(timeline)
        if derived is None:
            deriver = Deriver(
                timeline,
                engine=self._engine,
                stamps_before_start=moment.stamps_before_start,
                now_ns=moment.told_ns,
                settings=self._settings.startups,
                gone=gone,
                service=service,
                role=role(labels),
                version=name,
            )
            derived = deriver.startups(moment.until_ns)
            if deriver.due_ns is not None:
                self._due[timeline.container_id] = deriver.due_ns
        startups = tuple(startup for startup in derived if startup.at_ns >= moment.horizon_ns)
        if facts is None:
            return _Views(None, startups, image)
        container = Container(
            engine=self._engine,
            service=service,
            role=role(labels),
            version=name,
            facts=facts,
            events=tuple(timeline.events[-_SHOWN_EVENTS:]),
            gone=gone,
        )
        return _Views(container, startups, image)

    def _file(self, container_id: str, new: _Views, old: _Views) -> None:
        for startup in old.startups:
            self._ordered.remove(startup)
        for startup in new.startups:
            self._ordered.add(startup)
        for service in old.services - new.services:
            self._members.get(service, set()).discard(container_id)
        for service in new.services:
            self._members.setdefault(service, set()).add(container_id)
        starting = sum(1 for startup in new.startups if startup.outcome is StartupOutcome.STARTING)
        if starting:
            self._starting[container_id] = starting
        else:
            self._starting.pop(container_id, None)
        if new == _NOTHING:
            self._views.pop(container_id, None)
        else:
            self._views[container_id] = new
        self._file_container(container_id, new.container, old.container)

    def _file_container(self, container_id: str, new: Container | None, old: Container | None) -> None:
        """There may be thousands: they are counted as they come and go."""
        for container, count in ((old, -1), (new, 1)):
            if container is not None and not container.gone:
                self.present += count
                self.live += count * container.facts.live
        if new is None:
            self._containers.pop(container_id, None)
        else:
            self._containers[container_id] = new

    # ------------------------------------------------------------------------------------------------ the crowd

    def _move_crowd(self, startups: Iterable[Startup], old_startups: Iterable[Startup]) -> int | None:
        kept = {startup.startup_id for startup in startups if startup.began_ns is not None}
        moved = [
            self._crowd.remove(startup.startup_id)
            for startup in old_startups
            if startup.startup_id not in kept
        ]
        for startup in startups:
            if startup.began_ns is not None:
                ended_ns = startup.started_ns if startup.started_ns is not None else startup.ended_ns
                moved.append(self._crowd.set(startup.startup_id, startup.began_ns, ended_ns))
        return min((since_ns for since_ns in moved if since_ns is not None), default=None)

    def _count_crowd(self, from_ns: int, stale: set[str]) -> None:
        """Count anew for those that began since: earlier ones saw none of the change."""
        touched: set[str] = set()
        for startup in self._ordered.since(from_ns):
            if startup.began_ns is None:
                continue
            others = self._crowd.others_of(startup.startup_id)
            if startup.in_flight != others:
                self._ordered.replace(_with_in_flight(startup, others))
                touched.add(startup.container_id)
                stale.add(startup.service)
        for container_id in touched:
            before = self._views[container_id]
            views = self._views[container_id] = before.with_startups(
                tuple(
                    _with_in_flight(startup, self._crowd.others_of(startup.startup_id))
                    if startup.began_ns is not None
                    else startup
                    for startup in before.startups
                )
            )
            self._file_container(container_id, views.container, before.container)

    # ------------------------------------------------------------------------------------------------ all of them

    def _build_service(self, service: str) -> None:
        members = self._members.get(service, set())
        views = [self._views[container_id] for container_id in sorted(members)]
        present = [
            container
            for container, _, _ in views
            if container is not None and container.service == service and not container.gone
        ]
        startups = [startup for view in views for startup in view.startups if startup.service == service]
        if not present and not any(startup.outcome is StartupOutcome.STARTING for startup in startups):
            self._services.pop(service, None)
            if not members:
                self._members.pop(service, None)
                self._groupings.pop(service, None)
            return
        self._services[service] = build_service(
            self._engine,
            service,
            grouping=self._groupings.get(service, Grouping.ALONE),
            containers=present,
            startups=startups,
            image=self._files.image,
        )

    def _publish(self) -> None:
        self.startups = self._ordered.newest(self._settings.startups.keep_startups)
        self.containers = self._containers.copy()
        self.services = tuple(self._services[name] for name in sorted(self._services))

    @property
    def settled(self) -> Mapping[str, tuple[Startup, ...]]:
        """The startups of containers for which time alone changes nothing."""
        return {
            container_id: views.startups
            for container_id, views in self._views.items()
            if container_id not in self._due
        }

    @property
    def size(self) -> int:
        """How many objects are kept, for tests of the bounds."""
        indexes = (
            len(self._views)
            + len(self._containers)
            + len(self._due)
            + len(self._starting)
            + len(self._groupings)
        )
        return indexes + len(self._ordered) + sum(map(len, self._members.values())) + len(self._crowd)


def _with_in_flight(startup: Startup, in_flight: int | None) -> Startup:
    if startup.in_flight == in_flight:
        return startup
    return msgspec.structs.replace(startup, in_flight=in_flight)
