"""The keys that record and mark, on a switch whose watch is told by hand."""

from __future__ import annotations

import concurrent.futures
import os
import signal
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

import pytest
from textual.pilot import Pilot

from patchdeck.recording.reader import Recording
from patchdeck.recording.recorder import RecorderState, RecorderStatus
from patchdeck.recording.switch import Switch
from patchdeck.settings import ScreenSettings, Settings
from patchdeck.watch import Watch, WatchThread
from tests.live.program import PATCHDECK
from tests.terminal import Terminal
from tests.ui.app_host import FakeWatch, lines, press, settle, text
from tests.ui.sample import snapshot
from tests.unit.test_replay_thread import until
from tui.app import PatchdeckApp

T = TypeVar("T")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where recordings without a name go."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    return tmp_path / "patchdeck" / "recordings"


def only_one_in(folder: Path) -> Path:
    (path,) = folder.iterdir()
    return path


@asynccontextmanager
async def console(switch: Switch | None) -> AsyncIterator[tuple[PatchdeckApp, Pilot[int]]]:
    """On the tests' state; what is recorded comes from a real watch thread, which has no engine."""
    settings = Settings(screen=ScreenSettings(utc=True))
    watch = WatchThread(settings, (), on_observation=switch.note if switch else None)
    if switch is not None:
        switch.watching = watch
    watch.start()
    assert until(lambda: watch.beat_age_s is not None)
    app = PatchdeckApp(settings, lambda: FakeWatch(snapshot()), switch=switch)
    try:
        async with app.run_test(size=(120, 40), notifications=True) as pilot:
            await settle(pilot)
            yield app, pilot
    finally:
        assert watch.stop()


async def drawn(pilot: Pilot[int], condition: Callable[[str], object]) -> None:
    """Until this holds of the screen; a snapshot comes along meanwhile, as it does each second."""
    app = pilot.app
    assert isinstance(app, PatchdeckApp)
    for _ in range(300):
        app.receive(snapshot())
        if condition(text(app)):
            return
        await pilot.pause(0.02)
    raise AssertionError(text(app))


async def test_a_key_begins_a_recording_in_the_state_folder_and_the_same_key_ends_it(folder: Path) -> None:
    switch = Switch(Settings(), ("prod-a",))
    async with console(switch) as (app, pilot):
        assert "REC" not in lines(app)[0]
        await pilot.press("R")
        await drawn(pilot, lambda drawn: "● REC" in drawn.splitlines()[0])
        await drawn(pilot, lambda drawn: "Recording into" in drawn)
        await pilot.press("R")
        await drawn(pilot, lambda drawn: "Recorded" in drawn)
        await drawn(pilot, lambda drawn: "REC" not in drawn.splitlines()[0])
    path = only_one_in(folder)
    assert path.stat().st_mode & 0o777 == 0o600
    with Recording.open(path) as recording:
        assert not recording.cut_short
        assert recording.header.engines == ("prod-a",)


async def test_a_moment_is_named_and_enter_alone_numbers_it(folder: Path) -> None:
    switch = Switch(Settings(), ("prod-a",))
    async with console(switch) as (app, pilot):
        await pilot.press("R")
        await drawn(pilot, lambda drawn: "● REC" in drawn)
        await press(pilot, "M")
        assert "name this moment" in lines(app)[-2]
        await press(pilot, *"before", "enter")
        assert "name this moment" not in lines(app)[-2]
        await drawn(pilot, lambda drawn: "Marked: before" in drawn)
        await press(pilot, "M", "enter")
        await press(pilot, "M", *"never mind", "escape")
    switch.end()
    path = only_one_in(folder)
    with Recording.open(path) as recording:
        assert [one.name for one in recording.landmarks] == ["before", "mark 1"]


async def test_a_mark_while_nothing_is_recorded_says_so() -> None:
    async with console(Switch(Settings(), ("prod-a",))) as (_, pilot):
        await press(pilot, "M", "enter")
        await drawn(pilot, lambda drawn: "nothing is being recorded" in drawn)


async def test_a_folder_that_can_not_be_made_is_told_and_the_console_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    async with console(Switch(Settings(), ("prod-a",))) as (app, pilot):
        await pilot.press("R")
        await drawn(pilot, lambda drawn: "Nothing is recorded" in drawn)
        await press(pilot, "2")
        assert "REC" not in lines(app)[0]


async def test_trouble_with_the_disk_is_on_the_first_line_with_what_to_do() -> None:
    class Full(Switch):
        """A recorder whose disk is full."""

        @property
        def status(self) -> RecorderStatus:
            detail = "no room is left on the disk: make room, it is tried again"
            return RecorderStatus(
                state=RecorderState.WAITING, path=Path("a.pdrec"), size_bytes=1_200_000, detail=detail
            )

    async with console(Full(Settings(), ("prod-a",))) as (app, _):
        assert "✗ REC 1.2 MB" in lines(app)[0]
        assert "recording: no room" in lines(app)[0]


async def test_without_a_switch_nothing_is_recorded_and_that_is_said() -> None:
    async with console(None) as (_, pilot):
        await pilot.press("R")
        await drawn(pilot, lambda drawn: "nothing here to record" in drawn)
        await press(pilot, "M", "enter")
        await drawn(pilot, lambda drawn: "nothing here to mark" in drawn)


async def test_a_recording_that_is_asked_of_a_watch_that_has_ended_is_told() -> None:
    class Ended:
        def ask(self, work: Callable[[Watch], Coroutine[Any, Any, T]]) -> concurrent.futures.Future[T]:
            thread = WatchThread(Settings(), ())
            return thread.ask(work)

    switch = Switch(Settings(), ("prod-a",))
    async with console(switch) as (_, pilot):
        switch.watching = Ended()
        await pilot.press("R")
        await drawn(pilot, lambda drawn: "the watch is not running" in drawn)


@pytest.fixture
def nowhere(tmp_path: Path) -> list[str]:
    """The console on an address at which no engine is."""
    return [PATCHDECK, "--host", f"unix://{tmp_path}/none.sock"]


def test_a_file_that_exists_is_not_overwritten_and_the_console_does_not_open(
    nowhere: list[str], tmp_path: Path
) -> None:
    path = tmp_path / "a.pdrec"
    path.write_text("something of value")
    with Terminal([*nowhere, "--record", str(path)]) as terminal:
        assert terminal.wait() == 2
        assert "exists: choose another name" in terminal.text.replace("\n", "")
    assert path.read_text() == "something of value"


def test_a_signal_ends_the_recording_with_its_index(nowhere: list[str], tmp_path: Path) -> None:
    path = tmp_path / "a.pdrec"
    with Terminal([*nowhere, "--record", str(path)]) as terminal:
        terminal.wait_for(lambda text: "● REC" in text, 30, "the recording")
        os.kill(terminal.pid, signal.SIGTERM)
        terminal.wait()
    with Recording.open(path) as recording:
        assert not recording.cut_short


def test_what_was_recorded_is_told_once_the_screen_is_gone(nowhere: list[str], tmp_path: Path) -> None:
    path = tmp_path / "a.pdrec"
    with Terminal([*nowhere, "--record", str(path)]) as terminal:
        terminal.wait_for(lambda text: "● REC" in text, 30, "the recording")
        terminal.press("q")
        assert terminal.wait() == 0
        assert "a.pdrec" in terminal.text.replace("\n", "")
        assert "patchdeck: Recorded" in terminal.text
