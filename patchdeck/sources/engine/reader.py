"""Reading an engine's event stream, and nothing else.

The engine gives a subscriber 1024 places and 100 ms to take an event, slows down while it waits, and then drops events
without a word. So one task takes bytes off the socket as fast as they come and cuts them into lines; everything slower
happens on the other side of a bounded queue. Where that overflows, it says so.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from typing import Final

QUEUE_LINES: Final = 100_000
QUEUE_BYTES: Final = 64 << 20
LINE_BYTES: Final = 1 << 20


class StreamEnded(ConnectionError):
    """The engine closed its event stream; it does so when it ends."""


class Lines:
    """A bounded queue of lines within one event loop."""

    def __init__(self, *, most_lines: int = QUEUE_LINES, most_bytes: int = QUEUE_BYTES) -> None:
        self._lines: deque[bytes] = deque()
        self._bytes = 0
        self._most_lines = most_lines
        self._most_bytes = most_bytes
        self._arrived = asyncio.Event()
        self._lost = 0

    def put(self, line: bytes) -> None:
        """Keep the line, or count it as lost if there is no room."""
        if len(self._lines) >= self._most_lines or self._bytes + len(line) > self._most_bytes:
            self.lose()
            return
        self._lines.append(line)
        self._bytes += len(line)
        self._arrived.set()

    def lose(self) -> None:
        self._lost += 1
        self._arrived.set()

    async def take(self, most: int) -> tuple[list[bytes], int]:
        """Up to `most` lines, oldest first, and how many were lost since the last take. Waits until there is either."""
        await self._arrived.wait()
        taken = [self._lines.popleft() for _ in range(min(most, len(self._lines)))]
        self._bytes -= sum(map(len, taken))
        lost, self._lost = self._lost, 0
        if not self._lines:
            self._arrived.clear()
        return taken, lost


async def read_lines(
    chunks: AsyncIterator[bytes], lines: Lines, *, most_line_bytes: int = LINE_BYTES
) -> None:
    """Cut chunks into lines until they end. A line longer than the bound is dropped, and counted as lost.

    Raises: StreamEnded at the end of the stream, and what reading raises.
    """
    started = bytearray()
    skipping = False
    async for chunk in chunks:
        head, *tails = chunk.split(b"\n")
        started += head
        for tail in tails:
            if not skipping and started.strip():
                lines.put(bytes(started))
            skipping = False
            started = bytearray(tail)
        if len(started) > most_line_bytes:
            if not skipping:
                lines.lose()
            skipping = True
            started.clear()
    raise StreamEnded("the event stream ended")


class Repetitions:
    """Tells the events that a reconnect delivers again from those that are new, by the newest few thousand."""

    def __init__(self, remembered: int = 20_000) -> None:
        self._remembered = remembered
        self._keys: dict[object, None] = {}

    def is_new(self, key: object) -> bool:
        if key in self._keys:
            return False
        self._keys[key] = None
        if len(self._keys) > self._remembered:
            del self._keys[next(iter(self._keys))]
        return True
