"""What a console refuses is kept in the journal, and a journal that it can not use is told with what to do."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace
from textual.pilot import Pilot

from patchdeck.arming import Arming
from patchdeck.model import ActRefused, Rollout
from patchdeck.rollout.audit import audit_events
from patchdeck.rollout.database import STATE_FOLDER
from patchdeck.rollout.journal import Journal
from tests.ui import rollouts, sample
from tests.ui.app_host import FakeWatch, console, lines, press, show, text
from tui import refused_acts
from tui.app import PatchdeckApp

ID = "1a2b3c4d"
ARMED = Arming(until_ns=2**62, reason="change 4711")
TROUBLE = "the journal /state/journal.db: file is not a database. Look at that file."


@pytest.fixture
def journal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Journal]:
    """With the sample's rollout in it."""
    monkeypatch.setenv(STATE_FOLDER, str(tmp_path))
    with Journal(tmp_path) as journal:
        first = rollouts.rolling().entries[0]
        journal.open_rollout(first, engine_id="", target=b"{}")  # type: ignore[arg-type]
        yield journal


def watch(rollout: Rollout) -> FakeWatch:
    return FakeWatch(replace(sample.snapshot(), rollouts=(rollout,)))


def told(app: PatchdeckApp) -> str:
    return "\n".join(notice.message for notice in app._notifications)


async def refused(journal: Journal, pilot: Pilot[int]) -> list[ActRefused]:
    """All there are, once there is one and nothing more comes."""
    found: list[ActRefused] = []
    for _ in range(200):
        before, found = found, [one for one in journal.entries(ID) if isinstance(one, ActRefused)]
        if found and found == before:
            break
        await pilot.pause(0.05)
    return found


@pytest.mark.parametrize(
    ("key", "act", "rollout"),
    [
        ("space", "pause", rollouts.rolling(ID)),
        ("space", "resume", rollouts.lost(ID)),
        ("p", "promote", rollouts.holding(ID)),
        ("a", "abort", rollouts.holding(ID)),
        ("b", "rollback", rollouts.committed(ID)),
    ],
)
async def test_what_a_disarmed_console_is_asked_for_is_in_the_journal_and_in_the_audit_trail(
    key: str, act: str, rollout: Rollout, journal: Journal
) -> None:
    async with console(watch(rollout), notifications=True) as (app, pilot):
        app.arming = Arming(why="disarmed itself: its time was over")
        await press(pilot, "4", key)
        assert "Nothing was done, disarmed itself: its time was over" in told(app)
        (entry,) = await refused(journal, pilot)
    assert (entry.act, entry.by.program) == (act, "console")
    (event,) = [one for one in audit_events(journal.entries(ID)) if one["event"]["outcome"] == "failure"]
    assert event["event"]["action"] == f"rollout-{act}"
    assert event["rule"] == {"name": ["disarmed"]}
    assert "its time was over" in event["message"]
    assert not journal.orders(ID)


async def test_a_key_that_is_held_down_is_one_act(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refused_acts, "HELD_S", 60.0)
    async with console(watch(rollouts.holding(ID)), notifications=True) as (_, pilot):
        await press(pilot, *["p"] * 10, "a")
        assert [entry.act for entry in await refused(journal, pilot)] == ["promote", "abort"]


async def test_disarmed_while_the_question_stands_it_is_refused_and_kept(journal: Journal) -> None:
    async with console(watch(rollouts.holding(ID)), notifications=True) as (app, pilot):
        app.arming = ARMED
        await press(pilot, "a")
        app.arming = Arming(why="disarmed by its key")
        await press(pilot, "y")
        (entry,) = await refused(journal, pilot)
    assert (entry.act, entry.refusals[0].text) == ("abort", "disarmed by its key")


async def test_a_question_that_is_answered_with_no_is_no_refused_act(journal: Journal) -> None:
    async with console(watch(rollouts.holding(ID)), notifications=True) as (app, pilot):
        app.arming = ARMED
        await press(pilot, "a", "escape")
        app.arming = Arming()
        await press(pilot, "p")
        assert [entry.act for entry in await refused(journal, pilot)] == ["promote"]


async def test_what_can_not_be_kept_in_the_journal_is_refused_all_the_same_and_both_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv(STATE_FOLDER, str(tmp_path / "file"))
    async with console(watch(rollouts.holding(ID)), notifications=True) as (app, pilot):
        await press(pilot, "p")
        for _ in range(200):
            if "not in the journal" in told(app):
                break
            await pilot.pause(0.02)
        assert "Nothing was done, disarmed" in told(app)
        assert "That it was refused is not in the journal: the journal" in told(app)


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_a_journal_that_can_not_be_read_is_told_on_every_screen_with_what_to_do(
    size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    monkeypatch.setattr(PatchdeckApp, "_tell", lambda _, text, *, severe: said.append(text))
    troubled = replace(sample.snapshot(), engines=sample.snapshot().engines[:1], journal_trouble=TROUBLE)
    source = FakeWatch(troubled)
    async with console(source, size=size) as (app, pilot):
        for key in "1234":
            await press(pilot, key)
            assert "the journal /state" in lines(app)[0]
        assert "no rollouts yet" not in text(app)
        assert "file is not a database" in text(app)
        await show(pilot, source, replace(troubled, at_ns=troubled.at_ns + 1))
        await show(pilot, source, replace(troubled, journal_trouble=""))
        assert "the journal" not in lines(app)[0]
        assert "no rollouts yet" in text(app)
    assert said == [f"Rollouts can not be seen. T{TROUBLE[1:]}"], "told once"
