"""What goes wrong while a rollout runs, and the state in which each fault leaves it (docs/rollouts.md)."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from patchdeck.model import (
    Actor,
    Command,
    Order,
    PauseAdded,
    PauseKind,
    RolloutState,
    Strategy,
    UnitMoved,
    UnitPhase,
)
from patchdeck.rollout.journal import Journal
from patchdeck.rollout.state import State
from patchdeck.rollout.submit import submit
from patchdeck.rollout.worker import carry_out, exit_status
from tests.lab.engine import Engine
from tests.lab.images import Images
from tests.lab.lab import Lab
from tests.lab.registry import Registry
from tests.lab.services import Container, start_service
from tests.live.rollouts import (
    QUICK,
    entries,
    locks,
    planned,
    service_now,
    submitted,
    target_of,
    told,
    worker,
)

ME = Actor(user="tester")


def as_it_was(engine: Engine, old: list[Container]) -> None:
    """The very same containers run, and nothing else is there."""
    now = service_now(engine)
    assert {one["Id"]: name for name, one in now.items()} == {one.id: one.name for one in old}
    assert all(one["State"]["Running"] for one in now.values())
    assert not locks(engine)


def ended(state: State, expected: RolloutState, *words: str) -> None:
    assert state.end is expected, state.text
    for word in words:
        assert word in state.text


async def until(condition: Callable[[], object], timeout_s: float = 30.0) -> None:
    async with asyncio.timeout(timeout_s):
        while not condition():  # noqa: ASYNC110 - another process brings it about
            await asyncio.sleep(0.05)


def reached(folder: Path, rollout: str, unit: int, phase: UnitPhase) -> bool:
    return any(
        isinstance(one, UnitMoved) and (one.unit, one.phase) == (unit, phase)
        for one in entries(rollout, folder)
    )


def ask(folder: Path, rollout: str, command: Command) -> None:
    with Journal(folder) as journal:
        journal.ask(rollout, command, ME)


@contextlib.contextmanager
def running(rollout: str, folder: Path) -> Iterator[asyncio.Task[State]]:
    task = asyncio.create_task(carry_out(rollout, folder))
    try:
        yield task
    finally:
        task.cancel()


# --- before anything is changed -------------------------------------------------------------------


async def test_an_image_that_its_registry_no_longer_has_fails_before_anything_is_changed(
    stock: Engine, registry: Registry, images_of: Callable[..., Images], tmp_path: Path
) -> None:
    images = images_of(stock, registry)
    old = start_service(stock, images.web("1.0"), 2)
    plan = await planned(stock, images.web("1.1"), QUICK)
    digest = f"sha256:{'0' * 64}"
    nowhere = replace(plan.to, image=f"{images.repository}@{digest}", image_id="", digest="")
    with Journal(tmp_path) as journal:
        rollout = submit(journal, replace(plan, to=nowhere), target_of(stock), ME).rollout
    state = await carry_out(rollout, tmp_path)
    ended(state, RolloutState.FAILED, "could not be pulled", "nothing was changed")
    assert exit_status(state) == 1
    as_it_was(stock, old)


async def test_a_login_that_the_registry_no_longer_takes_fails_before_anything_is_changed(
    lab: Lab, stock: Engine, stock_images: Images, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = start_service(stock, stock_images.web("1.0"), 2)
    # Nobody may read this one: no line of the file is anyone's.
    with lab.registry("closed", users="nobody:$2b$04$i2quZRHOEYUJAL1dbziya.\n") as closed:
        plan = await planned(stock, stock_images.web("1.1"), QUICK)
        image = f"{closed.address}/shop/web:1.1"
        elsewhere = replace(plan.to, image=image, image_id="", digest="")
        config = tmp_path / "docker"
        config.mkdir()
        auth = base64.b64encode(b"ops:wrong").decode()
        (config / "config.json").write_text(json.dumps({"auths": {closed.address: {"auth": auth}}}))
        monkeypatch.setenv("DOCKER_CONFIG", str(config))
        with Journal(tmp_path) as journal:
            rollout = submit(journal, replace(plan, to=elsewhere), target_of(stock), ME).rollout
        state = await carry_out(rollout, tmp_path)
    ended(state, RolloutState.FAILED, "could not be pulled", "docker login")
    assert auth not in repr(entries(rollout, tmp_path))
    as_it_was(stock, old)


async def test_a_tag_that_moved_since_the_plan_fails_before_anything_is_changed(
    stock: Engine, stock_images: Images, tmp_path: Path
) -> None:
    old = start_service(stock, stock_images.web("1.0"), 2)
    moving = stock_images.retag("1.1", "shop/web:moving")
    rollout = await submitted(stock, tmp_path, moving)
    stock_images.retag("1.0-health", moving)
    # The engine would pull it by its tag, from where there is none.
    ended(await carry_out(rollout, tmp_path), RolloutState.FAILED, "shop/web:moving")
    as_it_was(stock, old)


async def test_a_container_that_was_started_again_since_the_plan_fails_it(
    stock: Engine, stock_images: Images, tmp_path: Path
) -> None:
    old = start_service(stock, stock_images.web("1.0"), 2)
    rollout = await submitted(stock, tmp_path, stock_images.web("1.1"))
    stock.post(f"/containers/{old[0].id}/restart")
    ended(await carry_out(rollout, tmp_path), RolloutState.FAILED, old[0].name, "plan again")
    as_it_was(stock, old)


async def test_of_two_rollouts_of_one_service_the_second_is_refused_and_told_who_has_the_lock(
    stock: Engine, stock_images: Images, tmp_path: Path
) -> None:
    start_service(stock, stock_images.web("1.0"), 2)
    one, other = tmp_path / "one", tmp_path / "other"
    first = await submitted(stock, one, stock_images.web("1.1"), replace(QUICK, bake_s=3.0))
    second = await submitted(stock, other, stock_images.web("1.1"))
    process = worker(first, one)
    await until(lambda: locks(stock))
    state = await carry_out(second, other)
    ended(state, RolloutState.FAILED, f"locked by rollout {first}", "--take-over")
    assert exit_status(state) == 5
    assert process.wait() == 0
    assert not locks(stock)


# --- a version that is no good --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("version", "words"), [("1.5", "healthcheck"), ("1.4", "it was restarted")], ids=["unhealthy", "crashing"]
)
async def test_a_version_that_is_no_good_goes_back_by_itself_after_the_canary(
    stock: Engine, stock_images: Images, tmp_path: Path, version: str, words: str
) -> None:
    old = start_service(stock, stock_images.web("1.0"), 3, restart="always")
    rollout = await submitted(stock, tmp_path, stock_images.web(version), replace(QUICK, bake_s=3.0))
    state = await carry_out(rollout, tmp_path)
    ended(state, RolloutState.ROLLED_BACK, words)
    assert exit_status(state) == 3
    as_it_was(stock, old)
    touched = {one.unit for one in entries(rollout, tmp_path) if isinstance(one, UnitMoved)}
    assert touched == {0}, "only the canary was ever touched"


async def test_one_that_is_not_ready_by_the_deadline_goes_back(
    stock: Engine, stock_images: Images, tmp_path: Path
) -> None:
    old = start_service(stock, stock_images.web("1.0"), 2)
    rollout = await submitted(stock, tmp_path, stock_images.web("1.3"), replace(QUICK, deadline_s=1.5))
    ended(await carry_out(rollout, tmp_path), RolloutState.ROLLED_BACK, "deadline")
    as_it_was(stock, old)


@pytest.mark.slow  # it needs an engine of its own, with a bridge
async def test_a_host_port_that_someone_else_took_needs_a_person_and_goes_back_once_it_is_free(
    lab: Lab, images_of: Callable[..., Images], tmp_path: Path
) -> None:
    with lab.engine("stock", network="bridge") as engine:
        images = images_of(engine, None)
        ports = {"PortBindings": {"80/tcp": [{"HostIp": "", "HostPort": "8088"}]}}
        old = start_service(
            engine, images.web("1.0"), 1, config={"ExposedPorts": {"80/tcp": {}}}, host_config=ports
        )
        rollout = await submitted(engine, tmp_path, images.web("1.1"), replace(QUICK, order=Order.STOP_FIRST))
        thief = engine.post(
            "/containers/create?name=thief",
            {
                "Image": images.web("1.0"),
                "ExposedPorts": {"80/tcp": {}},
                "Labels": {"patchdeck.service": "thief"},
                "HostConfig": {**ports, "NetworkMode": engine.default_network},
            },
        )["Id"]
        with running(rollout, tmp_path) as task:
            await until(lambda: reached(tmp_path, rollout, 0, UnitPhase.STOPPED))
            engine.post(f"/containers/{thief}/start")
            state = await task
        ended(state, RolloutState.NEEDS_PERSON, "port")
        assert exit_status(state) == 4
        engine.call("DELETE", f"/containers/{thief}?force=1")
        ended(await carry_out(rollout, tmp_path), RolloutState.ROLLED_BACK)
        as_it_was(engine, old)


# --- the engine, and other people -----------------------------------------------------------------


@pytest.mark.parametrize("silent_s", [10.0, pytest.param(60.0, marks=pytest.mark.slow)])
@pytest.mark.timeout(240)
async def test_an_engine_that_falls_silent_pauses_the_rollout_which_goes_on_after_it(
    stock: Engine, stock_images: Images, tmp_path: Path, silent_s: float
) -> None:
    start_service(stock, stock_images.web("1.0"), 3, restart="always")
    rollout = await submitted(stock, tmp_path, stock_images.web("1.1"))
    with running(rollout, tmp_path) as task:
        await until(lambda: reached(tmp_path, rollout, 0, UnitPhase.FENCED))
        stock.pause()
        await asyncio.sleep(silent_s)
        stock.resume()
        state = await task
    ended(state, RolloutState.COMMITTED)
    assert len(service_now(stock)) == 3
    if silent_s > 30:
        pauses = [one.kind for one in entries(rollout, tmp_path) if isinstance(one, PauseAdded)]
        assert PauseKind.ENGINE in pauses


async def test_what_someone_removes_meanwhile_is_made_again_or_left_out(
    stock: Engine, stock_images: Images, tmp_path: Path
) -> None:
    old = start_service(stock, stock_images.web("1.0"), 3)
    rollout = await submitted(
        stock, tmp_path, stock_images.web("1.1"), replace(QUICK, pause_after=("canary",))
    )
    with running(rollout, tmp_path) as task:
        await until(lambda: told(rollout, tmp_path).state is RolloutState.PAUSED)
        canary = service_now(stock)[old[0].name]["Id"]
        stock.call("DELETE", f"/containers/{canary}?force=1")
        stock.call("DELETE", f"/containers/{old[2].id}?force=1")
        await until(lambda: service_now(stock).get(old[0].name, {}).get("State", {}).get("Running"))
        ask(tmp_path, rollout, Command.RESUME)
        state = await task
    ended(state, RolloutState.COMMITTED)
    now = service_now(stock)
    assert sorted(now) == [old[0].name, old[1].name]
    assert now[old[0].name]["Id"] != canary


async def test_a_clock_that_is_set_back_changes_nothing(
    stock: Engine, stock_images: Images, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    start_service(stock, stock_images.web("1.0"), 2)
    rollout = await submitted(
        stock, tmp_path, stock_images.web("1.1"), replace(QUICK, pause_after=("canary",))
    )
    true_ns = time.time_ns
    with running(rollout, tmp_path) as task:
        await until(lambda: told(rollout, tmp_path).state is RolloutState.PAUSED)
        monkeypatch.setattr(time, "time_ns", lambda: true_ns() - 3_600_000_000_000)
        ask(tmp_path, rollout, Command.RESUME)
        state = await task
    ended(state, RolloutState.COMMITTED)
    written = entries(rollout, tmp_path)
    assert [one.sequence for one in written] == list(range(1, len(written) + 1))
    assert written[-1].at_ns < written[0].at_ns
    story = told(rollout, tmp_path)
    assert story.state is RolloutState.COMMITTED
    assert story.summary is not None
    assert story.summary.seconds >= 0


# --- signals and commands -------------------------------------------------------------------------


async def test_sigterm_ends_the_worker_after_the_unit_and_resuming_goes_on(
    stock: Engine, stock_images: Images, tmp_path: Path
) -> None:
    start_service(stock, stock_images.web("1.0"), 4)
    rollout = await submitted(stock, tmp_path, stock_images.web("1.1"), replace(QUICK, pace=1))
    first = worker(rollout, tmp_path)
    await until(lambda: reached(tmp_path, rollout, 1, UnitPhase.CREATED))
    first.process.send_signal(signal.SIGHUP)
    first.process.send_signal(signal.SIGTERM)
    assert first.wait() == 4
    story = told(rollout, tmp_path)
    assert story.state is RolloutState.PAUSED
    assert not [one for one in service_now(stock) if "--new" in one], "the unit under way was finished"
    assert worker(rollout, tmp_path).wait() == 0
    assert told(rollout, tmp_path).workers == 2
    assert len(service_now(stock)) == 4


async def test_abort_during_the_bake_goes_back_to_the_very_same_containers(
    stock: Engine, stock_images: Images, tmp_path: Path
) -> None:
    old = start_service(stock, stock_images.web("1.0"), 3, restart="unless-stopped")
    rollout = await submitted(stock, tmp_path, stock_images.web("1.1"), replace(QUICK, bake_s=60.0))
    with running(rollout, tmp_path) as task:
        await until(lambda: reached(tmp_path, rollout, 0, UnitPhase.READY))
        ask(tmp_path, rollout, Command.PROMOTE)
        ask(tmp_path, rollout, Command.ABORT)
        state = await task
    ended(state, RolloutState.ROLLED_BACK, "aborted: tester")
    as_it_was(stock, old)
    policies = {one["HostConfig"]["RestartPolicy"]["Name"] for one in service_now(stock).values()}
    assert policies == {"unless-stopped"}


async def test_stop_first_units_never_leave_fewer_ready_than_the_budget(
    stock: Engine, stock_images: Images, tmp_path: Path
) -> None:
    strategy = Strategy(
        bake_s=0.0, deadline_s=60.0, pace=5, order=Order.STOP_FIRST, gates=QUICK.gates, max_unavailable=None
    )
    start_service(stock, stock_images.web("1.0"), 5)
    rollout = await submitted(stock, tmp_path, stock_images.web("1.1"), strategy)
    fewest = 5
    with running(rollout, tmp_path) as task:
        while not task.done():
            listed = await asyncio.to_thread(stock.containers, everything=False)
            fewest = min(fewest, len(listed))
            await asyncio.sleep(0.01)
        state = await task
    ended(state, RolloutState.COMMITTED)
    assert fewest == 4


# --- the journal's disk ---------------------------------------------------------------------------


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


def fill(folder: Path) -> Path:
    ballast = folder / "ballast"
    with contextlib.suppress(OSError), ballast.open("wb", buffering=0) as file:
        while True:
            file.write(b"x" * 4096)
    return ballast


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
