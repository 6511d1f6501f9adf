"""The simulated host's queues and its pressure, in its own time."""

from __future__ import annotations

import asyncio
import math
import random
import time
from pathlib import Path

import pytest

from patchdeck.simulator.host.driven import DrivenHost
from patchdeck.simulator.host.files import PressureFiles
from patchdeck.simulator.host.model import CPU, DISK, LINK, NETWORK, HostModel, Step
from patchdeck.simulator.host.pressure import Averages, Busy
from patchdeck.simulator.host.service_times import ANSWER, RUNTIME
from patchdeck.simulator.host.simulated import Appetite, SimulatedHost
from patchdeck.simulator.host.stations import Line, Sharing
from patchdeck.simulator.scenarios.story_clock import StoryClock
from patchdeck.sources.host import HostReader


def ends(host: HostModel) -> dict[int, float]:
    """When each errand is done."""
    return {errand: at_s for at_s, errand in host.advance(1e9)}


def host() -> HostModel:
    return HostModel(random.Random(1))


# Stations


def test_shared_work_takes_as_long_as_the_crowd_is_large() -> None:
    station = Sharing(2.0, most=1.0)
    for ticket in range(4):
        station.put(0.0, ticket, 1.0)
    assert station.next_s() == pytest.approx(2.0)


def test_one_alone_has_no_more_than_one_processor() -> None:
    station = Sharing(2.0, most=1.0)
    station.put(0.0, 1, 1.0)
    assert station.next_s() == pytest.approx(1.0)


def test_who_comes_later_slows_those_who_are_there() -> None:
    station = Sharing(1.0, most=1.0)
    station.put(0.0, 1, 1.0)
    station.put(0.5, 2, 1.0)
    assert station.next_s() == pytest.approx(1.5)
    assert station.take(1.5) == 1
    assert station.next_s() == pytest.approx(2.0)


def test_a_line_serves_one_at_a_time() -> None:
    line = Line(random.Random(1))
    line.put(0.0, 1, 1.0)
    line.put(0.0, 2, 1.0)
    assert line.next_s() == 1.0
    assert line.take(1.0) == 1
    assert line.next_s() == 2.0
    assert line.take(2.0) == 2
    assert math.isinf(line.next_s())


# The host


def test_two_processors_run_two_errands_as_fast_as_one() -> None:
    of = host()
    of.begin(0.0, [Step(CPU, 1.0)])
    of.begin(0.0, [Step(CPU, 1.0)])
    assert set(ends(of).values()) == {1.0}


def test_the_network_lock_lets_one_through_at_a_time() -> None:
    of = host()
    for _ in range(3):
        of.begin(0.0, [Step(NETWORK, 0.1)])
    first, second, third = sorted(ends(of).values())
    assert first >= 0.1
    assert second - first >= 0.1
    assert third - second >= 0.1


def test_pulls_share_the_link() -> None:
    alone, both = host(), host()
    layer = Step(LINK, 60e6)
    alone.begin(0.0, [layer])
    for _ in range(2):
        both.begin(0.0, [layer])
    assert max(ends(both).values()) == pytest.approx(2 * max(ends(alone).values()))


def test_starts_have_their_fair_share_of_what_containers_leave() -> None:
    calm, noisy = host(), host()
    noisy.want_processors(0.0, 7.0)
    for of in (calm, noisy):
        of.begin(0.0, [Step(CPU, 0.1)])
    assert max(ends(noisy).values()) == pytest.approx(4 * max(ends(calm).values()), rel=0.1)


def test_a_busy_host_is_slow_to_answer() -> None:
    calm, busy = host(), host()
    for _ in range(60):
        busy.begin(0.0, RUNTIME)
    asked = {of: of.begin(0.0, ANSWER) for of in (calm, busy)}
    assert ends(busy)[asked[busy]] > 20 * ends(calm)[asked[calm]]


def test_a_slow_disk_is_slower_for_what_comes_after() -> None:
    of = host()
    of.slow_disk(0.0, 10.0)
    of.begin(0.0, [Step(DISK, 0.1)])
    assert max(ends(of).values()) == pytest.approx(1.0)


# Pressure


def test_nobody_waits_on_a_calm_host() -> None:
    busy = Busy(2)
    busy.count(10.0, cpu=1, others=0.5, disk=0)
    assert (busy.cpu.some, busy.io.some, busy.io.full) == (0.0, 0.0, 0.0)
    assert busy.used_s == pytest.approx(15.0)


def test_more_than_there_are_processors_wait_for_them() -> None:
    busy = Busy(2)
    busy.count(10.0, cpu=3, others=0.0, disk=0)
    assert busy.cpu.some == 10.0


def test_io_is_full_only_while_nothing_else_runs() -> None:
    busy = Busy(2)
    busy.count(1.0, cpu=0, others=0.0, disk=2)
    busy.count(1.0, cpu=1, others=0.0, disk=2)
    assert busy.io == (2.0, 1.0)


