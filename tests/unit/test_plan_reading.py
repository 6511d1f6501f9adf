"""What planning makes of an engine's answers: which registries it trusts, and answers that make no sense."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from patchdeck.registry.image import Platform
from patchdeck.rollout.planning.engine import EngineRead, read_containers, read_engine, read_image
from patchdeck.sources.engine.connection import Connection, Unreadable
from patchdeck.sources.targets import Target
from tests.unit.fake_engine import FakeEngine, inspect_of

INFO = {
    "ID": "E",
    "NCPU": 4,
    "IndexServerAddress": "https://index.registry.example/v1/",
    "RegistryConfig": {
        "InsecureRegistryCIDRs": ["::1/128", "127.0.0.0/8", "10.1.0.0/16"],
        "IndexConfigs": {
            "10.1.9.9:5000": {"Name": "10.1.9.9:5000", "Secure": True},
            "lab.example:5000": {"Name": "lab.example:5000", "Secure": False},
        },
    },
    "DriverStatus": [["Backing Filesystem", "extfs"]],
}


@asynccontextmanager
async def asking(folder: Path, **replies: Any) -> AsyncIterator[Connection]:
    """A connection to an engine that gives these answers; `_` stands for a slash."""
    async with FakeEngine(folder) as engine:
        for path, reply in replies.items():
            engine.replies[path.replace("_", "/")] = reply
        async with Connection(Target(name="e", host=engine.host, chosen="test")) as connection:
            yield connection


async def engine_read(folder: Path, **changes: Any) -> EngineRead:
    async with asking(folder, info=json.dumps(INFO | changes).encode()) as connection:
        return await read_engine(connection)


@pytest.mark.parametrize(
    ("registry", "insecure"),
    [
        ("127.0.0.1:5000", True),
        ("localhost:5000", True),
        ("[::1]:5000", True),
        ("10.1.2.3", True),
        ("10.1.9.9:5000", False),
        ("10.2.0.1:5000", False),
        ("lab.example:5000", True),
        ("lab.example", False),
    ],
)
async def test_a_registry_is_insecure_only_where_the_engine_takes_it_so(
    tmp_path: Path, registry: str, *, insecure: bool
) -> None:
    assert (await engine_read(tmp_path)).takes_insecure(registry) is insecure


async def test_the_default_registry_is_the_one_that_the_engine_tells(tmp_path: Path) -> None:
    read = await engine_read(tmp_path)
    assert read.default_registry == "https://index.registry.example/v1/"
    assert read.default_host == "index.registry.example"


async def test_image_ids_are_no_configurations_in_containerds_store(tmp_path: Path) -> None:
    assert (await engine_read(tmp_path)).image_ids_are_configs
    status = [["driver-type", "io.containerd.snapshotter.v1"]]
    assert not (await engine_read(tmp_path, DriverStatus=status)).image_ids_are_configs


async def test_the_room_on_another_host_is_not_known(tmp_path: Path) -> None:
    read = await engine_read(tmp_path, DockerRootDir=str(tmp_path))
    assert (read.seen.local, read.seen.free_bytes) == (False, None)


@pytest.mark.parametrize(
    ("answers", "told"),
    [
        ({"info": b'{"ID": 7}'}, "answer to /info is not an engine's"),
        ({"info": b"{"}, "answer to /info is not an engine's"),
    ],
)
async def test_an_engine_that_makes_no_sense_is_unreadable(
    tmp_path: Path, answers: dict[str, bytes], told: str
) -> None:
    async with asking(tmp_path, **answers) as connection:
        with pytest.raises(Unreadable, match=told):
            await read_engine(connection)


async def test_a_container_that_is_removed_meanwhile_is_left_out_and_one_that_makes_no_sense_is_told(
    tmp_path: Path,
) -> None:
    listed = b'[{"Id": "here"}, {"Id": "gone"}]'
    async with asking(
        tmp_path, containers_json=listed, containers_here_json=inspect_of("here", Config={"Image": "i:1"})
    ) as connection:
        await connection.version()
        found = await read_containers(connection, (), at_once=2)
        assert [one.facts.container_id for one in found] == ["here"]
        assert found[0].service == "here"
    async with asking(tmp_path, containers_json=listed, containers_here_json=b'{"Id": 3}') as connection:
        await connection.version()
        with pytest.raises(Unreadable, match="container here can not be read"):
            await read_containers(connection, (), at_once=2)


async def test_an_image_that_is_not_there_is_none(tmp_path: Path) -> None:
    image = json.dumps({"Id": "sha256:1", "Os": "linux", "Architecture": "arm", "Variant": "v7"}).encode()
    async with asking(tmp_path, images_shop_web_json=image) as connection:
        await connection.version()
        found = await read_image(connection, "shop/web")
        assert found is not None
        assert found.platform == Platform("linux", "arm", "v7")
        assert await read_image(connection, "shop/other") is None
