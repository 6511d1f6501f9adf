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

from patchdeck.model import (
    AnyObservation,
    ContainerEvent,
    ContainerInspected,
    EngineAnswered,
    Snapshot,
    SourceChanged,
    SourceState,
)
from patchdeck.recording import recorder as recorders
from patchdeck.recording.reader import Recording
from patchdeck.recording.recorder import Recorder, RecorderState
from patchdeck.recording.values import Cursor
from patchdeck.settings import EngineSettings, Settings
from patchdeck.sources.targets import choose
from patchdeck.watch import WatchThread
from tests.lab.engine import Engine
from tests.lab.herd import fire
from tests.lab.images import Images
from tests.lab.processes import wait_until
from tests.live.planting import CANARY, MAY_BE_TOLD, planting
from tests.live.program import PATCHDECK
from tests.unit.stories import difference

HERD = 24
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
def recording_by_command(host: str, path: Path) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [PATCHDECK, "record", str(path), "--host", host], stderr=subprocess.PIPE, text=True
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
        assert process.stderr is not None
        process.stderr.close()


def test_no_canary_that_an_engine_returns_is_in_any_byte_of_a_recording(
    stock: Engine, stock_images: Images, tmp_path: Path
) -> None:
    """Those that owners put into their containers, and one in every text of every answer and event besides.

    By the command, ended by SIGTERM, and read while it was being written.
    """
    path, beside = tmp_path / "planted.pdrec", tmp_path / "everywhere.pdrec"
    with (
        planting(stock.socket, tmp_path) as (host, planted_in),
        recording_by_command(stock.host, path) as process,
        recording_by_command(host, beside) as other,
    ):
        assert wait_until(lambda: all(one.exists() and one.stat().st_size > 0 for one in (path, beside)), 60)
        container = planted(stock, stock_images.web("1.0"))
        stock.docker("exec", container, "/bin/sh", "-c", f": {CANARY}-exec")
        # A program that is not there, with its arguments in one word: the runtime's error quotes it.
        stock.docker(
            "run", "--name=refused", "--network=none", f"--entrypoint=/no --password={CANARY}-program",
            stock_images.web("1.0"), check=False,
        )  # fmt: skip
        assert wait_until(lambda: probed(path, container) and probed(beside, container), 60)
        assert wait_until(lambda: planted_in.keys() >= MAY_BE_TOLD.keys(), 60), planted_in
        for one in (process, other):
            one.send_signal(signal.SIGTERM)
            _, told = one.communicate(timeout=20)
            assert one.returncode == 0, told
            assert "observations of" in told
            assert CANARY not in told
    assert path.stat().st_mode & 0o777 == 0o600
    with Recording.open(path) as recording:
        assert not recording.cut_short
    text = gzip.decompress(path.read_bytes()).decode()
    for there in ("planted", "refused", "DATABASE_PASSWORD", "db.password", "API_TOKEN", "git.example"):
        assert there in text
    everywhere = gzip.decompress(beside.read_bytes()).decode()
    for there in (container, "planted", "refused", "DATABASE_PASSWORD", "db.password-secret"):
        assert there in everywhere
    assert CANARY not in text
    assert CANARY not in everywhere


def probed(path: Path, container: str) -> bool:
    with Recording.open(path) as recording:
        return any(
            isinstance(line.observation, ContainerInspected)
            and line.observation.container.container_id == container
            and line.observation.container.health is not None
            and line.observation.container.health.probes
            for line in recording.lines(START)
        )


@contextlib.contextmanager
def telling(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    """A headless command that goes on telling as JSON, until the end of the block at the latest."""
    argv = [PATCHDECK, *arguments, "--format", "json"]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


HEADLESS = 8


@pytest.mark.slow
def test_the_headless_commands_tell_of_a_recording_what_they_told_live(
    stock: Engine, stock_images: Images, tmp_path: Path
) -> None:
    """A herd and a crash, seen by two processes: one tells them, the other records."""
    path = tmp_path / "herd.pdrec"
    with (
        telling("startups", "--host", stock.host) as live,
        recording_by_command(stock.host, path) as recorder,
    ):
        assert live.stderr is not None
        assert "watching" in live.stderr.readline()
        assert wait_until(lambda: path.exists() and watched(path), 60)
        fire(stock, stock_images.web("1.0"), HEADLESS, network="none", labels={"patchdeck.service": "shop"})
        stock.docker("run", "--detach", "--name=crashes", "--network=none", stock_images.web("1.4"))
        stock.docker("wait", "crashes")
        assert wait_until(lambda: "die" in held(path), 60)
        assert live.stdout is not None
        # Each is told once it stands.
        startups = [json.loads(live.stdout.readline()) for _ in range(HEADLESS + 1)]
        live.send_signal(signal.SIGINT)
        assert not live.stdout.read()
        recorder.send_signal(signal.SIGTERM)
        recorder.communicate(timeout=30)
    differing = _differences(rows("startups", "--recording", str(path)), startups)
    # A create that began earlier and took longer is not known yet when a row is told live.
    assert all(late > told for late, told in differing.pop("in_flight", ()))
    assert differing == {}
    services = rows("services", "--recording", str(path))
    assert {one["service"]: one["running"] for one in services} == {"shop": HEADLESS, "crashes": 0}
    assert services == rows("services", "--host", stock.host)
    (recorded,) = rows("contention", "--recording", str(path))
    with telling("contention", "--host", stock.host) as live:
        assert live.stdout is not None
        now = json.loads(live.stdout.readline())
    assert (now["engine"], now["in_flight"]) == (recorded["engine"], recorded["in_flight"])
    # Samples are of each process's own, and only who saw the herd can tell of its knee; what is told of is the same.
    assert [_kind(one) for one in now["indicators"]] == [_kind(one) for one in recorded["indicators"]]


def rows(*arguments: str) -> list[dict[str, Any]]:
    """What a headless command tells as JSON: a document, or an object a line."""
    argv = [PATCHDECK, *arguments, "--format", "json"]
    told = subprocess.run(argv, capture_output=True, text=True, check=True, timeout=60).stdout
    found = json.loads(told) if told.startswith("[") else [json.loads(line) for line in told.splitlines()]
    return cast("list[dict[str, Any]]", found)


def watched(path: Path) -> bool:
    with Recording.open(path) as recording:
        return any(
            isinstance(line.observation, SourceChanged) and line.observation.state is SourceState.LIVE
            for line in recording.lines(START)
        )


def held(path: Path) -> list[str]:
    """The events of containers that are in a recording so far."""
    with Recording.open(path) as recording:
        seen = [line.observation for line in recording.lines(START)]
    return [one.action for one in seen if isinstance(one, ContainerEvent)]


def _differences(recorded: list[dict[str, Any]], live: list[dict[str, Any]]) -> dict[str, list[Any]]:
    """By field, the pairs that differ."""
    assert len(recorded) == len(live)
    found: dict[str, list[Any]] = {}
    for one, other in zip(sorted(recorded, key=_by_start), sorted(live, key=_by_start), strict=True):
        for field in one:
            if one[field] != other[field]:
                found.setdefault(field, []).append((one[field], other[field]))
    return found


def _by_start(row: dict[str, Any]) -> tuple[str, str]:
    return (row["container"], row["started_at"])


def _kind(indicator: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(indicator[field] for field in ("name", "unit", "busy", "saturated"))


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
