"""Views that nobody has looked at yet are made while there is nothing to do."""

from __future__ import annotations

import asyncio

import pytest

from tests.ui import sample
from tests.ui.app_host import FakeWatch, console, press, settle, text
from tui import ahead, keymap
from tui.app import PatchdeckApp

VIEWS = {keymap.STARTUPS, keymap.CONTENTION, keymap.ROLLOUTS}


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ahead, "CALM_S", 0.0)
    monkeypatch.setattr(ahead, "BETWEEN_S", 0.05)


def made(app: PatchdeckApp) -> set[str]:
    return {name for name in VIEWS if app._screen_stacks.get(name)}


async def all_made(app: PatchdeckApp) -> None:
    (worker,) = [worker for worker in app.workers if worker.group == "ahead"]
    await asyncio.wait_for(worker.wait(), 20)
    assert made(app) == VIEWS


async def test_they_are_made_behind_the_deck_and_styled_once(monkeypatch: pytest.MonkeyPatch) -> None:
    async with console(FakeWatch(sample.snapshot())) as (app, pilot):
        await all_made(app)
        await settle(pilot)
        assert "Versions in flight" in text(app)
        styled = list[bool]()
        monkeypatch.setattr(app, "refresh_css", lambda **_: styled.append(True))
        await press(pilot, "2")
        assert "Why it took that long" in text(app)
        await press(pilot, "3")
        assert "Knee" in text(app)
        await press(pilot, "1")
        assert "Versions in flight" in text(app)
        assert not styled


async def test_without_a_state_to_show_none_is() -> None:
    async with console(FakeWatch(None)) as (app, _):
        await asyncio.sleep(0.3)
        assert made(app) == set()


@pytest.mark.parametrize("after_s", [0.0, 0.02, 0.06, 0.1, 0.2])
async def test_leaving_while_they_are_made_leaves(after_s: float) -> None:
    async with console(FakeWatch(sample.snapshot())) as (app, pilot):
        await asyncio.sleep(after_s)
        await pilot.press("q")
    assert app.return_code in (None, 0)
