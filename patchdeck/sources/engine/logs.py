"""The last lines that a container wrote."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from typing import Final

import msgspec

from patchdeck.sources.engine import wire
from patchdeck.sources.engine.connection import Connection, Refused
from patchdeck.sources.engine.faults import FAULTS, fault
from patchdeck.sources.errors import LogsUnavailable
from patchdeck.sources.targets import Target

KEPT_BYTES: Final = 256 << 10
LINE_BYTES: Final = 16 << 10
_READ_BYTES: Final = 32 << 20
_READ_S: Final = 5.0
_HEADER_BYTES: Final = 8


async def last_lines(
    connection: Connection | None, target: Target, container_id: str, lines: int
) -> tuple[str, ...]:
    """At most `lines` lines and KEPT_BYTES bytes, the newest, oldest first. What is not UTF-8 is replaced.

    Raises: LogsUnavailable.
    """
    if connection is None:
        raise LogsUnavailable(f"{target.name} is not connected")
    try:
        async with asyncio.timeout(_READ_S):
            inspected = await connection.get("containers", container_id, "json")
            tty = msgspec.json.decode(inspected, type=wire.TtyOnly).Config.Tty
            tail = Tail(lines)
            wanted = {"stdout": "1", "stderr": "1", "tail": str(lines)}
            async with connection.stream("containers", container_id, "logs", params=wanted) as chunks:
                await _read(chunks, tail, multiplexed=not tty)
            return tail.lines()
    except Refused as error:  # no such container, or a log driver that can't be read: the engine's own words
        raise LogsUnavailable(error.message) from error
    except (*FAULTS, msgspec.MsgspecError) as error:
        raise LogsUnavailable(fault(target, error).detail) from error


async def _read(chunks: AsyncIterator[bytes], tail: Tail, *, multiplexed: bool) -> None:
    pending = bytearray()
    frame_left = read = 0
    async for chunk in chunks:
        read += len(chunk)
        if read > _READ_BYTES:
            raise TimeoutError("the lines are too long to be read")
        if not multiplexed:
            tail.add(chunk)
            continue
        pending += chunk
        while pending:
            if frame_left:
                part = bytes(pending[:frame_left])
                del pending[: len(part)]
                frame_left -= len(part)
                tail.add(part)
            elif len(pending) < _HEADER_BYTES:
                break
            else:
                # One byte for the stream, three of zeros, four for the length of what follows, big-endian.
                frame_left = int.from_bytes(pending[4:_HEADER_BYTES], "big")
                del pending[:_HEADER_BYTES]


class Tail:
    """Keeps the newest lines of a flow of bytes, bounded in number and size."""

    def __init__(self, most_lines: int) -> None:
        self._lines: deque[bytes] = deque(maxlen=most_lines)
        self._bytes = 0
        self._open = bytearray()

    def add(self, part: bytes) -> None:
        self._open += part
        *whole, rest = self._open.split(b"\n")
        self._open = bytearray(rest[:LINE_BYTES])
        for line in whole:
            self._push(bytes(line))

    def _push(self, line: bytes) -> None:
        line = line[:LINE_BYTES]
        if len(self._lines) == self._lines.maxlen and self._lines:
            self._bytes -= len(self._lines[0])
        self._lines.append(line)
        self._bytes += len(line)
        while self._bytes > KEPT_BYTES:
            self._bytes -= len(self._lines.popleft())

    def lines(self) -> tuple[str, ...]:
        if self._open:
            self._push(bytes(self._open))
            self._open.clear()
        return tuple(line.rstrip(b"\r").decode(errors="replace") for line in self._lines)
