"""A herd of 64 concurrent runs, watched by the headless command: what the program is for, end to end."""

from __future__ import annotations

import json
import subprocess
import threading
import time
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.lab.engine import Engine
from tests.lab.herd import fire_runs
from tests.lab.images import Images
from tests.lab.processes import wait_until
from tests.live.program import PATCHDECK

HERD = 64
WATCHED_S = 60


def engine_ns(text: str) -> int:
    """An engine's RFC 3339 time in nanoseconds, exactly."""
    seconds, _, fraction = text.removesuffix("Z").partition(".")
    return int(datetime.fromisoformat(seconds).replace(tzinfo=UTC).timestamp()) * 10**9 + int(
        fraction.ljust(9, "0")[:9]
    )


class Headless:
    """`patchdeck startups --format json` in the background, its lines and what it says."""

    def __init__(self, engine: Engine) -> None:
        self._process = subprocess.Popen(
            [PATCHDECK, "startups", "--for", f"{WATCHED_S}s", "--format", "json", "--host", engine.host],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.lines: list[dict[str, Any]] = []
        self.said: list[str] = []
        assert self._process.stdout is not None
        assert self._process.stderr is not None
        self._readers = [
            threading.Thread(target=self._read_lines, args=(self._process.stdout,)),
            threading.Thread(target=self.said.extend, args=(self._process.stderr,)),
        ]
        for reader in self._readers:
            reader.start()

    def _read_lines(self, stream: Any) -> None:
        self.lines.extend(json.loads(line) for line in stream)

    def interrupt(self) -> int:
        """As Ctrl-C does."""
        self._process.send_signal(2)
        status = self._process.wait(15)
        for reader in self._readers:
            reader.join(5)
        for stream in (self._process.stdout, self._process.stderr):
            assert stream is not None
            stream.close()
        return status


@pytest.mark.timeout(180)
def test_a_herd_of_runs_is_seen_start_by_start(engine: Engine, images: Images) -> None:
    image = images.plain
    headless = Headless(engine)
    try:
        assert wait_until(lambda: any("watching" in line or "live" in line for line in headless.said), 15), (
            headless.said
        )
        herd = fire_runs(engine, image, HERD, network="none", prefix="herd-")
        assert not herd.failed
        assert wait_until(lambda: len(headless.lines) >= HERD, 30), headless.said
    finally:
        status = headless.interrupt()
    assert status == 130
    lines = headless.lines

    assert len(lines) == HERD
    assert {line["name"] for line in lines} == {start.name for start in herd.starts}
    assert {line["kind"] for line in lines} == {"first"}
    assert {line["outcome"] for line in lines} == {"started"}
    assert max(line["in_flight"] for line in lines) > 32
    started = start_events(engine, since=herd.starts[0].create_sent / 1e9 - 1)
    for line in lines:
        facts = engine.inspect(line["container"])
        assert engine_ns(line["began_at"]) == engine_ns(facts["Created"])
        # Engines of 27 and later stamp StartedAt before the runtime and the network are set up.
        said = started[facts["Id"]] if engine.major >= 27 else engine_ns(facts["State"]["StartedAt"])
        assert abs(engine_ns(line["started_at"]) - said) <= 5_000_000
        phases = sum(seconds for name, seconds in line["phases"].items() if name != "ready")
        assert abs(phases - line["latency_s"]) < 0.001
        assert line["image_id"] == facts["Image"]


def start_events(engine: Engine, since: float) -> dict[str, int]:
    """When the engine logged each container's start, in nanoseconds; they are fewer than it remembers (256)."""
    return {
        event["Actor"]["ID"]: event["timeNano"]
        for event in engine.events(since, time.time())
        if event["Type"] == "container" and event["Action"] == "start"
    }
