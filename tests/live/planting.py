"""What lies between the console and a real engine, and plants a canary in every text that the engine returns."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import threading
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, Final

import aiohttp
from aiohttp import web

CANARY: Final = "canary7f3b"
_ERROR: Final = f'exec: "/bin/x --token {CANARY}": not found; password={CANARY}; Bearer {CANARY}'
_COMMANDS: Final = ("Args", "Config.Cmd", "Config.Entrypoint", "Config.Healthcheck.Test")

MAY_BE_TOLD: Final = {
    "version": {"Version", "ApiVersion"},
    "info": {
        "ID", "Name", "OperatingSystem", "KernelVersion", "Architecture", "Driver", "CgroupVersion", "SystemTime",
        "Swarm.LocalNodeState",
    },
    "containers/json": {"Id"},
    "containers/*/json": {
        "Id", "Created", "Name", "Image", "Path", "Platform", "State.Status", "State.StartedAt", "State.FinishedAt",
        "State.Health.Status", "State.Health.Log.Start", "State.Health.Log.End", "Config.Image", "Config.User",
        "Config.Hostname", "HostConfig.RestartPolicy.Name", "HostConfig.NetworkMode", "HostConfig.LogConfig.Type",
        "Mounts.Type", "Mounts.Name", "Mounts.Source", "Mounts.Destination",
    },
    "containers/*/stats": {"read", "blkio_stats.io_service_bytes_recursive.op"},
    "images/*/json": {"Id", "RepoTags", "RepoDigests", "Created", "Architecture", "RootFS.Layers"},
    "images/*/history": set[str](),
    "events": {
        "Type", "Action", "Actor.ID", "Actor.Attributes.name", "Actor.Attributes.image",
        "Actor.Attributes.container", "Actor.Attributes.exitCode", "Actor.Attributes.signal",
    },
}  # fmt: skip
"""The texts that say what a thing is and how it is doing, by what is asked for. Every other may hold a secret."""


class Planter:
    """`planted` counts the canaries by what was asked for."""

    def __init__(self) -> None:
        self.planted: Counter[str] = Counter()

    def plant(self, asked: str, body: bytes) -> bytes:
        """The same JSON, with canaries. What is no JSON (a ping's OK) stays."""
        try:
            value = json.loads(body)
        except ValueError:
            return body
        return json.dumps(self._in(value, asked, "")).encode()

    def refuse(self, body: bytes) -> bytes:
        self.planted["refusals"] += 1
        return json.dumps({"message": f"{json.loads(body)['message']}; {_ERROR}"}).encode()

    def _in(self, value: Any, asked: str, path: str) -> Any:
        match value:
            case dict() if path in ("Config.Labels", "Labels"):
                # Values of labels are hidden by their names.
                return {f"{name}-secret": self._put(asked, CANARY) for name in value}
            case dict():
                return {key: self._in(one, asked, f"{path}.{key}".lstrip(".")) for key, one in value.items()}
            case list() if path in _COMMANDS:
                # As an argument: of a command the program may be told.
                return [*value[:1], *(self._put(asked, f"{one} {CANARY}") for one in value[1:])]
            case list():
                return [self._in(one, asked, path) for one in value]
            case str() if value:
                return self._text(value, asked, path)
        return value

    def _text(self, text: str, asked: str, path: str) -> str:
        if path == "Config.Env":
            return self._put(asked, f"{text.partition('=')[0]}={CANARY}")
        if path == "State.Error":
            return self._put(asked, _ERROR)
        if asked == "events" and path == "Action" and text.startswith("exec_"):
            return self._put(asked, f"{text.partition(':')[0]}: {CANARY}")
        if path in MAY_BE_TOLD[asked] or "Ports" in path or "PortBindings" in path:
            return text
        return self._put(asked, CANARY)

    def _put(self, asked: str, text: str) -> str:
        self.planted[asked] += 1
        return text


@contextmanager
def planting(engine: Path, folder: Path) -> Iterator[tuple[str, Counter[str]]]:
    """Forwards from a socket in `folder` to the engine's; its host, and how many canaries came by."""
    planter = Planter()
    socket = folder / "planted.sock"
    loop = asyncio.new_event_loop()
    listening, leave = threading.Event(), asyncio.Event()

    async def serve() -> None:
        async with _forwarding(engine, socket, planter):
            listening.set()
            await leave.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()))
    thread.start()
    try:
        assert listening.wait(10)
        yield f"unix://{socket}", planter.planted
    finally:
        loop.call_soon_threadsafe(leave.set)
        thread.join(10)
        loop.close()


@asynccontextmanager
async def _forwarding(engine: Path, socket: Path, planter: Planter) -> AsyncIterator[None]:
    connector = aiohttp.UnixConnector(str(engine), limit=0)
    async with aiohttp.ClientSession(connector=connector) as session:

        async def forward(request: web.Request) -> web.StreamResponse:
            asked = _asked(request.path)
            # Without filters: that an engine leaves something out is not what keeps it out of a recording.
            params = {name: text for name, text in request.query.items() if name != "filters"}
            async with session.request(request.method, f"http://engine{request.path}", params=params) as told:
                if asked == "events":
                    return await _stream(request, told, planter)
                body = await told.read()
                body = planter.refuse(body) if told.status >= 400 else planter.plant(asked, body)
                kept = {
                    name: told.headers[name] for name in ("Api-Version", "Ostype") if name in told.headers
                }
                return web.Response(
                    status=told.status, body=body, headers=kept, content_type="application/json"
                )

        app = web.Application()
        app.router.add_route("*", "/{path:.*}", forward)
        runner = web.AppRunner(app, shutdown_timeout=0.2)
        await runner.setup()
        try:
            await web.UnixSite(runner, str(socket)).start()
            yield
        finally:
            await runner.cleanup()


async def _stream(request: web.Request, told: aiohttp.ClientResponse, planter: Planter) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "application/json"})
    await response.prepare(request)
    with contextlib.suppress(aiohttp.ClientConnectionResetError):  # whoever listened has left
        async for line in told.content:
            await response.write(planter.plant("events", line) + b"\n")
    return response


def _asked(path: str) -> str:
    """`/v1.41/containers/0123/json` as `containers/*/json`."""
    kind, *rest = re.sub(r"^/(v[\d.]+/)?", "", path).split("/")
    return "/".join([kind, "*", rest[-1]]) if len(rest) > 1 else "/".join([kind, *rest])
