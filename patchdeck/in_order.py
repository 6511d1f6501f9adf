"""Startups in the order they began, of which few change at a time."""

from __future__ import annotations

import bisect
from collections.abc import Iterator

from patchdeck.model import Startup

_Key = tuple[int, str]


class InOrder:
    """Sorted by when they began. The keys are kept beside them: working them out costs more than finding a place."""

    def __init__(self) -> None:
        self._startups: list[Startup] = []
        self._keys: list[_Key] = []

    def add(self, startup: Startup) -> None:
        key = _key(startup)
        place = bisect.bisect_left(self._keys, key)
        self._keys.insert(place, key)
        self._startups.insert(place, startup)

    def remove(self, startup: Startup) -> None:
        place = bisect.bisect_left(self._keys, _key(startup))
        del self._keys[place]
        del self._startups[place]

    def replace(self, startup: Startup) -> None:
        """Put it in the place of the one that it is another telling of: it began when that one did."""
        self._startups[bisect.bisect_left(self._keys, _key(startup))] = startup

    def before(self, at_ns: int) -> list[Startup]:
        return self._startups[: bisect.bisect_left(self._keys, (at_ns, ""))]

    def since(self, at_ns: int) -> list[Startup]:
        return self._startups[bisect.bisect_left(self._keys, (at_ns, "")) :]

    def newest(self, count: int) -> tuple[Startup, ...]:
        return tuple(self._startups[-count:])

    def __iter__(self) -> Iterator[Startup]:
        return iter(self._startups)

    def __len__(self) -> int:
        return len(self._startups)


def _key(startup: Startup) -> _Key:
    return (startup.at_ns, startup.startup_id)
