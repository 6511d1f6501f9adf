"""The hands of a rollout: the only module that changes anything on an engine.

One method is one call of the Engine API. Each ends within a time of its own, and by one of three ways: it returns, the
engine refuses (`Refused`, with its status and its own words), or no answer comes (`NoAnswer`) and nobody knows whether
the engine did it. Nothing is repeated here: whoever calls looks again first.

A call that finds its work done already ("started already": HTTP 304) has succeeded.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Any, ClassVar, Final, Self
from urllib.parse import quote

import aiodocker
import aiohttp
import msgspec
from aiohttp.client_middlewares import ClientMiddlewareType
from yarl import URL

from patchdeck.sources.engine.connection import (
    ANSWER_BYTES,
    ERROR_BYTES,
    LISTING_BYTES,
    Connection,
    Refused,
    Unreadable,
    refusal_text,
)
from patchdeck.sources.targets import Target

READ_S: Final = 10.0
CREATE_S: Final = 60.0
START_S: Final = 120.0
"""A start in a herd on a slow host takes tens of seconds; what is longer is taken for lost and looked at again."""
CHANGE_S: Final = 30.0
STOP_SPARE_S: Final = 30.0
"""On top of the time that the container itself is given to stop."""
REMOVE_S: Final = 60.0
SILENCE_S: Final = 120.0
"""A pull that says nothing for this long is given up."""
_AT_ONCE: Final = 256
"""Connections: every unit of a rollout may be in a call, with its reads beside."""

Document = dict[str, Any]
"""JSON as the engine writes it. Open-ended on purpose: keys that are not known here are carried over."""


class NoAnswer(Exception):
    """No answer, or half of one: the engine may have done what was asked of it or not."""


class Created(msgspec.Struct, frozen=True):
    container_id: str
    warnings: tuple[str, ...] = ()


class PullLine(msgspec.Struct, frozen=True):
    """One line of a pull's progress."""

    layer: str = ""
    """Short layer ID; empty for what concerns the whole image."""
    status: str = ""
    done_bytes: int = 0
    total_bytes: int = 0


class WritingConnection(Connection):
    """As the console's connection, without the guard that lets only reads pass."""

    middlewares: ClassVar[tuple[ClientMiddlewareType, ...]] = ()


