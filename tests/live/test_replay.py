"""Replays of real engines: the same snapshots as live, and a console on a file that nobody changes."""

from __future__ import annotations

import asyncio
import hashlib
import random
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from patchdeck.model import Amount, RolloutState, Snapshot, SourceState, Strategy
from patchdeck.recording.reader import Recording
from patchdeck.recording.switch import Switch
from patchdeck.replay.player import Player
from patchdeck.rollout.database import STATE_FOLDER
from patchdeck.rollout.submit import start
from patchdeck.settings import EngineSettings, Settings
from patchdeck.sources.targets import choose
from patchdeck.watch import WatchThread
from tests.lab import herd
from tests.lab.engine import Engine
from tests.lab.images import Images
from tests.lab.processes import wait_until
from tests.lab.services import start_service
from tests.live.program import PATCHDECK
from tests.live.rollouts import submitted
from tests.live.test_console import create
from tests.terminal import Terminal
from tests.unit.recorded import digest
from tests.unit.tapes import HandClock

SECOND_NS = 1_000_000_000


class Watched:
    """A watch with all its snapshots, each as the screen was given it."""

    def __init__(self, engine: Engine, switch: Switch) -> None:
        targets = choose((EngineSettings(host=engine.host),), {}, Path("/nonexistent"))
        self.thread = WatchThread(Settings(), targets, on_observation=switch.note)
        self.snapshots: list[Snapshot] = []
        self._lock = threading.Lock()
        self.thread.mailbox.on_arrival(self._keep)

    def _keep(self) -> None:
        snapshot = self.thread.mailbox.take()
        if snapshot is not None:
            with self._lock:
                self.snapshots.append(snapshot)

    @property
    def newest(self) -> Snapshot:
        with self._lock:
            return self.snapshots[-1] if self.snapshots else Snapshot()

    def until_it_is(self, state: SourceState) -> None:
        assert wait_until(lambda: [one.state for one in self.newest.engines] == [state], 60), (
            self.newest.engines
        )

    def until_committed(self, rollout: str) -> None:
        def states() -> list[RolloutState]:
            return [one.state for one in self.newest.rollouts if one.id == rollout]

        assert wait_until(lambda: states() == [RolloutState.COMMITTED], 60), self.newest.rollouts

    def until_started(self, count: int) -> None:
        assert wait_until(
            lambda: sum(startup.started_ns is not None for startup in self.newest.startups) >= count, 60
        ), self.newest.startups


@contextmanager
def watched(engine: Engine, path: Path) -> Iterator[Watched]:
    """Recorded from its first observation to its last."""
    switch = Switch(Settings(), ("engine",))
    switch.begin(path)
    watch = Watched(engine, switch)
    watch.thread.start()
    try:
        yield watch
    finally:
        assert watch.thread.stop(5)
        switch.end()
    assert watch.thread.failure is None


