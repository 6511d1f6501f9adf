"""What services wait for and take, as of now. There are many, so nothing is made anew that has not changed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from patchdeck.contention import words
from patchdeck.contention.levels import Levels, level_of
from patchdeck.contention.reading import Channel, Reading, forgotten, preference
from patchdeck.model import ServiceReading

KEEP_NS: Final = 600_000_000_000
"""It is of the present only: no history of it is shown."""

_What = tuple[str, str]
"""Service, and what is read."""


class Services:
    """Readings by service, by what is read, and by source."""

    def __init__(self, levels: Mapping[str, Levels]) -> None:
        self._levels = levels
        self.channels: dict[tuple[str, str, str], Channel] = {}
        """By service, what is read, and source."""
        self._told: dict[_What, tuple[Reading, ServiceReading]] = {}
        """What was said last, and of which reading."""

    def add(self, service: str, name: str, reading: Reading) -> None:
        key = (service, name, reading.source)
        channel = self.channels.get(key)
        if channel is None:
            channel = self.channels[key] = Channel()
        channel.add(reading)

    def forget_before(self, horizon_ns: int) -> None:
        self.channels = forgotten(self.channels, horizon_ns)

    def __len__(self) -> int:
        return sum(map(len, self.channels.values())) + len(self._told)

    def now(self, now_ns: int) -> tuple[ServiceReading, ...]:
        """The fresh ones, by service and name; of several sources the best."""
        best: dict[_What, Reading] = {}
        for (service, name, _), channel in self.channels.items():
            reading = channel.newest(now_ns)
            if reading is None or not reading.is_fresh(now_ns):
                continue
            known = best.get((service, name))
            if known is None or preference(reading, now_ns) < preference(known, now_ns):
                best[service, name] = reading
        self._told = {what: (best[what], self._reading(what, best[what])) for what in sorted(best)}
        return tuple(told for _, told in self._told.values())

    def _reading(self, what: _What, reading: Reading) -> ServiceReading:
        known = self._told.get(what)
        if known is not None and known[0] == reading:
            return known[1]
        service, name = what
        return ServiceReading(
            service=service,
            indicator=name,
            value=reading.value,
            unit=reading.unit,
            level=level_of(name, reading, self._levels),
            reason=words.over(reading),
            source=reading.source,
            at_ns=reading.at_ns,
        )
