"""The simulated engine on a Unix socket.

async with Server(engine, Path("/run/user/1000/demo/engine.sock")): ...
"""

from __future__ import annotations

import asyncio
import itertools
import logging
import os
import socket as sockets
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from aiohttp import web

from patchdeck.simulator.api.containers import ContainerCalls
from patchdeck.simulator.api.others import ImageCalls, NetworkCalls, VolumeCalls
from patchdeck.simulator.api.requests import answer
from patchdeck.simulator.api.system import SystemCalls
from patchdeck.simulator.engine import Engine
from patchdeck.simulator.errors import EngineFault, NotModified

_log = logging.getLogger(__name__)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
_VERSION: Final = r"/v{api_version:\d+\.\d+}"
_MOST_BYTES: Final = 16 << 20
_FOR_WHO_ASKS: Final = ("/wait", "/images/create")
"""Ends with whoever asked: nobody is told any more, and a pull is given up."""
CUT_S: Final = 0.01
"""An engine that goes away does not wait for those who read from it."""


class Server:
    """Listens from `async with` on. Only the user who started it may connect. Raises: OSError."""

    def __init__(self, engine: Engine, socket: Path) -> None:
        self._engine = engine
        self._world = engine.world
        self.socket = socket
        self._runner: web.AppRunner | None = None

    async def __aenter__(self) -> Self:
        self._engine.away = self._away
        await self._listen()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._engine.away = None
        await self._close()
        tasks = [task for one in self._world.containers for task in one.tasks]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _away(self, meanwhile: Callable[[], Awaitable[None]]) -> None:
        await self._close()
        try:
            await meanwhile()
        finally:
            await self._listen()

    async def _listen(self) -> None:
        runner = web.AppRunner(
            self._made(),
            access_log=None,
            handle_signals=False,
            handler_cancellation=True,
            shutdown_timeout=CUT_S,
        )
        await runner.setup()
        listening = _bound(self.socket)
        await web.SockSite(runner, listening).start()
        self._runner = runner

    async def _close(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None
        self.socket.unlink(missing_ok=True)

    # --- requests ---------------------------------------------------------------------------------

    def _made(self) -> web.Application:
        application = web.Application(client_max_size=_MOST_BYTES, middlewares=[self._answer])
        for calls in (SystemCalls, ContainerCalls, ImageCalls, NetworkCalls, VolumeCalls):
            for route in calls(self._engine).routes():
                methods = ("GET", "HEAD") if route.method == "GET" else (route.method,)
                for method, path in itertools.product(methods, (route.path, _VERSION + route.path)):
                    application.router.add_route(method, path, route.handler)
        application.on_response_prepare.append(self._sign)
        return application

    @web.middleware
    async def _answer(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """What real engines do around every call: agree on the version, and say no in their own way."""
        try:
            await self._world.costs.answer()
            refused = self._refused_version(request.match_info.get("api_version"))
            if refused is not None:
                return refused
            if request.method in ("GET", "HEAD") or request.path.endswith(_FOR_WHO_ASKS):
                return await handler(request)
            # What was asked for is done, whether or not whoever asked is still there.
            doing = asyncio.ensure_future(handler(request))
            doing.add_done_callback(_look)
            return await asyncio.shield(doing)
        except NotModified:
            return web.Response(status=304)
        except EngineFault as fault:
            return answer({"message": fault.message}, fault.status)
        except (web.HTTPNotFound, web.HTTPMethodNotAllowed):
            return answer({"message": self._world.words.no_page().message}, 404)

    def _refused_version(self, text: str | None) -> web.Response | None:
        if text is None:
            return None
        asked, generation = _version(text), self._world.generation
        if asked > _version(generation.api):
            said = f"client version {text} is too new. Maximum supported API version is {generation.api}"
            return answer({"message": said}, 400)
        if asked < _version(generation.least_api):
            said = (
                f"client version {text} is too old. Minimum supported API version is {generation.least_api}, please"
                " upgrade your client to a newer version"
            )
            if generation.since_24 and not generation.since_27:
                return answer({"message": said}, 400)
            # Clients of then expected no JSON; engines went back to that.
            return web.Response(status=400, text=f"{said}\n")
        return None

    async def _sign(self, _: web.Request, response: web.StreamResponse) -> None:
        generation = self._world.generation
        response.headers["Api-Version"] = generation.api
        response.headers["Docker-Experimental"] = "false"
        response.headers["Ostype"] = "linux"
        response.headers["Server"] = f"Docker/{generation.version} (linux)"


def _look(done: asyncio.Future[web.StreamResponse]) -> None:
    """A refusal that nobody is there to hear is no problem; everything else is."""
    problem = None if done.cancelled() else done.exception()
    if problem is not None and not isinstance(problem, (EngineFault, web.HTTPException)):
        _log.error("a call of the simulated engine failed", exc_info=problem)


def _version(text: str) -> tuple[int, ...]:
    return tuple(map(int, text.split(".")))


def _bound(path: Path) -> sockets.socket:
    """A listening socket that only its owner may connect to, from its first moment on. Raises: OSError."""
    path.unlink(missing_ok=True)
    made = sockets.socket(sockets.AF_UNIX, sockets.SOCK_STREAM)
    mask = os.umask(0o177)
    try:
        made.bind(str(path))
    except OSError:
        made.close()
        raise
    finally:
        os.umask(mask)
    return made
