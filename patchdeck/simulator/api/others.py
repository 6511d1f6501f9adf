"""/images/…, /distribution/…, /networks/…, /volumes/… and /system/df."""

from __future__ import annotations

from contextlib import aclosing

import msgspec
from aiohttp import web

from patchdeck.simulator.api.requests import answer, document, flag, nothing
from patchdeck.simulator.documents import images, system
from patchdeck.simulator.engine import Engine
from patchdeck.simulator.errors import EngineFault
from patchdeck.simulator.filters import decode, matches_labels
from patchdeck.simulator.images import canonical, read
from patchdeck.simulator.networks import Network


class ImageCalls:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._world = engine.world

    def routes(self) -> list[web.RouteDef]:
        one = "/images/{name:.+}"
        return [
            web.get("/images/json", self._list),
            web.post("/images/create", self._pull),
            web.get(f"{one}/json", self._inspect),
            web.get(f"{one}/history", self._history),
            web.post(f"{one}/tag", self._tag),
            web.delete(one, self._remove),
            web.get("/distribution/{name:.+}/json", self._distribution),
        ]

    async def _list(self, request: web.Request) -> web.Response:
        filters = decode(request.query.get("filters", ""), self._world.words)
        users: dict[str, int] = {}
        for container in self._world.containers:
            users[container.image.id] = users.get(container.image.id, 0) + 1
        wanted = {canonical(name) for name in filters.get("reference", ())}
        return answer(
            [
                images.listed(kept, self._world.generation, users.get(kept.image.id, 0))
                for kept in self._world.images.all()
                if "label" not in filters or matches_labels(kept.image.labels, filters["label"])
                if not wanted or wanted & kept.tags
            ]
        )

    async def _inspect(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        kept = self._world.images.find(name)
        if kept is None:
            raise self._world.words.no_image_to_inspect(name)
        return answer(images.inspected(kept, self._world.generation))

    async def _history(self, request: web.Request) -> web.Response:
        return answer(images.history(self._world.images.get(request.match_info["name"])))

    async def _tag(self, request: web.Request) -> web.Response:
        query = request.query
        self._world.images.tag(
            request.match_info["name"],
            query.get("repo", ""),
            query.get("tag", ""),
            self._world.clock.now_ns(),
        )
        return nothing(201)

    async def _remove(self, request: web.Request) -> web.Response:
        return answer(self._engine.untagging.remove(request.match_info["name"], force=flag(request, "force")))

    async def _pull(self, request: web.Request) -> web.StreamResponse:
        name = request.query.get("fromImage", "")
        reference, image = self._engine.pulling.begin(name, request.query.get("tag", ""))
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        await response.prepare(request)
        async with aclosing(self._engine.pulling.lines(reference, image)) as lines:
            async for line in lines:
                await response.write(msgspec.json.encode(line) + b"\r\n")
        return response

    async def _distribution(self, request: web.Request) -> web.Response:
        reference = read(request.match_info["name"], self._world.words)
        return answer(images.distribution(self._world.registry.read(reference)))


class NetworkCalls:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._world = engine.world

    def routes(self) -> list[web.RouteDef]:
        one = "/networks/{name}"
        return [
            web.get("/networks", self._list),
            web.post("/networks/create", self._create),
            web.get(one, self._inspect),
            web.post(f"{one}/connect", self._connect),
            web.post(f"{one}/disconnect", self._disconnect),
            web.delete(one, self._remove),
        ]

    async def _list(self, request: web.Request) -> web.Response:
        filters = decode(request.query.get("filters", ""), self._world.words)

        def fits(network: Network) -> bool:
            return (
                ("name" not in filters or any(part in network.name for part in filters["name"]))
                and ("id" not in filters or any(network.id.startswith(part) for part in filters["id"]))
                and ("driver" not in filters or network.driver in filters["driver"])
                and ("label" not in filters or matches_labels(network.labels, filters["label"]))
            )

        found = [one for one in self._world.networks if fits(one)]
        return answer([system.network(one, self._world, members=False) for one in found])

    async def _create(self, request: web.Request) -> web.Response:
        made = self._world.networks.make(await document(request, self._world.words))
        return answer({"Id": made.id, "Warning": ""}, 201)

    async def _inspect(self, request: web.Request) -> web.Response:
        network = self._world.networks.get(request.match_info["name"])
        return answer(system.network(network, self._world, members=True))

    async def _connect(self, request: web.Request) -> web.Response:
        body = await document(request, self._world.words)
        await self._engine.connecting.connect(request.match_info["name"], body)
        return nothing(200)

    async def _disconnect(self, request: web.Request) -> web.Response:
        body = await document(request, self._world.words)
        await self._engine.connecting.disconnect(request.match_info["name"], body)
        return nothing(200)

    async def _remove(self, request: web.Request) -> web.Response:
        self._world.networks.remove(request.match_info["name"])
        return nothing()


class VolumeCalls:
    def __init__(self, engine: Engine) -> None:
        self._world = engine.world

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/volumes", self._list),
            web.post("/volumes/create", self._create),
            web.get("/volumes/{name}", self._inspect),
            web.delete("/volumes/{name}", self._remove),
        ]

    async def _list(self, request: web.Request) -> web.Response:
        filters = decode(request.query.get("filters", ""), self._world.words)
        found = [
            volume.document()
            for volume in self._world.volumes.all()
            if "name" not in filters or any(part in volume.name for part in filters["name"])
            if "label" not in filters or matches_labels(volume.labels or {}, filters["label"])
        ]
        return answer({"Volumes": found, "Warnings": None})

    async def _create(self, request: web.Request) -> web.Response:
        body = await document(request, self._world.words, optional=True)
        if (driver := body.get("Driver") or "local") != "local":
            said = f'error looking up volume plugin {driver}: plugin "{driver}" not found'
            raise EngineFault(404, f"create {body.get('Name')}: {said}")
        made = self._world.volumes.make(body.get("Name") or "", body.get("Labels"), body.get("DriverOpts"))
        return answer(made.document(), 201)

    async def _inspect(self, request: web.Request) -> web.Response:
        return answer(self._world.volumes.get(request.match_info["name"]).document())

    async def _remove(self, request: web.Request) -> web.Response:
        self._world.volumes.remove(request.match_info["name"], force=flag(request, "force"))
        return nothing()
