"""What the keys do, and that everything which speaks of them speaks of the same list."""

from pathlib import Path

import pytest

from patchdeck.model import Measure
from tests.ui.app_host import LOG, FakeWatch, console, lines, press, screen, text
from tests.ui.sample import snapshot
from tui import keymap
from tui.app import PatchdeckApp
from tui.guided import GuidedApp
from tui.keymap import ACTIONS, Keymap, KeymapError
from tui.keys_page import page
from tui.replay import ReplayApp
from tui.screens.base import ConsoleScreen
from tui.screens.cell import CellScreen
from tui.screens.composer import ComposerScreen
from tui.screens.container import LOG_LINES, ContainerScreen
from tui.screens.contention import ContentionScreen
from tui.screens.deck import DeckScreen
from tui.screens.help import HelpScreen
from tui.screens.rollout import RolloutScreen
from tui.screens.rollouts import RolloutsScreen
from tui.screens.searching import SearchingScreen
from tui.screens.service import ServiceScreen
from tui.screens.startups import StartupsScreen
from widgets.event_feed import EventFeed
from widgets.heatmap import Heatmap

SCREENS: tuple[type[ConsoleScreen], ...] = (
    CellScreen,
    ComposerScreen,
    ContainerScreen,
    ContentionScreen,
    DeckScreen,
    HelpScreen,
    RolloutScreen,
    RolloutsScreen,
    SearchingScreen,
    ServiceScreen,
    StartupsScreen,
)


def test_every_action_has_its_method_wherever_it_works() -> None:
    assert {kind.NAME for kind in SCREENS} == set(keymap.SCREENS)
    for action in ACTIONS:
        if not action.screens:
            app = {keymap.REPLAY: ReplayApp, keymap.GUIDED: GuidedApp}.get(action.only, PatchdeckApp)
            assert hasattr(app, f"action_{action.id}"), action.id
        for kind in SCREENS:
            if kind.NAME in action.screens:
                assert hasattr(kind, f"action_{action.id}"), (kind, action.id)


def test_every_binding_has_an_id_and_says_what_it_is() -> None:
    for name in (None, *keymap.SCREENS):
        for binding in keymap.bindings(name):
            assert binding.id
            assert binding.tooltip
            assert binding.description


def test_no_action_needs_a_function_key_or_the_mouse() -> None:
    keys = {key for action in ACTIONS for key in action.keys.split(",")}
    assert not {key for key in keys if key.startswith("f") and key[1:].isdigit()}


def test_the_page_of_keys_is_current() -> None:
    assert Path("docs/keys.md").read_text(encoding="utf-8") == page(), (
        "make it anew: python docs/make_keys.py"
    )


@pytest.mark.parametrize(
    ("remapped", "expected"),
    [
        ({"rollout": "r"}, "no action 'rollout'"),
        ({"mode": "u"}, "'u' would be both 'mode' and 'measure' (deck)"),
        ({"mode": "/"}, "'/' would be both"),
        ({"mode": "nosuchkey"}, "no key 'nosuchkey'"),
        ({"mode": "ctlr+r"}, "no key 'ctlr+r'"),
        ({"mode": ""}, "no key ''"),
        ({"mode": "up"}, "'up' belongs to the panels"),
        ({"mode": "j"}, "'j' belongs to the panels"),
    ],
)
def test_a_remapping_that_can_not_be_is_one_clear_line(remapped: dict[str, str], expected: str) -> None:
    with pytest.raises(KeymapError) as caught:
        Keymap(remapped)
    assert expected in str(caught.value)
    assert "screen.keys" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_keys_may_be_exchanged_and_shared_by_screens_that_never_meet() -> None:
    Keymap({"mode": "u", "measure": "m"})
    Keymap({"logs": "m"})


async def test_a_remapped_key_acts_and_the_old_one_does_not() -> None:
    async with console(keys={"mode": "u,ctrl+r", "measure": "m", "sort": "y"}) as (app, pilot):
        assert "u rows" in lines(app)[-1]
        await press(pilot, "u")
        assert app.looking.mode.value == "service"
        await press(pilot, "ctrl+r")
        assert app.looking.mode.value == "phase"
        await press(pilot, "m")
        assert app.looking.measure is Measure.READY
        before = text(app)
        await press(pilot, "s")
        assert text(app) == before
        await press(pilot, "y")
        assert text(app) != before


async def test_views_are_on_digits_and_pages_are_left_by_escape() -> None:
    async with console() as (app, pilot):
        for key, expected in (("2", "startups"), ("3", "contention"), ("1", "deck")):
            await press(pilot, key)
            assert screen(app) == expected
        await press(pilot, "enter")
        assert screen(app) == keymap.SERVICE
        assert "p50" in text(app)
        await press(pilot, "enter")
        assert screen(app) == keymap.CONTAINER
        await press(pilot, "escape", "escape", "escape")
        assert screen(app) == keymap.DECK
        await press(pilot, "enter", "2")
        assert screen(app) == keymap.STARTUPS
        assert len(app.screen_stack) == 1


async def test_the_window_goes_from_five_minutes_to_six_hours() -> None:
    async with console() as (app, pilot):
        await press(pilot, "plus", "plus")
        assert "last 5 min" in text(app)
        await press(pilot, *["minus"] * 9)
        assert "last 6 h" in text(app)


