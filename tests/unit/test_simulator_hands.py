"""A rollout's own calls on a simulated engine: the whole replacement of a container, and what is refused on the way."""

from __future__ import annotations

from typing import Any

import pytest

from patchdeck.rollout.hands import Hands
from patchdeck.sources.engine.connection import Refused
from patchdeck.sources.targets import Target
from tests.unit.simulated import Simulated, simulated

PORT = {"80/tcp": [{"HostIp": "", "HostPort": "8080"}]}


def target(engine: Simulated) -> Target:
    return Target(name="s", host=engine.host, chosen="test")


@pytest.mark.parametrize("version", ["20.10", "26.1", "28.5"])
async def test_a_container_is_replaced_as_a_rollout_replaces_it(version: str) -> None:
    async with simulated(version) as engine, Hands(target(engine)) as hands:
        body = {
            "Image": "shop/web:1.0",
            "ExposedPorts": {"80/tcp": {}},
            "Volumes": {"/data": {}},
            "HostConfig": {"PortBindings": PORT, "RestartPolicy": {"Name": "unless-stopped"}},
        }
        old = (await hands.create("web", body)).container_id
        await hands.start(old)
        seen = await hands.inspect("web")
        assert seen is not None
        volume = seen["Mounts"][0]["Name"]

        # Under a name of its own first, with the data of the old one.
        heir = {**body, "Image": "shop/web:1.1"} | {
            "Volumes": {},
            "HostConfig": {
                **body["HostConfig"],  # type: ignore[dict-item]
                "Mounts": [{"Type": "volume", "Source": volume, "Target": "/data"}],
            },
        }
        new = (await hands.create("web--new", heir)).container_id
        with pytest.raises(Refused, match="port is already allocated"):
            await hands.start(new)
        await hands.set_restart_policy(old, {"Name": "no", "MaximumRetryCount": 0})
        await hands.stop(old, grace_s=10)
        await hands.stop(old, grace_s=10)
        with pytest.raises(Refused, match="already in use") as taken:
            await hands.rename(new, "web")
        assert taken.value.status == 409
        await hands.rename(old, "web--old-1")
        await hands.rename(new, "web")
        await hands.start(new)
        await hands.start(new)

        now = await hands.inspect("web")
        assert now is not None
        assert (now["Id"], now["State"]["Status"], now["Mounts"][0]["Name"]) == (new, "running", volume)
        with pytest.raises(Refused) as running:
            await hands.remove(new)
        assert running.value.status == 409
        await hands.remove(old)
        assert await hands.inspect(old) is None
        assert [one["Names"] for one in await hands.containers()] == [["/web"]]


async def test_a_fenced_container_stays_down_when_the_engine_restarts() -> None:
    async with simulated() as engine:
        policy: dict[str, Any] = {"HostConfig": {"RestartPolicy": {"Name": "always"}}}
        await engine.run("fenced", **policy)
        await engine.run("other", **policy)
        async with Hands(target(engine)) as hands:
            await hands.set_restart_policy("fenced", {"Name": "no", "MaximumRetryCount": 0})
            await hands.stop("fenced", grace_s=10)
        await engine.engine.restart(0.0)
        assert (await engine.state("fenced"))["Status"] == "exited"
        assert (await engine.state("other"))["Status"] == "running"


async def test_a_pull_tells_its_progress_by_layer() -> None:
    async with simulated() as engine, Hands(target(engine)) as hands:
        engine.world.images.drop(engine.world.images.get("shop/web:1.1"))
        lines = [line async for line in hands.pull("shop/web:1.1")]
        assert [line.status for line in lines if line.layer and line.done_bytes] == [
            "Downloading",
            "Extracting",
        ]
        assert lines[-1].status == "Status: Downloaded newer image for shop/web:1.1"
        with pytest.raises(Refused, match="not found"):
            _ = [line async for line in hands.pull("shop/web:9")]