class Hands:
    """Open by `async with`. Every method raises Refused or NoAnswer."""

    def __init__(self, target: Target) -> None:
        self.target = target
        self.api_version = ""
        """As agreed with the engine: "1.41"."""
        self.engine_version = ""
        self._connection = WritingConnection(target, inspects_at_once=_AT_ONCE)

    async def __aenter__(self) -> Self:
        async with contextlib.AsyncExitStack() as exits:
            with answers("connecting"):
                await exits.enter_async_context(self._connection)
                version = await self._connection.version()
            self.engine_version = version.Version
            self.api_version = self._connection.docker.api_version.removeprefix("v")
            self._exits = exits.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._exits.aclose()

    @property
    def connection(self) -> Connection:
        """For what reads engines already; its errors become these within `answers`."""
        return self._connection

    # --- looking ----------------------------------------------------------------------------------

    async def ping(self) -> None:
        with answers("ping"):
            await self._connection.get("_ping", timeout_s=READ_S)

    async def info(self) -> Document:
        found: Document = await self._read("info")
        return found

    async def inspect(self, container: str) -> Document | None:
        """GET /containers/{id or name}/json; None where there is no such container."""
        return await self._read_if_there("containers", container, "json")

    async def inspect_image(self, image: str) -> Document | None:
        """GET /images/{id or reference}/json; None where the engine has no such image."""
        return await self._read_if_there("images", *image.split("/"), "json")

    async def containers(self, filters: Mapping[str, list[str]] | None = None) -> list[Document]:
        """GET /containers/json, those that do not run among them."""
        params = {"all": "1"}
        if filters:
            params["filters"] = msgspec.json.encode(filters).decode()
        found: list[Document] = await self._read("containers", "json", params=params, limit=LISTING_BYTES)
        return found

    async def volumes(self, prefix: str) -> list[Document]:
        """Volumes whose name begins with `prefix`, labels and all."""
        filters = msgspec.json.encode({"name": [prefix]}).decode()
        found = (await self._read("volumes", params={"filters": filters}))["Volumes"] or []
        return [volume for volume in found if volume["Name"].startswith(prefix)]

    @asynccontextmanager
    async def events(self, since_ns: int) -> AsyncIterator[AsyncIterator[bytes]]:
        """The stream of GET /events about containers, in chunks as they come. It ends by NoAnswer."""
        params = {
            "since": f"{since_ns // 1_000_000_000}.{since_ns % 1_000_000_000:09d}",
            "filters": msgspec.json.encode({"type": ["container"]}).decode(),
        }
        with answers("events"):
            async with self._connection.stream("events", params=params) as chunks:
                yield chunks

    async def _read(
        self, *path: str, params: Mapping[str, str] | None = None, limit: int = ANSWER_BYTES
    ) -> Any:
        with answers(f"reading /{'/'.join(path)}"):
            body = await self._connection.get(*path, params=params, timeout_s=READ_S, limit_bytes=limit)
            return msgspec.json.decode(body)

    async def _read_if_there(self, *path: str) -> Document | None:
        try:
            found: Document = await self._read(*path)
        except Refused as error:
            if error.status == 404:
                return None
            raise
        return found

    # --- containers -------------------------------------------------------------------------------

    async def create(self, name: str, body: Document, *, platform: str = "") -> Created:
        params = {"name": name} | ({"platform": platform} if platform else {})
        answer = await self._write(
            "POST", "containers", "create", params=params, body=body, timeout_s=CREATE_S
        )
        return Created(answer["Id"], tuple(answer.get("Warnings") or ()))

    async def start(self, container: str) -> None:
        await self._write("POST", "containers", container, "start", timeout_s=START_S)

    async def stop(self, container: str, *, grace_s: float) -> None:
        """By the container's own signal and within its own time, of which `grace_s` only says how long it is."""
        await self._write("POST", "containers", container, "stop", timeout_s=grace_s + STOP_SPARE_S)

    async def restart(self, container: str, *, grace_s: float) -> None:
        await self._write(
            "POST", "containers", container, "restart", timeout_s=grace_s + STOP_SPARE_S + START_S
        )

    async def rename(self, container: str, name: str) -> None:
        await self._write(
            "POST", "containers", container, "rename", params={"name": name}, timeout_s=CHANGE_S
        )

    async def set_restart_policy(self, container: str, policy: Mapping[str, Any]) -> None:
        """`policy` as in HostConfig.RestartPolicy."""
        body = {"RestartPolicy": policy}
        await self._write("POST", "containers", container, "update", body=body, timeout_s=CHANGE_S)

    async def connect(self, container: str, network: str, endpoint: Document) -> None:
        """`endpoint` as in NetworkingConfig.EndpointsConfig."""
        body = {"Container": container, "EndpointConfig": endpoint}
        await self._write("POST", "networks", network, "connect", body=body, timeout_s=CHANGE_S)

    async def remove(self, container: str) -> None:
        """A stopped container; never by force, and its volumes stay: the successor has them."""
        await self._write("DELETE", "containers", container, timeout_s=REMOVE_S)

    # --- what a lock and a pull need --------------------------------------------------------------

    async def create_volume(self, name: str, labels: Mapping[str, str]) -> Document:
        """The volume of this name: a new one with `labels`, or the one that was there, with its own."""
        body = {"Name": name, "Labels": dict(labels)}
        made: Document = await self._write("POST", "volumes", "create", body=body, timeout_s=CHANGE_S)
        return made

    async def remove_volume(self, name: str) -> None:
        await self._write("DELETE", "volumes", name, timeout_s=CHANGE_S)

    async def remove_image(self, image: str) -> None:
        """Refused as long as any container is made of it."""
        await self._write("DELETE", "images", *image.split("/"), timeout_s=REMOVE_S)

    async def pull(self, reference: str, auth: str = "") -> AsyncIterator[PullLine]:
        """POST /images/create: progress until the image is there with all its layers.

        `reference` names a tag or a digest; `auth` is the value of X-Registry-Auth. Refused also where the engine says
        so only within the stream (status 200 then).
        """
        headers = {"X-Registry-Auth": auth} if auth else {}
        with answers("pull"):
            params = {"fromImage": reference}
            response = await self._send("POST", "images", "create", params=params, headers=headers)
            try:
                if response.status != 200:
                    raise Refused(response.status, refusal_text(await response.content.read(ERROR_BYTES)))
                while True:
                    async with asyncio.timeout(SILENCE_S):
                        line = await response.content.readline()
                    if not line:
                        return
                    if line.strip():
                        yield _pull_line(line)
            finally:
                response.close()

    # --- the wire ---------------------------------------------------------------------------------

    async def _write(
        self,
        method: str,
        *path: str,
        timeout_s: float,
        params: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> Any:
        """One change, and its decoded answer (None without one)."""
        with answers(f"{method} /{'/'.join(path)}"):
            async with asyncio.timeout(timeout_s):
                response = await self._send(method, *path, params=params, body=body)
                try:
                    if response.status >= 400:
                        raise Refused(response.status, refusal_text(await response.content.read(ERROR_BYTES)))
                    answer = await response.read()
                finally:
                    response.release()
            return msgspec.json.decode(answer) if answer.strip() else None

    async def _send(
        self,
        method: str,
        *path: str,
        params: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> aiohttp.ClientResponse:
        docker = self._connection.docker
        parts = "/".join(quote(part, safe="") for part in path)
        url = URL(f"{docker.docker_host}/{docker.api_version}/{parts}", encoded=True)
        return await docker.session.request(
            method,
            url,
            params=params,
            data=None if body is None else msgspec.json.encode(body),
            headers={"Content-Type": "application/json", **(headers or {})},
            allow_redirects=False,
        )


@contextlib.contextmanager
def answers(what: str) -> Iterator[None]:
    """Whatever keeps an answer from coming, as NoAnswer."""
    try:
        yield
    except Refused:
        raise
    except TimeoutError as error:
        raise NoAnswer(f"{what}: no answer in time") from error
    except (OSError, aiohttp.ClientError, aiodocker.DockerError, Unreadable, ValueError) as error:
        raise NoAnswer(f"{what}: {str(error) or type(error).__name__}") from error


class _Progress(msgspec.Struct):
    current: int = 0
    total: int = 0


class _Fault(msgspec.Struct):
    message: str = ""
    code: int = 0


class _Line(msgspec.Struct):
    id: str = ""
    status: str = ""
    progressDetail: _Progress | None = None  # noqa: N815 - the API's own spelling
    errorDetail: _Fault | None = None  # noqa: N815
    error: str = ""


def _pull_line(line: bytes) -> PullLine:
    said = msgspec.json.decode(line, type=_Line)
    if said.error or said.errorDetail:
        fault = said.errorDetail or _Fault()
        raise Refused(fault.code or 200, fault.message or said.error)
    progress = said.progressDetail or _Progress()
    return PullLine(said.id, said.status, progress.current, progress.total)
