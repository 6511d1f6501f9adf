"""`patchdeck demo` as a newcomer starts it: on a machine without Docker, in a terminal."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.lab.processes import wait_until
from tests.live.program import PATCHDECK
from tests.terminal import Terminal


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
