"""Timing a cheap call, to know how the engine is and whether it is there at all."""

from __future__ import annotations

import asyncio
import time
from typing import Final

from patchdeck.sources.emitting import significant
from patchdeck.sources.engine.connection import Connection

PATIENCE_S: Final = 3.0


class Pinger:
    """GET /_ping, one at a time."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._asked_at = 0.0

    async def ping(self) -> float | None:
        """How long it took in seconds; None if there was no answer in time. Raises else as `Connection.get` does."""
        self._asked_at = time.monotonic()
        try:
            await self._connection.get("_ping", timeout_s=PATIENCE_S)
        except TimeoutError:
            return None
        return significant(time.monotonic() - self._asked_at)

    async def pause(self, interval_s: float) -> None:
        """Until the next ping is due, an interval after this one was sent."""
        await asyncio.sleep(max(0.0, self._asked_at + interval_s - time.monotonic()))
