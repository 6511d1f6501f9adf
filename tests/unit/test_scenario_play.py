"""Scenarios carried out: every act, asked of a simulated engine over its socket."""

from __future__ import annotations

import asyncio
import logging
import random
import shutil
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from patchdeck.simulator.scenarios import script
from patchdeck.simulator.scenarios.client import Client
from patchdeck.simulator.scenarios.play import Player
from patchdeck.simulator.scenarios.script import At, Scenario, Service, Sign, Upon, Version
from patchdeck.simulator.scenarios.stage import Stage
from patchdeck.simulator.server import Server
from tests.unit.fake_engine import until

WEB = Service(name="shop/web", versions=(Version("1.0"), Version("1.1")), replicas=3)


@pytest.fixture
def folder() -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(prefix="pd-"))  # the path of a socket has to be short
    yield made
    shutil.rmtree(made)


@asynccontextmanager
async def playing(
    folder: Path, *acts: script.Act, answers: tuple[Upon, ...] = ()
) -> AsyncIterator[tuple[Stage, Client]]:
    """A stage on which these acts begin at once."""
    scenario = Scenario(
        about="a test",
        services=(WEB,),
        script=tuple(At(0.0, act) for act in acts),
        answers=answers,
        past_s=60.0,
    )
    stage = Stage(scenario, seed=1, proc=folder)
    await stage.live_through_the_past()
    socket = folder / "engine.sock"
    async with Server(stage.engine, socket), Client(str(socket)) as client:
        player = asyncio.create_task(Player(scenario, client, stage, stage.chance).run())
        try:
            yield stage, client
        finally:
            player.cancel()
            with suppress(asyncio.CancelledError):
                await player


async def images(client: Client) -> Counter[str]:
    return Counter(one["Image"] for one in await client.running("shop", "web"))


async def replicas_are(client: Client, wanted: dict[str, int]) -> bool:
    """Whether they become so within a while."""
    for _ in range(400):
        if await images(client) == wanted:
            return True
        await asyncio.sleep(0.05)
    return False


async def test_the_fleet_of_the_past_is_there_and_so_are_its_events(folder: Path) -> None:
    async with playing(folder) as (stage, client):
        assert await images(client) == {"shop/web:1.0": 3}
        told = stage.world.events.since(0, None, {})
    actions = Counter(line.split(b'"Action":"')[1].split(b'"')[0] for line in told)
    assert actions[b"create"] == actions[b"start"] == 3


async def test_a_patch_replaces_every_replica_under_its_name(folder: Path) -> None:
    async with playing(folder, script.Patch(service="shop/web", to="1.1", at_once=2)) as (_, client):
        before = {one["Id"]: one["Names"] for one in await client.running("shop", "web")}
        assert await replicas_are(client, {"shop/web:1.1": 3})
        after = {one["Id"]: one["Names"] for one in await client.running("shop", "web")}
    assert not before.keys() & after.keys()
    assert sorted(before.values()) == sorted(after.values())


async def test_a_patch_of_a_few_leaves_the_others(folder: Path) -> None:
    patch = script.Patch(service="shop/web", to="1.1", at_once=1, most=1)
    async with playing(folder, patch) as (_, client):
        assert await replicas_are(client, {"shop/web:1.0": 2, "shop/web:1.1": 1})


async def test_more_replicas_come_and_go(folder: Path) -> None:
    async with playing(folder, script.Grow(service="shop/web", by=4, at_once=4)) as (stage, client):
        assert await replicas_are(client, {"shop/web:1.0": 7})
        shrink = Scenario(about="", services=(WEB,), script=(At(0, script.Shrink(service="shop/web", by=5)),))
        shrinking = asyncio.create_task(Player(shrink, client, stage, stage.chance).run())
        assert await replicas_are(client, {"shop/web:1.0": 2})
        shrinking.cancel()
        names = [one["Names"][0] for one in await client.running("shop", "web")]
    assert names == ["/shop-web-1", "/shop-web-2"]


