"""Recordings of real engines: replayed they tell what was seen live, and no secret is in them."""

from __future__ import annotations

import contextlib
import gzip
import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self, cast

import msgspec
import pytest

from patchdeck.model import AnyObservation, ContainerInspected, EngineAnswered, Snapshot
from patchdeck.recording import recorder as recorders
from patchdeck.recording.reader import Recording
from patchdeck.recording.recorder import Recorder, RecorderState
from patchdeck.recording.values import Cursor
from patchdeck.settings import EngineSettings, Settings
from patchdeck.sources.engine.facts import container_facts
from patchdeck.sources.targets import choose
from patchdeck.watch import WatchThread
from tests.lab.engine import Engine
from tests.lab.herd import fire
from tests.lab.images import Images
from tests.lab.processes import wait_until
from tests.live.program import PATCHDECK
from tests.unit.stories import difference

HERD = 24
CANARY = "canary7f3b"
START = Cursor(0, 0)

_ENCODER = msgspec.json.Encoder(order="deterministic")


class Recorded:
    """A watch that is being recorded, and every snapshot of it in the order they were made."""

    def __init__(self, engine: Engine, path: Path) -> None:
        settings = Settings()
        targets = choose([EngineSettings(host=engine.host)], {}, Path("/nonexistent"))
        self.recorder = Recorder(path, settings, engines=[target.name for target in targets])
        self.snapshots: list[Snapshot] = []
        self._thread = WatchThread(settings, targets, on_observation=self.recorder.note)
        self._thread.mailbox.on_arrival(self._take)

    def _take(self) -> None:
        if (snapshot := self._thread.mailbox.take()) is not None:
            self.snapshots.append(snapshot)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        assert self._thread.stop(5.0)
        assert self._thread.failure is None
        assert self.recorder.close(20.0).state is RecorderState.ENDED


def encoded(snapshot: Snapshot) -> bytes:
    return _ENCODER.encode(snapshot)


def test_every_snapshot_seen_live_is_seen_again_on_replay(
    engine: Engine, images: Images, tmp_path: Path
) -> None:
    """With a herd in between, and from full states in the middle of it as from the beginning."""
    path = tmp_path / "herd.pdrec"
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr("patchdeck.recording.writer.LEAST_LINES", 40)
        monkeypatch.setattr("patchdeck.recording.writer.LEAST_SHARE", 0.0)
        with Recorded(engine, path) as recorded:
            fire(engine, images.plain, HERD, network="none")

            def started() -> bool:
                done = [one for one in recorded.snapshots[-1].startups if one.started_ns is not None]
                return len(done) >= HERD

            assert wait_until(lambda: recorded.snapshots and started(), 40)
    live = recorded.snapshots
    assert any((one.in_flight or 0) > 1 for one in live[-1].startups)
    with Recording.open(path) as recording:
        assert len(recording.member_times_ns) > 1
        fleet, cursor = recording.fleet_at(0)
        end = b""
        waiting = list(live)
        nearest = ""
        for line in recording.lines(cursor):
            fleet.apply(line.observation)
            snapshot = fleet.snapshot()
            end = encoded(snapshot)
            # Several may come of one line: nothing changed in between.
            while waiting and encoded(waiting[0]) == end:
                waiting.pop(0)
            if waiting and snapshot.at_ns == waiting[0].at_ns:
                nearest = difference(snapshot, waiting[0])
        assert not waiting, f"{len(waiting)} of {len(live)} snapshots were not seen again: {nearest}"
        for began_ns in recording.member_times_ns:
            going_on, _, _ = recording.advance(*recording.fleet_at(began_ns), recording.ended_ns)
            assert encoded(going_on.snapshot()) == end


def planted(engine: Engine, image: str) -> str:
    """A container with a canary wherever its owner may have put a secret."""
    return engine.docker(
        "run", "--detach", "--name=planted", "--network=none",
        "--env", f"DATABASE_PASSWORD={CANARY}-env", "--env", f"PLAIN={CANARY}-env",
        "--label", f"db.password={CANARY}-label", "--label", f"API_TOKEN={CANARY}-label",
        "--label", f"source=https://bob:{CANARY}-url@git.example/x",
        "--label", f"note=Authorization: Bearer {CANARY}-bearer",
        "--health-cmd", f"echo {CANARY}-output; test -n '{CANARY}-check'", "--health-interval=1s",
        "--entrypoint=/bin/sh", image, "-c", f": {CANARY}-argument; exec sleep 60",
    )  # fmt: skip


@contextlib.contextmanager
def recording_by_command(engine: Engine, path: Path) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [PATCHDECK, "record", str(path), "--host", engine.host], stderr=subprocess.PIPE, text=True
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
        assert process.stderr is not None
        process.stderr.close()


