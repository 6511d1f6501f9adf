"""A monkey at the console of a real engine, between which every request is counted: keys, clicks, pastes, sizes, stops.

Disarmed, nothing that it does makes the engine receive a write, or the journal a rollout. Armed, no rollout begins that
was not asked about on the screen before. It lives many short lives, each on a console that begins anew, so that one
that goes wrong can be lived again with less and less of it; that is what is told.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from patchdeck.model import ActRefused, Planned
from patchdeck.rollout.database import STATE_FOLDER
from patchdeck.rollout.journal import Journal
from tests.lab.engine import Engine
from tests.lab.images import Images
from tests.lab.processes import wait_until
from tests.lab.services import start_service
from tests.live.counting_proxy import CountingProxy
from tests.live.program import PATCHDECK
from tests.monkey import COLUMNS, ROWS, Act, drawn, shrunk, written
from tests.terminal import Terminal, TerminalError

SERVICE = "shop/web"
PLAN_S, WORKER_S = 3.0, 3.0
PLANNED = ("to be replaced", "Refused")
LIFE, SHORT = 400, 100
"""Acts in one life at most; and in the two that there are time for in `make test`."""
BURST, PAUSE_S = 5, 0.06
"""So many acts are sent at once, and so long is waited then: keys do come faster than they are drawn."""
SIGNALS = "\x03\x1a\x1c"
"""No keys of the console's once it is leaving and has given its terminal back: there they end or stop any program."""
ESCAPE_S = 0.15
"""After an escape, which is else the beginning of another key."""
LEAVING_S = 60.0
SHRINKING_S = 240.0
ASKS = (b"roll it out", b"roll it back")
"""What a question before a rollout says of its yes, and that before the undoing of one."""
LATE_NS = 1_000_000_000
"""What was painted is read here a little later, and the yes to it may have been on its way already."""
READ_ONLY = "[arming]\nread_only = true\n"
FROZEN = """\
[policy]
users = ["no monkey"]
[[freezes]]
name = "monkeys"
first_day = "2000-01-01"
last_day = "2100-01-01"
"""
"""A monkey types a reason sooner or later, and even an override: it is kept off where no reason is good enough, and who
may is somebody else; or where no key arms.
"""
ARMED = '[rollout]\nbake = "0s"\n[policy]\ntype_name = "never"\n[arming]\nlasts = "1h"\n'


OneLife = Callable[["World", int, Sequence[Act]], str]


class Shown:
    """When a question was on the screen, by the wall clock, by what the terminal was sent."""

    def __init__(self) -> None:
        self.at_ns: list[int] = []
        self._rest = b""

    def heard(self, data: bytes) -> None:
        text = self._rest + data
        if any(words in text for words in ASKS):
            self.at_ns.append(time.time_ns())
            text = b""
        self._rest = text[-max(map(len, ASKS)) :]

    def between(self, after_ns: int, before_ns: int) -> bool:
        return any(after_ns < at_ns <= before_ns + LATE_NS for at_ns in self.at_ns)


class World:
    """An engine with a service, watched through a proxy, and a journal of its own for each life."""

    def __init__(self, engine: Engine, images: Images, folder: Path) -> None:
        self.engine = engine
        self.images = images
        self.folder = folder
        self.proxy = CountingProxy(engine.socket, folder / "engine.sock")
        self.lives = 0
        self.asked = 0
        self.begun = 0

    def service(self) -> None:
        """Three replicas of the old version, and newer ones to move to."""
        self.engine.clean()
        start_service(self.engine, self.images.web("1.0"), 3)
        self.images.web("1.1")

    @contextlib.contextmanager
    def journal(self) -> Iterator[Path]:
        """An empty one; what is at work on its rollouts is ended after it."""
        self.lives += 1
        folder = self.folder / f"life-{self.lives}"
        folder.mkdir()
        try:
            yield folder
        finally:
            with Journal(folder, read_only=True) as journal:
                for row in journal.rollouts():
                    if not row.over:
                        _end_worker(journal, row.rollout)


def _end_worker(journal: Journal, rollout: str) -> None:
    """Also one that is being started just now."""
    if wait_until(lambda: journal.has_worker(rollout), WORKER_S):
        process = journal.worker(rollout)
        assert process is not None
        with contextlib.suppress(ProcessLookupError):  # it has come to its end
            os.kill(process.pid, signal.SIGKILL)


class Life:
    """One console in a real terminal, and again one where the monkey has left it."""

    def __init__(self, world: World, state: Path, config: str, *arming: str) -> None:
        path = state / "config.toml"
        path.write_text(config, encoding="utf-8")
        self._argv = [PATCHDECK, "--host", world.proxy.host, "--config", str(path), *arming]
        self._environ = {
            STATE_FOLDER: str(state),
            "XDG_STATE_HOME": str(state),
            "XDG_CONFIG_HOME": str(state),
        }
        self._composes = config != READ_ONLY
        self.shown = Shown()

    def live(self, acts: Sequence[Act]) -> None:
        """Raises TerminalError where a console ends otherwise than by being left."""
        left = list(acts)
        while left:
            with Terminal(
                self._argv, columns=COLUMNS, rows=ROWS, environ=self._environ, heard=self.shown.heard
            ) as terminal:
                terminal.wait_for(lambda text: SERVICE in text, 60, "the service")
                while left and not terminal.ended:
                    burst, left = left[:BURST], left[BURST:]
                    for act in burst:
                        with contextlib.suppress(OSError):  # it was left: the rest of the burst is nobody's
                            self._do(terminal, act)
                    time.sleep(PAUSE_S)
                _leave(terminal)

    def _do(self, terminal: Terminal, act: Act) -> None:
        if act.size is not None:
            terminal.resize(*act.size)
        elif act.stops:
            _stop(terminal)
        elif act.composes and self._composes:
            terminal.resize(COLUMNS, ROWS)
            for key in ("\x1b", "\x1b", "1", "r"):
                terminal.press(key)
                time.sleep(ESCAPE_S)
            wait_until(lambda: terminal.ended or any(word in terminal.text for word in PLANNED), PLAN_S)
            terminal.press("\x0f")  # to the plan, where a letter is no part of another one
        elif act.sent and (act.sent not in SIGNALS or terminal.is_raw):
            terminal.press(act.sent)


