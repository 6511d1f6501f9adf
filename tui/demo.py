"""Runs the console on a simulated engine, and the engine in a child process of its own.

A process of its own, so that a stalled terminal does not stop the engine and a busy engine does not slow the console.
"""

from __future__ import annotations

import os
import select
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Final, Self

from msgspec.structs import replace

from patchdeck.settings import EngineSettings, PrometheusSettings, Settings
from patchdeck.simulator.scenarios import load
from patchdeck.sources.targets import Target

if TYPE_CHECKING:
    from patchdeck.simulator.scenarios.lessons import Guide

NAME: Final = "demo"
"""Of the engine, on screen."""
LOOK_BACK_S: Final = 3600.0
"""Longer than any scenario's past."""
PATIENCE_S: Final = 60.0
"""For the engine to listen; ten thousand containers take a while."""
GRACE_S: Final = 3.0
"""For it to end."""


class EngineMissing(Exception):
    """The simulated engine did not come; tells why in a line."""


def run(settings: Settings, scenario: str, seed: int) -> int:
    """Until the console is left. Returns its exit status; 1 if the engine did not come."""
    try:
        with SimulatedEngine(scenario, seed) as engine:
            # Loads Textual while the engine is starting.
            from patchdeck.rollout.database import STATE_FOLDER  # noqa: PLC0415 - loads sqlite3
            from patchdeck.rollout.journal import Journal  # noqa: PLC0415 - as above
            from tui import console  # noqa: PLC0415

            # Rollouts of real engines are no business of the demo, and its own go when it goes.
            os.environ[STATE_FOLDER] = str(engine.state_folder)
            guide = load(scenario).guide
            engine.wait()
            settings = settings_for(settings, engine.host, guide)
            with Journal():
                pass  # made now, or the console would look for it again seconds after the first rollout has begun
            return console.run(settings, mine=(engine.target,), guide=guide)
    except EngineMissing as problem:
        sys.stderr.write(f"patchdeck demo: {problem}\n")
        return 1


def settings_for(settings: Settings, host: str, guide: Guide | None) -> Settings:
    """Those of the configuration for the engine at `host`; with a guide only what is about the screen.

    What a configuration says of services, gates, policy and windows is about real ones: a guide would stumble at it.
    """
    here = EngineSettings(name=NAME, host=host)
    if guide is not None:
        settings = Settings(
            screen=settings.screen, recording=settings.recording, rollout=guide.rollout, gates=guide.gates
        )
    return replace(settings, engines=(here,), prometheus=PrometheusSettings())


class SimulatedEngine:
    """`with SimulatedEngine(scenario, seed) as engine`: started at once; listens after `engine.wait()`.

    It lives in a temporary folder, which both processes clear away: this one at the end of the block, and the child
    when its standard input ends, as it does however this process ends.
    """

    def __init__(self, scenario: str, seed: int) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="patchdeck-demo-"))
        self._log = self._folder / "engine.log"
        arguments = ["--folder", str(self._folder), "--scenario", scenario, "--seed", str(seed)]
        with self._log.open("wb") as log:
            # A session of its own: what the terminal sends to everyone in it is not for the engine.
            self._child = subprocess.Popen(
                [sys.executable, "-m", "patchdeck.simulator.scenarios", *arguments],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                start_new_session=True,
            )

    @property
    def host(self) -> str:
        return f"unix://{self._folder}/engine.sock"

    @property
    def target(self) -> Target:
        """The engine, with its whole past; the pressure of its host is told in the folder."""
        return Target(
            name=NAME,
            host=self.host,
            chosen="patchdeck demo",
            proc=self._folder / "proc",
            look_back_s=LOOK_BACK_S,
        )

    @property
    def state_folder(self) -> Path:
        """For the journal of the rollouts that are tried on it."""
        return self._folder / "state"

    @property
    def pid(self) -> int:
        return self._child.pid

    @property
    def ended(self) -> bool:
        return self._child.poll() is not None

    def wait(self, patience_s: float = PATIENCE_S) -> None:
        """Until it listens. Raises: EngineMissing."""
        assert self._child.stdout is not None
        readable, _, _ = select.select([self._child.stdout], [], [], patience_s)
        if not readable:
            raise EngineMissing(f"the simulated engine did not listen within {patience_s:g} s; try again")
        if self._child.stdout.readline():
            return
        status = self._child.wait()
        lines = self._log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        raise EngineMissing(f"the simulated engine ended with status {status}: {(lines or ['no word'])[-1]}")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._child.stdin is not None
        assert self._child.stdout is not None
        self._child.stdin.close()
        try:
            self._child.wait(GRACE_S)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()
        self._child.stdout.close()
        shutil.rmtree(self._folder, ignore_errors=True)
