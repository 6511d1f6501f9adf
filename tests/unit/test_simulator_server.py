"""The simulated engine as a client finds it: its socket, its versions, its marks; the same run from the same seed."""

from __future__ import annotations

import asyncio
import json
import signal
import stat
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
import pytest

from patchdeck.simulator.generation import GENERATIONS
from patchdeck.sources.engine.connection import Connection
from patchdeck.sources.engine.describe import describe
from patchdeck.sources.targets import Target
from tests.unit.fake_engine import FakeEngine
from tests.unit.simulated import Said, Simulated, simulated


async def test_the_console_knows_a_simulated_engine_from_a_real_one(tmp_path: Path) -> None:
    async with (
        simulated() as engine,
        Connection(Target(name="s", host=engine.host, chosen="test")) as connection,
    ):
        assert (await describe(connection)).observation.simulated
    async with (
        FakeEngine(tmp_path) as fake,
        Connection(Target(name="f", host=fake.host, chosen="test")) as connection,
    ):
        assert not (await describe(connection)).observation.simulated


async def test_it_sends_nobody_to_a_real_registry_about_its_images() -> None:
    async with simulated() as engine:
        default = urlsplit((await engine.get("/info"))["IndexServerAddress"])
        assert default.hostname is not None
        assert default.hostname.endswith(".invalid")


async def test_only_its_owner_may_connect() -> None:
    async with simulated() as engine:
        mode = engine.socket.stat().st_mode
        assert stat.S_ISSOCK(mode)
        assert stat.S_IMODE(mode) == 0o600


async def test_a_ping_tells_the_version_by_its_headers_alone() -> None:
    async with simulated() as engine:
        connector = aiohttp.UnixConnector(str(engine.socket))
        async with (
            aiohttp.ClientSession(connector=connector) as session,
            session.head("http://engine/_ping") as response,
        ):
            told = {name: response.headers[name] for name in ("Api-Version", "Ostype", "Swarm")}
            assert told == {"Api-Version": "1.51", "Ostype": "linux", "Swarm": "inactive"}
            assert (response.status, await response.read()) == (200, b"")


@pytest.mark.parametrize("version", GENERATIONS)
async def test_it_speaks_the_versions_of_its_generation_and_refuses_others(version: str) -> None:
    async with simulated(version) as engine:
        told = await engine.get("/version")
        assert told["Version"].startswith(version)
        assert await engine.get(f"/v{told['ApiVersion']}/version") == told
        assert await engine.get(f"/v{told['MinAPIVersion']}/version") == told
        with pytest.raises(Said, match=f"too new. Maximum supported API version is {told['ApiVersion']}"):
            await engine.get("/v1.99/version")


async def test_the_same_seed_gives_the_same_ids_addresses_and_events() -> None:
    async def run(seed: int) -> list[bytes]:
        async with simulated(seed=seed) as engine:
            await engine.run("web", HostConfig={"PortBindings": {"80/tcp": [{}]}}, Volumes={"/data": {}})
            await engine.run("api", "shop/web:1.4", HostConfig={"RestartPolicy": {"Name": "always"}})
            await engine.pass_time(3)
            await engine.post("/containers/web/stop")
            return engine.world.events.since(0, None, {})

    first, again, other = [list(map(_without_times, await run(seed))) for seed in (7, 7, 8)]
    assert len(first) > 12
    assert first == again
    assert first != other


def _without_times(line: bytes) -> str:
    event = json.loads(line)
    # How often the clock was looked at depends on the loop.
    return json.dumps([event["Type"], event["Action"], event["Actor"]])


async def test_a_reader_of_events_gets_what_was_and_what_comes() -> None:
    async with simulated() as engine:
        await engine.run("web")
        since_s = engine.world.events.since(0, None, {})[0]
        began = json.loads(since_s)["timeNano"]
        async with _following(engine, f"/events?since={began // 10**9}.{began % 10**9:09d}") as lines:
            assert [await _action(lines) for _ in range(3)] == ["create", "connect", "start"]
            await engine.post("/containers/web/kill")
            assert [await _action(lines) for _ in range(3)] == ["kill", "disconnect", "die"]
            await engine.delete("/containers/web")
            assert await _action(lines) == "destroy"


async def test_event_filters_let_through_what_they_name() -> None:
    async with simulated() as engine:
        filters = json.dumps({"type": ["container"], "event": ["start", "health_status"]})
        async with _following(engine, f"/events?filters={filters}") as lines:
            await engine.run("well", "shop/web:1.0-health")
            await engine.pass_time(1.5)
            assert [await _action(lines), await _action(lines)] == ["start", "health_status: healthy"]


async def test_the_ring_keeps_the_last_256_events_of_all_kinds() -> None:
    async with simulated() as engine:
        for number in range(300):
            await engine.post("/volumes/create", {"Name": f"v{number:03}"})
        kept = [json.loads(line)["Actor"]["ID"] for line in engine.world.events.since(0, None, {})]
        assert kept == [f"v{number:03}" for number in range(300 - 256, 300)]


