"""What is known of one engine: the fold over its observations, and the views made from it.

Applying an observation only files it and marks what it touches; views are made, for what was touched, when a snapshot
is taken. Nothing here depends on the order in which observations came, nor on when snapshots were taken.
"""

from __future__ import annotations

import bisect
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import msgspec

from patchdeck import feed
from patchdeck.contention import Contention, host_trouble
from patchdeck.crowd import Crowd
from patchdeck.model import (
    Container,
    ContainerEvent,
    ContainerFacts,
    ContainerInspected,
    ContainersListed,
    ContainerVanished,
    Engine,
    EngineAnswered,
    EngineDescribed,
    FeedEntry,
    Gap,
    GapSeen,
    Grouping,
    Health,
    HostSampled,
    ImageEvent,
    ImageFacts,
    ImageInspected,
    Observation,
    Service,
    SourceChanged,
    SourceState,
    Startup,
    StartupOutcome,
)
from patchdeck.settings import Settings
from patchdeck.startup import Deriver
from patchdeck.timeline import Timeline
from patchdeck.versions import build_service, group, role, version_name

_SHOWN_EVENTS = 50
"""Of one container, on its page."""

_STATUS_AFTER = {
    "start": "running",
    "unpause": "running",
    "pause": "paused",
    "die": "exited",
}


class _Views(NamedTuple):
    """What is shown of one container."""

    container: Container | None
    """None as long as no inspect has told of it."""
    startups: tuple[Startup, ...]

    @property
    def services(self) -> set[str]:
        """Usually one; two after a rename of a container that is a service of its own."""
        services = {startup.service for startup in self.startups}
        return services | {self.container.service} if self.container else services

    def with_startups(self, startups: tuple[Startup, ...]) -> _Views:
        container = self.container and msgspec.structs.replace(self.container, startups=startups)
        return _Views(container, startups)


_NOTHING = _Views(None, ())


