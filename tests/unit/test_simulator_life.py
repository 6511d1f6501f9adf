"""What simulated containers do by themselves: end, come back, become healthy, fall ill, refuse to stop."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from patchdeck.simulator.behaviour import Behaviour, with_labels
from patchdeck.simulator.clock import HandClock
from patchdeck.simulator.costs import Instant
from tests.unit.simulated import Said, Simulated, simulated


def behaving(**fields: str) -> dict[str, Any]:
    return {"Labels": {f"patchdeck.simulator.{name}": value for name, value in fields.items()}}


ALWAYS = {"RestartPolicy": {"Name": "always"}}


async def test_labels_change_what_the_image_does() -> None:
    image = Behaviour(exits_after_s=1.0, exit_code=3)
    labels = {"patchdeck.simulator.exits_after_s": "none", "patchdeck.simulator.ignores_signals": "true"}
    assert with_labels(image, labels) == Behaviour(exit_code=3, ignores_signals=True)
    async with simulated() as engine:
        with pytest.raises(Said, match="400: a label of the simulator can not be read"):
            await engine.run("odd", **behaving(stops_after_s="soon"))


async def test_a_crash_loop_waits_twice_as_long_each_time() -> None:
    async with simulated() as engine:
        await engine.run("loop", "shop/web:1.4", HostConfig=ALWAYS)
        began = []
        for _ in range(4):
            began.append((await engine.state("loop"))["StartedAt"])
            await engine.pass_time(0.55)
            assert (await engine.state("loop"))["Status"] == "restarting"
            await engine.pass_time(0.1 * 2 ** (len(began) - 1))
        assert len(set(began)) == 4
        assert (await engine.get("/containers/loop/json"))["RestartCount"] == 4


async def test_after_ten_calm_seconds_the_wait_begins_anew() -> None:
    async with simulated() as engine:
        await engine.run("web", HostConfig=ALWAYS, **behaving(exits_after_s="11"))
        for _ in range(3):
            await engine.pass_time(11.05)
            assert (await engine.state("web"))["Status"] == "restarting"
            await engine.pass_time(0.06)
            assert (await engine.state("web"))["Status"] == "running"


async def test_a_stop_calls_off_the_next_start_of_a_crash_loop() -> None:
    async with simulated() as engine:
        await engine.run("loop", "shop/web:1.4", HostConfig=ALWAYS)
        await engine.pass_time(0.55)
        await engine.post("/containers/loop/stop")
        await engine.pass_time(60)
        assert (await engine.state("loop"))["Status"] == "exited"
        assert engine.events("container")[-1] == "stop"


async def test_memory_that_runs_out_is_told_apart() -> None:
    async with simulated() as engine:
        await engine.run("fat", **behaving(exits_after_s="2", out_of_memory="true"))
        await engine.pass_time(3)
        state = await engine.state("fat")
        assert (state["OOMKilled"], state["ExitCode"]) == (True, 137)
        assert engine.events("container")[-2:] == ["oom", "die"]


async def test_a_slow_stop_is_waited_for_and_then_killed() -> None:
    async with simulated() as engine:
        for name, after_s, code in (("slow", "4", 0), ("slower", "20", 137)):
            await engine.run(name, **behaving(stops_after_s=after_s))
            stop = asyncio.create_task(engine.post(f"/containers/{name}/stop?t=10"))
            await _while(engine, stop)
            assert (await engine.state(name))["ExitCode"] == code


async def test_the_images_stop_timeout_is_kept() -> None:
    async with simulated() as engine:
        await engine.run("deaf", StopTimeout=2, **behaving(ignores_signals="true"))
        began = engine.clock.now_ns()
        await _while(engine, asyncio.create_task(engine.post("/containers/deaf/stop")))
        assert 1.9 <= (engine.clock.now_ns() - began) / 1e9 < 3


@pytest.mark.parametrize(
    ("healthy_after_s", "seconds", "status"), [("5", 4.0, "starting"), ("5", 7.0, "healthy")]
)
async def test_a_start_period_forgives(healthy_after_s: str, seconds: float, status: str) -> None:
    async with simulated() as engine:
        await engine.run("web", "shop/web:1.3", **behaving(healthy_after_s=healthy_after_s))
        await engine.pass_time(seconds)
        health = (await engine.state("web"))["Health"]
        assert (health["Status"], health["FailingStreak"]) == (status, 0)


async def test_flapping_goes_back_and_forth() -> None:
    async with simulated() as engine:
        await engine.run("web", "shop/web:1.0-health", **behaving(flaps_every_s="5"))
        await engine.pass_time(24)
        told = [one for one in engine.events("container") if one.startswith("health_status")]
        assert told[:4] == [f"health_status: {what}healthy" for what in ("", "un", "", "un")]


async def test_a_health_log_keeps_the_last_five_probes() -> None:
    async with simulated() as engine:
        await engine.run("ill", "shop/web:1.5")
        await engine.pass_time(9.5)
        health = (await engine.state("ill"))["Health"]
        assert (health["Status"], health["FailingStreak"], len(health["Log"])) == ("unhealthy", 9, 5)


async def test_probes_fail_on_demand_and_pass_again() -> None:
    async with simulated() as engine:
        await engine.run("web", "shop/web:1.0-health")
        await engine.pass_time(1.5)
        engine.world.faults.probes_fail = True
        await engine.pass_time(4)
        assert (await engine.state("web"))["Health"]["Status"] == "unhealthy"
        engine.world.faults.probes_fail = False
        await engine.pass_time(1.5)
        assert (await engine.state("web"))["Health"]["Status"] == "healthy"


async def test_a_full_disk_creates_nothing_and_leaves_the_name_free() -> None:
    async with simulated() as engine:
        engine.world.faults.disk_full = True
        with pytest.raises(Said, match=r"500: .*no space left on device"):
            await engine.run("web")
        engine.world.faults.disk_full = False
        await engine.run("web")


async def test_a_failed_start_gives_everything_back() -> None:
    port: dict[str, Any] = {
        "ExposedPorts": {"80/tcp": {}},
        "HostConfig": {"PortBindings": {"80/tcp": [{"HostPort": "80"}]}},
    }
    async with simulated() as engine:
        await engine.run("one", **port)
        with pytest.raises(Said, match="port is already allocated"):
            await engine.run("two", **port)
        assert (await engine.get("/networks/bridge"))["Containers"].keys() == {
            (await engine.get("/containers/one/json"))["Id"]
        }
        await engine.post("/containers/one/stop")
        await engine.post("/containers/two/start")
        assert (await engine.state("two"))["Error"] == ""


@pytest.mark.parametrize(("version", "waits"), [("20.10", True), ("26.1", True), ("28.5", False)])
async def test_older_engines_hold_an_inspect_until_the_start_is_done(version: str, waits: bool) -> None:
    async with simulated(version) as engine:
        await engine.run("web")
        await engine.post("/containers/web/stop")
        container = engine.world.containers.get("web")
        async with container.lock:
            inspect = asyncio.create_task(engine.get("/containers/web/json"))
            done, _ = await asyncio.wait({inspect}, timeout=0.2)
        assert bool(done) is not waits
        await inspect


@pytest.mark.parametrize(("version", "before"), [("20.10", False), ("26.1", False), ("28.5", True)])
async def test_newer_engines_stamp_a_start_before_its_network(version: str, before: bool) -> None:
    async with simulated(version) as engine:
        await engine.run("web")
        container = engine.world.containers.get("web")
        ring = engine.world.events.kept()
        connected = next(event.at_ns for event in ring if event.action == "connect")
        started = next(event.at_ns for event in ring if event.action == "start")
        assert container.started_ns is not None
        assert (container.started_ns < connected) is before
        assert container.created_ns < container.started_ns < started


async def _while(engine: Simulated, doing: asyncio.Task[Any]) -> None:
    """Time passes until it is done."""
    while not doing.done():
        await engine.pass_time(0.25)
        await asyncio.sleep(0.005)
    await doing


class SlowStarts(Instant):
    """A start takes a second of the engine's time."""

    def __init__(self) -> None:
        self.clock = HandClock()

    async def runtime(self, container_id: str) -> None:
        await self.clock.sleep(1.0)


