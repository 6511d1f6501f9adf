"""Armed or not, on screen: seen from across the room, never by accident, and never for longer than it should be."""

from __future__ import annotations

import datetime as dt
import time
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from click.testing import CliRunner
from msgspec.structs import replace
from rich.color import ColorSystem
from textual.pilot import Pilot

from patchdeck import arming
from patchdeck.model import Snapshot, SourceState
from patchdeck.settings import ArmingSettings, FreezeSettings, Settings, WindowSettings
from tests.ui import sample
from tests.ui.app_host import FakeWatch, console, lines, picture, press, settle, text
from themes.ramps import ASCII, UNICODE, Glyphs
from tui import armed
from tui.app import PatchdeckApp
from tui.cli import main
from tui.screens.arming import ArmingScreen

WHY = "CVE-2026-1"


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """The watch of these tests speaks once, and a busy machine is slow."""
    monkeypatch.setattr(armed, "SILENT_S", 600.0)


def on_console(watch: FakeWatch | None = None, **given: Any) -> AbstractAsyncContextManager[Any]:
    """With what is told in notices."""
    return console(watch, notifications=True, **given)


async def arm(pilot: Pilot[int], why: str = WHY) -> None:
    await press(pilot, "A", *why, "enter")


async def until_disarmed(pilot: Pilot[int]) -> None:
    """It weighs by itself, once a second."""
    app = pilot.app
    assert isinstance(app, PatchdeckApp)
    for _ in range(500):
        if not app.arming.armed:
            break
        await pilot.pause(0.01)
    await settle(pilot)


def with_arming(**given: object) -> Settings:
    return Settings(arming=ArmingSettings(**given))  # type: ignore[arg-type]


def stale() -> Snapshot:
    snapshot = sample.snapshot()
    silent = tuple(
        replace(one, state=SourceState.STALE, detail="silent for 12 s") for one in snapshot.engines
    )
    return replace(snapshot, engines=silent)


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_it_begins_disarmed_and_says_so(size: tuple[int, int]) -> None:
    async with on_console(size=size) as (app, _):
        assert "DISARMED" in lines(app)[0]
        assert not app.arming.armed


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_a_reason_arms_it_and_the_whole_first_line_says_for_how_long(size: tuple[int, int]) -> None:
    async with on_console(size=size, theme="ansi", glyphs=ASCII) as (app, pilot):
        await press(pilot, "A")
        assert "Arm this console" in text(app)
        assert "stay disarmed" in text(app)
        await press(pilot, *WHY, "enter")
        assert " ARMED 15m " in lines(app)[0]
        assert app.arming.reason == WHY
        looks, legend = picture(app, ColorSystem.STANDARD).split("\n\n")[1:3]
        status = looks.split("\n")[0][: size[0] - 20]
        codes = {line[0]: line[2:] for line in legend.split("\n") if line}
        assert all("reverse" in codes[letter] for letter in status), codes
        await press(pilot, "A")
        assert "DISARMED" in lines(app)[0]


@pytest.mark.parametrize(("glyphs", "frame"), [(UNICODE, "│"), (ASCII, "|")])
async def test_where_the_reason_is_typed_has_a_frame_of_its_own(glyphs: Glyphs, frame: str) -> None:
    async with on_console(size=(80, 24), glyphs=glyphs) as (app, pilot):
        await press(pilot, "A", *WHY)
        row = next(line for line in lines(app) if WHY in line)
        assert row[2] == row[77] == frame


@pytest.mark.parametrize("keys", [("enter",), ("escape",), ("x", "escape"), ("space", "enter")])
async def test_without_a_reason_and_an_enter_it_stays_disarmed(keys: tuple[str, ...]) -> None:
    async with on_console() as (app, pilot):
        await press(pilot, "A", *keys)
        assert app.is_running
        assert not isinstance(app.screen, ArmingScreen)
        assert not app.arming.armed


async def test_no_other_key_arms_it() -> None:
    async with on_console() as (app, pilot):
        for key in ("a", "p", "b", "space", "y", "enter", "escape", "4", "a", "p"):
            await press(pilot, key)
        assert not app.arming.armed


async def test_it_disarms_itself_when_its_time_is_over_and_says_so() -> None:
    async with on_console(settings=with_arming(lasts_s=60)) as (app, pilot):
        await arm(pilot)
        later = time.time_ns() + 61 * 10**9
        with mock.patch("tui.armed.time.time_ns", return_value=later):
            await until_disarmed(pilot)
        assert "DISARMED" in lines(app)[0]
        assert "its time was over" in text(app)


