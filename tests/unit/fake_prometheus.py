"""An HTTP server that a test scripts: for what a real Prometheus can not be made to answer, and to count requests."""

from __future__ import annotations

import asyncio
import json
import ssl
import threading
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit


@dataclass(frozen=True)
class Request:
    path: str
    query: str
    """The PromQL, empty if there is none."""
    target: str
    head: str
    at: float = field(default_factory=time.time)


Respond = Callable[[Request], Awaitable[bytes]]
"""The whole answer as it goes over the wire."""


def answer(body: bytes, status: int = 200, kind: str = "application/json", more: str = "") -> bytes:
    head = f"HTTP/1.1 {status} X\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n{more}\r\n"
    return head.encode() + body


def success(result: list[dict[str, Any]], kind: str = "vector") -> bytes:
    return answer(json.dumps({"status": "success", "data": {"resultType": kind, "result": result}}).encode())


def failure(error: str, status: int = 400) -> bytes:
    return answer(json.dumps({"status": "error", "errorType": "bad_data", "error": error}).encode(), status)


def sample(value: float | str, **metric: str) -> dict[str, Any]:
    return {"metric": metric, "value": [time.time(), str(value)]}


async def nothing(request: Request) -> bytes:
    return answer(b"Ready.", kind="text/plain") if request.path == "/-/ready" else success([])


class FakePrometheus:
    """`with FakePrometheus(respond) as server`: on a loopback port, on a thread of its own."""

    def __init__(self, respond: Respond = nothing, tls: ssl.SSLContext | None = None) -> None:
        self.respond = respond
        self.requests: list[Request] = []
        self.most_at_once = 0
        self.drip_s = 0.0
        """Between two bytes of an answer."""
        self._at_once = 0
        self._tls = tls
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        assert self._server is not None
        port = self._server.sockets[0].getsockname()[1]
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{port}"

    def __enter__(self) -> Self:
        self._thread.start()
        started = asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=self._tls)
        self._server = asyncio.run_coroutine_threadsafe(started, self._loop).result(5)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result(5)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()

    async def _stop(self) -> None:
        assert self._server is not None
        self._server.close()
        for connection in list(self._connections):
            connection.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        try:
            while head := (await reader.readuntil(b"\r\n\r\n")).decode():
                request = _parsed(head)
                self.requests.append(request)
                self._at_once += 1
                self.most_at_once = max(self.most_at_once, self._at_once)
                try:
                    body = await self.respond(request)
                finally:
                    self._at_once -= 1
                for part in (bytes([one]) for one in body) if self.drip_s else (body,):
                    writer.write(part)
                    await writer.drain()
                    await asyncio.sleep(self.drip_s)
                if not _is_whole(body):
                    return
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            return
        finally:
            self._connections.discard(task)
            writer.close()


def _parsed(head: str) -> Request:
    target = head.split(" ", 2)[1]
    parts = urlsplit(target)
    query = parse_qs(parts.query).get("query", [""])[0]
    return Request(path=parts.path, query=query, target=target, head=head)


def _is_whole(body: bytes) -> bool:
    """Whether the connection can be used on."""
    head, _, content = body.partition(b"\r\n\r\n")
    return b"Content-Length: %d\r\n" % len(content) in head + b"\r\n"