async def test_the_filter_applies_to_every_view_and_says_how_much_it_hides() -> None:
    async with console() as (app, pilot):
        await press(pilot, "slash", *"mailer", "enter")
        assert "1 of 12 services" in text(app)
        assert "filter: mailer" in lines(app)[0]
        assert "shop/web" not in text(app)
        await press(pilot, "2")
        assert "of 3" in lines(app)[1]
        assert "shop-web" not in text(app)
        assert "filter: mailer" in lines(app)[0]
        await press(pilot, "escape")
        assert "shop-web" in text(app)
        await press(pilot, "1")
        assert "12 services" in text(app)


@pytest.mark.parametrize("view", ["1", "2", "3"])
@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_a_filter_that_was_entered_is_told_on_a_line_and_is_no_input_any_more(
    view: str, size: tuple[int, int]
) -> None:
    async with console(size=size) as (app, pilot):
        await press(pilot, view, "slash", *"mailer")
        assert lines(app)[-2].split() == ["mailer"]
        await press(pilot, "enter")
        assert lines(app)[-2].split()[:2] == ["filter:", "mailer"]
        assert lines(app)[-2].rstrip().endswith("/ changes it, escape clears it")
        await press(pilot, "3" if view == "1" else "1")
        assert "filter: mailer" in lines(app)[-2]
        await press(pilot, view, "slash", *"s1", "enter")
        assert "filter: s1" in lines(app)[-2]
        await press(pilot, "escape")
        assert "filter" not in lines(app)[-2]


async def test_a_filter_takes_letters_that_are_keys_elsewhere() -> None:
    async with console() as (app, pilot):
        await press(pilot, "slash", *"q1s")
        assert app.is_running
        assert app.looking.words == "q1s"
        assert "no containers match the filter" in text(app)
        await press(pilot, "escape")
        assert app.looking.words == ""


async def test_only_failed_and_only_slow() -> None:
    async with console() as (app, pilot):
        await press(pilot, "2", "f")
        assert "failed only" in lines(app)[1]
        assert "2 of" in lines(app)[1]
        await press(pilot, "f", "w")
        assert "slow only" in lines(app)[1]


async def test_a_cell_of_the_heatmap_opens_its_startups() -> None:
    async with console() as (app, pilot):
        heatmap = app.screen.query_one(Heatmap)
        heatmap.focus()
        grid = heatmap.grid
        assert grid is not None
        failed = next(index for index, column in enumerate(grid.columns) if column.failed)
        await press(pilot, "up", *["up"] * 30, *["left"] * (len(grid.columns) - 1 - failed), "enter")
        assert screen(app) == keymap.CELL
        assert "failed 1" in lines(app)[1]


async def test_the_container_page_tells_all_but_secrets() -> None:
    watch = FakeWatch(snapshot())
    async with console(watch, size=(160, 140)) as (app, pilot):
        await press(pilot, "2", "slash", *"shop-web-27", "enter", "enter")
        assert screen(app) == keymap.CONTAINER
        drawn = text(app)
        for expected in (
            "unless-stopped",
            "256",
            "shop_data",
            "shop_default",
            "TOKEN",
            "****",
            "health_status",
        ):
            assert expected in drawn, expected
        assert watch.logs_asked[0][2] == LOG_LINES
        assert LOG[0] in drawn
        await press(pilot, "o")
        assert len(watch.logs_asked) == 2


async def test_help_lists_the_keys_of_the_screen_it_was_asked_for_on() -> None:
    async with console(size=(120, 60), keys={"mode": "y"}) as (app, pilot):
        await press(pilot, "question_mark")
        drawn = text(app)
        for action in keymap.actions_on(keymap.DECK):
            assert action.tooltip in drawn
        await press(pilot, "escape")
        assert screen(app) == keymap.DECK


async def test_the_palette_runs_what_it_finds() -> None:
    async with console() as (app, pilot):
        await press(pilot, "colon", *"contention")
        await pilot.pause(0.5)
        await press(pilot, "enter")
        await pilot.pause(0.5)
        assert screen(app) == keymap.CONTENTION


async def test_every_theme_is_a_key_away() -> None:
    async with console() as (app, pilot):
        seen = {app.theme}
        for _ in range(3):
            await press(pilot, "t")
            seen.add(app.theme)
        assert len(seen) == 4


@pytest.mark.parametrize("key", ["q", "ctrl+c", "ctrl+q"])
async def test_leaving_is_immediate_and_stops_the_watch(key: str) -> None:
    watch = FakeWatch(snapshot())
    async with console(watch) as (app, pilot):
        await press(pilot, "slash", "x") if key != "q" else None
        await pilot.press(key)
        await pilot.pause()
        assert app.return_code == 0
    assert watch.stopped


async def test_the_mouse_works_where_keys_do() -> None:
    async with console() as (app, pilot):
        where = lines(app)[-1].index("3 contention")
        await pilot.click(offset=(where + 3, 39))
        await pilot.pause()
        assert screen(app) == keymap.CONTENTION


async def test_events_take_the_place_of_versions_where_there_is_no_room_for_both() -> None:
    async with console(size=(80, 24)) as (app, pilot):
        await press(pilot, "e")
        assert "Events" in text(app)
        assert "Versions in flight" not in text(app)
        assert isinstance(app.focused, EventFeed)
        await press(pilot, "e")
        assert "Versions in flight" in text(app)
