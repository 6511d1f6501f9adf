"""An engine in so far as a test scripts it: only for what a real one can not be made to answer."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

Reply = bytes | tuple[int, bytes]
EventScript = Callable[[asyncio.StreamWriter], Awaitable[None]]


def rfc3339(ns: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(ns // 10**9)) + f".{ns % 10**9:09d}Z"


def event(action: str, container_id: str, at_ns: int, **attributes: str) -> bytes:
    line = {
        "Type": "container",
        "Action": action,
        "Actor": {"ID": container_id, "Attributes": {"name": container_id, "image": "i:1", **attributes}},
        "timeNano": at_ns,
    }
    return json.dumps(line).encode() + b"\n"


def inspect_of(container_id: str, **changes: Any) -> bytes:
    now = rfc3339(time.time_ns())
    answer = {
        "Id": container_id,
        "Created": now,
        "Image": "sha256:1",
        "Name": f"/{container_id}",
        "State": {
            "Status": "running",
            "Running": True,
            "StartedAt": now,
            "FinishedAt": "0001-01-01T00:00:00Z",
        },
        "Config": {"Image": "i:1"},
        "HostConfig": {},
    }
    return json.dumps(answer | changes).encode()


class FakeEngine:
    """`async with FakeEngine(folder) as engine`: answers on `engine.host` until the end of the block.

    `replies` maps a path (without the API's version) to a body or a status and a body; `events` is called for each
    subscriber with the stream to write to, and may return to end it.
    """

    def __init__(self, folder: Path) -> None:
        self.socket = folder / "engine.sock"
        self.host = f"unix://{self.socket}"
        self.replies: dict[str, Reply | Callable[[], Awaitable[Reply]]] = {
            "version": b'{"Version":"28.0.0","ApiVersion":"1.48"}',
            "_ping": b"OK",
            "containers/json": b"[]",
            "images/sha256:1/json": b'{"Id":"sha256:1"}',
            "images/sha256:1/history": b"[]",
        }
        self.asked: list[str] = []
        self.subscriptions: list[str] = []
        self.events: EventScript = _silence
        self.most_at_once = 0
        self._at_once = 0
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_unix_server(self._serve, self.socket)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def stop(self) -> None:
        """As after SIGKILL: the socket stays, and nobody listens."""
        if self._server is None:
            return
        self._server.close()
        for connection in list(self._connections):
            connection.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)
        self._server = None

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                target = head.split(b" ", 2)[1].decode()
                path = target.partition("?")[0].lstrip("/")
                if path.startswith("v1."):
                    path = path.partition("/")[2]
                if path == "events":
                    await self._subscribe(target, writer)
                    return
                await self._answer(path, writer)
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            return
        finally:
            self._connections.discard(task)
            writer.close()

    async def _answer(self, path: str, writer: asyncio.StreamWriter) -> None:
        self.asked.append(path)
        self._at_once += 1
        self.most_at_once = max(self.most_at_once, self._at_once)
        try:
            reply = self.replies.get(path, (404, b'{"message":"no such thing"}'))
            if path == "info" and path not in self.replies:
                reply = json.dumps({"SystemTime": rfc3339(time.time_ns()), "Name": "fake"}).encode()
            if callable(reply):
                reply = await reply()
        finally:
            self._at_once -= 1
        status, body = reply if isinstance(reply, tuple) else (200, reply)
        kind = "text/plain" if path == "_ping" else "application/json"
        writer.write(
            f"HTTP/1.1 {status} X\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n".encode()
            + body
        )
        await writer.drain()

    async def _subscribe(self, target: str, writer: asyncio.StreamWriter) -> None:
        self.subscriptions.append(target)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n")
        await writer.drain()
        await self.events(writer)


async def _silence(writer: asyncio.StreamWriter) -> None:
    await writer.drain()
    await asyncio.Event().wait()


@asynccontextmanager
async def running(work: Awaitable[None]) -> AsyncIterator[None]:
    """The work as a task, ended at the end of the block; its own errors are raised there."""
    task = asyncio.ensure_future(work)
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def until(condition: Callable[[], object], timeout_s: float = 5.0) -> bool:
    try:
        async with asyncio.timeout(timeout_s):
            while not condition():  # noqa: ASYNC110 - any condition, of any part
                await asyncio.sleep(0.01)
    except TimeoutError:
        return False
    return True
