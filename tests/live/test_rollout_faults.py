"""What goes wrong while a rollout runs, and the state in which each fault leaves it (docs/rollouts.md).

What goes wrong with the image is in test_rollout_pull, with disks in test_rollout_disks.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from patchdeck.model import (
    Amount,
    Answered,
    Binding,
    Command,
    Order,
    PaceChanged,
    PauseAdded,
    PauseKind,
    RolloutState,
    UnitMoved,
    UnitPhase,
)
from patchdeck.rollout.worker import carry_out, exit_status
from tests.lab.engine import Engine, Generation
from tests.lab.images import Images
from tests.lab.lab import Lab
from tests.lab.newer import Programs
from tests.lab.services import start_service
from tests.live.rollouts import QUICK, entries, locks, service_now, submitted, told, worker
from tests.live.underway import as_it_was, ask, ended, newer_in_full, reached, running, stands, until

# --- before anything is changed -------------------------------------------------------------------


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


NEW_ONES = "case $VERSION in 1.1*) {};; esac; exec /app/serve"
"""A command under which the old version runs as ever."""
CHECK = {
    "Test": ["CMD", "/bin/test", "-f", "/run/ready"],
    "Interval": 1_000_000_000,
    "Timeout": 30_000_000_000,
    "Retries": 30,
}
"""One that does not mind a host that is busy."""


@newer_in_full
@pytest.mark.parametrize(
    ("old", "new", "settings", "words"),
    [
        pytest.param("1.0", "1.5", {"restart": "always"}, "healthcheck", id="unhealthy"),
        pytest.param("1.0", "1.4", {"restart": "always"}, "it was restarted", id="restarting"),
        pytest.param(
            "1.0",
            "1.1",
            {
                "config": {
                    "Cmd": ["/bin/sh", "-c", NEW_ONES.format("export CRASH_AFTER=4")],
                    "Healthcheck": CHECK,
                }
            },
            "exit status 3",
            id="ready, and crashing within the bake",
        ),
        pytest.param(
            "1.0",
            "1.1",
            {
                "config": {"Cmd": ["/bin/sh", "-c", NEW_ONES.format("exec tail /dev/zero")]},
                "host_config": {"Memory": 16_000_000},
            },
            "want of memory",
            id="out of memory",
        ),
    ],
)
async def test_a_version_that_is_no_good_goes_back_by_itself_after_the_canary(
    engine: Engine,
    images: Images,
    tmp_path: Path,
    *,
    old: str,
    new: str,
    settings: dict[str, Any],
    words: str,
) -> None:
    before = start_service(engine, images.web(old), 3, **settings)
    rollout = await submitted(engine, tmp_path, images.web(new), replace(QUICK, bake_s=8.0))
    state = await carry_out(rollout, tmp_path)
    ended(state, RolloutState.ROLLED_BACK, before[0].name, words)
    assert exit_status(state) == 3
    as_it_was(engine, before)
    moved = [one for one in entries(rollout, tmp_path) if isinstance(one, UnitMoved)]
    assert {one.unit for one in moved} == {0}, "only the canary was ever touched"
    if words == "exit status 3":
        assert UnitPhase.READY in {one.phase for one in moved}, "healthy, and crashing only then"


async def test_one_that_is_not_ready_by_the_deadline_goes_back_and_until_then_that_is_what_binds(
    stock: Engine, stock_images: Images, tmp_path: Path
) -> None:
    old = start_service(stock, stock_images.web("1.0"), 2)
    rollout = await submitted(stock, tmp_path, stock_images.web("1.3"), replace(QUICK, deadline_s=1.5))
    ended(await carry_out(rollout, tmp_path), RolloutState.ROLLED_BACK, "deadline")
    as_it_was(stock, old)
    told_to_bind = [one for one in entries(rollout, tmp_path) if isinstance(one, PaceChanged)]
    assert (Binding.DEADLINE, "each has 1s500ms to be ready") in {(o.binds, o.detail) for o in told_to_bind}


@pytest.mark.slow  # it needs an engine of its own, with a bridge
@pytest.mark.parametrize("generation", ["stock", "newer"])
async def test_a_host_port_that_someone_else_took_needs_a_person_and_goes_back_once_it_is_free(
    lab: Lab, programs_of: Callable[[Generation], Programs], tmp_path: Path, generation: Generation
) -> None:
    with lab.engine(generation, network="bridge", programs=programs_of(generation)) as engine:
        images = Images(engine)
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


@pytest.mark.slow  # as above
@pytest.mark.parametrize("generation", ["stock", "newer"])
async def test_replicas_with_ports_out_of_a_range_that_has_one_to_spare_go_start_first_and_one_by_one(
    lab: Lab, programs_of: Callable[[Generation], Programs], tmp_path: Path, generation: Generation
) -> None:
    with lab.engine(generation, network="bridge", programs=programs_of(generation)) as engine:
        images = Images(engine)
        start_service(
            engine,
            images.web("1.0-health"),
            4,
            config={"ExposedPorts": {"80/tcp": {}}},
            host_config={"PortBindings": {"80/tcp": [{"HostIp": "", "HostPort": "8100-8104"}]}},
            at_once=1,
        )
        strategy = replace(QUICK, pace=4, canary=Amount(share=1.0))
        rollout = await submitted(engine, tmp_path, images.web("1.1-health"), strategy)
        state = await carry_out(rollout, tmp_path)
        ended(state, RolloutState.COMMITTED)
        now = service_now(engine).values()
        taken = {one["NetworkSettings"]["Ports"]["80/tcp"][0]["HostPort"] for one in now}
        assert len(taken) == 4
        written = entries(rollout, tmp_path)
        assert Binding.PORTS in {one.binds for one in written if isinstance(one, PaceChanged)}
        assert not [one for one in written if isinstance(one, Answered) and not one.ok]


# --- the engine, and other people -----------------------------------------------------------------


@newer_in_full
@pytest.mark.parametrize("silent_s", [10.0, pytest.param(60.0, marks=pytest.mark.slow)])
@pytest.mark.timeout(240)
async def test_an_engine_that_falls_silent_pauses_the_rollout_which_goes_on_after_it(
    engine: Engine, images: Images, tmp_path: Path, silent_s: float
) -> None:
    start_service(engine, images.web("1.0"), 3, restart="always")
    rollout = await submitted(engine, tmp_path, images.web("1.1"))
    with running(rollout, tmp_path) as task:
        await until(lambda: reached(tmp_path, rollout, 0, UnitPhase.FENCED))
        engine.pause()
        await asyncio.sleep(silent_s)
        engine.resume()
        state = await task
    ended(state, RolloutState.COMMITTED)
    assert len(service_now(engine)) == 3
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
        await until(stands(rollout, tmp_path, RolloutState.PAUSED))
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
        await until(stands(rollout, tmp_path, RolloutState.PAUSED))
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