@pytest.mark.parametrize("call", ["stop", "kill", "restart"])
async def test_what_is_asked_during_a_start_comes_after_it(call: str) -> None:
    costs = SlowStarts()
    async with simulated(costs=costs) as engine:
        costs.clock = engine.clock
        await engine.post("/containers/create?name=web", {"Image": "shop/web:1.0"})
        start = asyncio.create_task(engine.post("/containers/web/start"))
        await asyncio.sleep(0.05)
        asked = asyncio.create_task(engine.post(f"/containers/web/{call}"))
        await asyncio.sleep(0.05)
        assert not asked.done()
        await _while(engine, start)
        await _while(engine, asked)
        assert (await engine.state("web"))["Running"] is (call == "restart")


async def test_a_container_that_is_being_started_is_not_removed_under_it() -> None:
    costs = SlowStarts()
    async with simulated(costs=costs) as engine:
        costs.clock = engine.clock
        await engine.post("/containers/create?name=web", {"Image": "shop/web:1.0"})
        start = asyncio.create_task(engine.post("/containers/web/start"))
        await asyncio.sleep(0.05)
        remove = asyncio.create_task(engine.delete("/containers/web"))
        await _while(engine, start)
        with pytest.raises(Said, match="409: cannot remove container"):
            await remove
        assert (await engine.state("web"))["Running"]


async def test_a_restart_by_its_policy_is_restarting_until_it_runs() -> None:
    costs = SlowStarts()
    async with simulated(costs=costs) as engine:
        costs.clock = engine.clock
        await engine.post("/containers/create?name=loop", {"Image": "shop/web:1.4", "HostConfig": ALWAYS})
        await _while(engine, asyncio.create_task(engine.post("/containers/loop/start")))
        for _ in range(10):
            await engine.pass_time(0.25)
            assert (await engine.state("loop"))["Status"] in ("running", "restarting")
