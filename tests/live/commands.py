"""`patchdeck` as a pipeline and as a person run it, with a journal of its own."""

from __future__ import annotations

import json
import os
import pty
import select
import signal
import subprocess
import time
from pathlib import Path
from typing import Any, Self

from patchdeck.rollout.database import STATE_FOLDER
from patchdeck.rollout.journal import Journal
from tests.lab.client import EngineClient
from tests.lab.processes import wait_until
from tests.live.program import PATCHDECK
from tests.live.rollouts import told

QUICK = (
    "--bake",
    "0s",
    "--deadline",
    "30s",
    "--pace",
    "4",
    "--gate",
    "ratio=off",
    "--gate",
    "contention=off",
)
TIMEOUT_S = 60


class Commands:
    """`patchdeck` with a journal of its own."""

    def __init__(self, engine: EngineClient, folder: Path) -> None:
        self.folder = folder
        self._engine = engine
        self.environ = os.environ | {
            STATE_FOLDER: str(folder),
            "XDG_CONFIG_HOME": str(folder),
            "PATCHDECK_HOST": engine.host,
        }

    def __call__(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [PATCHDECK, *arguments],
            env=self.environ,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
            check=False,
        )

    def run(self, image: str, *options: str, service: str = "shop/web") -> subprocess.CompletedProcess[str]:
        return self("rollout", "run", service, "--to", image, "--yes", *QUICK, *options)

    def begun(self, image: str, *options: str) -> str:
        """Begins one, detached; its ID."""
        done = self.run(image, "--detach", *options)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def open(self, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [PATCHDECK, *arguments],
            env=self.environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def document(self, *arguments: str) -> Any:
        done = self(*arguments, "--format", "json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def until(self, rollout: str, *states: str) -> None:
        assert wait_until(lambda: told(rollout, self.folder).state.value in states, TIMEOUT_S)

    def configure(self, text: str) -> None:
        config = self.folder / "patchdeck" / "config.toml"
        config.parent.mkdir(exist_ok=True)
        config.write_text(text, encoding="utf-8")

    def end_workers(self) -> None:
        """Whatever a test left behind."""
        with Journal(self.folder, read_only=True) as journal:
            for row in journal.rollouts():
                process = journal.worker(row.rollout)
                if process is not None and journal.has_worker(row.rollout):
                    os.kill(process.pid, signal.SIGKILL)
                    assert wait_until(lambda: not journal.has_worker(row.rollout), 10)  # noqa: B023 - at once


class Terminal:
    """A command on a terminal of 100 columns."""

    def __init__(self, commands: Commands, *arguments: str) -> None:
        self._screen = b""
        self._leader, follower = pty.openpty()
        environ = commands.environ | {"TERM": "xterm", "COLUMNS": "100", "LINES": "40"}
        self._process = subprocess.Popen(
            # Only with a controlling terminal does Ctrl-C become a signal.
            ["setsid", "--ctty", PATCHDECK, *arguments],
            env=environ,
            stdin=follower,
            stdout=follower,
            stderr=follower,
        )
        os.close(follower)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        os.close(self._leader)

    def type(self, keys: str) -> None:
        os.write(self._leader, keys.encode())

    def until(self, text: str) -> None:
        """What was there before counts no more."""
        until = time.monotonic() + TIMEOUT_S
        while text.encode() not in self._screen:
            assert time.monotonic() < until, self._screen.decode(errors="replace")
            self._read()
        self._screen = self._screen.partition(text.encode())[2]

    def status(self) -> int:
        """Of the command, once it has ended."""
        until = time.monotonic() + TIMEOUT_S
        while self._process.poll() is None:
            assert time.monotonic() < until, self._screen.decode(errors="replace")
            self._read()
        return self._process.returncode

    def _read(self) -> None:
        ready, _, _ = select.select([self._leader], [], [], 0.2)
        if ready:
            try:
                self._screen += os.read(self._leader, 65_536)
            except OSError:  # the command has ended, and the terminal with it
                time.sleep(0.05)


def the_one(commands: Commands) -> str:
    """The ID of the one rollout there is, as soon as there is one."""

    def known() -> list[str]:
        with Journal(commands.folder, read_only=True) as journal:
            return [row.rollout for row in journal.rollouts()]

    assert wait_until(known, TIMEOUT_S)
    (rollout,) = known()
    return rollout
