"""The crash matrix: a worker, or the engine, killed at any point of a rollout leaves a service that is whole.

A point is before or after a journal write or an engine call (patchdeck/rollout/crash_points.py). Of two neighbouring
cells one is resumed and the other rolled back. A service that was moved in one cell is moved on in the next.
"""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from patchdeck.model import Amount, Command, Rollout, RolloutState, Strategy
from patchdeck.rollout.crash_points import AT, PID
from patchdeck.rollout.journal import Journal
from patchdeck.rollout.processes import actor
from tests.lab.engine import Engine
from tests.lab.images import Images
from tests.lab.processes import wait_until
from tests.lab.services import start_service
from tests.live.rollouts import locks, service_now, submitted, told, worker

REPLICAS = 6
STRATEGY = Strategy(
    canary=Amount(count=1),
    batch=Amount(share=1.0),
    max_unavailable=Amount(count=2),
    bake_s=0.0,
    deadline_s=60.0,
    pace=5,
    gates={"ratio": "off", "contention": "off"},
)


class Matrix:
    """A service of six replicas and the cells that it goes through."""

    def __init__(self, engine: Engine, images: Images, folder: Path) -> None:
        self.engine = engine
        self.folder = folder
        self.images = {version: images.web(version) for version in ("1.0", "1.1")}
        self.ids = {
            version: engine.get(f"/images/{name}/json")["Id"] for version, name in self.images.items()
        }
        self.version = "1.0"
        start_service(engine, self.images["1.0"], REPLICAS, restart="always")
        self.names = sorted(service_now(engine))

    async def cell(self, point: int, *, back: bool, kills_engine: bool = False) -> bool:
        """One crash and what follows; False once there is no such point."""
        target = "1.1" if self.version == "1.0" else "1.0"
        rollout = await submitted(self.engine, self.folder, self.images[target], STRATEGY)
        environ = {AT: str(point)}
        if kills_engine:
            environ[PID] = str(self.engine.pid)
        first = worker(rollout, self.folder, environ)
        if kills_engine:
            wait_until(lambda: not self.engine.running or first.process.poll() is not None, 60)
            hit = not self.engine.running
            if hit:
                self.engine.restart_after_kill()
        else:
            hit = first.wait() == -signal.SIGKILL
        if back:
            with Journal(self.folder) as journal:
                journal.ask(rollout, Command.ABORT, actor("test"), "the matrix")
        if hit and not kills_engine:
            worker(rollout, self.folder).wait()
        else:
            first.wait()
        if kills_engine:
            self.take_advice(rollout)
        where = f"point {point}, {back=}, {hit=}, the worker's status {first.process.returncode}"
        self.check(told(rollout, self.folder), target, where)
        return hit

    def take_advice(self, rollout: str) -> None:
        """An engine that is killed in the middle of a start may leave a trace of it in containerd's memory, which no
        call of the engine heals. The rollout then says what a person has to do.
        """
        if "restart containerd" in told(rollout, self.folder).text:
            containerd = self.engine._containerd
            assert containerd is not None
            containerd.stop()
            self.engine._start_containerd(60)
            self.engine.restart_after_kill()
            worker(rollout, self.folder).wait()

    def check(self, rollout: Rollout, target: str, where: str) -> None:
        """Whole: all replicas, one version, each under its name and with its policy, nothing else, no lock."""
        assert rollout.state.over, (where, rollout.state, rollout.text)
        if rollout.state is RolloutState.COMMITTED:
            self.version = target
        now = service_now(self.engine)
        assert sorted(now) == self.names, where
        assert {one["Image"] for one in now.values()} == {self.ids[self.version]}, where
        assert all(one["State"]["Running"] for one in now.values()), where
        assert {one["HostConfig"]["RestartPolicy"]["Name"] for one in now.values()} == {"always"}, where
        assert not locks(self.engine), where


async def every(stride: int, matrix: Matrix, *, kills_engine: bool = False) -> int:
    """Both cells of each point, as long as there are any; the last point."""
    point, hit = 1, True
    while hit:
        for back in (False, True):
            hit = await matrix.cell(point, back=back, kills_engine=kills_engine)
        point += stride
    return point


SPREAD = (3, 14, 33, 52, 71, 90, 131, 170, 215, 260)


async def test_a_worker_that_is_killed_leaves_a_service_that_can_be_made_whole(
    stock: Engine, stock_images: Images, tmp_path: Path
) -> None:
    matrix = Matrix(stock, stock_images, tmp_path)
    hits = [await matrix.cell(point, back=bool(number % 2)) for number, point in enumerate(SPREAD)]
    assert all(hits), "the rollout has fewer points than this test goes through"


@pytest.mark.slow
@pytest.mark.timeout(7200)
async def test_a_worker_may_be_killed_at_every_point(
    stock: Engine, stock_images: Images, tmp_path: Path
) -> None:
    assert await every(1, Matrix(stock, stock_images, tmp_path)) > 100


@pytest.mark.slow
@pytest.mark.timeout(7200)
async def test_a_worker_may_be_killed_at_every_fifth_point_of_a_newer_engine(
    newer_one: Engine, newer_images: Images, tmp_path: Path
) -> None:
    assert await every(5, Matrix(newer_one, newer_images, tmp_path)) > 100


ENGINE_SPREAD = (20, 45, 80)


async def test_an_engine_that_is_killed_is_waited_for_and_the_service_is_whole(
    stock: Engine, stock_images: Images, tmp_path: Path
) -> None:
    matrix = Matrix(stock, stock_images, tmp_path)
    for number, point in enumerate(ENGINE_SPREAD):
        assert await matrix.cell(point, back=bool(number % 2), kills_engine=True)


@pytest.mark.slow
@pytest.mark.timeout(7200)
async def test_an_engine_may_be_killed_at_every_eighth_point(
    engine: Engine, images: Images, tmp_path: Path
) -> None:
    """Neighbouring points are the same to an engine, and it takes seconds to come up."""
    assert await every(8, Matrix(engine, images, tmp_path), kills_engine=True) > 100
