"""Whoever rehearses on a simulated engine bothers no real registry, shows no credentials, leaves no worker."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from socket import create_server, socket

import pytest
from msgspec.structs import replace

from patchdeck.model import RolloutState
from patchdeck.rollout.database import JournalError
from patchdeck.rollout.journal import Journal
from patchdeck.rollout.planning.maker import make_plan
from patchdeck.rollout.planning.offers import read_offers
from patchdeck.rollout.submit import submit
from patchdeck.rollout.worker import carry_out
from patchdeck.settings import Settings
from patchdeck.simulator.shelf import stock, web
from patchdeck.simulator.world import World
from patchdeck.sources.engine.connection import Connection
from tests.unit.test_plan_credentials import helper
from tests.unit.test_rollout_simulated import ME, STRATEGY, service, serving, submitted, whole


class Outside:
    """A registry's port, and Docker's configuration with a helper for it; both remember that they were asked."""

    def __init__(self, folder: Path, listening: socket) -> None:
        self.host = f"127.0.0.1:{listening.getsockname()[1]}"
        self.trace = folder / "asked"
        self._listening = listening
        helper(folder, "outside", f"echo credentials >> {self.trace}\nexit 1")
        (folder / "config.json").write_text(json.dumps({"credsStore": "outside"}))

    def answer(self) -> None:
        """Until the port is closed."""
        while True:
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            self.trace.write_text("registry")
            connection.close()


@pytest.fixture
def outside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Outside]:
    folder = tmp_path / "docker"
    folder.mkdir()
    monkeypatch.setenv("DOCKER_CONFIG", str(folder))
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    with closing(create_server(("127.0.0.1", 0))) as listening:
        made = Outside(folder, listening)
        thread = threading.Thread(target=made.answer)
        thread.start()
        yield made
        listening.shutdown(2)
        thread.join()


@pytest.mark.parametrize("named", [True, False], ids=["with its host", "without a host"])
async def test_an_image_that_has_to_be_pulled_is_asked_of_the_simulated_engine_alone(
    tmp_path: Path, outside: Outside, named: bool
) -> None:
    repository = f"{outside.host}/shop/web" if named else "shop/web"
    world = World(seed=1)
    stock(world)
    pulled = web("1.2")
    world.registry.publish(repository, "1.2", pulled)
    async with serving(world, tmp_path) as target:
        async with Connection(target) as connection:
            plan = await make_plan(connection, "shop/web", f"{repository}:1.2", STRATEGY, Settings())
        assert not plan.refusals
        assert plan.to.digest == f"{repository}@{pulled.manifest}"
        state = await carry_out(await submitted(target, tmp_path, f"{repository}:1.2"), tmp_path)
        assert state.end is RolloutState.COMMITTED, state.text
        assert await service(target) == whole(f"{repository}:1.2")
    assert not outside.trace.exists()


async def test_what_a_service_could_be_moved_to_is_asked_of_the_simulated_engine_alone(
    tmp_path: Path, outside: Outside
) -> None:
    world = World(seed=1)
    stock(world)
    async with serving(world, tmp_path) as target, Connection(target) as connection:
        offers = await read_offers(
            connection, f"{outside.host}/shop/web:1.0", environ=os.environ, home=tmp_path
        )
    assert "shop/web:1.1" in offers.here
    assert offers.tags == ()
    assert not offers.trouble
    assert not outside.trace.exists()


async def test_a_worker_ends_when_its_journal_is_gone_as_that_of_a_demo_that_was_left(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    world = World(seed=1)
    stock(world)
    async with serving(world, tmp_path) as target:
        async with Connection(target) as connection:
            strategy = replace(STRATEGY, bake_s=600.0)
            plan = await make_plan(connection, "shop/web", "shop/web:1.1", strategy, Settings())
        with Journal(folder) as journal:
            rollout = submit(journal, plan, target, ME).rollout
        async with asyncio.timeout(20):
            working = asyncio.create_task(carry_out(rollout, folder))
            while await service(target) == whole("shop/web:1.0"):  # noqa: ASYNC110 - the engine alone knows
                await asyncio.sleep(0.05)
            shutil.rmtree(folder)
            with pytest.raises(JournalError, match="is gone"):
                await working