class EngineState:
    def __init__(self, name: str, settings: Settings) -> None:
        self.name = name
        self._settings = settings
        self._described: EngineDescribed | None = None
        self._sources: dict[str, SourceChanged] = {}
        self._timelines: dict[str, Timeline] = {}
        self._images: dict[str, ImageInspected] = {}
        self._listing: ContainersListed | None = None
        self._listed: frozenset[str] = frozenset()
        self._gaps: dict[tuple[int, int, str], GapSeen] = {}
        self._contention = Contention(settings.pressure)
        self._notes: list[tuple[tuple[int, str], feed.FeedSource]] = []
        self._heard_ns: int | None = None

        self._dirty: set[str] = set()
        self._open: set[str] = set()
        """Containers whose derivation changes as time passes."""
        self._horizon_ns = 0
        self._crowd = Crowd()
        self._views: dict[str, _Views] = {}
        self._ordered: list[Startup] = []
        self._members: dict[str, set[str]] = {}
        """Service to containers."""
        self._groupings: dict[str, Grouping] = {}
        self._services: dict[str, Service] = {}
        self._feed: tuple[FeedEntry, ...] = ()
        self._feed_dirty = False

    # ------------------------------------------------------------------------------------------------ filing

    def apply(self, observation: Observation) -> None:  # noqa: C901, PLR0912 - a flat table, one case a kind
        match observation:
            case ContainerEvent():
                self._heard(observation.at_ns)
                if self._timeline(observation.container_id).add_event(observation):
                    self._dirty.add(observation.container_id)
                self._note(observation)
            case ContainerInspected():
                container = observation.container
                if self._timeline(container.container_id).add_facts(observation.at_ns, container):
                    self._dirty.add(container.container_id)
            case ContainerVanished():
                # Only what is known can vanish; an ID that never was anything is not kept.
                timeline = self._timelines.get(observation.container_id)
                if timeline is None:
                    timeline = self._timeline(observation.container_id)
                if not timeline.vanished:
                    timeline.vanished = True
                    timeline.last_ns = max(timeline.last_ns, observation.at_ns)
                    self._dirty.add(observation.container_id)
            case ContainersListed():
                if self._listing is None or _newer(observation, self._listing):
                    self._listing = observation
                    self._listed = frozenset(observation.container_ids)
                    self._dirty.update(self._timelines)
            case ImageInspected():
                known_image = self._images.get(observation.image.image_id)
                if known_image is None or _newer(observation, known_image):
                    self._images[observation.image.image_id] = observation
                    self._dirty.update(
                        timeline.container_id
                        for timeline in self._timelines.values()
                        if timeline.facts and timeline.facts.image_id == observation.image.image_id
                    )
            case ImageEvent():
                self._heard(observation.at_ns)
                self._note(observation)
            case EngineDescribed():
                if self._described is None or _newer(observation, self._described):
                    if self._described is None or (
                        self._described.stamps_before_start != observation.stamps_before_start
                    ):
                        self._dirty.update(self._timelines)
                    self._described = observation
            case SourceChanged():
                known = self._sources.get(observation.source)
                if known is None or _newer(observation, known):
                    self._sources[observation.source] = observation
                self._note(observation)
            case GapSeen():
                self._gaps[observation.began_ns, observation.ended_ns, observation.reason] = observation
                self._note(observation)
            case HostSampled():
                self._contention.add_sample(observation)
            case EngineAnswered():
                self._contention.add_response(observation.at_ns, observation.response_s)
                self._heard(observation.at_ns)

    def _timeline(self, container_id: str) -> Timeline:
        timeline = self._timelines.get(container_id)
        if timeline is None:
            timeline = self._timelines[container_id] = Timeline(container_id)
            self._dirty.add(container_id)
        return timeline

    def _heard(self, at_ns: int) -> None:
        self._heard_ns = max(self._heard_ns or 0, at_ns)

    def _note(self, observation: feed.FeedSource) -> None:
        """Keep what may become a line of the feed: the newest of them, whatever order they came in."""
        if not feed.belongs(observation):
            return
        key = (observation.at_ns, repr(observation))
        index = bisect.bisect_left(self._notes, key, key=lambda note: note[0])
        if index < len(self._notes) and self._notes[index][0] == key:
            return
        self._notes.insert(index, (key, observation))
        if len(self._notes) > self._settings.watch.feed_lines:
            del self._notes[0]
        self._feed_dirty = True

    # ------------------------------------------------------------------------------------------------ times

    @property
    def clock_offset_ns(self) -> int:
        return round(self._described.clock_offset_s * 1e9) if self._described else 0

    @property
    def heard_ns(self) -> int | None:
        return self._heard_ns

    # ------------------------------------------------------------------------------------------------ making views

    def refresh(self, now_ns: int) -> None:
        """Bring all views up to date. `now_ns` is by this host's clock."""
        engine_now_ns = now_ns + self.clock_offset_ns
        self._forget(engine_now_ns)
        touched = self._dirty | self._open
        self._dirty = set()
        stale_services: set[str] = set()
        crowd_from_ns: int | None = None
        for container_id in touched:
            changed_from_ns = self._derive(container_id, engine_now_ns, stale_services)
            if changed_from_ns is not None:
                crowd_from_ns = min(crowd_from_ns or changed_from_ns, changed_from_ns)
        if crowd_from_ns is not None:
            self._count_crowd(crowd_from_ns, stale_services)
        for service in stale_services:
            self._build_service(service)
        if stale_services or self._feed_dirty:
            self._build_feed()

    def _forget(self, engine_now_ns: int) -> None:
        """Once a minute by the observations' time: what is kept may not hang on when a snapshot was taken."""
        keep_ns = round(self._settings.startups.keep_s * 1e9)
        horizon_ns = (engine_now_ns - keep_ns) // 60_000_000_000 * 60_000_000_000
        if horizon_ns <= self._horizon_ns:
            return
        self._horizon_ns = horizon_ns
        for container_id, timeline in list(self._timelines.items()):
            before = len(timeline.events)
            if timeline.forget_before(horizon_ns):
                del self._timelines[container_id]
                self._dirty.add(container_id)
            elif before != len(timeline.events):
                self._dirty.add(container_id)
        for key in [key for key in self._gaps if key[1] < horizon_ns]:
            del self._gaps[key]
        self._contention.forget_before(horizon_ns)
        self._dirty.update(startup.container_id for startup in self._ordered if startup.at_ns < horizon_ns)
        used = {timeline.facts.image_id for timeline in self._timelines.values() if timeline.facts}
        for image_id in self._images.keys() - used:
            del self._images[image_id]

    def _derive(self, container_id: str, now_ns: int, stale_services: set[str]) -> int | None:
        """Make the views of one container anew. Returns from when on the crowd changed."""
        timeline = self._timelines.get(container_id)
        old = self._views.get(container_id, _NOTHING)
        new = self._views_of(timeline, now_ns) if timeline is not None else _NOTHING
        if any(not startup.settled for startup in new.startups):
            self._open.add(container_id)
        else:
            self._open.discard(container_id)
        known = {startup.startup_id: startup.in_flight for startup in old.startups}
        new = new.with_startups(
            tuple(_with_in_flight(startup, known.get(startup.startup_id)) for startup in new.startups)
        )
        if new == old:
            return None
        self._file(container_id, new, old, stale_services)
        return self._move_crowd(new.startups, old.startups)

    def _views_of(self, timeline: Timeline, now_ns: int) -> _Views:
        labels = timeline.labels
        service, _ = self._service_of(timeline)
        facts = current_facts(timeline)
        image = self._image(facts.image_id) if facts else None
        name = version_name(facts.image_id if facts else "", timeline.image, image)
        derived = Deriver(
            timeline,
            engine=self.name,
            stamps_before_start=self._described.stamps_before_start if self._described else True,
            now_ns=now_ns,
            settings=self._settings.startups,
            service=service,
            role=role(labels),
            version=name,
        ).startups()
        startups = tuple(startup for startup in derived if startup.at_ns >= self._horizon_ns)
        if facts is None:
            return _Views(None, startups)
        container = Container(
            engine=self.name,
            service=service,
            role=role(labels),
            version=name,
            facts=facts,
            events=tuple(timeline.events[-_SHOWN_EVENTS:]),
            gone=self._is_gone(timeline),
        )
        return _Views(container, startups)

    def _image(self, image_id: str) -> ImageFacts | None:
        inspected = self._images.get(image_id)
        return inspected.image if inspected else None

    def _service_of(self, timeline: Timeline) -> tuple[str, Grouping]:
        return group(timeline.name, timeline.labels, self._settings.services.group_by)

    def _is_gone(self, timeline: Timeline) -> bool:
        if timeline.vanished:
            return True
        listed = self._listing is not None and self._listing.at_ns > timeline.last_ns
        return listed and timeline.container_id not in self._listed

    def _file(self, container_id: str, new: _Views, old: _Views, stale_services: set[str]) -> None:
        for startup in old.startups:
            del self._ordered[bisect.bisect_left(self._ordered, _order(startup), key=_order)]
        for startup in new.startups:
            bisect.insort(self._ordered, startup, key=_order)
        for service in old.services - new.services:
            self._members.get(service, set()).discard(container_id)
        for service in new.services:
            self._members.setdefault(service, set()).add(container_id)
        timeline = self._timelines.get(container_id)
        if timeline is not None:
            service, grouping = self._service_of(timeline)
            self._groupings[service] = grouping
        stale_services |= old.services | new.services
        if new == _NOTHING:
            self._views.pop(container_id, None)
        else:
            self._views[container_id] = new

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

    def _count_crowd(self, from_ns: int, stale_services: set[str]) -> None:
        """Count anew for those that began since: earlier ones saw none of the change."""
        start = bisect.bisect_left(self._ordered, (from_ns, ""), key=_order)
        touched: set[str] = set()
        for index in range(start, len(self._ordered)):
            startup = self._ordered[index]
            if startup.began_ns is None:
                continue
            others = self._crowd.others_at(startup.began_ns)
            if startup.in_flight != others:
                self._ordered[index] = _with_in_flight(startup, others)
                touched.add(startup.container_id)
                stale_services.add(startup.service)
        for container_id in touched:
            views = self._views[container_id]
            self._views[container_id] = views.with_startups(
                tuple(
                    _with_in_flight(startup, self._crowd.others_at(startup.began_ns))
                    if startup.began_ns is not None
                    else startup
                    for startup in views.startups
                )
            )

    def _build_service(self, service: str) -> None:
        members = self._members.get(service, set())
        views = [self._views[container_id] for container_id in sorted(members)]
        present = [
            container
            for container, _ in views
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
            self.name,
            service,
            grouping=self._groupings.get(service, Grouping.ALONE),
            containers=present,
            startups=startups,
            image=self._image,
        )

    def _build_feed(self) -> None:
        self._feed_dirty = False
        most = self._settings.watch.feed_lines
        entries = [entry for startup in self._ordered[-most:] for entry in feed.entries_of_startup(startup)]
        failed = {(entry.container_id, entry.at_ns) for entry in entries if entry.what == "failed"}
        for _, observation in self._notes:
            if (
                isinstance(observation, ContainerEvent)
                and (observation.container_id, observation.at_ns) in failed
            ):
                continue
            entries.append(self._entry(observation))
        entries.sort(key=lambda entry: (entry.at_ns, entry.container_id, entry.what, entry.name))
        self._feed = tuple(entries[-most:])

    def _entry(self, observation: feed.FeedSource) -> FeedEntry:
        if not isinstance(observation, ContainerEvent):
            return feed.entry_of_observation(observation, name="", service="")
        timeline = self._timelines.get(observation.container_id)
        service = self._service_of(timeline)[0] if timeline else ""
        return feed.entry_of_observation(observation, name=timeline.name if timeline else "", service=service)

    # ------------------------------------------------------------------------------------------------ views

    @property
    def containers(self) -> Mapping[str, Container]:
        return {
            container_id: views.container for container_id, views in self._views.items() if views.container
        }

    @property
    def startups(self) -> Sequence[Startup]:
        """In the order they began."""
        return self._ordered[-self._settings.startups.keep_startups :]

    @property
    def services(self) -> list[Service]:
        return [self._services[name] for name in sorted(self._services)]

    @property
    def feed(self) -> tuple[FeedEntry, ...]:
        return self._feed

    @property
    def gaps(self) -> list[Gap]:
        return [
            Gap(engine=self.name, began_ns=gap.began_ns, ended_ns=gap.ended_ns, reason=gap.reason)
            for _, gap in sorted(self._gaps.items())
        ]

    def engine(self) -> Engine:
        source = self._sources.get("engine")
        host = self._sources.get("host")
        present = [
            views.container for views in self._views.values() if views.container and not views.container.gone
        ]
        in_flight = sum(
            1
            for container_id in self._open
            for startup in self._views[container_id].startups
            if startup.outcome is StartupOutcome.STARTING
        )
        return Engine(
            name=self.name,
            state=source.state if source else SourceState.CONNECTING,
            detail=source.detail if source else "",
            since_ns=source.at_ns if source else None,
            described=self._described,
            heard_ns=self._heard_ns,
            response_s=self._contention.response_s,
            containers=len(present),
            running=sum(1 for container in present if container.facts.live),
            in_flight=in_flight,
            indicators=self._contention.indicators(
                in_flight, host_trouble(host.state, host.detail) if host else ""
            ),
        )


def current_facts(timeline: Timeline) -> ContainerFacts | None:
    """The newest inspect, with what events have told since."""
    facts = timeline.facts
    if facts is None:
        return None
    status, health = facts.status, facts.health
    for event in timeline.events:
        if event.at_ns > timeline.facts_ns:
            status = _STATUS_AFTER.get(event.action, status)
            if event.action == "health_status" and event.detail:
                health = Health(
                    status=event.detail,
                    failing_streak=health.failing_streak if health else 0,
                    probes=health.probes if health else (),
                )
    name = timeline.name
    if (status, health, name) == (facts.status, facts.health, facts.name):
        return facts
    return msgspec.structs.replace(facts, status=status, health=health, name=name)


def _newer(one: Observation, other: Observation) -> bool:
    """By time; of two with the same time any rule will do that does not depend on which came first."""
    if one.at_ns != other.at_ns:
        return one.at_ns > other.at_ns
    return repr(one) > repr(other)


def _order(startup: Startup) -> tuple[int, str]:
    return (startup.at_ns, startup.startup_id)


def _with_in_flight(startup: Startup, in_flight: int | None) -> Startup:
    if startup.in_flight == in_flight:
        return startup
    return msgspec.structs.replace(startup, in_flight=in_flight)
