"""A rollout on a simulated engine: from the plan to the end, and cut short at points of its way.

The promise that nothing is lost by a crash is kept on real engines (tests/live/test_rollout_crashes.py); here it is
tried in passing, where no engine can be had.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from patchdeck.model import Actor, Amount, Command, RolloutState, Strategy
from patchdeck.rollout import acting, journal
from patchdeck.rollout.database import JournalError
from patchdeck.rollout.hands import Document, Hands
from patchdeck.rollout.journal import Journal
from patchdeck.rollout.planning.maker import make_plan
from patchdeck.rollout.state import State
from patchdeck.rollout.submit import submit
from patchdeck.rollout.worker import carry_out
from patchdeck.settings import Settings
from patchdeck.simulator.engine import Engine
from patchdeck.simulator.server import Server
from patchdeck.simulator.shelf import stock
from patchdeck.simulator.world import World
from patchdeck.sources.engine.connection import Connection
from patchdeck.sources.targets import Target

ME = Actor(user="me")
STRATEGY = Strategy(
    canary=Amount(count=1),
    batch=Amount(share=1.0),
    bake_s=0.0,
    pace=5,
    gates={"ratio": "off", "contention": "off"},
)
REPLICAS = 4


class Killed(Exception):
    """In place of SIGKILL, which would end the tests with it."""


class CutAt:
    """Counts as `CrashPoints` does, and raises where that kills."""

    def __init__(self, point: int) -> None:
        self.left = point

    def reached(self, *_: object) -> None:
        self.left -= 1
        if self.left == 0:
            raise Killed


@pytest.fixture
async def target(tmp_path: Path) -> AsyncIterator[Target]:
    world = World(seed=1)
    stock(world)
    async with serving(world, tmp_path) as target:
        yield target


@asynccontextmanager
async def serving(world: World, tmp_path: Path) -> AsyncIterator[Target]:
    """A simulated engine of this world, with four replicas of shop/web."""
    folder = tmp_path / "engine"
    folder.mkdir(mode=0o700)
    async with Server(Engine(world), folder / "engine.sock") as server:
        target = Target(name="lab", host=f"unix://{server.socket}", chosen="test")
        async with Hands(target) as hands:
            for number in range(1, REPLICAS + 1):
                made = await hands.create(f"web-{number}", body(number))
                await hands.start(made.container_id)
        yield target


def body(number: int) -> Document:
    labels = {
        "com.docker.compose.project": "shop",
        "com.docker.compose.service": "web",
        "com.docker.compose.container-number": str(number),
    }
    policy = {"RestartPolicy": {"Name": "always"}}
    return {"Image": "shop/web:1.0", "Labels": labels, "HostConfig": policy}


async def submitted(target: Target, folder: Path, image: str) -> str:
    async with Connection(target) as connection:
        plan = await make_plan(connection, "shop/web", image, STRATEGY, Settings())
    with Journal(folder) as opened:
        return submit(opened, plan, target, ME).rollout


async def service(target: Target) -> set[tuple[str, str, str]]:
    """Name, image and state of every container; a lock would show as one more."""
    async with Hands(target) as hands:
        found = {(one["Names"][0], one["Image"], one["State"]) for one in await hands.containers()}
        return found | {(one["Name"], "", "lock") for one in await hands.volumes("patchdeck-lock-")}


def whole(image: str) -> set[tuple[str, str, str]]:
    return {(f"/web-{number}", image, "running") for number in range(1, REPLICAS + 1)}


async def test_a_service_is_moved(target: Target, tmp_path: Path) -> None:
    state = await carry_out(await submitted(target, tmp_path, "shop/web:1.1"), tmp_path)
    assert state.end is RolloutState.COMMITTED, state.text
    assert await service(target) == whole("shop/web:1.1")


async def test_the_engine_is_asked_little_of_each_replica(
    target: Target, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every question costs the engine time that the starts want."""
    asked: list[str] = []
    inspect = Hands.inspect

    async def counted(hands: Hands, container: str) -> Document | None:
        asked.append(container)
        return await inspect(hands, container)

    monkeypatch.setattr(Hands, "inspect", counted)
    state = await carry_out(await submitted(target, tmp_path, "shop/web:1.1"), tmp_path)
    assert state.end is RolloutState.COMMITTED, state.text
    # Both containers before the first act, before the last gate and before the removal, and the old one after that;
    # the successor after its create, after its start and until it is ready.
    assert len(asked) <= 16 * REPLICAS, len(asked) / REPLICAS


async def test_a_version_that_never_gets_healthy_goes_back(target: Target, tmp_path: Path) -> None:
    state = await carry_out(await submitted(target, tmp_path, "shop/web:1.5"), tmp_path)
    assert state.end is RolloutState.ROLLED_BACK
    assert await service(target) == whole("shop/web:1.0")


async def test_a_worker_that_comes_when_the_rollout_is_over_begins_nothing(
    target: Target, tmp_path: Path
) -> None:
    """Two people act on one that is lost: while one is asked whether to resume it, the other one aborts it."""
    rollout = await submitted(target, tmp_path, "shop/web:1.1")
    with Journal(tmp_path) as opened:
        opened.ask(rollout, Command.ABORT, ME)
    assert (await carry_out(rollout, tmp_path)).end is RolloutState.FAILED
    with pytest.raises(JournalError, match="rollout show"):
        await carry_out(rollout, tmp_path)
    assert await service(target) == whole("shop/web:1.0")


@pytest.mark.parametrize("point", range(10, 110, 16))
@pytest.mark.parametrize("back", [False, True], ids=["resumed", "rolled back"])
async def test_cut_short_it_is_whole_in_the_end(
    target: Target, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, point: int, back: bool
) -> None:
    rollout = await submitted(target, tmp_path, "shop/web:1.1")
    at = CutAt(point)
    with monkeypatch.context() as cut:
        for module in (acting, journal):
            cut.setattr(module, "POINTS", at)
        with pytest.raises(ExceptionGroup) as ended:
            await carry_out(rollout, tmp_path)
        assert ended.group_contains(Killed)
        assert at.left <= 0
    if back:
        with Journal(tmp_path) as opened:
            opened.ask(rollout, Command.ABORT, ME)
    state: State = await carry_out(rollout, tmp_path)
    moved = state.end is RolloutState.COMMITTED
    # Cut before anything was changed, it fails and has nothing to bring back.
    assert moved or (back and state.end in (RolloutState.ROLLED_BACK, RolloutState.FAILED))
    assert await service(target) == whole("shop/web:1.1" if moved else "shop/web:1.0")
