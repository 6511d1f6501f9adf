"""A person's session on a terminal or over SSH, the ways in which it may die, and a rollout begun in it by keys."""

from __future__ import annotations

import contextlib
import os
import shlex
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Literal

import pytest

from patchdeck.model import Actor, AnyEntry, Planned, Rollout, WorkerBegan
from patchdeck.rollout.database import STATE_FOLDER
from patchdeck.rollout.journal import Journal
from tests.lab.client import EngineClient
from tests.lab.processes import Identity, wait_until
from tests.live.program import PATCHDECK
from tests.live.rollouts import entries, told
from tests.live.ssh_server import SshServer
from tests.terminal import Terminal, TerminalError

Way = Literal["killed", "closed", "cut"]
"""SIGKILL to the console; its terminal's window closed; its connection's server killed."""
WAYS: Final[tuple[Way, ...]] = ("killed", "closed", "cut")
WHY: Final = "change 4711"
_PLANS: Final = 30
"""So often a plan is asked for, a second each."""
_PATIENCE_S: Final = (2, 4, 8, 16, 32)
"""For an answer to a key, before it is pressed again."""
_ANSWER_S: Final = 90.0
_NO: Final = "leave it as it is"
"""In every question about a rollout."""
_FIELD_ENDS: Final = 50
"""Columns of the composer's fields."""

CONFIG: Final = """
[rollout]
canary = "1"
batch = "100%"
bake = "0s"
pace = "4"
deadline = "1m"
gates = { ratio = "off", contention = "off" }
"""


def gate(script: str) -> str:
    """The configuration of a gate of one's own that runs a line of shell."""
    command = ", ".join(f"'{word}'" for word in ("/bin/sh", "-c", script))
    return f'[[gates]]\nname = "orders"\ncommand = [{command}]\ntimeout = "60s"\n'


class Bastion:
    """One user's account on one host: a state folder, a configuration, and consoles on an engine."""

    def __init__(self, engine: EngineClient, folder: Path, config: str = CONFIG) -> None:
        self.folder = folder
        self._engine = engine
        self.environ = {
            STATE_FOLDER: str(folder / "state"),
            "XDG_STATE_HOME": str(folder / "state"),
            "XDG_CONFIG_HOME": str(folder),
            "LC_ALL": "C.UTF-8",
            "TERM": "xterm-256color",
        }
        path = folder / "patchdeck" / "config.toml"
        path.parent.mkdir()
        self.go = folder / "go" / "go"
        """Whether what waits in a configuration or in a container goes on."""
        self.go.parent.mkdir()
        self.go.touch()
        path.write_text(config.replace(GO, str(self.go)), encoding="utf-8")

    @property
    def state(self) -> Path:
        return self.folder / "state"

    def console(
        self, *, why: str = WHY, over: SshServer | None = None, under: Sequence[str] = ()
    ) -> Terminal:
        """An armed console on a terminal of its own; `over` is where it is logged in to, `under` what runs it."""
        argv = [*under, PATCHDECK, "--host", self._engine.host, "--armed", "--reason", why]
        if over is None:
            return Terminal(argv, environ=self.environ)
        setting = [f"{name}={value}" for name, value in self.environ.items()]
        return Terminal(over.client(shlex.join(["env", *setting, *argv])), environ=self.environ)

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """`patchdeck` as a pipeline runs it."""
        return subprocess.run(
            [PATCHDECK, *arguments],
            env=os.environ | self.environ | {"PATCHDECK_HOST": self._engine.host},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=90,
            check=False,
        )

    def rollouts(self) -> list[str]:
        with Journal(self.state, read_only=True) as journal:
            return [row.rollout for row in journal.rollouts()]

    def told(self, rollout: str) -> Rollout:
        return told(rollout, self.state)

    def entries(self, rollout: str) -> list[AnyEntry]:
        return entries(rollout, self.state)

    def until(self, rollout: str, condition: Callable[[Rollout], object], timeout: float = 60) -> None:
        """Wait until the journal tells so."""
        if not wait_until(lambda: condition(self.told(rollout)), timeout):
            now = self.told(rollout)
            pytest.fail(f"rollout {rollout} is {now.state.value} at step {now.step}: {now.text}")

    def worker(self, rollout: str) -> Identity | None:
        """The process that carries it out now."""
        with Journal(self.state, read_only=True) as journal:
            process = journal.worker(rollout)
        return Identity.of(process.pid) if process is not None else None

    def containers_that_wait(self) -> dict[str, Any]:
        """How containers are made that are healthy, once and for ever, when the file is there."""
        test = {"Test": ["CMD", "/bin/test", "-f", "/go/go"], "Interval": 10**9, "Retries": 10_000}
        return {
            "config": {"Healthcheck": test},
            "host_config": {"Binds": [f"{self.go.parent}:/go:ro"]},
        }

    def end_workers(self) -> None:
        """Those that a failed test leaves."""
        for rollout in self.rollouts():
            if (worker := self.worker(rollout)) is not None:
                worker.send(signal.SIGKILL)


