"""Pulls from the simulated registry: progress by layer, what is shared, what fails, and when."""

from __future__ import annotations

import json
from typing import Any

import aiohttp
import pytest

from patchdeck.simulator.costs import Instant
from patchdeck.simulator.images import Layer, image
from tests.unit.simulated import Said, Simulated, simulated

REPOSITORY = "registry.example/shop/api"
BASE = Layer("base", 40_000_000)


def published(engine: Simulated, tag: str, *layers: Layer) -> str:
    made = image(BASE, *layers, created_ns=engine.clock.now_ns(), labels={"v": tag})
    engine.world.registry.publish(REPOSITORY, tag, made)
    return f"{REPOSITORY}:{tag}"


async def pull(engine: Simulated, reference: str) -> list[dict[str, Any]]:
    connector = aiohttp.UnixConnector(str(engine.socket))
    async with (
        aiohttp.ClientSession(connector=connector) as session,
        session.post("http://engine/images/create", params={"fromImage": reference}) as response,
    ):
        text = await response.text()
        if response.status != 200:
            raise Said(response.status, json.loads(text)["message"])
        return [json.loads(line) for line in text.splitlines()]


async def test_what_another_version_has_already_is_not_pulled_again() -> None:
    async with simulated() as engine:
        first = await pull(engine, published(engine, "1.0", Layer("one", 1_000_000)))
        assert sum(line["status"] == "Pull complete" for line in first) == 2
        second = await pull(engine, published(engine, "1.1", Layer("two", 1_000_000)))
        assert [line["status"] for line in second].count("Already exists") == 1
        assert [line["status"] for line in second].count("Pull complete") == 1
        assert second[-1]["status"] == f"Status: Downloaded newer image for {REPOSITORY}:1.1"
        again = await pull(engine, f"{REPOSITORY}:1.1")
        assert again[-1]["status"] == f"Status: Image is up to date for {REPOSITORY}:1.1"


async def test_progress_never_goes_back_and_ends_at_the_layers_size() -> None:
    class InPieces(Instant):
        async def fetch(self, size_bytes: int, told: Any) -> None:
            for share in (0.25, 0.5, 1.0):
                told(round(size_bytes * share))

    async with simulated(costs=InPieces()) as engine:
        lines = await pull(engine, published(engine, "1.0"))
        progress = [line["progressDetail"] for line in lines if line["status"] == "Downloading"]
        assert [one["current"] for one in progress] == [4_000_000, 8_000_000, 16_000_000]
        assert {one["total"] for one in progress} == {16_000_000}


async def test_a_pulled_image_is_found_by_tag_digest_and_id() -> None:
    async with simulated() as engine:
        reference = published(engine, "1.0")
        digest = (await engine.get(f"/distribution/{reference}/json"))["Descriptor"]["digest"]
        await pull(engine, f"{REPOSITORY}@{digest}")
        by_digest = await engine.get(f"/images/{REPOSITORY}@{digest}/json")
        assert by_digest["RepoTags"] == []
        await pull(engine, reference)
        by_tag = await engine.get(f"/images/{reference}/json")
        assert by_tag["Id"] == by_digest["Id"]
        assert (by_tag["RepoTags"], by_tag["RepoDigests"]) == ([reference], [f"{REPOSITORY}@{digest}"])
        assert (await engine.get(f"/images/{by_tag['Id'][7:19]}/json"))["Id"] == by_tag["Id"]


async def test_a_tag_that_moved_leaves_the_image_of_a_container_without_a_name() -> None:
    async with simulated() as engine:
        await pull(engine, published(engine, "1.0"))
        await engine.run("api", f"{REPOSITORY}:1.0")
        old = (await engine.get("/containers/api/json"))["Image"]
        published(engine, "1.0", Layer("patched", 5))
        await pull(engine, f"{REPOSITORY}:1.0")
        assert (await engine.get(f"/images/{old}/json"))["RepoTags"] == []
        assert (await engine.get(f"/images/{REPOSITORY}:1.0/json"))["Id"] != old
        assert (await engine.get("/containers/api/json"))["Image"] == old


async def test_a_registry_that_is_down_refuses_at_once() -> None:
    async with simulated() as engine:
        reference = published(engine, "1.0")
        engine.world.registry.failing = True
        for ask in (pull(engine, reference), engine.get(f"/distribution/{reference}/json")):
            with pytest.raises(Said, match="500: Get"):
                await ask


async def test_a_registry_that_goes_away_in_the_middle_ends_the_stream_with_an_error() -> None:
    async with simulated() as engine:
        reference = published(engine, "1.0")

        class Cut(Instant):
            async def fetch(self, size_bytes: int, told: Any) -> None:
                engine.world.registry.failing = True

        engine.world.costs = Cut()
        lines = await pull(engine, reference)
        assert "Client.Timeout" in lines[-1]["error"]
        assert lines[-1]["errorDetail"]["message"] == lines[-1]["error"]
        with pytest.raises(Said, match="404"):
            await engine.get(f"/images/{reference}/json")


async def test_an_image_that_nobody_published_is_refused_as_real_registries_do() -> None:
    async with simulated() as engine:
        published(engine, "1.0")
        with pytest.raises(Said, match=r"404: manifest for .* not found"):
            await pull(engine, f"{REPOSITORY}:9")
        with pytest.raises(Said, match="404: pull access denied for nobody/nothing"):
            await pull(engine, "nobody/nothing:1")
