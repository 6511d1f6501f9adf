"""What signals do to a worker, and to the command in the foreground (docs/rollouts.md, docs/rollout-commands.md)."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from patchdeck.model import RolloutState, UnitPhase
from tests.lab.engine import Engine
from tests.lab.images import Images
from tests.lab.services import start_service
from tests.live.commands import QUICK as QUICK_OPTIONS
from tests.live.commands import TIMEOUT_S, Commands, the_one
from tests.live.rollouts import QUICK, service_now, submitted, told, worker
from tests.live.underway import reached, stands, until


@pytest.fixture
def commands(stock: Engine, tmp_path: Path) -> Iterator[Commands]:
    made = Commands(stock, tmp_path)
    yield made
    made.end_workers()


async def test_a_worker_goes_on_after_sighup_as_if_nothing_had_been(
    stock: Engine, stock_images: Images, tmp_path: Path
) -> None:
    start_service(stock, stock_images.web("1.0"), 2)
    rollout = await submitted(stock, tmp_path, stock_images.web("1.1"), replace(QUICK, pace=1))
    carrying = worker(rollout, tmp_path)
    await until(lambda: reached(tmp_path, rollout, 0, UnitPhase.CREATED))
    carrying.process.send_signal(signal.SIGHUP)
    assert carrying.wait() == 0
    assert (told(rollout, tmp_path).state, told(rollout, tmp_path).workers) == (RolloutState.COMMITTED, 1)


def test_the_command_in_the_foreground_ends_by_sighup_and_its_rollout_goes_on_without_it(
    stock: Engine, stock_images: Images, commands: Commands
) -> None:
    start_service(stock, stock_images.web("1.0"), 2)
    to = stock_images.web("1.1")
    first = commands.open(
        "rollout", "run", "shop/web", "--to", to, "--yes", *QUICK_OPTIONS, "--pause-after", "canary"
    )
    rollout = the_one(commands)
    commands.until(rollout, "paused")
    first.send_signal(signal.SIGHUP)
    first.communicate(timeout=TIMEOUT_S)
    assert first.returncode == -signal.SIGHUP
    assert told(rollout, commands.folder).state is RolloutState.PAUSED
    assert told(rollout, commands.folder).worker_alive
    assert commands("rollout", "promote", rollout).returncode == 0
    assert commands("rollout", "attach", rollout).returncode == 0
    assert told(rollout, commands.folder).workers == 1


@pytest.mark.parametrize(
    "number", [signal.SIGTERM, pytest.param(signal.SIGINT, marks=pytest.mark.slow)], ids=["SIGTERM", "SIGINT"]
)
async def test_a_worker_that_is_told_to_end_finishes_the_unit_under_way_and_resuming_goes_on(
    stock: Engine, stock_images: Images, tmp_path: Path, number: signal.Signals
) -> None:
    start_service(stock, stock_images.web("1.0"), 4)
    rollout = await submitted(stock, tmp_path, stock_images.web("1.1"), replace(QUICK, pace=1))
    first = worker(rollout, tmp_path)
    await until(lambda: reached(tmp_path, rollout, 1, UnitPhase.CREATED))
    first.process.send_signal(number)
    assert first.wait() == 4
    assert told(rollout, tmp_path).state is RolloutState.PAUSED
    assert not [one for one in service_now(stock) if "--new" in one], "the unit under way was finished"
    assert not reached(tmp_path, rollout, 3, UnitPhase.CREATED), "no further one was begun"
    assert worker(rollout, tmp_path).wait() == 0
    assert told(rollout, tmp_path).workers == 2
    assert len(service_now(stock)) == 4


@pytest.mark.slow
async def test_a_second_sigterm_ends_a_worker_at_once_and_resuming_finishes_what_it_left(
    stock: Engine, stock_images: Images, tmp_path: Path
) -> None:
    start_service(stock, stock_images.web("1.0"), 2)
    rollout = await submitted(stock, tmp_path, stock_images.web("1.3"), QUICK)
    first = worker(rollout, tmp_path)
    await until(lambda: reached(tmp_path, rollout, 0, UnitPhase.STARTED))
    first.process.send_signal(signal.SIGTERM)
    await until(stands(rollout, tmp_path, RolloutState.PAUSED))
    first.process.send_signal(signal.SIGTERM)
    assert first.wait() == 4
    assert not reached(tmp_path, rollout, 0, UnitPhase.READY), "it did not wait for the unit under way"
    assert worker(rollout, tmp_path).wait() == 0
    assert len(service_now(stock)) == 2