def by_second(snapshots: Sequence[Snapshot]) -> list[Snapshot]:
    """The first that the screen was given in each second."""
    first: dict[int, Snapshot] = {}
    for snapshot in snapshots:
        first.setdefault(snapshot.at_ns // SECOND_NS, snapshot)
    return list(first.values())


def _patched(engine: Engine, images: Images, folder: Path) -> str:
    """A service was moved by a rollout, of this ID."""
    start_service(engine, images.web("1.0"), 3)
    strategy = Strategy(canary=Amount(count=1), bake_s=0.0, deadline_s=60.0, gates={"ratio": "off"})
    rollout = asyncio.run(submitted(engine, folder, images.web("1.1"), strategy))
    worker = start(rollout, folder)
    try:
        assert worker.wait(60) == 0
    finally:
        worker.kill()
        worker.wait()
    return rollout


@pytest.mark.timeout(240)
def test_a_replay_gives_the_snapshots_that_were_seen_live_at_every_second(
    stock: Engine, stock_images: Images, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(STATE_FOLDER, str(tmp_path / "state"))
    path = tmp_path / "herd.pdrec"
    with watched(stock, path) as watch:
        watch.until_it_is(SourceState.LIVE)
        herd.fire(stock, stock_images.plain, 24, prefix="before")
        watch.until_started(24)
        stock.kill()
        watch.until_it_is(SourceState.LOST)
        stock.restart_after_kill()
        watch.until_it_is(SourceState.LIVE)
        herd.fire(stock, stock_images.plain, 8, prefix="after")
        watch.until_started(32)
        rollout = _patched(stock, stock_images, tmp_path / "state")
        watch.until_committed(rollout)
    live = by_second(watch.snapshots)
    assert len(live) > 5
    with Recording.open(path) as recording:
        player = Player(recording, HandClock())
        # Each of them is of all that had arrived up to some line. That line is looked for, one after the other.
        for snapshot in live:
            wanted = digest(snapshot)
            while player._fleet.now_ns < snapshot.at_ns or digest(player.snapshot()) != wanted:
                line = player._take()
                assert line is not None, f"not on replay: {snapshot.at_ns}"
                player._apply(line)
                assert player._fleet.now_ns <= snapshot.at_ns, f"not on replay: {snapshot.at_ns}"
        assert digest(player.snapshot()) == digest(live[-1])
        assert [one.id for one in player.snapshot().rollouts] == [rollout]
        _the_same_wherever_one_comes_from(recording)


def _the_same_wherever_one_comes_from(recording: Recording) -> None:
    """Played to a moment, or gone to in any order: the same snapshot."""
    clock = HandClock()
    player = Player(recording, clock)
    player.play()
    played: dict[int, str] = {}
    while player.position.running:
        clock.pass_by(1.0)
        while player.advance():
            pass
        played[player.position.at_ns] = digest(player.snapshot())
    moments = list(played)
    random.Random(1).shuffle(moments)
    for at_ns in moments:
        player.seek(at_ns)
        assert digest(player.snapshot()) == played[at_ns], at_ns


@pytest.mark.timeout(180)
def test_a_recording_is_followed_while_it_is_written_replayed_afterwards_and_never_changed(
    stock: Engine, stock_images: Images, tmp_path: Path
) -> None:
    path = tmp_path / "watched.pdrec"
    create(stock, stock_images.plain, "first-of-all")
    with Terminal([PATCHDECK, "--host", stock.host, "--record", str(path)]) as console:
        console.wait_for(lambda text: "first-of-all" in text and "● REC" in text, what="the recording")
        with Terminal([PATCHDECK, "replay", str(path), "--at", "+1d"], columns=80, rows=24) as follower:
            follower.wait_for(lambda text: "following" in text, 20, "the end of what was written so far")
            create(stock, stock_images.plain, "second-of-all")
            follower.wait_for(lambda text: "second-of-all" in text, 20, "what was written meanwhile")
            assert "REPLAY" in follower.lines()[0]
            follower.press("q")
            assert follower.wait() == 0
        console.press("M")
        console.wait_for(lambda text: "name this moment" in text, what="the question")
        console.press("the patch\r")
        console.wait_for(lambda text: "Marked: the patch" in text, what="the mark")
        console.press("q")
        assert console.wait() == 0
    path.chmod(0o400)
    before = (hashlib.sha256(path.read_bytes()).hexdigest(), path.stat().st_mtime_ns)
    with Terminal([PATCHDECK, "replay", str(path), "--at", "the patch"], columns=80, rows=24) as replay:
        replay.wait_for(lambda text: "second-of-all" in text and "mark: the patch" in text, 20, "the mark")
        replay.press("0")
        replay.wait_for(lambda text: "second-of-all" not in text, what="the beginning")
        replay.press("$")
        replay.wait_for(lambda text: "at the end" in text and "second-of-all" in text, what="the end")
        assert "cut short" not in replay.text
        replay.press("q")
        assert replay.wait() == 0
    assert (hashlib.sha256(path.read_bytes()).hexdigest(), path.stat().st_mtime_ns) == before
