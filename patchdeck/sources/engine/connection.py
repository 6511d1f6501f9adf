"""One engine's HTTP connections, by aiodocker, for reading and nothing else.

aiodocker knows the addresses and negotiates the API's version. Answers are taken as bytes from its session, bounded in
size and time, and decoded with types: its own calls parse whatever comes into dictionaries, without a bound, and its
`events` loses what its subscribers did not take before a disconnect.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from types import TracebackType
from typing import ClassVar, Final, Self
from urllib.parse import quote

import aiodocker
import aiohttp
import msgspec
from aiohttp.client_middlewares import ClientHandlerType, ClientMiddlewareType
from yarl import URL

from patchdeck.sources.engine import wire
from patchdeck.sources.ssh import Tunnel
from patchdeck.sources.targets import Target, Tls

ANSWER_S: Final = 10.0
ANSWER_BYTES: Final = 16 << 20
LISTING_BYTES: Final = 256 << 20
ERROR_BYTES: Final = 4_096
_SPARE_CONNECTIONS: Final = 6
"""Beside those for inspects: the event stream, the ping, a listing, a log, and two for what containers use."""


class Refused(Exception):
    """The engine answered, and not with what was asked for."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(f"HTTP {status}: {message}")
        self.status = status
        self.message = message


class Unreadable(ValueError):
    """The engine answered something that the API does not allow."""


class ReadsOnly(RuntimeError):
    """A request that is more than reading was stopped before it left the console."""


async def reads_only(request: aiohttp.ClientRequest, send: ClientHandlerType) -> aiohttp.ClientResponse:
    """Middleware of every session to an engine: the console changes nothing, whatever is asked of it."""
    if request.method not in ("GET", "HEAD") or "Upgrade" in request.headers:
        raise ReadsOnly(f"{request.method} {request.url.path}: the console only reads from an engine")
    return await send(request)


# msgspec works out a type at its first use, and crashes the process where two threads are the first at once, as a
# worker and its watch are that ask for the version at one time. An import happens once.
msgspec.json.Decoder(wire.Version)


class Connection:
    """Open by `async with`. Every method raises OSError, TimeoutError, aiohttp.ClientError, Refused or Unreadable;
    `faults.fault` turns those into words.
    """

    middlewares: ClassVar[tuple[ClientMiddlewareType, ...]] = (reads_only,)

    def __init__(self, target: Target, *, inspects_at_once: int = 8) -> None:
        self.target = target
        self._limit = inspects_at_once + _SPARE_CONNECTIONS
        self._exits = contextlib.AsyncExitStack()
        self._docker: aiodocker.Docker | None = None

    async def __aenter__(self) -> Self:
        async with contextlib.AsyncExitStack() as exits:
            address, connector = await self._connector(exits)
            timeout = aiohttp.ClientTimeout(total=None, sock_connect=ANSWER_S)
            session = await exits.enter_async_context(
                aiohttp.ClientSession(connector=connector, timeout=timeout, middlewares=self.middlewares)
            )
            self._docker = await exits.enter_async_context(
                aiodocker.Docker(url=address, connector=connector, session=session, timeout=timeout)
            )
            self._exits = exits.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._exits.aclose()

    async def _connector(self, exits: contextlib.AsyncExitStack) -> tuple[str, aiohttp.BaseConnector]:
        target = self.target
        path = target.socket_path
        if target.parts.scheme == "ssh":
            path = await exits.enter_async_context(Tunnel(target.host))
        if path is not None:
            return "unix://localhost", aiohttp.UnixConnector(str(path), limit=self._limit)
        context = await asyncio.to_thread(_tls_context, target.tls) if target.tls else None
        scheme = "https" if context else "http"
        connector = aiohttp.TCPConnector(
            ssl=context or True, limit=self._limit, socket_factory=_socket_that_notices
        )
        return f"{scheme}://{target.parts.netloc}", connector

    @property
    def docker(self) -> aiodocker.Docker:
        if self._docker is None:
            raise RuntimeError("the connection is not open")
        return self._docker

    async def version(self) -> wire.Version:
        """GET /version, by which the API's version for all that follows is agreed."""
        try:
            async with asyncio.timeout(ANSWER_S):
                return msgspec.convert(await self.docker.version(), wire.Version)
        except (KeyError, TypeError, ValueError) as error:
            # The client library's words are of its own inside, and of no use to who named the address.
            raise Unreadable("what answers /version is no engine") from error

    async def get(
        self,
        *path: str,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        timeout_s: float = ANSWER_S,
        limit_bytes: int = ANSWER_BYTES,
    ) -> bytes:
        """The whole answer to GET on the path's parts."""
        async with asyncio.timeout(timeout_s), self.stream(*path, params=params, headers=headers) as chunks:
            body = bytearray()
            async for chunk in chunks:
                body += chunk
                if len(body) > limit_bytes:
                    raise Unreadable(f"the answer to /{'/'.join(path)} is longer than {limit_bytes} bytes")
            return bytes(body)

    async def head(self, *path: str, params: Mapping[str, str] | None = None) -> Mapping[str, str]:
        """The headers of the answer to HEAD on the path's parts."""
        async with (
            asyncio.timeout(ANSWER_S),
            self.docker.session.head(self._url(path), params=params, allow_redirects=False) as response,
        ):
            if response.status != 200:
                raise Refused(response.status, response.reason or "no reason given")
            return response.headers.copy()

    @asynccontextmanager
    async def stream(
        self, *path: str, params: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None
    ) -> AsyncIterator[AsyncIterator[bytes]]:
        """The answer to GET on the path's parts as chunks, as they come; no bound on time or size."""
        response = await self.docker.session.get(
            self._url(path), params=params, headers=headers, allow_redirects=False
        )
        try:
            if response.status != 200:
                raise Refused(response.status, refusal_text(await response.content.read(ERROR_BYTES)))
            yield response.content.iter_any()
        finally:
            # What was not read of a body is not worth reading: a connection in the middle of one is closed.
            if response.content.at_eof():
                response.release()
            else:
                response.close()

    def _url(self, path: Sequence[str]) -> URL:
        docker = self.docker
        if docker.api_version == "auto":
            raise RuntimeError("the API's version is not agreed yet: ask for the engine's version first")
        parts = "/".join(quote(part, safe="") for part in path)
        return URL(f"{docker.docker_host}/{docker.api_version}/{parts}", encoded=True)


def refusal_text(body: bytes) -> str:
    """An engine's own words for an error."""

    class Said(msgspec.Struct):
        message: str

    try:
        return msgspec.json.decode(body, type=Said).message.strip()
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return body.decode(errors="replace").strip()[:300] or "no reason given"


def _tls_context(tls: Tls) -> ssl.SSLContext:
    """Raises OSError (ssl.SSLError among them) where a file is missing or is not what it should be."""
    context = ssl.create_default_context(cafile=_text(tls.ca))
    if not tls.verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if tls.certificate is not None:
        context.load_cert_chain(tls.certificate, _text(tls.key))
    return context


def _text(path: Path | None) -> str | None:
    return None if path is None else str(path)


def _socket_that_notices(
    address: tuple[int | socket.AddressFamily, int | socket.SocketKind, int, str, tuple[object, ...]],
) -> socket.socket:
    """A TCP socket whose silence ends within half a minute where the other side is gone without a word."""
    family, kind, protocol, *_ = address
    made = socket.socket(family, kind, protocol)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    if sys.platform == "linux":
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 10)
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 5)
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 3)
    return made
