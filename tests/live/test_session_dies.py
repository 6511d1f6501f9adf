"""The session from which a rollout was begun may die at any moment: the rollout ends as it would have.

A session dies in three ways: its console is killed, its terminal is closed, its SSH connection is cut. Another console
finds the rollout, shows it, and has its controls.
"""

from __future__ import annotations

import shutil
import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final

import pytest

from patchdeck.model import AnyEntry, Commanded, Intended, Rollout, RolloutState, UnitPhase
from tests.lab.engine import Engine
from tests.lab.images import Images
from tests.lab.processes import wait_until
from tests.lab.services import start_service
from tests.live.conftest import unavailable
from tests.live.rollouts import locks, service_now, submitted
from tests.live.sessions import (
    CONFIG,
    ENDS_THE_CANARY,
    NEVER_SURE,
    TAKES_LONG,
    WAYS,
    Bastion,
    Way,
    answer,
    begin,
    die,
    planned_by,
    status_of,
    workers_of,
)
from tests.live.ssh_server import SSHD, SshServer

SLOW_TO_STOP: Final = {"StopSignal": "SIGUSR1", "StopTimeout": 3}
"""What the program in the image does not heed: the engine kills it after three seconds."""
UNDER_WAY: Final = (
    UnitPhase.CREATED,
    UnitPhase.FENCED,
    UnitPhase.STOPPED,
    UnitPhase.SWAPPED,
    UnitPhase.STARTED,
)


@dataclass(frozen=True)
class Phase:
    """A stretch of a rollout, and what makes it last long enough to die in it."""

    begun: Callable[[Rollout, list[AnyEntry]], object]
    version: str = "1.1"
    config: str = CONFIG
    config_of_containers: Mapping[str, object] = field(default_factory=dict)
    healthy_by_go: bool = False
    """Its containers get healthy when another session has come."""
    waits: bool = False
    """From the beginning on something waits for another session to come."""
    replicas: int = 3
    lasts: bool = True
    """Until a second console has come."""
    goes_back: bool = False


def _under_way(rollout: Rollout, step: int) -> bool:
    return any(unit.step == step and unit.phase in UNDER_WAY for unit in rollout.units)


def _has_come_to(step: int, rollout: Rollout) -> bool:
    return rollout.step == step


PHASES: Final = {
    "submitted": Phase(lambda rollout, _: rollout, lasts=False),
    "pulling": Phase(
        lambda _, known: any(isinstance(one, Intended) and one.act == "pull" for one in known), "1.2"
    ),
    "canary": Phase(lambda rollout, _: _under_way(rollout, 0), healthy_by_go=True, waits=True),
    "held": Phase(lambda rollout, _: rollout.state is RolloutState.HOLDING, config=CONFIG + NEVER_SURE),
    "batch": Phase(
        lambda rollout, _: _under_way(rollout, 1), config=CONFIG + ENDS_THE_CANARY, healthy_by_go=True
    ),
    "verifying": Phase(
        lambda rollout, _: rollout.units[0].phase is UnitPhase.READY, config=CONFIG + TAKES_LONG, waits=True
    ),
    "committing": Phase(lambda rollout, _: rollout.step == 2, replicas=8, lasts=False),
    "rolling back": Phase(
        lambda rollout, _: rollout.state is RolloutState.ROLLING_BACK,
        config=CONFIG + NEVER_SURE,
        config_of_containers=SLOW_TO_STOP,
        lasts=False,
        goes_back=True,
    ),
}
LIKELY_VICTIM: Final = ("choom", "--adjust", "300", "--")
"""Runs a console as one that the kernel ends early for want of memory, as those of some desktops are."""
IN_SHORT: Final[set[tuple[Way, str]]] = {("killed", "held"), ("cut", "canary")}
"""What is played each time; the others on demand."""


