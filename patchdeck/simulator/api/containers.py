"""/containers/…"""

from __future__ import annotations

from aiohttp import web

from patchdeck.simulator.api.logs import logs
from patchdeck.simulator.api.requests import answer, document, flag, nothing, seconds
from patchdeck.simulator.container import Container
from patchdeck.simulator.costs import Use
from patchdeck.simulator.documents.containers import inspected
from patchdeck.simulator.documents.system import stats
from patchdeck.simulator.engine import Engine
from patchdeck.simulator.filters import decode

SAMPLE_S = 1.0
"""Between the two looks of stats that are not one-shot."""


class ContainerCalls:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._world = engine.world

    def routes(self) -> list[web.RouteDef]:
        one = "/containers/{name}"
        return [
            web.get("/containers/json", self._list),
            web.post("/containers/create", self._create),
            web.get(f"{one}/json", self._inspect),
            web.get(f"{one}/changes", self._changes),
            web.get(f"{one}/logs", self._logs),
            web.get(f"{one}/stats", self._stats),
            web.post(f"{one}/start", self._start),
            web.post(f"{one}/stop", self._stop),
            web.post(f"{one}/restart", self._restart),
            web.post(f"{one}/kill", self._kill),
            web.post(f"{one}/pause", self._pause),
            web.post(f"{one}/unpause", self._unpause),
            web.post(f"{one}/rename", self._rename),
            web.post(f"{one}/update", self._update),
            web.post(f"{one}/wait", self._wait),
            web.delete(one, self._remove),
        ]

    def _named(self, request: web.Request) -> Container:
        """Raises: EngineFault where there is none."""
        return self._world.containers.get(request.match_info["name"])

    async def _list(self, request: web.Request) -> web.Response:
        filters = decode(request.query.get("filters", ""), self._world.words)
        most = seconds(request, "limit") or 0
        body = self._engine.listing.encode(filters, everything=flag(request, "all"), most=max(0, int(most)))
        return web.Response(body=body + b"\n", content_type="application/json")

    async def _create(self, request: web.Request) -> web.Response:
        body = await document(request, self._world.words)
        made = await self._engine.creating.create(request.query.get("name", ""), body)
        return answer({"Id": made.id, "Warnings": []}, 201)

    async def _inspect(self, request: web.Request) -> web.Response:
        container = self._named(request)
        if self._world.generation.holds_inspects:
            async with container.lock:
                return answer(inspected(container, self._world.generation))
        return answer(inspected(container, self._world.generation))

    async def _changes(self, request: web.Request) -> web.Response:
        """Simulated containers write nothing into their layer, of which an engine says null."""
        self._named(request)
        return answer(None)

    async def _logs(self, request: web.Request) -> web.StreamResponse:
        return await logs(request, self._named(request), self._world)

    async def _stats(self, request: web.Request) -> web.StreamResponse:
        container = self._named(request)
        if not flag(request, "stream", default=True):
            one_shot = flag(request, "one-shot")
            return answer(await self._sampled(container, one_shot=one_shot))
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        await response.prepare(request)
        while self._world.containers.find(container.id) is container:
            sample = answer(await self._sampled(container, one_shot=False))
            assert isinstance(sample.body, bytes)
            await response.write(sample.body)
            if not container.alive:
                await self._world.clock.sleep(SAMPLE_S)
        return response

    async def _sampled(self, container: Container, *, one_shot: bool) -> dict[str, object]:
        before = None
        if not one_shot and container.alive:
            before = self._use(container)
            await self._world.clock.sleep(SAMPLE_S)
        return stats(
            container,
            self._use(container),
            self._world.clock.now_ns(),
            before=before,
            since_24=self._world.generation.since_24,
        )

    def _use(self, container: Container) -> Use | None:
        if not container.alive or container.started_ns is None:
            return None
        running_s = (self._world.clock.now_ns() - container.started_ns) / 1e9
        return self._world.costs.use(container.id, running_s)

    async def _start(self, request: web.Request) -> web.Response:
        await self._engine.life.start(self._named(request))
        return nothing()

    async def _stop(self, request: web.Request) -> web.Response:
        await self._engine.life.stop(self._named(request), seconds(request, "t"))
        return nothing()

    async def _restart(self, request: web.Request) -> web.Response:
        await self._engine.life.restart(self._named(request), seconds(request, "t"))
        return nothing()

    async def _kill(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        container = self._world.containers.find(name)
        if container is None:
            raise self._world.words.no_container_to_kill(name)
        await self._engine.life.kill(container, name, request.query.get("signal", ""))
        return nothing()

    async def _pause(self, request: web.Request) -> web.Response:
        self._engine.life.pause(self._named(request))
        return nothing()

    async def _unpause(self, request: web.Request) -> web.Response:
        self._engine.life.unpause(self._named(request))
        return nothing()

    async def _rename(self, request: web.Request) -> web.Response:
        self._engine.changing.rename(self._named(request), request.query.get("name", ""))
        return nothing()

    async def _update(self, request: web.Request) -> web.Response:
        container = self._named(request)
        self._engine.changing.update(container, await document(request, self._world.words))
        return answer({"Warnings": None})

    async def _wait(self, request: web.Request) -> web.StreamResponse:
        """The answer's head comes at once, its body when the container has ended."""
        container = self._named(request)
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        await response.prepare(request)
        condition = request.query.get("condition", "not-running")
        if condition == "next-exit":
            await container.begun.wait()
        await container.ended.wait()
        if condition == "removed":
            await container.gone.wait()
        done: dict[str, object] = {"StatusCode": container.exit_code}
        if not self._world.generation.since_24:
            done["Error"] = None
        body = answer(done).body
        assert isinstance(body, bytes)
        await response.write(body)
        return response

    async def _remove(self, request: web.Request) -> web.Response:
        await self._engine.changing.remove(
            self._named(request), force=flag(request, "force"), volumes=flag(request, "v")
        )
        return nothing()
