"""Disks that get full while a rollout runs: the engine's, and that of the journal (docs/rollouts.md)."""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from patchdeck.model import Command, Order, RolloutState, UnitPhase
from patchdeck.rollout.worker import carry_out, exit_status
from tests.lab.engine import Engine, Generation
from tests.lab.images import BLOAT_BYTES, Images
from tests.lab.lab import Lab
from tests.lab.newer import Programs
from tests.lab.registry import Registry
from tests.lab.services import start_service
from tests.live.rollouts import QUICK, planned, service_now, submitted, told, worker
from tests.live.underway import as_it_was, ask, ended, reached, running, stands, until

ImagesOf = Callable[[Engine, Registry | None], Images]
DISK_BYTES = 4 * BLOAT_BYTES


def fill(folder: Path, *, leaving: int = 0) -> Path:
    """A file that takes all the room there is, but for `leaving` bytes."""
    ballast = folder / "ballast"
    with contextlib.suppress(OSError), ballast.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(65_536))
    with ballast.open("r+b") as file:
        file.truncate(max(0, ballast.stat().st_size - leaving))
    return ballast


# --- the engine's ---------------------------------------------------------------------------------


@pytest.fixture(scope="module", params=["stock", pytest.param("newer", marks=pytest.mark.slow)])
def tight_engine(
    request: pytest.FixtureRequest, lab: Lab, programs_of: Callable[[Generation], Programs]
) -> Iterator[Engine]:
    programs = programs_of(request.param)
    with lab.engine(request.param, disk_bytes=DISK_BYTES, programs=programs) as engine:
        yield engine


@pytest.fixture
def tight(tight_engine: Engine) -> Iterator[Engine]:
    """An engine whose data lies on a small disk of its own."""
    yield tight_engine
    (tight_engine.data / "ballast").unlink(missing_ok=True)
    tight_engine.clean()


async def test_layers_that_do_not_fit_are_refused_and_where_they_fit_no_longer_nothing_is_changed(
    tight: Engine, stock: Engine, registry: Registry, images_of: ImagesOf, tmp_path: Path
) -> None:
    large = images_of(stock, registry).web("1.2")
    old = start_service(tight, Images(tight).web("1.0"), 2)
    rollout = await submitted(tight, tmp_path / "meanwhile", large)

    ballast = fill(tight.data, leaving=BLOAT_BYTES // 2)
    (refusal,) = (await planned(tight, large, QUICK)).refusals
    assert refusal.rule == "disk"
    assert "needs about 180 MB" in refusal.text
    assert "make room" in refusal.text
    state = await carry_out(rollout, tmp_path / "meanwhile")
    ended(state, RolloutState.FAILED, "no space left", "Make room", "nothing was changed")
    assert exit_status(state) == 1
    as_it_was(tight, old)

    ballast.unlink()
    rollout = await submitted(tight, tmp_path / "again", large)
    ended(await carry_out(rollout, tmp_path / "again"), RolloutState.COMMITTED)


@pytest.mark.parametrize("order", [Order.STOP_FIRST, pytest.param(Order.START_FIRST, marks=pytest.mark.slow)])
async def test_a_disk_that_gets_full_between_two_steps_takes_no_replica_away_and_with_room_again_all_is_as_before(
    tight: Engine, tmp_path: Path, order: Order
) -> None:
    images = Images(tight)
    old = start_service(tight, images.web("1.0"), 3, restart="always")
    strategy = replace(QUICK, order=order, pause_after=("canary",))
    rollout = await submitted(tight, tmp_path, images.web("1.1"), strategy)
    with running(rollout, tmp_path) as task:
        await until(stands(rollout, tmp_path, RolloutState.PAUSED))
        ballast = fill(tight.data)
        ask(tmp_path, rollout, Command.RESUME)
        state = await task
    # Not even a restart policy can be written down by the engine now.
    ended(state, RolloutState.NEEDS_PERSON, "no space left", "make room")
    assert exit_status(state) == 4
    assert sum(one["State"]["Running"] for one in service_now(tight).values()) == 3
    ballast.unlink()
    ended(await carry_out(rollout, tmp_path), RolloutState.ROLLED_BACK)
    as_it_was(tight, old)
    policies = {one["HostConfig"]["RestartPolicy"]["Name"] for one in service_now(tight).values()}
    assert policies == {"always"}


# --- the journal's --------------------------------------------------------------------------------


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A folder on a disk of its own, of two megabytes."""
    folder = tmp_path / "small"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(folder)], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


async def test_what_cannot_be_written_down_is_not_done_and_goes_on_once_there_is_room(
    stock: Engine, stock_images: Images, small_disk: Path
) -> None:
    start_service(stock, stock_images.web("1.0"), 3)
    rollout = await submitted(stock, small_disk, stock_images.web("1.1"), replace(QUICK, bake_s=1.5))
    process = worker(rollout, small_disk)
    await until(lambda: reached(small_disk, rollout, 0, UnitPhase.READY))
    ballast = fill(small_disk)
    assert process.wait() == 4
    before = {name: one["Id"] for name, one in service_now(stock).items()}
    assert len(before) == 4, "the canary, its old container, and two that were not touched"
    ballast.unlink()
    assert told(rollout, small_disk).state is RolloutState.LOST
    assert worker(rollout, small_disk).wait() == 0
    assert len(service_now(stock)) == 3