@pytest.fixture
def ssh_server(tmp_path: Path) -> Iterator[SshServer]:
    if not SSHD.exists() or shutil.which("ssh") is None:
        unavailable("openssh-server is not installed")
    folder = tmp_path / "ssh"
    folder.mkdir()
    server = SshServer(folder)
    server.start()
    try:
        assert wait_until(server.listens, 10)
        yield server
    finally:
        server.stop()


@dataclass
class Play:
    """One rollout, of which the session that began it dies in one phase."""

    phase: Phase
    engine: Engine
    images: Images
    bastion: Bastion
    way: Way
    server: SshServer

    def run(self, under: Sequence[str] = ()) -> str:
        """The rollout's ID, once all that is said of its end has been seen."""
        old, new = self.images.web("1.0"), self.images.web(self.phase.version)
        made = self.bastion.containers_that_wait() if self.phase.healthy_by_go else {}
        made.setdefault("config", self.phase.config_of_containers)
        before = start_service(self.engine, old, self.phase.replicas, **made)
        if self.phase.healthy_by_go:
            assert wait_until(lambda: all_healthy(self.engine), 60)
        if self.phase.waits:
            self.bastion.go.unlink()
        ids = {name: self.engine.get(f"/images/{name}/json")["Id"] for name in (old, new)}
        try:
            with self.stalled_pull(new) as go_on:
                rollout = self.first_session(new, under)
                self.second_session(rollout, go_on)
        finally:
            self.bastion.end_workers()
        assert len(workers_of(self.bastion, rollout)) == 1, "the worker that was begun carried it through"
        assert not locks(self.engine)
        now = service_now(self.engine)
        assert sorted(now) == sorted(one.name for one in before)
        if self.phase.goes_back:
            assert {one["Id"] for one in now.values()} == {one.id for one in before}
        else:
            assert {one["Image"] for one in now.values()} == {ids[new]}
        return rollout

    @contextmanager
    def stalled_pull(self, image: str) -> Iterator[Callable[[], None]]:
        """Where the phase is a pull: its registry stands still until what this yields is called."""
        registry = self.images.registry
        if registry is None:
            yield lambda: None
            return
        self.engine.docker("image", "rm", image)
        try:
            yield registry.resume
        finally:
            registry.resume()

    def first_session(self, image: str, under: Sequence[str]) -> str:
        with self.bastion.console(over=self.server if self.way == "cut" else None, under=under) as console:
            rollout = begin(console, self.bastion, image)
            if self.phase.goes_back:
                self.bastion.until(rollout, lambda told: told.state is RolloutState.HOLDING)
                console.wait_for(lambda text: "holding" in text and "promote" in text, 60, "the hold")
                answer(console, "a", "go back to 1.0")
            assert wait_until(
                lambda: self.phase.begun(self.bastion.told(rollout), self.bastion.entries(rollout)), 60
            ), console.text
            if self.images.registry is not None:
                self.images.registry.pause()
            worker = self.bastion.worker(rollout)
            die(self.way, console, self.bastion, rollout, self.server)
        if worker is None:
            return rollout
        assert worker.alive() or self.bastion.told(rollout).state.over
        if worker.alive():
            stands_alone(worker.pid)
        return rollout

    def second_session(self, rollout: str, go_on: Callable[[], None]) -> None:
        with self.bastion.console(why="took over") as console:
            console.press("4")
            console.wait_for(lambda text: rollout in text, 30, "the rollout, in another session")
            if self.phase.lasts:
                assert self.bastion.told(rollout).open, "another console came in between"
            go_on()
            self.bastion.go.touch()
            if (
                self.bastion.worker(rollout) is None
                and self.bastion.told(rollout).state is RolloutState.PLANNED
            ):
                answer(console, " ", "start a worker")  # the session died between the entry and the worker
            if self.bastion.told(rollout).state is RolloutState.HOLDING:
                for step, words in ((1, "Next is batch 1"), (2, "Next is the commit")):
                    answer(console, "p", words)
                    self.bastion.until(rollout, partial(_has_come_to, step))
            end = "rolled back" if self.phase.goes_back else "committed"
            console.wait_for(lambda text: end in text, 60, "the end")
            console.press("q")
            assert console.wait() == 0, console.text