async def test_an_engine_that_restarts_cuts_its_readers_and_brings_back_what_its_policies_say() -> None:
    async with simulated() as engine:
        await engine.run("always", HostConfig={"RestartPolicy": {"Name": "always"}})
        await engine.run("unless", HostConfig={"RestartPolicy": {"Name": "unless-stopped"}})
        await engine.run("stopped", HostConfig={"RestartPolicy": {"Name": "unless-stopped"}})
        await engine.run("once")
        await engine.post("/containers/stopped/stop")
        before = await engine.state("always")
        async with _following(engine, "/events") as lines:
            restart = asyncio.create_task(engine.engine.restart(2.0))
            with pytest.raises((aiohttp.ClientError, EOFError)):
                await _to_the_end(lines)
        with pytest.raises((aiohttp.ClientError, OSError)):
            await engine.get("/_ping")
        await engine.pass_time(2.5)
        await restart
        assert (await engine.state("always"))["StartedAt"] > before["StartedAt"]
        states = {
            name: (await engine.state(name))["Status"] for name in ("always", "unless", "stopped", "once")
        }
        assert states == {"always": "running", "unless": "running", "stopped": "exited", "once": "exited"}
        # What happened before is in no ring; what came back is.
        assert engine.events("container") == ["start", "start"]


async def test_lost_events_are_lost_for_good() -> None:
    async with simulated() as engine:
        engine.world.events.losing = True
        await engine.run("web")
        engine.world.events.losing = False
        await engine.post("/containers/web/stop")
        assert engine.events("container") == ["kill", "stop", "die"]


def test_it_runs_alone_and_ends_when_it_is_told_to(tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "patchdeck.simulator",
        "--socket",
        str(tmp_path / "own" / "s"),
        "--seed",
        "3",
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == f"unix://{tmp_path / 'own' / 's'}\n"
        assert stat.S_IMODE((tmp_path / "own").stat().st_mode) == 0o700
        child.send_signal(signal.SIGTERM)
        assert child.wait(10) == 0
    assert not (tmp_path / "own" / "s").exists()


def test_a_socket_that_can_not_be_is_one_clear_error(tmp_path: Path) -> None:
    long = tmp_path / ("x" * 120) / "s"
    done = subprocess.run(
        [sys.executable, "-m", "patchdeck.simulator", "--socket", str(long)],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.startswith("the simulated engine can not listen on ")
    assert len(done.stderr.splitlines()) == 1


async def test_a_long_listing_is_written_once_and_then_remembered() -> None:
    async with simulated() as engine:
        for number in range(2_000):
            body = {"Image": "shop/web:1.0", "HostConfig": {"NetworkMode": "none"}}
            made = await engine.engine.creating.create(f"c{number}", body)
            await engine.engine.life.start(made)
        listing = engine.engine.listing
        began = time.perf_counter()
        first = listing.encode({}, everything=True)
        cold_s = time.perf_counter() - began
        began = time.perf_counter()
        again = listing.encode({}, everything=True)
        warm_s = time.perf_counter() - began
        assert first.count(b'"State":"running"') == 2_000
        assert again == first
        assert warm_s < cold_s < 1


@asynccontextmanager
async def _following(engine: Simulated, path: str) -> AsyncIterator[aiohttp.StreamReader]:
    """The lines of a stream."""
    async with (
        aiohttp.ClientSession(connector=aiohttp.UnixConnector(str(engine.socket))) as session,
        session.get(f"http://engine{path}") as response,
    ):
        yield response.content


async def _to_the_end(lines: aiohttp.StreamReader) -> None:
    while True:
        await _action(lines)


async def _action(lines: aiohttp.StreamReader) -> str:
    async with asyncio.timeout(5):
        line = await lines.readline()
    if not line:
        raise EOFError
    action: str = json.loads(line)["Action"]
    return action


def test_the_console_starts_without_the_simulator() -> None:
    script = "import patchdeck.watch, tui.cli, tui.console, sys; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True
    )
    assert [name for name in done.stdout.split() if name.startswith("patchdeck.simulator")] == []


async def test_a_stop_goes_on_when_whoever_asked_has_left_and_a_wait_does_not_mind(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with simulated() as engine:
        await engine.run("slow", Labels={"patchdeck.simulator.stops_after_s": "5"})
        for path in ("wait", "stop"):
            asking = asyncio.create_task(engine.post(f"/containers/slow/{path}"))
            await asyncio.sleep(0.1)
            asking.cancel()
            with pytest.raises(asyncio.CancelledError):
                await asking
        await engine.pass_time(6)
        assert (await engine.state("slow"))["Status"] == "exited"
        assert not caplog.records
