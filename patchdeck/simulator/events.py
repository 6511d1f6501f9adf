"""The engine's events: the last 256 of them, and those who listen."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from patchdeck.simulator.clock import Clock
from patchdeck.simulator.filters import Filters, matches_labels

KEPT: Final = 256
SLOTS: Final = 1024
"""Of a listener; what does not fit is lost to it without a word, as on a real engine."""


class Event(msgspec.Struct, frozen=True):
    kind: str
    action: str
    actor: str
    attributes: Mapping[str, str]
    at_ns: int

    def document(self) -> dict[str, Any]:
        """As GET /events has it. What is there twice is there for old clients."""
        found: dict[str, Any] = {}
        if self.kind == "container":
            found |= {"status": self.action, "id": self.actor, "from": self.attributes.get("image", "")}
        elif self.kind == "image":
            found |= {"status": self.action, "id": self.actor}
        return found | {
            "Type": self.kind,
            "Action": self.action,
            "Actor": {"ID": self.actor, "Attributes": self.attributes},
            "scope": "local",
            "time": self.at_ns // 1_000_000_000,
            "timeNano": self.at_ns,
        }


class Listener:
    """Gets the events that its filters let through, as JSON lines. Ends with None."""

    def __init__(self, filters: Filters) -> None:
        self._filters = filters
        self.lines: asyncio.Queue[bytes | None] = asyncio.Queue(SLOTS)

    def offer(self, event: Event, line: bytes) -> None:
        if not self.lines.full() and wanted(event, self._filters):
            self.lines.put_nowait(line)

    def end(self) -> None:
        if self.lines.full():
            self.lines.get_nowait()
        self.lines.put_nowait(None)


class EventLog:
    """`losing` makes it lose what happens, from the ring as well, as if it never had been."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._ring: deque[Event] = deque(maxlen=KEPT)
        self._listeners: set[Listener] = set()
        self._last_ns = 0
        self.losing = False
        self.told = 0
        """Events so far, for tests."""

    def emit(self, kind: str, action: str, actor: str, attributes: Mapping[str, str]) -> None:
        # Two events of one moment could not be told apart by their times.
        self._last_ns = max(self._clock.now_ns(), self._last_ns + 1)
        if self.losing:
            return
        self.keep(Event(kind, action, actor, dict(sorted(attributes.items())), self._last_ns))

    def keep(self, event: Event) -> None:
        """An event with its time already given."""
        self.told += 1
        self._ring.append(event)
        if self._listeners:
            line = msgspec.json.encode(event.document()) + b"\n"
            for listener in self._listeners:
                listener.offer(event, line)

    def kept(self) -> list[Event]:
        """Those of the ring, oldest first."""
        return list(self._ring)

    def since(self, from_ns: int | None, until_ns: int | None, filters: Filters) -> list[bytes]:
        """Those of the ring, both ends included, as JSON lines."""
        if from_ns is None:
            return []
        return [
            msgspec.json.encode(event.document()) + b"\n"
            for event in self._ring
            if from_ns <= event.at_ns and (until_ns is None or event.at_ns <= until_ns)
            if wanted(event, filters)
        ]

    def listen(self, filters: Filters) -> Listener:
        listener = Listener(filters)
        self._listeners.add(listener)
        return listener

    def leave(self, listener: Listener) -> None:
        self._listeners.discard(listener)

    @property
    def listening(self) -> int:
        return len(self._listeners)

    def forget(self) -> None:
        """The engine ends: the ring is in its memory only, and every stream ends."""
        self._ring.clear()
        for listener in self._listeners:
            listener.end()


def wanted(event: Event, filters: Filters) -> bool:
    """By the filters of GET /events; those of a name that is not known let everything through, as on a real engine."""
    if "type" in filters and event.kind not in filters["type"]:
        return False
    if "event" in filters and not _named(event.action, filters["event"]):
        return False
    for kind in ("container", "image", "network", "volume"):
        if kind in filters and not _about(event, kind, filters[kind]):
            return False
    return "label" not in filters or matches_labels(event.attributes, filters["label"])


def _named(action: str, names: frozenset[str]) -> bool:
    """`health_status: healthy` is found by `health_status` too."""
    return action in names or action.partition(":")[0] in names


def _about(event: Event, kind: str, ids: frozenset[str]) -> bool:
    if event.kind == kind:
        return event.actor in ids or event.attributes.get("name") in ids or _begins(event.actor, ids)
    return kind == "image" and event.attributes.get("image") in ids


def _begins(actor: str, ids: frozenset[str]) -> bool:
    return any(one and actor.startswith(one) for one in ids)
