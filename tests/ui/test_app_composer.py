"""The composer on a simulated engine: what it plans, what it asks, and that nothing begins by itself."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from aiohttp import web
from msgspec.structs import replace
from textual import events
from textual.pilot import Pilot

from patchdeck.arming import disarm
from patchdeck.model import ActRefused, Planned
from patchdeck.rollout.database import STATE_FOLDER
from patchdeck.rollout.journal import Journal
from patchdeck.settings import FreezeSettings, PolicySettings, ScreenSettings, Settings
from patchdeck.simulator.generation import NEWEST
from patchdeck.simulator.server import Server
from patchdeck.simulator.shelf import stock
from patchdeck.sources.targets import Target
from patchdeck.watch import WatchThread
from tests.lab.unix_http import UnixConnection
from tests.ui.app_host import lines, press, screen, settle, stopped_clock, text
from tests.unit.simulated import simulated_beside
from tui import keymap
from tui.app import PatchdeckApp
from tui.composer import submitting
from tui.composer.fields import Fields
from tui.screens.arming import ArmingScreen
from tui.screens.composer import ComposerScreen
from tui.screens.confirm import ConfirmScreen
from tui.screens.rollout import RolloutScreen
from tui.screens.typed import TypedScreen

SERVICE = "shop/web"
KEY_NAMES = {"/": "slash", ":": "colon", ".": "full_stop"}
WHY = "CVE-2026-1"


class Simulated:
    """A simulated engine with three replicas, and what it was asked to change."""

    def __init__(self, socket: Path, writes: list[str]) -> None:
        self.target = Target(name="sim", host=f"unix://{socket}", chosen="test")
        self.writes = writes

    def app(self, settings: Settings) -> PatchdeckApp:
        settings = replace(settings, screen=ScreenSettings(utc=True))
        return PatchdeckApp(settings, lambda: WatchThread(settings, [self.target]))


@pytest.fixture(scope="module")
def simulated() -> Iterator[Simulated]:
    writes: list[str] = []
    answered = Server._answer

    async def noted(self: Server, request: Any, handler: Any) -> Any:
        if request.method not in ("GET", "HEAD"):
            writes.append(f"{request.method} {request.path}")
        return await answered(self, request, handler)

    with (
        mock.patch.object(Server, "_answer", web.middleware(noted)),
        simulated_beside(NEWEST, stock) as socket,
    ):
        connection = UnixConnection(socket)
        for number in (1, 2, 3):
            body = {"Image": "shop/web:1.0", "Labels": {"patchdeck.service": SERVICE}}
            made = connection.call("POST", f"/containers/create?name=web-{number}", body)
            connection.call("POST", f"/containers/{made['Id']}/start")
        connection.close()
        assert len(writes) == 6, "writes are seen"
        writes.clear()
        yield Simulated(socket, writes)


@pytest.fixture
def journal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A journal of its own, whose workers are not started: what was submitted stays to be looked at."""
    monkeypatch.setenv(STATE_FOLDER, str(tmp_path))
    monkeypatch.setattr(submitting, "started", lambda rollout, folder: None)
    return tmp_path


def submitted(folder: Path) -> list[Planned]:
    with Journal(folder) as journal:
        firsts = [journal.entries(row.rollout)[0] for row in journal.rollouts() if not row.over]
    return [entry for entry in firsts if isinstance(entry, Planned)]


@asynccontextmanager
async def composing(
    simulated: Simulated, settings: Settings | None = None, *, size: tuple[int, int] = (120, 40)
) -> AsyncIterator[tuple[PatchdeckApp, Pilot[int]]]:
    """The composer, open on the service, with a plan that was made."""
    app = simulated.app(settings or Settings())
    with stopped_clock():
        async with app.run_test(size=size, notifications=True) as pilot:
            await until(pilot, lambda: SERVICE in text(app))
            await press(pilot, "r")
            assert isinstance(app.screen, ComposerScreen)
            await planned(pilot)
            yield app, pilot


