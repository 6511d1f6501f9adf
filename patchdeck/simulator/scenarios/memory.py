"""What the engine remembers of its past: the newest of what happened to containers, health probes left out.

An engine keeps its last 256 events, and forty containers with a health check fill that in seconds. With those of the
probes left out, the past of a small fleet has room in it.
"""

from __future__ import annotations

from collections import deque
from typing import Any

import msgspec

from patchdeck.simulator.events import KEPT, Event, EventLog, Listener

_PROBE = "exec_"


class Memory:
    """Listens from the beginning."""

    def __init__(self, events: EventLog) -> None:
        self._events = events
        self._listener: Listener = events.listen({})
        self._kept: deque[dict[str, Any]] = deque(maxlen=KEPT)

    async def listen(self) -> None:
        """Until cancelled."""
        while (line := await self._listener.lines.get()) is not None:
            event = msgspec.json.decode(line)
            if not event["Action"].startswith(_PROBE):
                self._kept.append(event)

    def remember(self) -> None:
        """From now on the engine's ring holds this, as if nothing else had been."""
        self._events.leave(self._listener)
        self._events.forget()
        for event in self._kept:
            actor = event["Actor"]
            self._events.keep(
                Event(event["Type"], event["Action"], actor["ID"], actor["Attributes"], event["timeNano"])
            )
