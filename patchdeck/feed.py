"""The event feed: what happened, newest last, told from startups and from the events that are not part of one."""

from __future__ import annotations

import bisect
from collections.abc import Callable, Iterable, Sequence

import msgspec

from patchdeck.model import (
    ContainerEvent,
    FeedEntry,
    GapSeen,
    ImageEvent,
    Severity,
    SourceChanged,
    SourceState,
    Startup,
    StartupOutcome,
)

FeedSource = ContainerEvent | GapSeen | ImageEvent | SourceChanged

_CONTAINER_WORDS = {
    "die": ("exited", Severity.INFO),
    "destroy": ("removed", Severity.INFO),
    "oom": ("out of memory", Severity.FAILURE),
    "pause": ("paused", Severity.WARNING),
    "unpause": ("unpaused", Severity.INFO),
    "rename": ("renamed", Severity.INFO),
    "update": ("limits changed", Severity.INFO),
}
_IMAGE_WORDS = {
    "pull": "pulled",
    "tag": "tagged",
    "untag": "untagged",
    "delete": "deleted",
    "load": "loaded",
    "import": "imported",
}
_STATE_SEVERITY = {
    SourceState.LOST: Severity.FAILURE,
    SourceState.MALFORMED: Severity.FAILURE,
    SourceState.STALE: Severity.WARNING,
    SourceState.ABSENT: Severity.WARNING,
}


class Feed:
    """The newest `lines` lines, whatever order they came in."""

    def __init__(self, lines: int, notes: Iterable[FeedSource] = ()) -> None:
        """`notes` are those of a feed that this one goes on from."""
        self._lines = lines
        self._notes: list[tuple[tuple[int, str], FeedSource]] = []
        """Observations that make a line of their own, by time."""
        self._stale = False
        self._offset_ns = 0
        self.entries: tuple[FeedEntry, ...] = ()
        """Oldest first; as of the last `refresh`."""
        for observation in notes:
            self.note(observation)

    @property
    def notes(self) -> tuple[FeedSource, ...]:
        """Observations that make a line of their own, oldest first."""
        return tuple(observation for _, observation in self._notes)

    def note(self, observation: FeedSource) -> None:
        if not belongs(observation):
            return
        key = (observation.at_ns, repr(observation))
        index = bisect.bisect_left(self._notes, key, key=lambda note: note[0])
        if index < len(self._notes) and self._notes[index][0] == key:
            return
        self._notes.insert(index, (key, observation))
        if len(self._notes) > self._lines:
            del self._notes[0]
        self._stale = True

    def refresh(
        self,
        startups: Sequence[Startup],
        *,
        who: Callable[[str], tuple[str, str]],
        offset_ns: int,
        startups_changed: bool,
    ) -> None:
        """`startups` in the order they began; `who` tells name and service of a container as known now.

        Lines are by this host's clock: `offset_ns` is what the engine's is ahead of it.
        """
        if not (self._stale or startups_changed or offset_ns != self._offset_ns):
            return
        self._stale, self._offset_ns = False, offset_ns
        entries = [entry for startup in startups[-self._lines :] for entry in entries_of_startup(startup)]
        failed = {(entry.container_id, entry.at_ns) for entry in entries if entry.what == "failed"}
        by_host = []
        for _, observation in self._notes:
            if isinstance(observation, SourceChanged):
                by_host.append(entry_of_observation(observation, name="", service=""))
            elif not isinstance(observation, ContainerEvent):
                entries.append(entry_of_observation(observation, name="", service=""))
            elif (observation.container_id, observation.at_ns) not in failed:
                name, service = who(observation.container_id)
                entries.append(entry_of_observation(observation, name=name, service=service))
        if offset_ns:
            entries = [msgspec.structs.replace(entry, at_ns=entry.at_ns - offset_ns) for entry in entries]
        entries = sorted(entries + by_host, key=order)
        self.entries = tuple(entries[-self._lines :])

    @property
    def size(self) -> int:
        """How many objects are kept, for tests of the bounds."""
        return len(self._notes) + len(self.entries)


