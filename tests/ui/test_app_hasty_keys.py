"""Keys that come sooner than what they are for is on the screen."""

from __future__ import annotations

import pytest
from textual.command import CommandList

from patchdeck.model import Severity
from tests.ui.app_host import console, press, settle, text
from themes.ramps import UNICODE
from tui.app import PatchdeckApp
from tui.palette import Palette
from tui.screens.composer import ComposerScreen
from tui.screens.confirm import ConfirmScreen
from tui.screens.deck import DeckScreen
from tui.screens.typed import TypedScreen


@pytest.mark.parametrize(("answer", "expected"), [("y", True), ("enter", False)])
async def test_a_yes_from_before_the_question_was_drawn_is_none(answer: str, expected: bool) -> None:
    answers: list[bool | None] = []
    async with console() as (app, pilot):
        question = ConfirmScreen("Go?", [("It goes.", Severity.INFO)], yes="go", glyphs=UNICODE)
        app.push_screen(question, answers.append)
        question.action_answer(True)
        assert not answers
        await settle(pilot)
        assert "It goes." in text(app)
        await pilot.press(answer)
        await settle(pilot)
        assert answers == [expected]


async def test_a_no_is_one_at_any_time() -> None:
    answers: list[bool | None] = []
    async with console() as (app, pilot):
        question = ConfirmScreen("Go?", [("It goes.", Severity.INFO)], yes="go", glyphs=UNICODE)
        await app.push_screen(question, answers.append)
        question.action_answer(False)
        await settle(pilot)
        assert answers == [False]


@pytest.mark.parametrize("action", ["app.mark", "screen.other_page", "screen.begin_rollout", "screen.back"])
async def test_a_key_before_its_page_is_there_does_nothing(action: str) -> None:
    async with console() as (app, pilot):
        await press(pilot, "r")
        service = app.screen
        assert isinstance(service, ComposerScreen)
        app.push_screen(ComposerScreen(service._service, app.settings, ""))
        assert not app.screen.is_mounted
        assert not app.screen.query("Footer")
        await app.run_action(action)
        await settle(pilot)
        assert app.is_running
        assert isinstance(app.screen, ComposerScreen)
        assert app.screen is not service


async def test_a_second_answer_leaves_the_screen_beneath_where_it_is() -> None:
    async with console() as (app, pilot):
        await press(pilot, "r")
        composer = app.screen
        for question in (
            ConfirmScreen("Go?", [("It goes.", Severity.INFO)], yes="go", glyphs=UNICODE),
            TypedScreen("Go?", [("It goes.", Severity.INFO)], "why", yes="go", no="stay", glyphs=UNICODE),
        ):
            await app.push_screen(question)
            question.dismiss(None)
            question.dismiss(None)
            await settle(pilot)
            assert app.screen is composer
        assert isinstance(composer, ComposerScreen)
        composer.action_back()
        composer.action_back()
        await settle(pilot)
        assert isinstance(app.screen, DeckScreen)


def opened(app: PatchdeckApp) -> Palette:
    """The list of commands."""
    app.action_commands()
    assert isinstance(app.screen, Palette)
    return app.screen


async def test_a_list_of_commands_that_is_left_twice_leaves_the_screen_beneath_where_it_is() -> None:
    async with console() as (app, pilot):
        palette = opened(app)
        await settle(pilot)
        palette._action_escape()
        palette._action_escape()
        await settle(pilot)
        assert app.is_running
        assert isinstance(app.screen, DeckScreen)


async def test_a_search_in_a_list_of_commands_that_was_left_finds_nothing() -> None:
    async with console() as (app, pilot):
        palette = opened(app)
        await settle(pilot)
        palette._action_escape()
        await palette.query_one(CommandList).remove()
        palette._gather_commands("th")
        await settle(pilot)
        assert app.is_running
        assert isinstance(app.screen, DeckScreen)


async def test_a_list_of_commands_that_is_asked_for_while_the_console_is_left_searches_nothing() -> None:
    async with console() as (app, pilot):
        palette = opened(app)
        await settle(pilot)
        await palette.remove_children()
        palette._gather_commands("")
        await settle(pilot)
        assert app.is_running


async def test_in_a_list_of_commands_without_lines_there_is_nowhere_to_move() -> None:
    async with console() as (app, pilot):
        palette = opened(app)
        await press(pilot, "d")
        for size in ((12, 4), (120, 40), (60, 2)):
            await pilot.resize_terminal(*size)
            await pilot.press("pagedown", "down", "pageup", "up")
            await settle(pilot)
            assert app.screen is palette