def all_healthy(engine: Engine) -> bool:
    return all(one["State"]["Health"]["Status"] == "healthy" for one in service_now(engine).values())


def stands_alone(pid: int) -> None:
    """A process that has nothing more to do with the terminal and the session which it was begun in."""
    process = Path(f"/proc/{pid}")
    fields = (process / "stat").read_text().rpartition(")")[2].split()
    session, terminal = int(fields[3]), int(fields[4])
    assert (session, terminal) == (pid, 0)
    opened = {str(file.readlink()) for file in (process / "fd").iterdir()}
    assert not {one for one in opened if one.startswith(("/dev/pts", "/dev/tty"))}, opened
    assert (process / "cwd").readlink() == Path("/")
    status = status_of(pid)
    assert status["Umask"] == "0077"
    assert int(status["SigIgn"], 16) & 1 << signal.SIGHUP - 1
    assert int((process / "oom_score_adj").read_text()) <= 0


Player = Callable[[Engine, Images, Way, str], Play]


@pytest.fixture
def play(tmp_path: Path, ssh_server: SshServer) -> Player:
    def prepared(engine: Engine, images: Images, way: Way, phase: str) -> Play:
        bastion = Bastion(engine, tmp_path, PHASES[phase].config)
        return Play(PHASES[phase], engine, images, bastion, way, ssh_server)

    return prepared


CELLS: Final = [
    pytest.param(way, phase, marks=() if (way, phase) in IN_SHORT else pytest.mark.slow)
    for phase in PHASES
    for way in WAYS
]


@pytest.mark.timeout(240)
@pytest.mark.parametrize(("way", "phase"), CELLS)
def test_the_rollout_ends_as_it_would_have_and_another_console_takes_over(
    way: Way, phase: str, stock: Engine, play: Player, request: pytest.FixtureRequest
) -> None:
    registry = request.getfixturevalue("registry") if phase == "pulling" else None
    played = play(stock, request.getfixturevalue("images_of")(stock, registry), way, phase)
    rollout = played.run(under=LIKELY_VICTIM if way == "killed" else ())
    by = planned_by(played.bastion, rollout)
    assert (by.program, by.ssh_client) == ("console", "127.0.0.1" if way == "cut" else "")
    if phase == "held":
        asked = [one for one in played.bastion.entries(rollout) if isinstance(one, Commanded)]
        assert [(one.command.value, one.reason) for one in asked] == [("promote", "took over")] * 2
        assert by.pid not in {one.by.pid for one in asked}


@pytest.mark.slow
@pytest.mark.timeout(240)
@pytest.mark.parametrize("phase", ["canary", "held", "committing", "rolling back"])
@pytest.mark.parametrize("way", WAYS)
def test_so_it_does_on_a_newer_engine(
    way: Way, phase: str, newer_one: Engine, newer_images: Images, play: Player
) -> None:
    play(newer_one, newer_images, way, phase).run()


@pytest.mark.slow
@pytest.mark.timeout(240)
async def test_what_was_submitted_by_a_session_that_died_before_the_worker_began_is_begun_by_another(
    stock: Engine, stock_images: Images, tmp_path: Path
) -> None:
    bastion = Bastion(stock, tmp_path)
    start_service(stock, stock_images.web("1.0"), 2)
    rollout = await submitted(stock, bastion.state, stock_images.web("1.1"))
    try:
        with bastion.console() as console:
            console.press("4")
            console.wait_for(lambda text: "its worker has not begun" in text, 30, "what is missing")
            answer(console, " ", "start a worker")
            bastion.until(rollout, lambda told: told.state is RolloutState.COMMITTED)
            console.wait_for(lambda text: "committed" in text, 30, "the end")
    finally:
        bastion.end_workers()
