"""A simulated engine for tests: on a socket of its own, in this process, on a clock that the test may move by hand."""

from __future__ import annotations

import asyncio
import json
import tempfile
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import aiohttp

from patchdeck.simulator.clock import HandClock, settle
from patchdeck.simulator.engine import Engine
from patchdeck.simulator.generation import NEWEST
from patchdeck.simulator.server import Server
from patchdeck.simulator.shelf import stock
from patchdeck.simulator.world import World


class Said(Exception):
    """The engine refused."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(f"{status}: {message}")
        self.status = status
        self.message = message


class Simulated:
    """`await engine.post("/containers/create?name=a", {...})`; the decoded answer, or Said."""

    def __init__(
        self, engine: Engine, clock: HandClock, server: Server, session: aiohttp.ClientSession
    ) -> None:
        self.engine = engine
        self.world = engine.world
        self.clock = clock
        self.socket = server.socket
        self.host = f"unix://{server.socket}"
        self._session = session

    async def call(self, method: str, path: str, body: object = None) -> Any:
        async with self._session.request(method, f"http://engine{path}", json=body) as response:
            text = await response.text()
            if response.status >= 400:
                raise Said(response.status, json.loads(text)["message"])
            return json.loads(text) if text.strip() else response.status

    async def get(self, path: str) -> Any:
        return await self.call("GET", path)

    async def post(self, path: str, body: object = None) -> Any:
        return await self.call("POST", path, body)

    async def delete(self, path: str) -> Any:
        return await self.call("DELETE", path)

    async def run(self, name: str, image: str = "shop/web:1.0", **body: Any) -> str:
        """Creates and starts a container; its ID."""
        made = await self.post(f"/containers/create?name={name}", {"Image": image, **body})
        await self.post(f"/containers/{name}/start")
        return str(made["Id"])

    async def state(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = (await self.get(f"/containers/{name}/json"))["State"]
        return found

    def events(self, *kinds: str) -> list[str]:
        """What was told so far: `start`, `connect`, `die`…, without what probes do."""
        ring = self.world.events.since(0, None, {})
        found = [json.loads(line) for line in ring]
        return [
            event["Action"]
            for event in found
            if not event["Action"].startswith("exec_") and (not kinds or event["Type"] in kinds)
        ]

    async def pass_time(self, seconds: float) -> None:
        await self.clock.move(seconds)
        await settle()


@asynccontextmanager
async def simulated(version: str = NEWEST, seed: int = 1, **world: Any) -> AsyncIterator[Simulated]:
    """On a clock that stands still until `pass_time`."""
    clock = HandClock()
    made = World(version=version, seed=seed, clock=clock, **world)
    stock(made)
    engine = Engine(made)
    with tempfile.TemporaryDirectory() as folder:
        async with Server(engine, Path(folder) / "s") as server:
            connector = aiohttp.UnixConnector(str(server.socket), limit=0)
            async with aiohttp.ClientSession(connector=connector) as session:
                yield Simulated(engine, clock, server, session)


class FastClock:
    """Real time, so many times as fast."""

    def __init__(self, times: float) -> None:
        self._times = times
        self._began_ns = time.time_ns()

    def now_ns(self) -> int:
        return self._began_ns + round((time.time_ns() - self._began_ns) * self._times)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds / self._times)


@contextmanager
def simulated_beside(
    version: str, prepare: Callable[[World], None], *, times: float = 20.0
) -> Iterator[Path]:
    """A simulated engine on a thread and a loop of its own, for clients that block; its socket."""
    with tempfile.TemporaryDirectory() as folder:
        socket = Path(folder) / "s"
        listening, leave = threading.Event(), asyncio.Event()
        loop = asyncio.new_event_loop()

        async def serve() -> None:
            world = World(version=version, seed=1, clock=FastClock(times))
            prepare(world)
            async with Server(Engine(world), socket):
                listening.set()
                await leave.wait()

        thread = threading.Thread(target=lambda: loop.run_until_complete(serve()))
        thread.start()
        try:
            assert listening.wait(10)
            yield socket
        finally:
            loop.call_soon_threadsafe(leave.set)
            thread.join(10)
            loop.close()
