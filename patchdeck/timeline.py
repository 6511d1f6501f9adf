"""What was observed of one container, kept so that the order of arrival does not matter.

A timeline is a set of facts, not a running state: events and stamps are kept sorted and without duplicates, and of
inspects only the newest by its own time. Whatever is derived from it is therefore the same for duplicated, late and
reordered observations.
"""

from __future__ import annotations

import bisect
from collections.abc import Mapping

import msgspec

from patchdeck.model import ContainerEvent, ContainerFacts, Probe, Startup, Value
from patchdeck.stamps import Refusal, Stamp, order_of, stamp_of, start_was_refused

MOST_EVENTS = 2_000
"""Of one container; far above what a crash loop makes in six hours, since its restarts back off to one a minute."""

_MOST_REFUSALS = 100

_ORDER = {
    "create": 0,
    "attach": 1,
    "connect": 2,
    "start": 3,
    "restart": 4,
    "health_status": 5,
    "oom": 6,
    "kill": 7,
    "stop": 8,
    "die": 9,
    "disconnect": 10,
    "destroy": 12,
}
"""The order of two events of one container that carry the same time."""

_RUNS_KEPT = 2
"""Runs that are older than the window are kept whole this far back, so that what follows them keeps its meaning."""


class TimelineState(Value, frozen=True, kw_only=True):
    """All that is kept of one container."""

    container_id: str
    events: tuple[ContainerEvent, ...] = ()
    facts: ContainerFacts | None = None
    facts_ns: int = 0
    last_ns: int = 0
    vanished: bool = False
    stamps: tuple[Stamp, ...] = ()
    probes: tuple[Probe, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    startups: tuple[Startup, ...] | None = None
    """What follows from all this, where no time will change it any more. None: it is to be derived."""


class Timeline:
    """The facts about one container."""

    __slots__ = (
        "_probes",
        "_refusals",
        "_seen",
        "_stamps",
        "container_id",
        "events",
        "facts",
        "facts_ns",
        "last_ns",
        "vanished",
    )

    def __init__(self, container_id: str) -> None:
        self.container_id = container_id
        self.events: list[ContainerEvent] = []
        """Sorted by time."""
        self.facts: ContainerFacts | None = None
        self.facts_ns = 0
        self.last_ns = 0
        """The newest evidence that the container exists."""
        self.vanished = False
        self._seen: set[tuple[int, str, str]] = set()
        self._stamps: dict[int, Stamp] = {}
        self._probes: dict[int, Probe] = {}
        self._refusals: dict[int, Refusal] = {}
        """By when they were told; the same one may be told several times."""

    @classmethod
    def restored(cls, state: TimelineState) -> Timeline:
        """Goes on as the one whose state it is would have."""
        timeline = cls(state.container_id)
        timeline.events = list(state.events)
        timeline.facts, timeline.facts_ns = state.facts, state.facts_ns
        timeline.last_ns, timeline.vanished = state.last_ns, state.vanished
        timeline._seen = {(event.at_ns, event.action, event.detail) for event in state.events}
        timeline._stamps = {stamp.started_ns: stamp for stamp in state.stamps}
        timeline._probes = {probe.began_ns: probe for probe in state.probes}
        timeline._refusals = {refusal.at_ns: refusal for refusal in state.refusals}
        return timeline

    def state(self, startups: tuple[Startup, ...] | None = None) -> TimelineState:
        """`startups` are what was derived of it."""
        return TimelineState(
            container_id=self.container_id,
            events=tuple(self.events),
            facts=self.facts,
            facts_ns=self.facts_ns,
            last_ns=self.last_ns,
            vanished=self.vanished,
            stamps=tuple(self.stamps),
            probes=tuple(self.probes),
            refusals=tuple(self._refusals.values()),
            startups=startups,
        )

    def add_event(self, event: ContainerEvent) -> bool:
        """Returns whether it was new."""
        identity = (event.at_ns, event.action, event.detail)
        if identity in self._seen:
            return False
        self._seen.add(identity)
        bisect.insort(self.events, event, key=_sort_key)
        if event.action == "destroy":
            self.vanished = True
        self.last_ns = max(self.last_ns, event.at_ns)
        if len(self.events) > MOST_EVENTS:
            self._forget_events(_not_needed(self.events[: MOST_EVENTS // 2]) or self.events[:1])
        return True

    def add_facts(self, at_ns: int, facts: ContainerFacts) -> bool:
        """Returns whether it told anything that was not known."""
        changed = False
        if facts.started_ns is not None:
            changed |= self._add_stamp(stamp_of(at_ns, facts, facts.started_ns))
        if facts.health is not None:
            for probe in facts.health.probes:
                if probe.began_ns not in self._probes:
                    # What a probe wrote is shown from the newest inspect; here it would only take room.
                    self._probes[probe.began_ns] = msgspec.structs.replace(probe, output="")
                    changed = True
        if start_was_refused(facts):
            changed |= self._add_refusal(
                Refusal(
                    at_ns=at_ns,
                    run_ns=facts.started_ns or 0,
                    error=facts.error,
                    exit_code=facts.exit_code,
                )
            )
        if self._is_newer(at_ns, facts):
            changed |= self.facts != facts or at_ns != self.facts_ns
            self.facts, self.facts_ns = facts, at_ns
        self.last_ns = max(self.last_ns, at_ns)
        return changed

    def _add_refusal(self, refusal: Refusal) -> bool:
        known = self._refusals.get(refusal.at_ns)
        if known is not None and order_of(known) <= order_of(refusal):
            return False
        self._refusals[refusal.at_ns] = refusal
        if len(self._refusals) > _MOST_REFUSALS:
            del self._refusals[min(self._refusals)]
        return True

    def _add_stamp(self, stamp: Stamp) -> bool:
        known = self._stamps.get(stamp.started_ns)
        merged = stamp if known is None else known.merged(stamp)
        self._stamps[stamp.started_ns] = merged
        return merged != known

    def _is_newer(self, at_ns: int, facts: ContainerFacts) -> bool:
        if self.facts is None or at_ns != self.facts_ns:
            return self.facts is None or at_ns > self.facts_ns
        # Two inspects of the same moment: any rule will do that does not depend on which came first.
        return msgspec.json.encode(facts) > msgspec.json.encode(self.facts)

    @property
    def stamps(self) -> list[Stamp]:
        """Sorted by start."""
        return [self._stamps[key] for key in sorted(self._stamps)]

    @property
    def probes(self) -> list[Probe]:
        """Sorted by time; without their output."""
        return [self._probes[key] for key in sorted(self._probes)]

    def refusal(self, since_ns: int) -> Refusal | None:
        """Of a start that left its first trace at `since_ns`: the first that was told from then on."""
        run_ns = max((started_ns for started_ns in self._stamps if started_ns < since_ns), default=0)
        told = [
            refusal
            for refusal in self._refusals.values()
            if refusal.at_ns >= since_ns and refusal.run_ns == run_ns
        ]
        return min(told, key=order_of, default=None)

    @property
    def labels(self) -> Mapping[str, str]:
        if self.facts is not None:
            return self.facts.labels
        for event in self.events:
            if event.action == "create":
                return event.labels
        return {}

    @property
    def name(self) -> str:
        """The newest name: a rename event's, else the newest of facts and events."""
        newest = next((event for event in reversed(self.events) if event.name), None)
        if self.facts is not None and (newest is None or newest.at_ns <= self.facts_ns):
            return self.facts.name
        return newest.name if newest is not None else self.container_id[:12]

    @property
    def image(self) -> str:
        if self.facts is not None:
            return self.facts.image
        return next((event.image for event in self.events if event.image), "")

    def events_after(self, at_ns: int) -> list[ContainerEvent]:
        return self.events[bisect.bisect_right(self.events, at_ns, key=_time) :]

    @property
    def size(self) -> int:
        """How many facts are kept, for tests of the bounds."""
        return len(self.events) + len(self._stamps) + len(self._probes) + len(self._refusals) + 1

    def forget_before(self, horizon_ns: int) -> bool:
        """Drop what is older, except what younger runs stand on. Returns whether anything was dropped."""
        old = bisect.bisect_left(self.events, horizon_ns, key=_time)
        dropped = self._forget_events(_not_needed(self.events[:old]))
        for started_ns in [key for key in sorted(self._stamps) if key < horizon_ns][:-_RUNS_KEPT]:
            del self._stamps[started_ns]
            dropped = True
        for at_ns in [key for key in sorted(self._refusals) if key < horizon_ns][:-_RUNS_KEPT]:
            del self._refusals[at_ns]
            dropped = True
        for began_ns in [key for key in self._probes if key < horizon_ns]:
            del self._probes[began_ns]
            dropped = True
        return dropped

    def _forget_events(self, events: list[ContainerEvent]) -> bool:
        if not events:
            return False
        forgotten = {(event.at_ns, event.action, event.detail) for event in events}
        self._seen -= forgotten
        self.events = [
            event for event in self.events if (event.at_ns, event.action, event.detail) not in forgotten
        ]
        return True


def _not_needed(old: list[ContainerEvent]) -> list[ContainerEvent]:
    """Of events older than the window, all but those that tell of the newest runs.

    Of these every kind of event counts once a run: a container that lives for months says `healthy` many times.
    """
    dropped: list[ContainerEvent] = []
    runs = 0
    later: dict[tuple[str, str], ContainerEvent] = {}
    for event in reversed(old):
        if event.action == "die":
            runs += 1
            later.clear()
        if runs > _RUNS_KEPT or event.action not in _ORDER:
            dropped.append(event)
            continue
        kind = (event.action, event.detail)
        if kind in later:
            # The earlier one counts: the first time it was healthy, not the last.
            dropped.append(later[kind])
        later[kind] = event
    return dropped


def _sort_key(event: ContainerEvent) -> tuple[int, int, str, str]:
    return (event.at_ns, _ORDER.get(event.action, 11), event.action, event.detail)


def _time(event: ContainerEvent) -> int:
    return event.at_ns