def test_averages_are_those_of_a_kernel() -> None:
    averages = Averages()
    for second in range(1, 31):
        averages.update(second * 2.0, 2.0)
    fields = dict(field.split("=") for field in averages.fields().split())
    assert float(fields["avg10"]) == pytest.approx(100, abs=0.3)
    assert float(fields["avg60"]) == pytest.approx(100 * (1 - math.exp(-1)), abs=0.1)
    assert fields["total"] == "60000000"


def test_the_files_are_read_by_what_reads_the_kernels(tmp_path: Path) -> None:
    of = host()
    files = PressureFiles(tmp_path, of.busy)
    reader = HostReader(tmp_path)
    assert reader.missing() == ""
    assert reader.sample("e").cpu_some_10 == 0.0
    for _ in range(3):
        of.begin(0.0, [Step(CPU, 3.0), Step(DISK, 2.0)])
    assert list(of.advance(2.0)) == []
    files.update(2.0)
    sample = reader.sample("e")
    assert sample.cpu_some_10 == pytest.approx(1 - math.exp(-0.2), abs=1e-4)
    assert sample.memory_full_10 == 0.0
    assert sample.cpu_busy == pytest.approx(1.0)


def test_a_disk_that_everyone_waits_for_is_told_as_full(tmp_path: Path) -> None:
    of = host()
    files = PressureFiles(tmp_path, of.busy)
    for _ in range(3):
        of.begin(0.0, [Step(DISK, 100.0)])
    for second in range(2, 62, 2):
        assert list(of.advance(float(second))) == []
        files.update(float(second))
    sample = HostReader(tmp_path).sample("e")
    assert sample.io_full_10 == pytest.approx(1.0, abs=0.01)
    assert sample.io_full_60 == pytest.approx(1 - math.exp(-1), abs=0.01)
    assert sample.cpu_some_10 == 0.0


# In time that passes


async def test_an_errand_takes_its_time_and_a_crowd_takes_longer() -> None:
    clock = StoryClock(60.0)
    driven = DrivenHost(host(), clock)
    took_s: dict[int, float] = {}

    async def six() -> None:
        for crowd in (1, 6):
            began_ns = clock.now_ns()
            await asyncio.gather(*(driven.through([Step(NETWORK, 0.05)]) for _ in range(crowd)))
            took_s[crowd] = (clock.now_ns() - began_ns) / 1e9

    working = asyncio.create_task(six())
    await clock.live()
    assert working.done()
    assert took_s[1] == pytest.approx(0.05, rel=0.01)
    assert 0.3 <= took_s[6] < 0.4


async def test_an_errand_that_nobody_waits_for_any_more_goes_on() -> None:
    clock = StoryClock(60.0)
    model = host()
    driven = DrivenHost(model, clock)
    given_up = asyncio.create_task(driven.through([Step(DISK, 0.05)]))
    await asyncio.sleep(0)
    given_up.cancel()
    await asyncio.gather(given_up, return_exceptions=True)
    assert model.errands == 1
    await clock.live()
    assert model.errands == 0


async def test_what_is_under_way_in_the_past_goes_on_in_the_present() -> None:
    clock = StoryClock(0.05)
    driven = DrivenHost(host(), clock)
    began_ns = clock.now_ns()
    errand = asyncio.create_task(driven.through([Step(DISK, 0.2)]))
    await clock.live()
    assert not errand.done()
    await errand
    assert time.time_ns() - began_ns >= 0.2e9


def simulated(folder: Path, clock: StoryClock) -> SimulatedHost:
    appetite = Appetite(processors=0.5, has_cpu_limit=True)
    return SimulatedHost(random.Random(1), clock, proc=folder, appetite=lambda _: appetite)


async def test_a_layer_comes_in_pieces_and_lets_starts_through(tmp_path: Path) -> None:
    clock = StoryClock(60.0)
    on = simulated(tmp_path, clock)
    told: list[int] = []
    done: list[str] = []

    async def unpack() -> None:
        await on.unpack(100_000_000, told.append)
        done.append("layer")

    async def start() -> None:
        await clock.sleep(0.1)
        await on.mounts("c")
        done.append("start")

    tasks = [asyncio.create_task(unpack()), asyncio.create_task(start())]
    await clock.live()
    await asyncio.gather(*tasks)
    assert done == ["start", "layer"]
    assert told == sorted(told)
    assert told[-1] == 100_000_000
    assert len(told) >= 20


async def test_what_a_container_used_grows_with_the_time_it_runs(tmp_path: Path) -> None:
    on = simulated(tmp_path, StoryClock(0.0))
    before, after = on.use("c", 10.0), on.use("c", 12.0)
    assert after.cpu_ns - before.cpu_ns == pytest.approx(1e9)
    assert after.periods - before.periods == 20
    assert after.memory_bytes == before.memory_bytes


async def test_pressure_is_told_while_the_host_runs(tmp_path: Path) -> None:
    clock = StoryClock(30.0)
    on = simulated(tmp_path, clock)
    on.want_processors(5.0)
    running = asyncio.create_task(on.run())
    await clock.live()
    running.cancel()
    assert HostReader(tmp_path).sample("e").cpu_some_10 == pytest.approx(1 - math.exp(-2.8), abs=0.02)
