"""What observations have told of one engine's containers and images, filed so that their order does not matter."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import replace

from patchdeck import __version__
from patchdeck.model import (
    ContainerEvent,
    ContainerFacts,
    ContainerInspected,
    ContainersListed,
    ContainerVanished,
    Health,
    ImageFacts,
    ImageInspected,
    Observation,
    Startup,
)
from patchdeck.model.facts import Value
from patchdeck.timeline import Timeline, TimelineState

OfObjects = ContainerEvent | ContainerInspected | ContainersListed | ContainerVanished | ImageInspected


class FilesState(Value, frozen=True, kw_only=True):
    """All that is kept of one engine's containers and images."""

    timelines: tuple[TimelineState, ...] = ()
    images: tuple[ImageInspected, ...] = ()
    listing: ContainersListed | None = None
    derived_by: str = ""
    """The version that derived the startups: another one may see more in the same facts."""


class EngineFiles:
    """`changed` holds the containers whose views are to be made anew; who makes them empties it.

    `state` is that of files which these go on from.
    """

    def __init__(self, state: FilesState | None = None) -> None:
        state = state or FilesState()
        self.timelines = {one.container_id: Timeline.restored(one) for one in state.timelines}
        self.changed = set(self.timelines)
        self._images = {one.image.image_id: one for one in state.images}
        self._listing = state.listing
        self._listed = frozenset(state.listing.container_ids if state.listing else ())
        self._derived = {
            one.container_id: one.startups
            for one in state.timelines
            if one.startups is not None and state.derived_by == __version__
        }
        """Startups that need not be derived, since nothing was heard of their containers."""

    def state(self, derived: Mapping[str, tuple[Startup, ...]]) -> FilesState:
        """`derived` are the startups of containers that have not changed since, nor will by time alone."""
        return FilesState(
            timelines=tuple(
                timeline.state(None if container_id in self.changed else derived.get(container_id))
                for container_id, timeline in self.timelines.items()
            ),
            images=tuple(self._images.values()),
            listing=self._listing,
            derived_by=__version__ if derived else "",
        )

    def take_derived(self, container_id: str) -> tuple[Startup, ...] | None:
        """Its startups, if they need not be derived; only for the first time."""
        return self._derived.pop(container_id, None)

    def _change(self, container_id: str) -> None:
        self.changed.add(container_id)
        self._derived.pop(container_id, None)

    def file(self, observation: OfObjects) -> None:
        match observation:
            case ContainerEvent(container_id=container_id):
                if self._timeline(container_id).add_event(observation):
                    self._change(container_id)
            case ContainerInspected(container=container):
                if self._timeline(container.container_id).add_facts(observation.at_ns, container):
                    self._change(container.container_id)
            case ContainerVanished(container_id=container_id):
                timeline = self._timeline(container_id)
                if not timeline.vanished:
                    timeline.vanished = True
                    self._change(container_id)
                timeline.last_ns = max(timeline.last_ns, observation.at_ns)
            case ContainersListed():
                self._list(observation)
            case ImageInspected():
                self._file_image(observation)

    def _timeline(self, container_id: str) -> Timeline:
        timeline = self.timelines.get(container_id)
        if timeline is None:
            timeline = self.timelines[container_id] = Timeline(container_id)
            self._change(container_id)
        return timeline

    def _list(self, listing: ContainersListed) -> None:
        if self._listing is not None and not is_newer(listing, self._listing):
            return
        gone = {container_id for container_id, timeline in self.timelines.items() if self.is_gone(timeline)}
        self._listing = listing
        self._listed = frozenset(listing.container_ids)
        now_gone = {
            container_id for container_id, timeline in self.timelines.items() if self.is_gone(timeline)
        }
        for container_id in gone ^ now_gone:
            self._change(container_id)

    def _file_image(self, inspected: ImageInspected) -> None:
        image_id = inspected.image.image_id
        known = self._images.get(image_id)
        if known is not None and not is_newer(inspected, known):
            return
        self._images[image_id] = inspected
        if known is None or known.image != inspected.image:
            for timeline in self.timelines.values():
                if timeline.facts and timeline.facts.image_id == image_id:
                    self._change(timeline.container_id)

    def all_changed(self) -> None:
        for container_id in self.timelines:
            self._change(container_id)

    def image(self, image_id: str) -> ImageFacts | None:
        inspected = self._images.get(image_id)
        return inspected.image if inspected else None

    def is_gone(self, timeline: Timeline) -> bool:
        """It was destroyed, or a listing that is younger than all that was heard of it does not name it."""
        if timeline.vanished:
            return True
        listed = self._listing is not None and self._listing.at_ns > timeline.last_ns
        return listed and timeline.container_id not in self._listed

    def forget_before(self, horizon_ns: int) -> None:
        for container_id, timeline in list(self.timelines.items()):
            if timeline.last_ns < horizon_ns and self.is_gone(timeline):
                del self.timelines[container_id]
                self._change(container_id)
            elif timeline.forget_before(horizon_ns):
                self._change(container_id)
        used = {timeline.facts.image_id for timeline in self.timelines.values() if timeline.facts}
        for image_id in self._images.keys() - used:
            if self._images[image_id].at_ns < horizon_ns:
                del self._images[image_id]

    @property
    def size(self) -> int:
        """How many objects are kept, for tests of the bounds."""
        kept = sum(timeline.size for timeline in self.timelines.values())
        return kept + len(self._images) + len(self._derived)


_STATUS_AFTER = {
    "start": "running",
    "unpause": "running",
    "pause": "paused",
    "die": "exited",
}


def current_facts(timeline: Timeline) -> ContainerFacts | None:
    """The newest inspect, with what events have told since."""
    facts = timeline.facts
    if facts is None:
        return None
    status, health = facts.status, facts.health
    for event in timeline.events_after(timeline.facts_ns):
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
    return replace(facts, status=status, health=health, name=name)


def is_newer(one: Observation, other: Observation) -> bool:
    """By time; of two with the same time any rule will do that does not depend on which came first."""
    if one.at_ns != other.at_ns:
        return one.at_ns > other.at_ns
    return repr(one) > repr(other)
