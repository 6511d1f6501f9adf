"""Volumes of the simulated engine: names without content."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from patchdeck.simulator.clock import Clock
from patchdeck.simulator.events import EventLog
from patchdeck.simulator.generation import Generation
from patchdeck.simulator.ids import Ids
from patchdeck.simulator.times import rfc3339
from patchdeck.simulator.words import Words

ROOT: Final = "/var/lib/docker"
ANONYMOUS: Final = "com.docker.volume.anonymous"
_NAME: Final = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]+", re.ASCII)


@dataclass
class Volume:
    name: str
    created_ns: int
    labels: dict[str, str] | None
    options: dict[str, str] | None = None
    users: set[str] = field(default_factory=set)
    """Containers, whether they run or not."""

    @property
    def source(self) -> str:
        return f"{ROOT}/volumes/{self.name}/_data"

    def document(self) -> dict[str, Any]:
        """As GET /volumes/{name} has it."""
        return {
            "CreatedAt": rfc3339(self.created_ns // 10**9 * 10**9),
            "Driver": "local",
            "Labels": self.labels,
            "Mountpoint": self.source,
            "Name": self.name,
            "Options": self.options,
            "Scope": "local",
        }


class VolumeStore:
    def __init__(
        self, clock: Clock, ids: Ids, events: EventLog, words: Words, generation: Generation
    ) -> None:
        self._clock = clock
        self._ids = ids
        self._events = events
        self._words = words
        self._generation = generation
        self._by_name: dict[str, Volume] = {}

    def all(self) -> Iterable[Volume]:
        return self._by_name.values()

    def get(self, name: str) -> Volume:
        """Raises: EngineFault where there is none."""
        if name not in self._by_name:
            raise self._words.no_volume(name)
        return self._by_name[name]

    def make(
        self,
        name: str = "",
        labels: Mapping[str, str] | None = None,
        options: Mapping[str, str] | None = None,
    ) -> Volume:
        """The volume of this name, new or not; a new one of its own name where none is given. Raises: EngineFault."""
        if name and not _NAME.fullmatch(name):
            raise self._words.bad_volume_name(name)
        known = self._by_name.get(name)
        if known is None:
            said = None if labels is None else dict(labels)
            if not name and self._generation.since_24:
                said = (said or {}) | {ANONYMOUS: ""}
            name = name or self._ids.new()
            known = self._by_name[name] = Volume(
                name, self._clock.now_ns(), said, dict(options) if options else None
            )
        elif self._generation.since_24:
            return known
        self._events.emit("volume", "create", name, {"driver": "local"})
        return known

    def remove(self, name: str, *, force: bool = False) -> None:
        """Raises: EngineFault where it is used, and without force where there is none."""
        if force and name not in self._by_name:
            return
        volume = self.get(name)
        if volume.users:
            raise self._words.volume_in_use(name, sorted(volume.users))
        del self._by_name[name]
        self._events.emit("volume", "destroy", name, {"driver": "local"})
