"""The rollout commands as a pipeline and a person run them, on real engines."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from patchdeck.rollout.database import STATE_FOLDER
from patchdeck.rollout.journal import Journal
from tests.lab.client import EngineClient
from tests.lab.engine import Engine
from tests.lab.images import Images
from tests.lab.processes import wait_until
from tests.lab.services import start_service
from tests.live.program import PATCHDECK
from tests.live.rollouts import locks, service_now

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
        self._environ = os.environ | {
            STATE_FOLDER: str(folder),
            "XDG_CONFIG_HOME": str(folder),
            "PATCHDECK_HOST": engine.host,
        }

    def __call__(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [PATCHDECK, *arguments],
            env=self._environ,
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
            env=self._environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def document(self, *arguments: str) -> Any:
        done = self(*arguments, "--format", "json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def state(self, rollout: str) -> str:
        found: str = self.document("rollout", "show", rollout)["state"]
        return found

    def until(self, rollout: str, *states: str) -> None:
        wait_until(lambda: self.state(rollout) in states, f"{rollout} to be {' or '.join(states)}", 30)


@pytest.fixture
def commands(stock: Engine, tmp_path: Path) -> Commands:
    return Commands(stock, tmp_path)


def lines_of(done: subprocess.CompletedProcess[str]) -> list[dict[str, Any]]:
    assert done.stdout.isascii()
    return [json.loads(line) for line in done.stdout.splitlines()]


def versions(engine: EngineClient) -> set[str]:
    return {
        one["Config"]["Labels"]["org.opencontainers.image.version"] for one in service_now(engine).values()
    }


def test_a_rollout_runs_to_its_commit_and_tells_each_step_in_a_line_of_json(
    engine: Engine, images: Images, tmp_path: Path
) -> None:
    commands = Commands(engine, tmp_path)
    start_service(engine, images.web("1.0"), 3, env={"DATABASE_PASSWORD": "open-sesame"})
    override = tmp_path / "patched.yaml"
    done = commands.run(
        images.web("1.1"), "--format", "json", "--reason", "a test", "--write-override", str(override)
    )
    assert done.returncode == 0, done.stderr
    lines = lines_of(done)
    (rollout,) = {line["id"] for line in lines}
    assert all(line["at"].endswith("Z") and line["event"] for line in lines)
    assert lines[0]["event"] == "planned"
    assert lines[0]["reason"] == "a test"
    assert [line["name"] for line in lines if line["event"] == "step"] == [
        "canary",
        "batch 1",
        "batch 2",
        "commit",
    ]
    ready = {line["unit"] for line in lines if line["event"] == "unit" and line["phase"] == "ready"}
    assert ready == {0, 1, 2}
    end = lines[-1]
    assert (end["event"], end["state"], end["exit_status"]) == ("end", "committed", 0)
    assert end["summary"]["startups"] == 3
    assert end["summary"]["worker_restarts"] == 0
    assert end["compose_override"] == override.read_text(encoding="utf-8")
    assert '"web":' in end["compose_override"]
    assert versions(engine) == {"1.1"}
    assert not locks(engine)

    (listed,) = commands.document("rollout", "list")
    assert (listed["id"], listed["state"], listed["step"], listed["held_by"]) == (
        rollout,
        "committed",
        "commit",
        None,
    )
    assert (listed["from"]["version"], listed["to"]["version"]) == ("1.0", "1.1")
    shown = commands("rollout", "show", rollout[:4])
    assert shown.returncode == 0
    assert "gate health: pass" in shown.stdout
    for told in (shown.stdout, done.stdout, commands("rollout", "export").stdout):
        assert "open-sesame" not in told