async def until(pilot: Pilot[int], condition: Callable[[], object]) -> None:
    for _ in range(1500):
        if condition():
            return
        await pilot.pause(0.02)
    raise AssertionError(text(pilot.app))


async def planned(pilot: Pilot[int]) -> None:
    """Until there is a plan of what stands in the fields."""
    await pilot.pause()
    await until(pilot, lambda: _composer(pilot)._planned_for is not None and not _composer(pilot)._waiting)
    await settle(pilot)


def _composer(pilot: Pilot[int]) -> ComposerScreen:
    return next(one for one in pilot.app.screen_stack if isinstance(one, ComposerScreen))


def told(app: PatchdeckApp) -> str:
    return " ".join(one.message for one in app._notifications)


async def test_the_newest_patch_is_proposed_and_planned(simulated: Simulated, journal: Path) -> None:
    async with composing(simulated) as (app, pilot):
        await until(pilot, lambda: "shop/web:1.5" in _values(pilot)["image"])
        await planned(pilot)
        drawn = text(app)
        assert "3 to be replaced" in drawn
        assert "shop/web:1.0" in drawn
        assert "Gates" in drawn
        assert not simulated.writes


def _values(pilot: Pilot[int]) -> dict[str, str]:
    return _composer(pilot)._fields.values


async def to_image(pilot: Pilot[int], image: str) -> None:
    _composer(pilot)._fields.fill({"image": image})
    await planned(pilot)


async def test_the_question_names_what_will_happen_and_only_yes_submits(
    simulated: Simulated, journal: Path
) -> None:
    async with composing(simulated) as (app, pilot):
        await to_image(pilot, "shop/web:1.1")
        app.arm_for(WHY)
        for no in ("enter", "escape", "n", "x"):
            await press(pilot, "ctrl+r")
            assert isinstance(app.screen, ConfirmScreen)
            for words in (
                "3 replicas of shop/web",
                "from shop/web:1.0",
                "to   shop/web:1.1",
                "order:",
                "ready",
            ):
                assert words in text(app)
            await press(pilot, no)
            if no == "x":
                await press(pilot, "escape")
        assert not submitted(journal)
        await press(pilot, "ctrl+r", "y")
        await until(pilot, lambda: submitted(journal))
        (entry,) = submitted(journal)
        assert (entry.plan.service, entry.plan.to.image, entry.reason) == (SERVICE, "shop/web:1.1", WHY)
        await until(pilot, lambda: "submitted as rollout" in text(app) or screen(app) != keymap.COMPOSER)
        assert not simulated.writes