async def test_it_disarms_itself_when_data_go_stale_and_can_not_be_armed_on_such() -> None:
    async with on_console() as (app, pilot):
        await arm(pilot)
        app.receive(stale())
        await settle(pilot)
        assert "DISARMED" in lines(app)[0]
        assert "silent for 12 s" in text(app)
        await press(pilot, "A")
        assert not isinstance(app.screen, ArmingScreen)


async def test_it_disarms_itself_when_the_watch_falls_silent() -> None:
    async with on_console() as (app, pilot):
        await arm(pilot)
        with mock.patch.object(armed, "SILENT_S", 0.0):
            await until_disarmed(pilot)
        assert not app.arming.armed
        assert "the watch has said nothing" in text(app)


async def test_a_window_that_closes_disarms_it_and_the_first_line_tells_of_windows() -> None:
    now = dt.datetime.now(dt.UTC)
    began, ends = now - dt.timedelta(hours=1), now + dt.timedelta(minutes=2)
    # Over midnight it belongs to the day on which it began.
    window = WindowSettings(
        dates=(began.date().isoformat(),), begins=began.strftime("%H:%M"), ends=ends.strftime("%H:%M")
    )
    watch = FakeWatch(replace(sample.snapshot(), engines=sample.snapshot().engines[:1]))
    async with on_console(watch, settings=Settings(windows=(window,))) as (app, pilot):
        assert "window open until" in lines(app)[0]
        await arm(pilot)
        assert app.arming.armed
        later = time.time_ns() + 180 * 10**9
        with mock.patch("tui.armed.time.time_ns", return_value=later):
            await until_disarmed(pilot)
        assert not app.arming.armed
        assert "the change window is closed" in " ".join(one.message for one in app._notifications)


async def test_a_freeze_keeps_it_from_arming() -> None:
    today = dt.datetime.now(dt.UTC).date()
    freeze = FreezeSettings(
        name="year end", first_day=today.isoformat(), last_day=(today + dt.timedelta(days=1)).isoformat()
    )
    async with on_console(settings=Settings(freezes=(freeze,)), size=(160, 40)) as (app, pilot):
        await press(pilot, "A")
        assert not isinstance(app.screen, ArmingScreen)
        assert "frozen until" in text(app)


async def test_a_key_that_would_act_says_how_to_arm() -> None:
    from tests.ui import rollouts  # noqa: PLC0415

    state = replace(sample.snapshot(), rollouts=(rollouts.rolling(),))
    async with on_console(FakeWatch(state)) as (app, pilot):
        await press(pilot, "space")
        assert "A arms this console" in text(app)


async def test_a_read_only_console_has_no_keys_that_act() -> None:
    async with on_console(settings=with_arming(read_only=True), size=(120, 60)) as (app, pilot):
        assert "READ-ONLY" in lines(app)[0]
        await press(pilot, "A")
        assert not isinstance(app.screen, ArmingScreen)
        assert "arm" not in {binding.action for _, binding in app._bindings}
        await press(pilot, "question_mark")
        assert "Arm this console" not in text(app)
        assert "Abort the rollout" not in text(app)


async def test_begun_armed_it_is_armed_with_the_first_live_data() -> None:
    async with on_console(armed=WHY) as (app, _):
        assert app.arming.reason == WHY
        assert " ARMED " in lines(app)[0]


async def test_begun_armed_on_stale_data_it_is_not_and_says_why() -> None:
    async with on_console(FakeWatch(stale()), armed=WHY) as (app, _):
        assert not app.arming.armed
        assert "Not armed: no engine's data are live" in text(app)


@pytest.mark.parametrize(
    ("arguments", "config", "words"),
    [
        (["--armed"], "", "--armed needs --reason"),
        (["--reason", "x"], "", "goes with --armed"),
        (["--armed", "--reason", "x"], "[arming]\nread_only = true\n", "arming.read_only"),
    ],
)
def test_beginning_armed_takes_what_arming_takes(
    tmp_path: Path, arguments: list[str], config: str, words: str
) -> None:
    path = tmp_path / "config.toml"
    path.write_text(config, encoding="utf-8")
    result = CliRunner().invoke(main, ["watch", *arguments, "--config", str(path)])
    assert result.exit_code == 2
    assert words in result.output


async def test_what_changes_while_the_console_is_being_left_is_drawn_nowhere() -> None:
    async with on_console() as (app, pilot):
        await arm(pilot)
    app.arming = arming.disarm()
    app._look_at_arming()


async def test_armed_does_not_outlive_what_is_weighed_just_before_an_act() -> None:
    async with on_console() as (app, pilot):
        await arm(pilot)
        app.arming = replace(app.arming, until_ns=1)
        assert not app.may_act()
        assert not app.arming.armed
        assert isinstance(app.arming, arming.Arming)
