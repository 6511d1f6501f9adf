"""/_ping, /version, /info, /events, and what says that there is no swarm."""

from __future__ import annotations

import asyncio

from aiohttp import web

from patchdeck.simulator.api.requests import answer, moment_ns
from patchdeck.simulator.documents import system
from patchdeck.simulator.engine import Engine
from patchdeck.simulator.errors import EngineFault
from patchdeck.simulator.filters import decode
from patchdeck.simulator.words import NO_SWARM


class SystemCalls:
    def __init__(self, engine: Engine) -> None:
        self._world = engine.world

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/_ping", self._ping),
            web.get("/version", self._version),
            web.get("/info", self._info),
            web.get("/events", self._events),
            *(
                web.route("*", f"/{what}{rest}", self._no_swarm)
                for what in ("swarm", "services", "nodes", "tasks")
                for rest in ("", "/{rest:.+}")
            ),
        ]

    async def _ping(self, request: web.Request) -> web.Response:
        headers = {
            "Cache-Control": "no-cache, no-store, must-revalidate",
            "Pragma": "no-cache",
            "Swarm": "inactive",
            "Builder-Version": "2" if self._world.generation.since_24 else "1",
        }
        return web.Response(text="OK" if request.method == "GET" else "", headers=headers)

    async def _version(self, request: web.Request) -> web.Response:
        return answer(system.version(self._world))

    async def _info(self, request: web.Request) -> web.Response:
        return answer(system.info(self._world))

    async def _no_swarm(self, request: web.Request) -> web.Response:
        raise EngineFault(503, NO_SWARM)

    async def _events(self, request: web.Request) -> web.StreamResponse:
        world = self._world
        filters = decode(request.query.get("filters", ""), world.words)
        since, until = (request.query.get(name, "") for name in ("since", "until"))
        since_ns, until_ns = moment_ns(since, world.words), moment_ns(until, world.words)
        if since_ns is not None and until_ns is not None and until_ns < since_ns:
            raise world.words.backwards(since, until)
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        # Listening begins before the ring is read, in one go: nothing falls between the two.
        past = world.events.since(since_ns, until_ns, filters)
        listener = world.events.listen(filters)
        try:
            await response.prepare(request)
            for line in past:
                await response.write(line)
            left_s = None if until_ns is None else (until_ns - world.clock.now_ns()) / 1e9
            if left_s is not None and left_s <= 0:
                return response
            async with asyncio.timeout(left_s):
                while (line_or_end := await listener.lines.get()) is not None:
                    await response.write(line_or_end)
        except (TimeoutError, ConnectionResetError):
            # Until then was listened, or the other side has left.
            return response
        finally:
            world.events.leave(listener)
        return response