def _stop(terminal: Terminal) -> None:
    os.kill(terminal.pid, signal.SIGTSTP)
    wait_until(lambda: _state(terminal) in "TZ", LEAVING_S)
    os.kill(terminal.pid, signal.SIGCONT)
    # Until it has its terminal again ctrl+c would end it and ctrl+z stop it, as they do any program.
    wait_until(lambda: terminal.ended or terminal.is_raw, LEAVING_S)


def _state(terminal: Terminal) -> str:
    """As the kernel tells it: T is stopped."""
    return Path(f"/proc/{terminal.pid}/stat").read_text().rsplit(")", 1)[1].split()[0]


def _leave(terminal: Terminal) -> None:
    """Everything that was sent before has been dealt with when it has ended."""
    until = time.monotonic() + LEAVING_S
    while not terminal.ended and time.monotonic() < until:
        for key in ("\x1b", "\x11"):  # a question takes either for its no
            with contextlib.suppress(OSError):
                terminal.press(key)
            time.sleep(ESCAPE_S)
    if (status := terminal.wait(1)) != 0:
        raise TerminalError(f"the console ended with status {status}:\n{terminal.text}")


def begun(folder: Path) -> list[Planned]:
    """The rollouts that were not refused, in their order."""
    found = []
    with Journal(folder, read_only=True) as journal:
        for row in journal.rollouts():
            first, *others = journal.entries(row.rollout)
            assert isinstance(first, Planned)
            if not others or not isinstance(others[0], ActRefused):
                found.append(first)
    return sorted(found, key=lambda entry: entry.at_ns)


def disarmed(world: World, number: int, acts: Sequence[Act]) -> str:
    """What went wrong in this life; nothing, if nothing did."""
    before = len(world.proxy.writes)
    with world.journal() as state:
        try:
            Life(world, state, (FROZEN, READ_ONLY)[number % 2]).live(acts)
        except TerminalError as error:
            return str(error)
        if rollouts := begun(state):
            return f"rollouts were begun: {[entry.rollout for entry in rollouts]}"
    writes = world.proxy.writes[before:]
    return f"the engine received {writes}" if writes else ""


def armed(world: World, _number: int, acts: Sequence[Act]) -> str:
    """As `disarmed`."""
    world.service()
    with world.journal() as state:
        life = Life(world, state, ARMED, "--armed", "--reason", "a monkey")
        try:
            life.live(acts)
        except TerminalError as error:
            return str(error)
        rollouts = begun(state)
    world.asked += len(life.shown.at_ns)
    world.begun += len(rollouts)
    before_ns = 0
    for entry in rollouts:
        if not life.shown.between(before_ns, entry.at_ns):
            return f"rollout {entry.rollout} began without a question"
        before_ns = entry.at_ns
    return ""


def lived(world: World, one: OneLife, *, seed: int, count: int, life: int) -> None:
    """Live through so many acts. Fails with the least that goes wrong."""
    for number in range(count // life):
        acts = drawn(seed + number, life)
        if wrong := one(world, number, acts):
            pytest.fail(f"seed {seed + number}: {_least(world, one, number, acts)}\n{wrong}")


def _least(world: World, one: OneLife, number: int, acts: Sequence[Act]) -> str:
    found = shrunk(acts, lambda fewer: bool(one(world, number, fewer)), SHRINKING_S)
    return f"{len(found)} of {len(acts)} acts: {written(found)}"


@pytest.fixture
def world(stock: Engine, stock_images: Images, tmp_path: Path) -> Iterator[World]:
    made = World(stock, stock_images, tmp_path)
    made.service()
    with made.proxy:
        yield made


QUICK = pytest.param(2 * SHORT, SHORT, marks=pytest.mark.timeout(400))
SLOW = pytest.param(10_000, LIFE, marks=[pytest.mark.slow, pytest.mark.timeout(1800)])
"""The times are for a machine that is at work for others; alone it takes a tenth, and a third."""


@pytest.mark.parametrize(("count", "life"), [QUICK, SLOW])
def test_nothing_that_is_done_at_a_disarmed_console_writes_to_the_engine(
    world: World, count: int, life: int
) -> None:
    lived(world, disarmed, seed=1, count=count, life=life)
    assert not world.proxy.writes
    assert world.proxy.reads, "it was watched by way of the proxy"
    world.engine.docker("--host", world.proxy.host, "volume", "create", "seen")
    assert any("/volumes/create" in write for write in world.proxy.writes), "a write is seen"


@pytest.mark.parametrize(("count", "life"), [SLOW])
def test_no_rollout_begins_that_was_not_asked_about_on_the_screen(
    world: World, count: int, life: int
) -> None:
    lived(world, armed, seed=1_109, count=count, life=life)
    assert world.asked, "it never came to a question"
    assert world.begun, "no question was answered with yes"
    assert world.proxy.writes, "the workers write by way of the proxy"
