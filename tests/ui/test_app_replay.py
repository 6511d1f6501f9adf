"""The console on a recording: its marks on the screen, its keys, and what it says where there is nothing."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
from textual.pilot import Pilot

from patchdeck.model import Marked, SourceState
from patchdeck.recording.values import Landmark, LandmarkKind
from patchdeck.replay.thread import ReplayThread
from patchdeck.settings import ScreenSettings, Settings
from tests.ui.app_host import lines, press, screen, settle, text
from tests.unit.stories import EngineStory, in_time, ns
from tests.unit.tapes import Told
from themes.ramps import ASCII, UNICODE, Glyphs
from tui import keymap
from tui.replay import ReplayApp
from widgets.scrubber import Scrubber

LASTS_S = 300


def tape(*, cut_short: bool = False) -> Told:
    """Five minutes from 11:06:40 on: two containers start, one of them fails, and the engine is lost for a while."""
    engine = EngineStory(name="prod-a")
    engine.source(0, SourceState.LIVE)
    for second in range(1, LASTS_S + 1):
        engine.tick(second)
        if not 200 <= second < 240:
            engine.ping(second)
    engine.container("web-1").run(20)
    broken = engine.container("web-2")
    broken.run(100)
    broken.die(101, 3)
    engine.source(200, SourceState.LOST, detail="connection refused")
    engine.source(240, SourceState.LIVE)
    engine.emit(Marked(engine="", at_ns=ns(90), name="before the patch", by="ops"))
    engine.emit(Marked(engine="", at_ns=ns(150), name="after it", by="ops"))
    landmarks = (
        Landmark(kind=LandmarkKind.MARK, at_ns=ns(90), name="before the patch", detail="by ops"),
        Landmark(kind=LandmarkKind.ROLLOUT, at_ns=ns(95), name="shop/web", detail="canary"),
        Landmark(kind=LandmarkKind.FAILURE, at_ns=ns(101), name="web-2", detail="exited 3"),
        Landmark(kind=LandmarkKind.MARK, at_ns=ns(150), name="after it", detail="by ops"),
        Landmark(kind=LandmarkKind.LOST, at_ns=ns(200), name="prod-a", ended_ns=ns(240)),
    )
    seen = [(observation.at_ns, observation) for observation in in_time(engine.observations)]
    return Told(seen, landmarks=landmarks, cut_short=cut_short)


@asynccontextmanager
async def replaying(
    told: Told | None = None,
    *,
    size: tuple[int, int] = (120, 40),
    theme: str = "dark",
    glyphs: Glyphs = UNICODE,
    playing: bool = False,
) -> AsyncIterator[tuple[ReplayApp, Pilot[int]]]:
    """Paused at the beginning, and drawn, unless it is playing."""
    settings = Settings(screen=ScreenSettings(utc=True))
    app = ReplayApp(settings, ReplayThread(told or tape(), playing=playing), glyphs=glyphs, theme=theme)
    async with app.run_test(size=size, notifications=True) as pilot:
        await until(pilot, lambda: app.snapshot is not None)
        if not playing:
            await settle(pilot)
        yield app, pilot


async def until(pilot: Pilot[int], condition: Callable[[], object]) -> None:
    for _ in range(500):
        if condition():
            return
        await pilot.pause(0.01)
    raise AssertionError(text(pilot.app))


async def is_at(app: ReplayApp, pilot: Pilot[int], clock: str) -> None:
    """Until this is the time on the screen."""
    await until(pilot, lambda: f"{clock} UTC" in lines(app)[0])


@pytest.mark.parametrize("name", [keymap.DECK, keymap.STARTUPS, keymap.CONTENTION])
@pytest.mark.parametrize("theme", ["dark", "ansi"])
@pytest.mark.parametrize("glyphs", [UNICODE, ASCII], ids=["unicode", "ascii"])
async def test_every_view_says_replay_and_the_time_of_the_recording(
    name: str, theme: str, glyphs: Glyphs
) -> None:
    async with replaying(size=(80, 24), theme=theme, glyphs=glyphs) as (app, pilot):
        await press(pilot, str(keymap.VIEWS.index(name) + 1))
        assert screen(app) == name
        assert "REPLAY" in lines(app)[0]
        assert "11:06:40 UTC" in lines(app)[0]
        assert "READ-ONLY" not in text(app)
        assert lines(app)[-2].split()[:2] == ["paused", "1x" if glyphs.ascii else "1×"]
        assert "space play" in lines(app)[-1]
        assert "q quit" in lines(app)[-1]


async def test_a_page_has_the_line_too() -> None:
    async with replaying() as (app, pilot):
        await press(pilot, "question_mark")
        assert screen(app) == keymap.HELP
        assert "paused" in lines(app)[-2]
        assert "Go to the next mark" in text(app)
        assert "Look for an engine now" not in text(app)


async def test_space_plays_and_pauses() -> None:
    async with replaying() as (app, pilot):
        await pilot.press("space")
        await until(pilot, lambda: "playing" in lines(app)[-2])
        await pilot.press(*["right_square_bracket"] * 6)
        await until(pilot, lambda: "64×" in lines(app)[-2])
        await until(pilot, lambda: "web-1" in text(app))
        await pilot.press("space")
        await until(pilot, lambda: "paused" in lines(app)[-2])


async def test_seconds_and_steps_go_on_and_back() -> None:
    async with replaying() as (app, pilot):
        await pilot.press(*["greater_than_sign"] * 3)
        await is_at(app, pilot, "11:06:43")
        await pilot.press("less_than_sign")
        await is_at(app, pilot, "11:06:42")
        await pilot.press("full_stop")
        await is_at(app, pilot, "11:07:00")


async def test_marks_rollout_steps_and_failures_are_a_key_away_in_both_directions() -> None:
    async with replaying() as (app, pilot):
        for key, clock, words in (
            ("n", "11:08:10", "mark: before the patch"),
            ("r", "11:08:15", "rollout: shop/web: canary"),
            ("x", "11:08:21", "failure: web-2: exited 3"),
            ("n", "11:09:10", "mark: after it"),
            ("x", "11:10:00", "connection refused"),
            ("X", "11:08:21", "failure: web-2"),
            ("R", "11:08:15", "rollout: shop/web"),
            ("N", "11:08:10", "mark: before the patch"),
        ):
            await pilot.press(key)
            await is_at(app, pilot, clock)
            assert words in lines(app)[0]


async def test_where_there_is_no_further_mark_it_says_so_and_stays() -> None:
    async with replaying() as (app, pilot):
        await press(pilot, "N")
        assert "no mark before this" in lines(app)[0]
        assert "11:06:40 UTC" in lines(app)[0]
        await pilot.press("n")
        await is_at(app, pilot, "11:08:10")
        assert "no mark" not in text(app)


async def test_a_time_outside_the_recording_is_its_nearest_and_that_is_said() -> None:
    async with replaying() as (app, pilot):
        await pilot.press("g", *"+9h", "enter")
        await is_at(app, pilot, "11:11:40")
        assert "outside the recording" in lines(app)[0]


@pytest.mark.parametrize(
    ("written", "clock"),
    [
        ("11:09", "11:09:00"),
        ("+90s", "11:08:10"),
        ("after it", "11:09:10"),
        ("2026-11-18T11:07:10Z", "11:07:10"),
    ],
)
async def test_a_time_is_gone_to_as_it_is_written(written: str, clock: str) -> None:
    async with replaying() as (app, pilot):
        await press(pilot, "g", *["space" if char == " " else char for char in written])
        assert written in lines(app)[-2]
        await pilot.press("enter")
        await is_at(app, pilot, clock)
        assert "go to" not in lines(app)[-2]


async def test_a_time_that_is_none_is_told_and_can_be_corrected() -> None:
    async with replaying() as (app, pilot):
        await press(pilot, "g", *"11:9", "enter")
        assert "no moment '11:9'" in text(app)
        await press(pilot, "backspace", *"09", "enter")
        await is_at(app, pilot, "11:09:00")


async def test_escape_leaves_the_question_and_the_keyboard_goes_back() -> None:
    async with replaying() as (app, pilot):
        before = app.focused
        await press(pilot, "g", *"11:09", "escape")
        assert app.focused is before
        await press(pilot, "2")
        assert screen(app) == keymap.STARTUPS
        assert "11:06:40 UTC" in lines(app)[0]


async def test_a_click_on_the_line_goes_there() -> None:
    async with replaying() as (app, pilot):
        row = len(lines(app)) - 2
        await pilot.click(offset=(lines(app)[row].rindex("─"), row))
        await until(pilot, lambda: "at the end" in lines(app)[-2])
        assert "11:11:40" in lines(app)[0]


async def test_it_stops_at_the_end_and_says_so_and_goes_back_to_the_beginning() -> None:
    async with replaying() as (app, pilot):
        await pilot.press("dollar_sign")
        await until(pilot, lambda: "at the end" in lines(app)[-2])
        await pilot.press("0")
        await is_at(app, pilot, "11:06:40")


async def test_what_is_still_written_is_followed_from_its_end() -> None:
    told = tape(cut_short=True)
    async with replaying(told) as (app, pilot):
        await pilot.press("dollar_sign")
        await until(pilot, lambda: "following" in lines(app)[-2])
        late = EngineStory(name="prod-a")
        late.tick(LASTS_S + 30)
        told.to_come = [(ns(LASTS_S + 30), late.observations[-1])]
        await is_at(app, pilot, "11:12:10")
        assert "following" in lines(app)[-2]


async def test_the_page_of_a_container_says_that_a_recording_holds_no_logs() -> None:
    async with replaying(size=(120, 50)) as (app, pilot):
        await pilot.press("n", "2")
        await until(pilot, lambda: "web-1" in text(app))
        await press(pilot, "enter", "enter")
        assert screen(app) == keymap.CONTAINER
        assert "a recording holds no logs" in text(app)


async def test_an_engine_that_was_lost_is_lost_then_and_no_other_is_looked_for() -> None:
    async with replaying() as (app, pilot):
        await pilot.press("g", *"11:10:20", "enter")
        await is_at(app, pilot, "11:10:20")
        assert "prod-a lost 21s" in lines(app)[0]
        assert screen(app) == keymap.DECK


async def test_a_small_terminal_says_so_and_shows_no_line() -> None:
    async with replaying(size=(60, 20)) as (app, _):
        assert "too small" in text(app)
        assert not app.screen.query_one(Scrubber).display


async def test_leaving_ends_the_replay() -> None:
    async with replaying(playing=True) as (_, pilot):
        await pilot.press("q")
        await pilot.pause()
    assert not any(thread.name == "replay" for thread in threading.enumerate())
