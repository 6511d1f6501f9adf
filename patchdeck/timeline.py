"""What was observed of one container, kept so that the order of arrival does not matter.

A timeline is a set of facts, not a running state: events and stamps are kept sorted and without duplicates, and of
inspects only the newest by its own time. Whatever is derived from it is therefore the same for duplicated, late and
reordered observations.
"""

from __future__ import annotations

import bisect
from collections.abc import Mapping

import msgspec

from patchdeck.model import ContainerEvent, ContainerFacts, Probe, Value

MOST_EVENTS = 2_000
"""Of one container; far above what a crash loop makes in six hours, since its restarts back off to one a minute."""

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


class Stamp(Value, frozen=True, kw_only=True):
    """One run of the container's process as inspects told of it."""

    started_ns: int
    finished_ns: int | None = None
    exit_code: int | None = None
    oom_killed: bool = False
    seen_ns: int = 0
    """When it was inspected; the newest telling of a run counts."""


class Timeline:
    """The facts about one container."""

    __slots__ = (
        "_probes",
        "_seen",
        "_stamps",
        "container_id",
        "events",
        "facts",
        "facts_ns",
        "failed_ns",
        "last_ns",
        "vanished",
    )

    def __init__(self, container_id: str) -> None:
        self.container_id = container_id
        self.events: list[ContainerEvent] = []
        """Sorted by time."""
        self.facts: ContainerFacts | None = None
        self.facts_ns = 0
        self.failed_ns: int | None = None
        """When an inspect first told of a start that the runtime refused."""
        self.last_ns = 0
        """The newest evidence that the container exists."""
        self.vanished = False
        self._seen: set[tuple[int, str, str]] = set()
        self._stamps: dict[int, Stamp] = {}
        self._probes: dict[int, Probe] = {}

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
            self._forget_events(1)
        return True

    def add_facts(self, at_ns: int, facts: ContainerFacts) -> bool:
        """Returns whether it told anything that was not known."""
        changed = False
        if facts.started_ns is not None:
            stamp = Stamp(
                started_ns=facts.started_ns,
                finished_ns=facts.finished_ns if not facts.live else None,
                exit_code=facts.exit_code if not facts.live else None,
                oom_killed=facts.oom_killed,
                seen_ns=at_ns,
            )
            known = self._stamps.get(facts.started_ns)
            if known is None or _newer(stamp, known):
                self._stamps[facts.started_ns] = stamp
                changed = True
        if facts.health is not None:
            for probe in facts.health.probes:
                changed |= self._probes.setdefault(probe.began_ns, probe) is probe
        if start_was_refused(facts) and (self.failed_ns is None or at_ns < self.failed_ns):
            self.failed_ns = at_ns
            changed = True
        if self._is_newer(at_ns, facts):
            changed |= self.facts != facts
            self.facts, self.facts_ns = facts, at_ns
        self.last_ns = max(self.last_ns, at_ns)
        return changed

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
        """Sorted by time."""
        return [self._probes[key] for key in sorted(self._probes)]

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

    def forget_before(self, horizon_ns: int) -> bool:
        """Drop what is older, but never what the newest run stands on. Returns whether nothing is left to keep."""
        old = bisect.bisect_left(self.events, horizon_ns, key=_time)
        if old:
            self._forget_events(old)
        if len(self._stamps) > 1:
            for started_ns in sorted(self._stamps)[:-1]:
                if started_ns < horizon_ns:
                    del self._stamps[started_ns]
        for began_ns in [key for key in self._probes if key < horizon_ns]:
            del self._probes[began_ns]
        return self.vanished and not self.events and self.last_ns < horizon_ns

    def _forget_events(self, count: int) -> None:
        for event in self.events[:count]:
            self._seen.discard((event.at_ns, event.action, event.detail))
        del self.events[:count]


def start_was_refused(facts: ContainerFacts) -> bool:
    """The runtime could not start it (error 500 at the command line): it never ran, and says why."""
    return (
        facts.started_ns is None
        and facts.status in ("created", "exited", "dead")
        and (bool(facts.error) or bool(facts.exit_code))
    )


def _newer(one: Stamp, other: Stamp) -> bool:
    """A telling with an end beats one without; between equals the later one counts."""
    return (one.finished_ns or 0, one.seen_ns) > (other.finished_ns or 0, other.seen_ns)


def _sort_key(event: ContainerEvent) -> tuple[int, int, str, str]:
    return (event.at_ns, _ORDER.get(event.action, 11), event.action, event.detail)


def _time(event: ContainerEvent) -> int:
    return event.at_ns