async def test_a_patch_waits_for_a_registry_that_refuses(
    folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("patchdeck.simulator.scenarios.play.AGAIN_S", 0.2)
    patch = script.Patch(service="shop/web", to="1.1", at_once=3)
    async with playing(folder, script.FailRegistry(for_s=1.0), patch) as (_, client):
        assert await until(lambda: "pull of shop/web:1.1" in caplog.text)
        assert await images(client) == {"shop/web:1.0": 3}
        assert await replicas_are(client, {"shop/web:1.1": 3})


async def test_an_engine_that_restarts_brings_its_containers_back(folder: Path) -> None:
    async with playing(folder, script.RestartEngine(down_s=0.5)) as (_, client):
        assert await until(lambda: not (folder / "engine.sock").exists())
        assert await until((folder / "engine.sock").exists)
        assert await replicas_are(client, {"shop/web:1.0": 3})


async def test_a_replica_that_someone_else_removed_is_told_and_the_others_are_patched(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    patch = script.Patch(service="shop/web", to="1.1", at_once=1, apart_s=0.3)
    with caplog.at_level(logging.WARNING):
        async with playing(folder, patch) as (_, client):
            assert await replicas_are(client, {"shop/web:1.0": 2, "shop/web:1.1": 1})
            (*_, last) = await client.running("shop", "web")
            await client.take_away(last["Id"])
            assert await replicas_are(client, {"shop/web:1.1": 2})
            assert await until(lambda: "No such container" in caplog.text)


PATCHED = Sign(kind="container", action="start", of="shop/web:1.1")


async def test_what_a_person_does_is_answered(folder: Path) -> None:
    answer = Upon(PATCHED, script.Grow(service="shop/web", by=1, at_once=1))
    async with playing(folder, answers=(answer,)) as (_, client):
        await asyncio.sleep(0.2)
        assert await images(client) == {"shop/web:1.0": 3}
        await client.start_new("by-hand", {"Image": "shop/web:1.1"})
        assert await replicas_are(client, {"shop/web:1.0": 4})


async def test_an_act_that_depends_on_nobody_being_there_is_left_out_when_somebody_is(folder: Path) -> None:
    grow = script.Grow(service="shop/web", by=1, at_once=1)
    scenario = Scenario(about="", services=(WEB,), script=(At(0.6, grow, unless=PATCHED),))
    async with playing(folder) as (stage, client):
        player = asyncio.create_task(Player(scenario, client, stage, stage.chance).run())
        await asyncio.sleep(0.2)
        await client.start_new("by-hand", {"Image": "shop/web:1.1"})
        await asyncio.sleep(1.0)
        assert await images(client) == {"shop/web:1.0": 3}
        player.cancel()
        again = asyncio.create_task(Player(scenario, client, stage, stage.chance).run())
        assert await replicas_are(client, {"shop/web:1.0": 4})
        again.cancel()


async def test_what_reads_the_disk_goes_on_until_a_while_after_its_sign(folder: Path) -> None:
    reading = script.ReadDisk(for_s=0.1, until=PATCHED, then_s=0.4)
    scenario = Scenario(about="", services=(WEB,), script=(At(0, reading),))
    noting = Noting()
    async with playing(folder) as (stage, client):
        player = asyncio.create_task(Player(scenario, client, noting, stage.chance).run())
        await asyncio.sleep(0.5)
        before = len(noting.seen)
        await client.start_new("by-hand", {"Image": "shop/web:1.1"})
        assert await until(lambda: len(noting.seen) > before + 10)
        await asyncio.sleep(0.8)
        ended = len(noting.seen)
        await asyncio.sleep(0.2)
        player.cancel()
    assert before > 10
    assert len(noting.seen) == ended


async def test_what_reads_the_disk_for_long_enough_waits_for_no_sign(folder: Path) -> None:
    reading = script.ReadDisk(for_s=0.1, until=PATCHED, most_s=0.3)
    scenario = Scenario(about="", services=(WEB,), script=(At(0, reading),))
    noting = Noting()
    async with playing(folder) as (stage, client):
        player = asyncio.create_task(Player(scenario, client, noting, stage.chance).run())
        await asyncio.sleep(0.8)
        ended = len(noting.seen)
        await asyncio.sleep(0.2)
        assert not player.done()
        player.cancel()
    assert len(noting.seen) == ended > 10


async def test_what_reads_the_disk_shows_as_pressure(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("patchdeck.simulator.host.simulated.UPDATE_S", 0.1)
    async with playing(folder, script.ReadDisk(for_s=30)) as (stage, _):
        running = asyncio.create_task(stage.host.run())
        await asyncio.sleep(1.5)
        running.cancel()
    told = (folder / "pressure" / "io").read_text()
    full = float(told.split("full avg10=")[1].split()[0])
    assert full > 5, told


class Noting:
    """Controls that only say what they were told."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, float]] = []

    def want_processors(self, processors: float) -> None:
        self.seen.append(("processors", processors))

    async def read_disk(self, seconds: float) -> None:
        self.seen.append(("read", seconds))
        await asyncio.sleep(0.01)

    def slow_disk(self, factor: float) -> None:
        self.seen.append(("disk", factor))

    async def restart_engine(self, down_s: float) -> None:
        self.seen.append(("down", down_s))

    def lose_events(self, *, losing: bool) -> None:
        self.seen.append(("events", losing))

    def fail_registry(self, *, failing: bool) -> None:
        self.seen.append(("registry", failing))


async def test_what_goes_wrong_does_so_for_as_long_as_the_script_says() -> None:
    acts = (
        script.Load(processors=4, for_s=0.1),
        script.SlowDisk(factor=5, for_s=0.2),
        script.LoseEvents(for_s=0.3),
        script.FailRegistry(for_s=0.4),
    )
    scenario = Scenario(about="", services=(WEB,), script=tuple(At(0.0, act) for act in acts))
    noting = Noting()
    async with Client("/nowhere") as client:
        player = asyncio.create_task(Player(scenario, client, noting, random.Random(1)).run())
        assert await until(lambda: len(noting.seen) == 9)
        player.cancel()
    usual = WEB.replicas * WEB.processors
    assert noting.seen[:5] == [
        ("processors", usual),
        ("processors", usual + 4),
        ("disk", 5),
        ("events", True),
        ("registry", True),
    ]
    assert noting.seen[5:] == [
        ("processors", pytest.approx(usual)),
        ("disk", 1.0),
        ("events", False),
        ("registry", False),
    ]
