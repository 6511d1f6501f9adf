"""A service of six replicas, and rollouts of it that are cut short: the worker is killed, or the engine, or both.

A point is before or after a journal write or an engine call (patchdeck/rollout/crash_points.py). A cell is a rollout
that is cut short at one point, and what a person does then. A service that one cell moved is moved on in the next.
"""

from __future__ import annotations

import logging
import os
import re
import signal
import subprocess
import time
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from msgspec.structs import replace

from patchdeck.model import Amount, Command, Order, Rollout, RolloutState, Strategy, UnitPhase
from patchdeck.rollout.crash_points import AT, LIST, PID
from patchdeck.rollout.journal import Journal
from patchdeck.rollout.processes import actor
from patchdeck.rollout.submit import NotSubmitted
from tests.lab.engine import Engine
from tests.lab.images import Images
from tests.lab.processes import wait_until
from tests.lab.services import start_service
from tests.live.rollouts import locks, service_now, submitted, told
from tests.live.warm_workers import WarmWorker

_log: Final = logging.getLogger(__name__)

REPLICAS: Final = 6
STRATEGY: Final = Strategy(
    canary=Amount(count=1),
    batch=Amount(share=1.0),
    max_unavailable=Amount(count=2),
    bake_s=0.0,
    deadline_s=60.0,
    pace=5,
    gates={"ratio": "off", "contention": "off"},
)
LONGEST_S: Final = 120.0
"""For one worker, on a machine that has a lot else to do."""
_SHIM: Final = re.compile(r"end the process containerd-shim-runc-v2 … -id (\w+)…")
DONE: Final = "PATCHDECK_CRASHES_DONE"
"""Names a file of cells that ended whole: they are not gone through again, so an interrupted matrix goes on."""


class Victim(StrEnum):
    WORKER = "the worker"
    ENGINE = "the engine"
    BOTH = "worker and engine"


class Way(StrEnum):
    RESUMED = "resumed"
    ROLLED_BACK = "rolled back"
    GOING_BACK = "resumed on its way back"
    """It was aborted with all replicas moved, and is killed after that."""


@dataclass(frozen=True)
class Cell:
    """Who is killed where, and how it goes on."""

    victim: Victim
    point: str
    way: Way
    order: Order

    def __str__(self) -> str:
        return f"{self.order}: {self.victim} killed {self.point}, then {self.way}"