def test_what_secrets_a_container_holds_are_in_no_byte_of_its_recording(
    stock: Engine, stock_images: Images, tmp_path: Path
) -> None:
    """By the command, ended by SIGTERM, and read while it was being written."""
    path = tmp_path / "planted.pdrec"
    with recording_by_command(stock, path) as process:
        assert wait_until(lambda: path.exists() and path.stat().st_size > 0, 20)
        container = planted(stock, stock_images.web("1.0"))
        stock.docker("exec", container, "/bin/sh", "-c", f": {CANARY}-exec")
        # A program that is not there, with its arguments in one word: the runtime's error quotes it.
        stock.docker(
            "run", "--name=refused", "--network=none", f"--entrypoint=/no --password={CANARY}-program",
            stock_images.web("1.0"), check=False,
        )  # fmt: skip

        def probed() -> bool:
            with Recording.open(path) as recording:
                return any(
                    isinstance(line.observation, ContainerInspected)
                    and line.observation.container.container_id == container
                    and line.observation.container.health is not None
                    and line.observation.container.health.probes
                    for line in recording.lines(START)
                )

        assert wait_until(probed, 30)
        process.send_signal(signal.SIGTERM)
        _, told = process.communicate(timeout=20)
        assert process.returncode == 0, told
    assert "observations of" in told
    assert CANARY not in told
    assert path.stat().st_mode & 0o777 == 0o600
    with Recording.open(path) as recording:
        assert not recording.cut_short
    text = gzip.decompress(path.read_bytes()).decode()
    for there in ("planted", "refused", "DATABASE_PASSWORD", "db.password", "API_TOKEN", "git.example"):
        assert there in text
    assert CANARY not in text
    told = subprocess.run(
        [PATCHDECK, "services", "--recording", str(path), "--format", "json"],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    assert {"planted"} <= {service["service"] for service in json.loads(told)}


MAY_BE_TOLD = (
    "Id", "Created", "Name", "Image", "Path", "Platform", "State.Status", "State.StartedAt", "State.FinishedAt",
    "State.Health.Status", "State.Health.Log.Start", "State.Health.Log.End", "Config.Image", "Config.User",
    "Config.Hostname", "HostConfig.RestartPolicy.Name", "HostConfig.NetworkMode", "HostConfig.LogConfig.Type",
    "Mounts.Type", "Mounts.Name", "Mounts.Source", "Mounts.Destination",
)  # fmt: skip
"""Of an inspect, the texts that say what a container is and how it is doing. Every other may hold a secret."""


def with_canaries(value: Any, path: str = "") -> Any:
    if isinstance(value, dict):
        return {key: with_canaries(one, f"{path}.{key}".lstrip(".")) for key, one in value.items()}
    if isinstance(value, list):
        return [with_canaries(one, path) for one in value]
    if not isinstance(value, str) or path in MAY_BE_TOLD or value in ("CMD", "CMD-SHELL"):
        return value
    if path.startswith(("Config.Env", "Config.Healthcheck", "Args", "Config.Cmd", "Config.Entrypoint")):
        # As a secret would stand there: after a name, after a program.
        return f"{value.partition('=')[0]}={CANARY}" if "Env" in path else f"{value} {CANARY}"
    return CANARY


def test_a_canary_in_every_text_of_a_real_inspect_gets_into_no_recording(
    stock: Engine, stock_images: Images, tmp_path: Path
) -> None:
    container = planted(stock, stock_images.web("1.0"))
    assert wait_until(lambda: stock.inspect(container)["State"]["Health"]["Log"], 20)
    real = stock.inspect(container)
    document = cast("dict[str, Any]", with_canaries(real))
    document["Config"]["Labels"] = {f"{name}-secret": CANARY for name in real["Config"]["Labels"]}
    document["State"]["Error"] = f'exec: "/bin/x --token {CANARY}": not found; password={CANARY}'
    document["NetworkSettings"] = real["NetworkSettings"]
    assert json.dumps(document).count(CANARY) > 40
    path = tmp_path / "a.pdrec"
    recorder = Recorder(path, Settings())
    facts = container_facts(json.dumps(document).encode())
    recorder.note(ContainerInspected(engine="e", at_ns=time.time_ns(), container=facts))
    assert recorder.close().state is RecorderState.ENDED
    text = gzip.decompress(path.read_bytes()).decode()
    assert container in text
    assert CANARY not in text


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 512 KiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=512k", "none", folder], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


def test_a_full_disk_is_told_and_nothing_is_lost_once_there_is_room(
    lab: object, small_disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recorders, "FLUSH_S", 0.02)
    monkeypatch.setattr(recorders, "RETRY_S", 0.05)
    ballast = small_disk / "ballast"
    ballast.write_bytes(bytes(400 << 10))
    path = small_disk / "a.pdrec"
    recorder = Recorder(path, Settings(), engines=("e",))
    noted: list[AnyObservation] = []

    def note(count: int) -> None:
        for _ in range(count):
            ping = EngineAnswered(
                engine="e", at_ns=time.time_ns(), response_s=int.from_bytes(os.urandom(6), "big") / 2**48
            )
            noted.append(ping)
            recorder.note(ping)

    try:
        note(6_000)
        assert wait_until(lambda: recorder.status.state is RecorderState.WAITING, 20)
        assert recorder.status.detail == "no room is left on the disk: make room, it is tried again"
        began = time.monotonic()
        note(500)
        assert time.monotonic() - began < 1.0
        with Recording.open(path) as recording:
            there = [line.observation for line in recording.lines(START)]
        assert there
        assert there == noted[: len(there)]
        ballast.unlink()
        assert wait_until(lambda: recorder.status.state is RecorderState.RECORDING, 20)
    finally:
        status = recorder.close()
    assert status.state is RecorderState.ENDED
    assert status.skipped == 0
    with Recording.open(path) as recording:
        assert [line.observation for line in recording.lines(START)] == noted
