"""`patchdeck contention` as a user starts it, on a real engine."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from patchdeck.config import load
from tests.lab.engine import Engine
from tests.live.program import PATCHDECK

NAMES = ["cpu", "memory", "io", "network", "throttling", "engine", "pulls", "starts"]


def run(engine: Engine, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [PATCHDECK, "contention", *arguments, "--host", engine.host],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_the_stream_has_a_line_a_refresh_and_the_table_every_indicator(stock: Engine) -> None:
    streamed = run(stock, "--for", "6s", "--format", "json")
    assert streamed.returncode == 0, streamed.stderr
    lines = [json.loads(line) for line in streamed.stdout.splitlines()]
    assert 2 <= len(lines) <= 5
    assert [one["name"] for one in lines[-1]["indicators"]] == NAMES
    told = {one["name"]: one for one in lines[-1]["indicators"]}
    assert told["engine"]["value"] > 0
    assert told["network"]["value"] is None
    table = run(stock)
    assert table.returncode == 0, table.stderr
    assert [line.split()[0] for line in table.stdout.splitlines()] == ["indicator", *NAMES, "knee"]


def test_levels_are_calibrated_and_written_or_refused_with_the_file_left_alone(
    stock: Engine, tmp_path: Path
) -> None:
    """Whether this machine is quiet is not the test's to choose; either way must be right."""
    config = tmp_path / "config.toml"
    config.write_text("# mine\n")
    done = run(stock, "calibrate", "--for", "25s", "--write", "--config", str(config))
    if done.returncode == 0:
        assert config.read_text().startswith("# mine\n\n[pressure]\n")
        assert load(config).pressure.cpu_busy > 0
        assert done.stdout.startswith("[pressure]\n")
    else:
        assert done.returncode == 1
        assert "no quiet time" in done.stderr
        assert config.read_text() == "# mine\n"