def order(entry: FeedEntry) -> tuple[int, str, str, str, str]:
    """Lines of one moment, of one engine or several, in an order that depends on nothing else."""
    return (entry.at_ns, entry.engine, entry.container_id, entry.what, entry.name)


def belongs(observation: FeedSource) -> bool:
    """Whether an observation makes a line of its own; starts and health are told by their startup."""
    match observation:
        case ContainerEvent(action=action, detail=detail):
            return action in _CONTAINER_WORDS or (action == "health_status" and detail == "unhealthy")
        case ImageEvent(action=action):
            return action in _IMAGE_WORDS
        case SourceChanged(state=state):
            return state is not SourceState.CONNECTING
        case _:
            return True


def entry_of_observation(observation: FeedSource, *, name: str, service: str) -> FeedEntry:
    """`name` and `service` are those of the container, as known now."""
    match observation:
        case ContainerEvent():
            return _of_container(observation, name, service)
        case ImageEvent():
            return FeedEntry(
                at_ns=observation.at_ns,
                engine=observation.engine,
                severity=Severity.INFO,
                what=_IMAGE_WORDS[observation.action],
                name=observation.image,
            )
        case GapSeen():
            missing_s = (observation.ended_ns - observation.began_ns) / 1e9
            return FeedEntry(
                at_ns=observation.at_ns,
                engine=observation.engine,
                severity=Severity.WARNING,
                what="gap",
                name=observation.engine,
                detail=f"{missing_s:.1f} s of events may be missing: {observation.reason}",
            )
        case SourceChanged():
            return FeedEntry(
                at_ns=observation.at_ns,
                engine=observation.engine,
                severity=_STATE_SEVERITY.get(observation.state, Severity.INFO),
                what=observation.state.value,
                name=f"{observation.source} {observation.engine}".strip(),
                detail=observation.detail,
            )


def _of_container(event: ContainerEvent, name: str, service: str) -> FeedEntry:
    if event.action == "health_status":
        what, severity, detail = "unhealthy", Severity.FAILURE, ""
    else:
        what, severity = _CONTAINER_WORDS[event.action]
        detail = ""
    if event.action == "die" and event.exit_code is not None:
        detail = f"exit {event.exit_code}"
        # 137 and 143 are what a container that was asked to stop leaves.
        severity = Severity.INFO if event.exit_code in (0, 137, 143) else Severity.WARNING
    return FeedEntry(
        at_ns=event.at_ns,
        engine=event.engine,
        severity=severity,
        what=what,
        name=name or event.name,
        service=service,
        container_id=event.container_id,
        detail=detail,
    )


def entries_of_startup(startup: Startup) -> list[FeedEntry]:
    """Up to two lines: it was started, and how that ended."""
    others = "other" if startup.in_flight == 1 else "others"
    crowd = f", {startup.in_flight} {others} starting" if startup.in_flight else ""
    entries = []
    if startup.started_ns is not None:
        took = f"{startup.latency_s:.2f} s{crowd}" if startup.latency_s is not None else "beginning unknown"
        what = "started" if startup.kind == "first" else "restarted"
        entries.append(_line(startup, startup.started_ns, Severity.INFO, what, took))
    if startup.outcome is StartupOutcome.READY and startup.ready_ns is not None:
        took = f"{startup.ready_s:.1f} s" if startup.ready_s is not None else ""
        entries.append(_line(startup, startup.ready_ns, Severity.INFO, "ready", took))
    if startup.outcome is StartupOutcome.FAILED and startup.ended_ns is not None:
        entries.append(_line(startup, startup.ended_ns, Severity.FAILURE, "failed", startup.reason))
    return entries


def _line(startup: Startup, at_ns: int, severity: Severity, what: str, detail: str) -> FeedEntry:
    return FeedEntry(
        at_ns=at_ns,
        engine=startup.engine,
        severity=severity,
        what=what,
        name=startup.name,
        service=startup.service,
        container_id=startup.container_id,
        detail=detail,
    )