NEVER_SURE: Final = gate("echo 7 orders are too few; exit 75")
GO: Final = "GO"
"""In a configuration and in containers: a file for whose being there something waits."""
TAKES_LONG: Final = gate(f"until [ -e {GO} ]; do sleep 0.1; done; echo looked; exit 0")
ENDS_THE_CANARY: Final = gate(f'[ "$PATCHDECK_STEP" = canary ] && rm {GO}; exit 0')
"""What is to be ready after the canary waits."""


def compose(console: Terminal, image: str) -> None:
    """Compose a rollout of the only service to `image`, up to the question."""
    console.wait_for(lambda text: "ARMED" in text and "DISARMED" not in text, 30, "being armed")
    console.wait_for(lambda text: "shop/web" in text, 30, "the service")
    console.press("r")
    console.wait_for(lambda text: "Roll out shop/web" in text, 15, "the composer")
    _type_image(console, image)
    for _ in range(_PLANS):
        console.press("\x12")  # says that there is no plan yet, until there is one of just this
        with contextlib.suppress(TerminalError):
            console.wait_for(lambda text: "begin nothing" in text, 1, "the question")
            return
    raise TerminalError(f"there is no plan of {image}:\n{console.text}")


def _type_image(console: Terminal, image: str) -> None:
    """Over whatever is proposed in the first field, at whatever moment that comes."""

    def typed(text: str) -> str:
        return text.split("\n")[1][:_FIELD_ENDS].removeprefix("✗").strip().removeprefix("to").strip()

    for patience_s in _PATIENCE_S:
        console.press("\x15")
        with contextlib.suppress(TerminalError):
            console.wait_for(lambda text: not typed(text), patience_s, "the empty field")
            console.press(image)
            console.wait_for(lambda text: typed(text) == image, patience_s, "the image")
            return
    raise TerminalError(f"{image} is not in its field:\n{console.text}")


def agree(console: Terminal) -> None:
    """Say yes to what was composed. Of keys that were pressed early there may be a second question behind the first."""
    for _ in _PATIENCE_S:
        console.press("y")
        if _comes(console, lambda text: "begin nothing" not in text):
            return
    raise TerminalError(f"yes is not heard:\n{console.text}")


def begin(console: Terminal, bastion: Bastion, image: str) -> str:
    """Compose it, confirm it, and return its ID as soon as it is submitted."""
    known = bastion.rollouts()
    compose(console, image)
    agree(console)
    assert wait_until(lambda: len(bastion.rollouts()) > len(known), 15), console.text
    (rollout,) = set(bastion.rollouts()) - set(known)
    return rollout


def answer(console: Terminal, key: str, words: str) -> None:
    """Press a key that asks first, and say yes once these words are in the question.

    Where the screen still shows what was before, the question is another one: that is said no to, and asked again. A
    console on a busy machine may take seconds for each.
    """
    until = time.monotonic() + _ANSWER_S
    while time.monotonic() < until:
        shown = console.text
        if words in shown:
            console.press("y")
            if _comes(console, lambda text: words not in text):
                return
        elif _NO in shown:
            console.press("n")
            _comes(console, lambda text: _NO not in text)
        else:
            console.press(key)
            _comes(console, lambda text: _NO in text)
    raise TerminalError(f"{key!r} does not ask {words!r}:\n{console.text}")


def _comes(console: Terminal, condition: Callable[[str], object]) -> bool:
    try:
        console.wait_for(condition, _PATIENCE_S[1])
    except TerminalError:
        return False
    return True


def die(way: Way, console: Terminal, bastion: Bastion, rollout: str, server: SshServer | None) -> None:
    """End the session of which the rollout was begun, and see that its console is gone."""
    process = Identity.of(planned_by(bastion, rollout).pid)
    assert process is not None
    if way == "killed":
        os.kill(process.pid, signal.SIGKILL)
    elif way == "closed":
        console.hang_up()
    else:
        assert server is not None
        server.cut()
    console.wait(15)
    assert wait_until(lambda: not process.alive(), 15)


def planned_by(bastion: Bastion, rollout: str) -> Actor:
    (planned,) = [one for one in bastion.entries(rollout) if isinstance(one, Planned)]
    return planned.by


def workers_of(bastion: Bastion, rollout: str) -> list[WorkerBegan]:
    return [one for one in bastion.entries(rollout) if isinstance(one, WorkerBegan)]


def status_of(pid: int) -> Mapping[str, str]:
    """What the kernel says of a process: the lines of its status."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}
