"""`patchdeck demo` as a newcomer starts it: on a machine without Docker, in a terminal."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path

import pytest

from patchdeck.model import (
    AnyEntry,
    Binding,
    Command,
    Commanded,
    GateJudged,
    PaceChanged,
    RolloutState,
    StateEntered,
    Verdict,
)
from patchdeck.rollout.journal import Journal
from tests.lab.processes import wait_until
from tests.live.program import PATCHDECK
from tests.terminal import Terminal, TerminalError

THREE_MINUTES_S = 180.0
UP, DOWN = "\x1b[A", "\x1b[B"
MARGIN = 14
"""Cells before what the guide says."""


@pytest.fixture
def nowhere(tmp_path: Path) -> Iterator[dict[str, str]]:
    """An environment in which no engine can be found."""
    folder = tempfile.mkdtemp(prefix="pd-")  # the path of a socket has to be short
    yield {
        "DOCKER_HOST": f"unix://{tmp_path}/no-engine.sock",
        "HOME": str(tmp_path),
        "XDG_STATE_HOME": str(tmp_path / "state"),
        "XDG_CONFIG_HOME": str(tmp_path / "config"),
        "TMPDIR": folder,
    }
    shutil.rmtree(folder)


def children(pid: int) -> list[int]:
    """Of a process, those that run."""
    listed = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii")
    return [int(child) for child in listed.split()]


def runs(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


def starts_in(text: str) -> int:
    """The number of startups that the heatmap says it shows: `n 412`."""
    _, _, rest = text.partition(" n ")
    digits = rest.split()[0] if rest.split() else ""
    return int(digits) if digits.isdigit() else 0


def test_it_is_busy_within_seconds_says_that_it_is_simulated_and_ends_whole(nowhere: dict[str, str]) -> None:
    with Terminal([PATCHDECK, "demo"], columns=80, rows=24, environ=nowhere) as terminal:
        terminal.wait_for(lambda text: "SIMULATED" in text and starts_in(text) > 50, 20, "the fleet's past")
        (engine,) = children(terminal.pid)
        before = starts_in(terminal.text)
        terminal.wait_for(lambda text: starts_in(text) >= before + 3, 20, "the first starts")
        for view in "23?1":
            terminal.press(view)
            terminal.wait_for(lambda text: "SIMULATED" in text, 5, f"the mark after {view}")
        terminal.press("q")
        assert terminal.wait() == 0, terminal.text
        assert not runs(engine)
    assert list(Path(nowhere["TMPDIR"]).iterdir()) == []


def test_the_engine_ends_when_the_console_is_killed(nowhere: dict[str, str]) -> None:
    with Terminal([PATCHDECK, "demo", "--scenario", "calm"], environ=nowhere) as terminal:
        terminal.wait_for(lambda text: "SIMULATED" in text, 20, "the console")
        (engine,) = children(terminal.pid)
        os.kill(terminal.pid, signal.SIGKILL)
        terminal.wait()
        assert wait_until(lambda: not runs(engine), 5)
        assert wait_until(lambda: list(Path(nowhere["TMPDIR"]).iterdir()) == [], 5)


class Newcomer:
    """Knows nothing but to read the guide, and to do what it says."""

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal
        self.read: list[str] = []
        """What the guide said was on, each once, as it came."""

    def guide(self) -> tuple[str, str]:
        """What is on, and what comes next; empty where a question lies over it."""
        lines = self._terminal.lines()
        for now, then in pairwise(lines):
            if now.startswith(" Guide") and then.startswith(" ctrl+g hides"):
                return now[MARGIN:].strip(), then[MARGIN:].strip()
        return "", ""

    def follow(self, until: str, timeout_s: float) -> None:
        """Do what comes next, again and again, until the guide says this."""
        give_up = time.monotonic() + timeout_s
        while True:
            now, then = self.guide()
            if now and now not in self.read:
                self.read.append(now)
            if now.startswith(until):
                return
            if time.monotonic() > give_up:
                raise TerminalError(
                    f"{until!r} did not come:\n" + "\n".join([*self.read, self._terminal.text])
                )
            self._do(then)
            time.sleep(0.3)

    def _do(self, then: str) -> None:
        terminal = self._terminal
        if found := re.match(r"Go to (\S+) with the arrows, and press (\S)\.", then):
            self._go_to(found[1])
            terminal.press(found[2])
            terminal.wait_for(lambda text: "Roll out" in text, what="the composer")
        elif then.startswith("Press A, type why"):
            terminal.press("A")
            terminal.wait_for(lambda text: "Arm this console" in text, what="the question")
            terminal.press("to try it\r")
            terminal.wait_for(lambda text: "DISARMED" not in text, what="being armed")
        elif "ctrl+r, then y" in then:
            terminal.press("\x12")
            self._agree("roll it out")
        elif found := re.search(r"you decide\. (\S), then y", then):
            terminal.press(found[1])
            self._agree("promote it")
        elif found := re.match(r"Press (\d):", then):
            terminal.press(found[1])

    def _go_to(self, service: str) -> None:
        key = DOWN
        for _ in range(40):
            if self._cursor().startswith(f"▸{service} "):
                return
            lines = self._terminal.lines()
            at = next((row for row, line in enumerate(lines) if "▸" in line), 0)
            if any(f" {service} " in line for line in lines[:at]):
                key = UP
            if not self._moves(key):  # an end of the list
                key = UP if key is DOWN else DOWN
        raise TerminalError(f"{service} can not be found:\n{self._terminal.text}")

    def _moves(self, key: str) -> bool:
        before = self._cursor()
        self._terminal.press(key)
        return wait_until(lambda: self._cursor() != before, 3)

    def _cursor(self) -> str:
        """The row with the cursor, from it on."""
        return next((line[line.index("▸") :] for line in self._terminal.lines() if "▸" in line), "")

    def _agree(self, question: str) -> None:
        """To what is asked; it may not be asked yet."""
        with contextlib.suppress(TerminalError):
            self._terminal.wait_for(lambda text: f"y {question}" in text, 1.5, "the question")
            self._terminal.press("y")
            self._terminal.wait_for(lambda text: f"y {question}" not in text, 5, "the answer")


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=["80x24", "120x40"])
def test_whoever_does_what_the_guide_says_has_seen_all_of_it_within_three_minutes(
    nowhere: dict[str, str], size: tuple[int, int]
) -> None:
    columns, rows = size
    environ = {**nowhere, "TERM": "xterm", "COLORTERM": ""}
    with Terminal([PATCHDECK, "demo"], columns=columns, rows=rows, environ=environ) as terminal:
        newcomer = Newcomer(terminal)
        newcomer.follow("That was all", THREE_MINUTES_S)
        assert time.monotonic() - terminal.began < THREE_MINUTES_S
        (folder,) = Path(nowhere["TMPDIR"]).glob("patchdeck-demo-*/state")
        with Journal(folder, read_only=True) as journal:
            rollouts = [[*journal.entries(row.rollout)] for row in journal.rollouts()]
        terminal.press("q")
        assert terminal.wait() == 0, terminal.text

    # A lesson that a rollout did not show, as on a host that is quicker or slower than most, is given once more.
    assert any(
        ending(one) is RolloutState.COMMITTED
        and ("sample", Verdict.HOLD) in judged(one)
        and asked(one) == [Command.PROMOTE]
        for one in rollouts
    )
    assert any(ending(one) is RolloutState.ROLLED_BACK and asked(one) == [] for one in rollouts)
    assert any(ending(one) is RolloutState.COMMITTED and waited(one) and asked(one) == [] for one in rollouts)
    assert {ending(one) for one in rollouts} <= {RolloutState.COMMITTED, RolloutState.ROLLED_BACK}


def ending(entries: Sequence[AnyEntry]) -> RolloutState:
    return [one.state for one in entries if isinstance(one, StateEntered)][-1]


def waited(entries: Sequence[AnyEntry]) -> bool:
    """For the host's contention, at its pace or at the gate."""
    pressed = any(isinstance(one, PaceChanged) and one.binds is Binding.PRESSURE for one in entries)
    return pressed or ("contention", Verdict.HOLD) in judged(entries)


def judged(entries: Sequence[AnyEntry]) -> set[tuple[str, Verdict]]:
    return {(one.gate, one.verdict) for one in entries if isinstance(one, GateJudged)}


def asked(entries: Sequence[AnyEntry]) -> list[Command]:
    """By the console, and done."""
    commanded = [one for one in entries if isinstance(one, Commanded) and one.accepted]
    assert {one.by.program for one in commanded} <= {"console"}
    return [one.command for one in commanded]