async def test_what_is_on_its_way_into_the_journal_is_not_begun_a_second_time(
    simulated: Simulated, journal: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin, asked, written = submitting.begin, threading.Event(), threading.Event()

    def slowly(*about: Any) -> str:
        asked.set()
        written.wait(20)
        return begin(*about)

    monkeypatch.setattr(submitting, "begin", slowly)
    async with composing(simulated) as (app, pilot):
        await to_image(pilot, "shop/web:1.1")
        app.arm_for(WHY)
        await press(pilot, "ctrl+r", "y")
        await until(pilot, asked.is_set)
        await press(pilot, "ctrl+r")
        assert "submitted already" in told(app)
        written.set()
        await until(pilot, lambda: "its page comes" in text(app) or screen(app) != keymap.COMPOSER)
        assert len(submitted(journal)) == 1


async def test_a_key_that_is_pressed_again_and_again_asks_once_and_begins_one(
    simulated: Simulated, journal: Path
) -> None:
    async with composing(simulated) as (app, pilot):
        await to_image(pilot, "shop/web:1.1")
        app.arm_for(WHY)
        composer = _composer(pilot)
        await pilot.press("ctrl+r", "ctrl+r", "ctrl+r")
        await settle(pilot)
        assert [type(one) for one in app.screen_stack[-2:]] == [ComposerScreen, ConfirmScreen]
        await press(pilot, "y")
        await until(pilot, lambda: isinstance(app.screen, RolloutScreen))
        composer._begin_planned()
        await settle(pilot)
        assert isinstance(app.screen, RolloutScreen)
    assert len(submitted(journal)) == 1
    assert not refused(journal)


async def test_disarmed_it_asks_to_arm_first_and_then_what_was_asked_for(
    simulated: Simulated, journal: Path
) -> None:
    async with composing(simulated) as (app, pilot):
        await to_image(pilot, "shop/web:1.1")
        await press(pilot, "ctrl+r")
        assert isinstance(app.screen, ArmingScreen)
        await press(pilot, "escape")
        assert isinstance(app.screen, ComposerScreen)
        await press(pilot, "ctrl+r")
        await press(pilot, *WHY, "enter")
        assert app.arming.armed
        assert isinstance(app.screen, ConfirmScreen)
        assert not submitted(journal)
        assert _values(pilot)["reason"] == WHY
        await press(pilot, "y")
        await until(pilot, lambda: submitted(journal))
        (entry,) = submitted(journal)
        assert entry.reason == WHY


def refused(journal: Path) -> list[ActRefused]:
    with Journal(journal, read_only=True) as kept:
        entries = [entry for row in kept.rollouts() for entry in kept.entries(row.rollout)]
    return [entry for entry in entries if isinstance(entry, ActRefused)]


async def test_what_it_can_not_be_armed_for_is_refused_and_kept_in_the_journal(
    simulated: Simulated, journal: Path
) -> None:
    frozen = FreezeSettings(name="the long night", first_day="2000-01-01", last_day="2999-12-31")
    async with composing(simulated, Settings(freezes=(frozen,))) as (app, pilot):
        await to_image(pilot, "shop/web:1.1")
        await press(pilot, "ctrl+r")
        assert isinstance(app.screen, ComposerScreen), "it is not even asked whether to arm"
        await until(pilot, lambda: refused(journal))
    (entry,) = refused(journal)
    assert (entry.act, entry.by.program, entry.refusals[0].rule) == ("run", "console", "disarmed")
    assert "the long night" in entry.refusals[0].text
    assert not submitted(journal)


async def test_outside_of_the_window_it_is_armed_by_an_override_for_what_names_it(
    simulated: Simulated, journal: Path
) -> None:
    frozen = FreezeSettings(name="the long night", first_day="2000-01-01", last_day="2999-12-31")
    async with composing(simulated, Settings(freezes=(frozen,))) as (app, pilot):
        await to_image(pilot, "shop/web:1.1")
        _composer(pilot)._fields.fill({"override": "exploited already"})
        await press(pilot, "ctrl+r")
        assert isinstance(app.screen, ArmingScreen)
        assert "The window is closed. Override: exploited already" in text(app)
        await press(pilot, *WHY, "enter")
        assert app.arming.override == "exploited already"
        assert isinstance(app.screen, ConfirmScreen)
        assert "override of the change window: exploited already" in text(app)
        await press(pilot, "y")
        await until(pilot, lambda: submitted(journal))
        (entry,) = submitted(journal)
        assert entry.reason == f"{WHY}; override: exploited already"
        app.weigh_arming()
        assert app.arming.armed


async def test_disarmed_while_the_question_stands_it_is_refused_and_kept(
    simulated: Simulated, journal: Path
) -> None:
    async with composing(simulated) as (app, pilot):
        await to_image(pilot, "shop/web:1.1")
        app.arm_for(WHY)
        await press(pilot, "ctrl+r")
        app.arming = disarm("disarmed itself: its time was over")
        await press(pilot, "y")
        await until(pilot, lambda: refused(journal))
    assert refused(journal)[0].refusals[0].text == "disarmed itself: its time was over"
    assert not submitted(journal)


async def test_where_policy_wants_it_the_name_is_to_be_typed(simulated: Simulated, journal: Path) -> None:
    settings = Settings(policy=PolicySettings(production=("sim",)))
    async with composing(simulated, settings) as (app, pilot):
        await to_image(pilot, "shop/web:1.1")
        app.arm_for(WHY)
        for typed in (("y", "enter"), ("enter",), (*"shop/api", "enter")):
            await press(pilot, "ctrl+r")
            assert isinstance(app.screen, TypedScreen)
            await press(pilot, *typed)
        assert not submitted(journal)
        await press(pilot, "ctrl+r", *SERVICE, "enter")
        await until(pilot, lambda: submitted(journal))


async def test_what_policy_refuses_names_its_rule_and_is_kept_in_the_journal(
    simulated: Simulated, journal: Path
) -> None:
    settings = Settings(policy=PolicySettings(images=("docker.io/other/*",)))
    async with composing(simulated, settings) as (app, pilot):
        await to_image(pilot, "shop/web:1.1")
        beside = " ".join(" ".join(line[51:-1] for line in lines(app)).replace("✗", "").split())
        assert "image docker.io/shop/web is not among the images that policy allows" in beside
        app.arm_for(WHY)
        await press(pilot, "ctrl+r")
        await until(pilot, lambda: "refused: image:" in told(app))
        assert not submitted(journal)
        with Journal(journal) as kept:
            (row,) = kept.rollouts()
            assert any(isinstance(entry, ActRefused) for entry in kept.entries(row.rollout))


async def test_what_is_begun_with_a_mistake_that_was_typed_just_now_is_not(
    simulated: Simulated, journal: Path
) -> None:
    async with composing(simulated) as (app, pilot):
        await to_image(pilot, "shop/web:1.1")
        app.arm_for(WHY)
        composer = _composer(pilot)
        fields = composer._fields
        # As between the field's own change and the screen being told of it.
        fields._values["pause_after"] = "Ps9C"
        composer._begin_planned()
        composer._begin_planning()
        fields.post_message(Fields.Changed("pause_after"))
        await settle(pilot)
        assert isinstance(app.screen, ComposerScreen)
        assert "There is no plan of this yet" in told(app)
        assert "no plan yet: pause after" in text(app)
    assert not submitted(journal)


async def test_a_preset_fills_the_fields_and_a_mistake_is_told_where_it_is(
    simulated: Simulated, journal: Path
) -> None:
    async with composing(simulated) as (app, pilot):
        await to_image(pilot, "shop/web:1.1")
        _composer(pilot)._fields.fill({"preset": "careful"})
        await planned(pilot)
        assert _values(pilot)["pause_after"] == "canary"
        assert _values(pilot)["bake_s"] == "1m"
        _composer(pilot)._fields.fill({"batch": "200%"})
        await settle(pilot)
        assert "no plan yet: batch: expected a share" in text(app)
        await press(pilot, "ctrl+r")
        assert "There is no plan of this yet" in told(app)
        _composer(pilot)._fields.fill({"batch": "50%"})
        await planned(pilot)


async def test_what_is_typed_ahead_goes_to_the_field_that_it_was_meant_for(
    simulated: Simulated, journal: Path
) -> None:
    async with composing(simulated) as (app, pilot):
        for key in ("ctrl+u", *"shop/web:1.1", "tab", "tab", "down", "ctrl+u", *"2"):
            # As a terminal hands them over that has been waited for: all at once.
            character = key if len(key) == 1 else None
            app.post_message(events.Key(KEY_NAMES.get(key, key), character))
        await planned(pilot)
        values = _values(pilot)
        assert (values["image"], values["canary"]) == ("shop/web:1.1", "2")


async def test_at_80_by_24_fields_and_plan_are_two_pages(simulated: Simulated, journal: Path) -> None:
    async with composing(simulated, size=(80, 24)) as (app, pilot):
        assert "keep image" in text(app)
        assert "Gates" not in text(app)
        assert "3 to be replaced; canary 1, then " in " ".join(lines(app)[-3:-1])
        await press(pilot, "ctrl+o")
        assert "Gates" in text(app)
        assert "to be replaced" in text(app)
        assert "keep image" not in text(app)
        await press(pilot, "ctrl+o")
        assert "keep image" in text(app)
        _composer(pilot)._fields.fill({"image": "shop/web:1.0"})
        await planned(pilot)
        assert "refused: " in lines(app)[-3]
        assert {len(line) for line in lines(app)} == {80}