def cells(
    victim: Victim, points: Mapping[Order, Sequence[str]], ways: Sequence[Way], part: int, parts: int
) -> Iterator[Cell]:
    """Those of one part. The first parts hold each point once, the ways mixed; the further ones its other ways.

    By the point's name alone, the order too: parts agree in silence, though no two rollouts write quite the same.
    """
    turn, place = divmod(part, parts // len(ways))
    for number, order in enumerate(Order):
        for point in points[order]:
            drawn, mine = divmod(zlib.crc32(point.encode()), parts // len(ways))
            if mine == place and drawn // 2 % 2 == number:
                yield Cell(victim, point, ways[(drawn + turn) % len(ways)], order)


class Done:
    """The cells of one engine in the file of PATCHDECK_CRASHES_DONE; none without it."""

    def __init__(self, engine: Engine) -> None:
        named = os.environ.get(DONE)
        self._file = Path(named) if named else None
        self._engine = engine.version

    def __contains__(self, cell: Cell) -> bool:
        if self._file is None or not self._file.exists():
            return False
        return self._line(cell) in self._file.read_text().splitlines()

    def add(self, cell: Cell) -> None:
        if self._file is not None:
            with self._file.open("a") as file:
                file.write(f"{self._line(cell)}\n")

    def _line(self, cell: Cell) -> str:
        return f"{self._engine} {cell}"


class Matrix:
    """The service, and what is done to it. `with Matrix(engine, images, folder) as matrix`."""

    def __init__(self, engine: Engine, images: Images, folder: Path) -> None:
        self.engine = engine
        self._images = {version: images.web(version) for version in ("1.0", "1.1")}
        self._ids = {
            version: engine.get(f"/images/{name}/json")["Id"] for version, name in self._images.items()
        }
        self._home = folder
        self._services = 0
        self._workers: list[WarmWorker] = []
        self._new_service()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end_workers()

    async def points(self, way: Way = Way.RESUMED) -> dict[Order, list[str]]:
        """All of a rollout that nobody disturbs; of one that is aborted, those of its way back."""
        return {order: await self._points(way, order) for order in Order}

    async def _points(self, way: Way, order: Order) -> list[str]:
        listed = self.folder / f"points {order}"
        rollout = await self._submitted(way, order)
        first = self._worker(rollout, {LIST: str(listed)})
        if way is Way.GOING_BACK:
            self._abort_when_moved(rollout, first)
        first.wait(LONGEST_S)
        self._check(told(rollout, self.folder), "with nobody disturbing it")
        points = listed.read_text().splitlines()
        if way is Way.GOING_BACK:
            points = points[points.index(f"before writing StateEntered {RolloutState.ROLLING_BACK}") :]
        return points

    async def run(self, cells: Sequence[Cell]) -> None:
        """All of them, whatever becomes of each. Raises AssertionError that names those that did not end whole."""
        broken = []
        missed = []
        done = Done(self.engine)
        for number, cell in enumerate(cells, 1):
            if cell in done:
                continue
            began = time.monotonic()
            try:
                hit = await self.cell(cell)
            except (AssertionError, NotSubmitted, subprocess.TimeoutExpired) as error:
                broken.append(f"{cell}: {error}")
                _log.error("%d of %d: %s: NOT WHOLE: %s", number, len(cells), cell, error)
                self._new_service()
                continue
            if hit:
                done.add(cell)
            else:
                missed.append(cell)
            became = "whole" if hit else "its point did not come"
            _log.info("%d of %d: %s: %s, %.1f s", number, len(cells), cell, became, time.monotonic() - began)
        assert not broken, "\n".join(broken)
        # How often the pace changes, for one, is not the same in any two rollouts.
        assert len(missed) <= len(cells) / 10, [str(cell) for cell in missed]

    async def cell(self, cell: Cell) -> bool:
        """One rollout; whether it came to the point. Raises AssertionError if the service is not whole afterwards."""
        rollout = await self._submitted(cell.way, cell.order)
        environ = {AT: cell.point}
        if cell.victim is not Victim.WORKER:
            environ[PID] = str(self.engine.pid)
        first = self._worker(rollout, environ)
        if cell.way is Way.GOING_BACK:
            self._abort_when_moved(rollout, first)
        if cell.victim is Victim.WORKER:
            hit = first.wait(LONGEST_S) == -signal.SIGKILL
        else:
            assert wait_until(lambda: not self.engine.running or first.over, LONGEST_S), cell
            hit = not self.engine.running
        if cell.victim is Victim.BOTH:
            first.kill()
        if hit and cell.way is Way.ROLLED_BACK and not told(rollout, self.folder).state.over:
            self._abort(rollout)
        if not self.engine.running:
            self.engine.restart_after_kill()
        first.wait(LONGEST_S)
        self._resume(rollout, is_lost=hit and cell.victim is not Victim.ENGINE)
        self._check(told(rollout, self.folder), f"{cell}, {hit=}")
        return hit

    # --- what a person does -----------------------------------------------------------------------

    async def _submitted(self, way: Way, order: Order) -> str:
        pause_after = ("batch",) if way is Way.GOING_BACK else ()
        strategy = replace(STRATEGY, order=order, pause_after=pause_after)
        return await submitted(self.engine, self.folder, self._images[self._target], strategy)

    def _abort(self, rollout: str) -> None:
        with Journal(self.folder) as journal:
            journal.ask(rollout, Command.ABORT, actor("test"), "the matrix")

    def _abort_when_moved(self, rollout: str, first: WarmWorker) -> None:
        """Once every replica runs the new version, and a person is waited for."""

        def paused() -> bool:
            return first.over or told(rollout, self.folder).state is RolloutState.PAUSED

        assert wait_until(paused, LONGEST_S), rollout
        self._abort(rollout)

    def _resume(self, rollout: str, *, is_lost: bool) -> None:
        """Where it is not over: once if its worker was killed, and once more if it says what has to be done before.

        An engine that is killed in the middle of a start or a stop may leave a container's shim behind, which no call
        of the engine ends.
        """
        for lost in (is_lost, False):
            story = told(rollout, self.folder)
            left = [] if story.state.over else _shims_to_end(story)
            if story.state.over or not (lost or left):
                return
            for container in left:
                _log.info("the shim of %s is ended, as the rollout says", container)
                self.engine.end_shim(container)
            self._worker(rollout).wait(LONGEST_S)

    # --- what is there ----------------------------------------------------------------------------

    @property
    def _target(self) -> str:
        return "1.1" if self._version == "1.0" else "1.0"

    def _new_service(self) -> None:
        """With a journal of its own: a rollout that did not end whole would keep the service."""
        self._end_workers()
        if not self.engine.running:
            self.engine.restart_after_kill()
        self.engine.clean()
        self._services += 1
        self.folder = self._home / f"service{self._services}"
        self.folder.mkdir()
        self._version = "1.0"
        replicas = start_service(self.engine, self._images["1.0"], REPLICAS, restart="always")
        self._replicas = {one.name: one.id for one in replicas}

    def _worker(self, rollout: str, environ: dict[str, str] | None = None) -> WarmWorker:
        started = WarmWorker(rollout, self.folder, environ or {})
        self._workers.append(started)
        return started

    def _end_workers(self) -> None:
        for one in self._workers:
            one.kill()
        self._workers.clear()

    def _check(self, rollout: Rollout, where: str) -> None:
        """Whole: all replicas, one version, each under its name and with its policy, nothing else, no lock. If it was
        not moved, its containers are the very ones that were there before.
        """
        assert rollout.state.over, (where, rollout.state, rollout.text)
        moved = rollout.state is RolloutState.COMMITTED
        if moved:
            self._version = self._target
        now = service_now(self.engine)
        replicas = {name: one["Id"] for name, one in now.items()}
        assert replicas.keys() == self._replicas.keys(), (where, sorted(replicas))
        assert {one["Image"] for one in now.values()} == {self._ids[self._version]}, where
        assert {one["State"]["Status"] for one in now.values()} == {"running"}, where
        assert {one["HostConfig"]["RestartPolicy"]["Name"] for one in now.values()} == {"always"}, where
        assert moved or replicas == self._replicas, where
        assert not locks(self.engine), where
        self._replicas = replicas


def _shims_to_end(rollout: Rollout) -> list[str]:
    """The beginnings of their containers' IDs, as a rollout that needs a person names them."""
    failed = [unit.detail for unit in rollout.units if unit.phase is UnitPhase.FAILED]
    return [shim[1] for detail in failed if (shim := _SHIM.search(detail))]
