"""The guide on the screen: two lines above the keys, in every view, that hide nothing and can be hidden."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from msgspec.structs import replace
from textual.pilot import Pilot

from patchdeck.arming import Arming
from patchdeck.model import Snapshot
from patchdeck.settings import ScreenSettings, Settings
from patchdeck.simulator.scenarios import DEFAULT, load
from tests.ui import rollouts, sample
from tests.ui.app_host import FakeWatch, lines, press, screen, settle, show, stopped_clock, text, width
from themes.ramps import ASCII, UNICODE, Glyphs
from tui import keymap
from tui.guided import GuidedApp
from widgets.guide_line import GuideLine

ARMED = Arming(until_ns=2**62, reason="to try it")
GUIDE = "Guide 1/3"
SIZES = [(80, 24), (120, 40)]


@asynccontextmanager
async def guided(
    snapshot: Snapshot | None = None,
    *,
    size: tuple[int, int] = (80, 24),
    glyphs: Glyphs = UNICODE,
    keys: dict[str, str] | None = None,
    notifications: bool = False,
) -> AsyncIterator[tuple[GuidedApp, Pilot[int], FakeWatch]]:
    guide = load(DEFAULT).guide
    assert guide is not None
    watch = FakeWatch(snapshot or sample.snapshot())
    settings = Settings(screen=ScreenSettings(utc=True, keys=keys or {}))
    app = GuidedApp(guide, settings, lambda: watch, glyphs=glyphs, theme="ansi")
    with stopped_clock():
        async with app.run_test(size=size, notifications=notifications) as pilot:
            await settle(pilot)
            yield app, pilot, watch


def row_of(app: GuidedApp, word: str) -> int:
    return next(row for row, line in enumerate(lines(app)) if word in line)


@pytest.mark.parametrize("glyphs", [UNICODE, ASCII], ids=["unicode", "ascii"])
@pytest.mark.parametrize("size", SIZES)
async def test_it_stands_above_the_keys_in_every_view_and_on_every_page(
    size: tuple[int, int], glyphs: Glyphs
) -> None:
    async with guided(size=size, glyphs=glyphs) as (app, pilot, _):
        seen = set()
        for key in ("1", "2", "3", "4", "question_mark", "escape", "1", "enter", "escape", "r"):
            await press(pilot, key)
            seen.add(screen(app))
            drawn = lines(app)
            assert {width(line) for line in drawn} == {size[0]}
            assert GUIDE in drawn[-3], text(app)
            assert "ctrl+g" in drawn[-2]
            assert glyphs is UNICODE or "".join(drawn).isascii(), [one for one in drawn if not one.isascii()]
    assert len(seen) >= 6


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("key", ["1", "2", "3", "4", "r"])
async def test_it_lies_over_nothing(size: tuple[int, int], key: str) -> None:
    rolling = replace(sample.snapshot(), rollouts=(rollouts.rolling(),))
    async with guided(rolling, size=size) as (app, pilot, _):
        await press(pilot, key)
        line = app.screen.query_one(GuideLine)
        others = [one for one in app.screen.children if one is not line]
        assert not [one for one in others if one.region.overlaps(line.region)]
        assert line.region.height == 2


async def test_at_the_smallest_size_the_deck_still_shows_all_that_it_did() -> None:
    rolling = replace(sample.snapshot(), rollouts=(rollouts.rolling(),))
    async with guided(rolling) as (app, pilot, _):
        shown = text(app)
        await press(pilot, "ctrl+g")
        without = text(app)
    for word in ("Startup latency", "┴", "Versions in flight", "cpu", "io", "rolling 25%"):
        assert word in without
        assert word in shown, shown


async def test_a_key_hides_it_and_brings_it_back_even_while_something_is_typed() -> None:
    async with guided() as (app, pilot, _):
        for begin in ("1", "slash"):
            await press(pilot, begin)
            await press(pilot, "ctrl+g")
            assert GUIDE not in text(app)
            await press(pilot, "ctrl+g")
            assert GUIDE in text(app)


async def test_hidden_it_is_hidden_in_every_view() -> None:
    async with guided(size=(120, 90)) as (app, pilot, _):
        await press(pilot, "ctrl+g", "2")
        assert "Guide" not in text(app)
        await press(pilot, "question_mark")
        assert "Hide the guide through the demo, or bring it back" in text(app)


async def test_it_follows_what_is_seen_and_says_the_keys_of_the_configuration() -> None:
    async with guided(keys={"promote_rollout": "P", "arm": "x"}) as (app, pilot, watch):
        assert "Press x, type why" in text(app)
        app.arming = ARMED
        await show(pilot, watch, replace(sample.snapshot(), rollouts=(rollouts.rolling(),)))
        assert "shop/web waits: the host is saturated" in text(app)
        await show(pilot, watch, replace(sample.snapshot(), rollouts=(rollouts.holding(),)))
        assert "shop/web is held at its batch 1. ratio: 1.12× [0.98, 1.31]" in text(app)
        assert "you decide. P, then y" in text(app)


async def test_it_has_all_keys_of_a_live_console_and_a_live_console_has_not_its_own() -> None:
    live = {one.id for one in keymap.actions_on(keymap.DECK)}
    assert {one.id for one in keymap.actions_on(keymap.DECK, keymap.GUIDED)} == live | {"guide"}
    async with guided() as (app, pilot, _):
        await press(pilot, "A")
        assert "Arm this console" in text(app)


async def test_what_is_told_for_a_moment_does_not_lie_over_it() -> None:
    async with guided(notifications=True) as (app, pilot, _):
        before = lines(app)[-3:]
        await press(pilot, "b")
        assert "Choose a rollout" in text(app) or "no rollout" in text(app)
        assert lines(app)[-3:] == before


@pytest.mark.parametrize("text_from_outside", sample.HOSTILE)
async def test_text_from_outside_is_harmless_in_it(text_from_outside: str) -> None:
    hostile = replace(rollouts.holding(), service=text_from_outside)
    async with guided(replace(sample.snapshot(), rollouts=(hostile,))) as (app, _, _):
        assert {width(line) for line in lines(app)} == {80}
        assert row_of(app, "Guide") == 21
