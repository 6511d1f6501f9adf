"""Rollouts on the console: what is shown of them, and what the keys ask for."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace
from rich.color import ColorSystem
from textual.pilot import Pilot

from patchdeck.arming import Arming
from patchdeck.model import Actor, Command, PauseKind, Rollout, RolloutPause, Snapshot
from patchdeck.rollout.database import STATE_FOLDER
from patchdeck.rollout.journal import Journal, Order
from patchdeck.rollout.keeping import Back
from patchdeck.rollout.processes import this_process
from patchdeck.settings import Settings
from patchdeck.sources.targets import Target
from tests.ui import rollouts, sample
from tests.ui.app_host import FakeWatch, console, lines, picture, press, screen, settle, show, text, width
from themes.ramps import ASCII
from tui import keymap, orders, rollout_questions
from tui.app import PatchdeckApp
from widgets.rollout_panel import RolloutPanel

ARMED = Arming(until_ns=2**62, reason="change 4711")


def state(*every: Rollout) -> Snapshot:
    return replace(sample.snapshot(), rollouts=every)


def watch(*every: Rollout) -> FakeWatch:
    return FakeWatch(state(*every))


def told(app: PatchdeckApp) -> str:
    """What the console has said in notices."""
    return "\n".join(notice.message for notice in app._notifications)


def row_of(app: PatchdeckApp, word: str) -> str:
    return next(line for line in lines(app) if word in line)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(STATE_FOLDER, str(tmp_path))
    return tmp_path


@pytest.fixture
def journal(folder: Path) -> Iterator[Journal]:
    """With the sample's rollout in it, whose worker is this process."""
    with Journal(folder) as journal:
        first = rollouts.rolling().entries[0]
        journal.open_rollout(first, engine_id="", target=b"{}")  # type: ignore[arg-type]
        journal.claim(first.rollout, this_process())
        yield journal


async def orders_of(journal: Journal, pilot: Pilot[int], count: int = 1) -> list[Order]:
    """What was asked, once there is so much of it."""
    for _ in range(200):
        found = journal.orders("1a2b3c4d")
        if len(found) >= count:
            return found
        await pilot.pause(0.02)
    return journal.orders("1a2b3c4d")


async def until(pilot: Pilot[int], condition: Callable[[], object]) -> None:
    for _ in range(400):
        if condition():
            return
        await pilot.pause(0.02)
    raise AssertionError(text(pilot.app))


# --- shown ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)])
async def test_an_open_rollout_has_its_line_on_the_deck_and_one_that_is_over_has_none(
    size: tuple[int, int],
) -> None:
    async with console(watch(rollouts.rolling(), rollouts.long_over()), size=size) as (app, _):
        row = row_of(app, "▸shop/web  ") if size[0] < 100 else row_of(app, "1.4.2 → 1.4.3")
        assert "▶ rolling 25%" in row
        assert "eta 1m10" in row
        assert "shop/api  " not in text(app).split("Rollout ")[-1]
        assert {width(line) for line in lines(app)} == {size[0]}


async def test_without_an_open_rollout_the_deck_has_no_less_room() -> None:
    async with console(watch(rollouts.long_over())) as (app, _):
        with_past = lines(app)
    async with console(watch()) as (app, _):
        without = lines(app)
    # The axis of time marks where its steps began, and the legend says so.
    changed = [before for before, now in zip(with_past, without, strict=True) if before != now]
    assert len(changed) == 2
    assert all("▲" in line for line in changed)


async def test_one_that_has_just_ended_stays_on_the_deck_for_a_while_and_says_how() -> None:
    async with console(watch(rollouts.committed())) as (app, _):
        row = row_of(app, "✓ committed")
        assert "2 replicas run on 1.4.3" in row
        assert "b roll back" in text(app)


async def test_keys_act_on_the_one_that_is_open_not_on_the_one_that_ended_above_it() -> None:
    source = watch(rollouts.rolling("9f8e7d6c"))
    async with console(source) as (app, pilot):
        assert app.screen.rollout_in_view == "9f8e7d6c"  # type: ignore[attr-defined]
        await show(pilot, source, state(rollouts.committed(), rollouts.holding()))
        assert app.screen.rollout_in_view == "1a2b3c4d"  # type: ignore[attr-defined]


@pytest.mark.parametrize("page", ["1", "2", "3", "4"])
async def test_a_hold_is_seen_on_every_view(page: str) -> None:
    async with console(watch(rollouts.holding()), size=(80, 24)) as (app, pilot):
        await press(pilot, page)
        assert "▲ holding" in lines(app)[0]


async def test_a_hold_rings_once_and_is_told_where_it_is_not_in_view(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rung: list[str] = []
    monkeypatch.setattr(PatchdeckApp, "bell", lambda self: rung.append(screen(self)))
    source = watch(rollouts.rolling())
    async with console(source, notifications=True) as (app, pilot):
        assert not rung
        await press(pilot, "2")
        await show(pilot, source, state(rollouts.holding()))
        assert rung == ["startups"]
        assert "shop/web is holding: ratio holds: 1.12×" in told(app)
        again = state(rollouts.holding(), rollouts.long_over())
        await show(pilot, source, again)
        assert rung == ["startups"]
        await press(pilot, "1")
        await show(pilot, source, state(rollouts.rolling_back()))
        assert rung == ["startups", "deck"]
        assert "rolling back" not in told(app)


async def test_what_began_and_went_wrong_between_two_looks_rings_and_what_was_over_long_ago_does_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rung: list[str] = []
    monkeypatch.setattr(PatchdeckApp, "bell", lambda self: rung.append(screen(self)))
    source = watch()
    async with console(source, notifications=True) as (app, pilot):
        await press(pilot, "2")
        await show(pilot, source, state(rollouts.rolling_back()))
        assert not rung, "it began before the console did"
        began = replace(rollouts.rolling_back("99999999"), began_ns=sample.NOW_NS)
        refused = replace(began, id="88888888", workers=0)
        await show(pilot, source, state(rollouts.rolling_back(), refused))
        assert not rung, "whoever asked for it was told"
        await show(pilot, source, state(rollouts.rolling_back(), began))
        assert rung == ["startups"]
        assert "shop/web is rolling back" in told(app)


async def test_where_the_bell_is_off_nothing_rings(monkeypatch: pytest.MonkeyPatch) -> None:
    rung: list[int] = []
    monkeypatch.setattr(PatchdeckApp, "bell", lambda self: rung.append(1))
    source = watch(rollouts.rolling())
    async with console(source) as (app, pilot):
        app.settings = replace(app.settings, screen=replace(app.settings.screen, bell=False))
        await show(pilot, source, state(rollouts.holding()))
        assert "holding" in text(app)
    assert not rung


async def test_the_versions_say_how_the_rollout_of_a_service_stands() -> None:
    for rollout, word in [
        (rollouts.rolling(), "rolling 25%"),
        (rollouts.holding(), "holding"),
        (rollouts.paused(), "paused"),
        (rollouts.rolling_back(), "rolling back"),
        (rollouts.lost(), "lost"),
    ]:
        async with console(watch(replace(rollout, service="jobs/mailer"))) as (app, _):
            row = row_of(app, "jobs/mailer")
            assert word in row, row


async def test_the_heatmap_marks_where_the_steps_of_a_rollout_began() -> None:
    async with console(watch(rollouts.rolling())) as (app, _):
        axis = row_of(app, "┴23:48")[:82]
        assert axis.rstrip("│")[-2:].count("▲") >= 1, axis
        assert "▲ rollout step" in text(app)
    async with console(watch()) as (app, _):
        assert "▲" not in row_of(app, "┴23:48")[:82]


async def test_what_keys_do_now_is_said_at_the_rollout_and_by_the_keys_of_the_configuration() -> None:
    async with console(watch(rollouts.holding()), keys={"promote_rollout": "P"}) as (app, _):
        row = row_of(app, "Rollout ")
        assert "P promote  space ask again  a abort" in row


async def test_a_lost_worker_is_told_in_words_with_what_to_do() -> None:
    async with console(watch(rollouts.lost())) as (app, _):
        assert "its worker is gone" in text(app)
        assert "space resume" in row_of(app, "Rollout ")


async def test_several_rollouts_stand_one_beneath_the_other_and_the_cursor_says_which_is_meant() -> None:
    other = rollouts.rolling("22222222", rollouts.plan("shop/api"))
    async with console(watch(rollouts.paused(), other), size=(80, 24)) as (app, pilot):
        panel = text(app).split("Rollouts ")[-1]
        assert "shop/web" in panel
        assert "shop/api" in panel
        assert app.screen.rollout_in_view == "1a2b3c4d"  # type: ignore[attr-defined]
        app.screen.query_one(RolloutPanel).focus()
        await press(pilot, "down")
        assert app.screen.rollout_in_view == "22222222"  # type: ignore[attr-defined]


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_the_page_of_a_rollout_shows_steps_units_gates_pace_pressure_and_journal(
    size: tuple[int, int],
) -> None:
    async with console(watch(rollouts.rolling()), size=size) as (app, pilot):
        app.open_rollout("1a2b3c4d")
        await settle(pilot)
        shown = text(app)
        for word in (
            "shop/web on prod-a",
            "rolling 25%",
            "2 of 8 replicas",
            "4.2 at once, 1 starting; pressure binds: CPU waits 24%",
            "ann@bastion from 10.1.2.3 (CVE in the base image)",
            "A arm, then  space pause  a abort",
            "batch 1",
            "shop-web-2",
            "ready",
            "Journal",
        ):
            assert word in shown, word
        await press(pilot, "home")
        assert "gate ratio" in text(app)
        assert "━●━━─" in row_of(app, "gate ratio")


async def test_the_page_that_was_looked_at_last_is_kept_with_its_cursor_and_takes_a_new_theme() -> None:
    one, other = rollouts.rolling(), replace(rollouts.rolling(), id="deadbeef", service="shop/other")
    async with console(watch(one, other)) as (app, pilot):
        app.open_rollout(one.id)
        await settle(pilot)
        page = app.screen
        await press(pilot, "home", "down")
        at = row_of(app, "▸")
        await press(pilot, "escape", "t")
        app.open_rollout(one.id)
        await settle(pilot)
        assert app.screen is page
        assert row_of(app, "▸") == at
        kept = picture(app, ColorSystem.TRUECOLOR)
        app.open_rollout(one.id)  # as upon itself: a page of its own
        await settle(pilot)
        assert app.screen is not page
        await press(pilot, "home", "down")
        assert picture(app, ColorSystem.TRUECOLOR) == kept
        await press(pilot, "escape", "escape")
        app.open_rollout(other.id)
        await settle(pilot)
        assert app.screen is not page
        assert "shop/other" in text(app)
        await press(pilot, "escape")
        assert screen(app) == keymap.DECK


async def test_a_pull_is_drawn_by_layer() -> None:
    async with console(watch(rollouts.pulling())) as (app, pilot):
        app.open_rollout("1a2b3c4d")
        await settle(pilot)
        assert "12 MB of 41 MB" in row_of(app, "0a1b2c3d4e5f")
        assert "900 B of ?" in row_of(app, "ffeeddccbbaa")


async def test_view_4_lists_open_and_past_ones_and_enter_opens_one() -> None:
    async with console(watch(rollouts.committed(), rollouts.needs_person())) as (app, pilot):
        await press(pilot, "4")
        assert screen(app) == keymap.ROLLOUTS
        shown = text(app)
        assert shown.index("needs a person") < shown.index("committed")
        assert "port 8080 was taken by other-1 meanwhile: free it, then resume" in shown
        await press(pilot, "down")
        assert "b roll back" in text(app)
        await press(pilot, "enter")
        assert screen(app) == keymap.ROLLOUT
        assert "shop/api on prod-a" in text(app)
        await press(pilot, "escape")
        assert screen(app) == keymap.ROLLOUTS


async def test_the_filter_keeps_the_rollouts_that_match() -> None:
    async with console(watch(rollouts.committed(), rollouts.rolling())) as (app, pilot):
        await press(pilot, "4", "slash", *"shop/api", "enter")
        assert "Rollouts · 1 of 2" in text(app)
        assert "shop/web" not in text(app)


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_ascii_and_hostile_names_leave_every_frame_whole(size: tuple[int, int]) -> None:
    async with console(watch(rollouts.hostile()), size=size, glyphs=ASCII, theme="ansi") as (app, pilot):
        for page in ("1", "4"):
            await press(pilot, page)
            assert {width(line) for line in lines(app)} == {size[0]}
            assert text(app).replace("\n", "").isascii()
        app.open_rollout("deadbeef")
        await settle(pilot)
        assert text(app).replace("\n", "").isascii()


async def test_nothing_moves_while_a_rollout_goes_on() -> None:
    source = watch(rollouts.rolling())
    async with console(source) as (app, pilot):
        app.open_rollout("1a2b3c4d")
        await settle(pilot)
        before = lines(app)
        source.mailbox.put(state(rollouts.holding()))
        await until(pilot, lambda: "holding" in text(app))
        after = lines(app)
        frames = [index for index, line in enumerate(before) if line.startswith(("┌", "└", "├"))]
        assert frames == [index for index, line in enumerate(after) if line.startswith(("┌", "└", "├"))]


# --- asked ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", ["space", "p", "a", "b"])
async def test_a_console_that_is_not_armed_asks_for_nothing_and_says_so(key: str, journal: Journal) -> None:
    shown = rollouts.holding() if key != "b" else rollouts.committed("1a2b3c4d")
    async with console(watch(shown), notifications=True) as (app, pilot):
        app.arming = Arming()
        if key == "b":
            await press(pilot, "4")
        await press(pilot, key)
        assert "Nothing was done, disarmed" in told(app)
        assert journal.orders("1a2b3c4d") == []
        assert len(app.screen_stack) == 1


async def test_pause_asks_nothing_and_is_submitted_until_the_journal_answers(journal: Journal) -> None:
    source = watch(rollouts.rolling())
    async with console(source, notifications=True) as (app, pilot):
        app.arming = ARMED
        await press(pilot, "space")
        asked = await orders_of(journal, pilot)
        assert [(one.command, one.reason) for one in asked] == [(Command.PAUSE, "change 4711")]
        assert "pause submitted" in text(app)
        await press(pilot, "space")
        assert "submitted already" in told(app)
        assert len(journal.orders("1a2b3c4d")) == 1
        by_other = rollouts.answered(rollouts.rolling(), Command.PAUSE, rollouts.BEN)
        source.mailbox.put(state(by_other))
        await settle(pilot)
        assert app.submitted, "another console's command is no answer to this one's"
        source.mailbox.put(state(rollouts.answered(by_other, Command.PAUSE, asked[0].by)))
        await until(pilot, lambda: not app.submitted)


async def test_what_the_worker_refuses_is_told(journal: Journal) -> None:
    source = watch(rollouts.rolling())
    async with console(source, notifications=True) as (app, pilot):
        app.arming = ARMED
        await press(pilot, "space")
        (asked,) = await orders_of(journal, pilot)
        refused = rollouts.answered(
            rollouts.rolling(), Command.PAUSE, asked.by, accepted=False, answer="it is over"
        )
        source.mailbox.put(state(refused))
        await until(pilot, lambda: "does not pause: it is over" in told(app))


async def test_promote_names_the_evidence_and_does_nothing_unless_told_to(journal: Journal) -> None:
    async with console(watch(rollouts.holding()), size=(80, 24), notifications=True) as (app, pilot):
        app.arming = ARMED
        await press(pilot, "p")
        shown = text(app)
        assert "ratio holds: 1.12× [0.98, 1.31], n 6 new, wants 20" in shown
        assert "Next is batch 2, with 4 replicas." in shown
        await press(pilot, "enter")
        assert "Promote" not in text(app)
        await press(pilot, "p", "x", "space", "escape")
        assert journal.orders("1a2b3c4d") == []
        await press(pilot, "p", "y")
        assert [one.command for one in await orders_of(journal, pilot)] == [Command.PROMOTE]


def question(rollout: Rollout) -> list[str]:
    return [line for line, _ in rollout_questions.promote(rollout, ASCII).lines]


def test_promote_names_every_pause_that_ends_with_it() -> None:
    held = rollouts.holding()
    assert not any("pause" in line for line in question(held))
    strategy = replace(held.plan.strategy, pause_after=("batch",))
    both = replace(held, plan=replace(held.plan, strategy=strategy))
    assert "The pause after batch 1 is answered with it: it goes on at once." in question(both)
    pauses = tuple(RolloutPause(kind=kind, since_ns=0) for kind in (PauseKind.STEP, PauseKind.ASKED))
    paused = question(replace(both, step=2, gates=(), pauses=pauses))
    assert paused[:2] == [
        "It is paused after batch 1, as the plan says.",
        "It is paused by a person, which ends with it too.",
    ]


async def test_abort_names_what_is_undone(journal: Journal) -> None:
    async with console(watch(rollouts.holding()), notifications=True) as (app, pilot):
        app.arming = ARMED
        await press(pilot, "a")
        assert "4 of 8 replicas go back to 1.4.2: shop-web-1, shop-web-2, shop-web-3, shop-web-4" in text(app)
        await press(pilot, "y")
        assert [one.command for one in await orders_of(journal, pilot)] == [Command.ABORT]


async def test_a_question_that_was_overtaken_is_answered_with_nothing(journal: Journal) -> None:
    source = watch(rollouts.holding())
    async with console(source, notifications=True) as (app, pilot):
        app.arming = ARMED
        await press(pilot, "p")
        source.mailbox.put(state(rollouts.rolling()))
        await until(pilot, lambda: app.snapshot == state(rollouts.rolling()))
        await press(pilot, "y")
        assert "Nothing was done: shop/web is rolling 25% meanwhile" in told(app)
        assert journal.orders("1a2b3c4d") == []


async def test_disarmed_while_the_question_stands_nothing_is_asked(journal: Journal) -> None:
    async with console(watch(rollouts.holding()), notifications=True) as (app, pilot):
        app.arming = ARMED
        await press(pilot, "a")
        app.arming = Arming(why="disarmed itself: its time was over")
        await press(pilot, "y")
        assert "its time was over" in told(app)
        assert journal.orders("1a2b3c4d") == []


async def test_a_journal_that_cannot_be_written_is_told_and_nothing_stays_submitted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv(STATE_FOLDER, str(tmp_path / "file"))
    async with console(watch(rollouts.rolling()), notifications=True) as (app, pilot):
        app.arming = ARMED
        await press(pilot, "space")
        await until(pilot, lambda: "nothing was asked for" in told(app))
        assert app.submitted == {}


async def test_a_disk_that_hangs_stops_neither_the_keys_nor_leaving(monkeypatch: pytest.MonkeyPatch) -> None:
    hangs = threading.Event()

    def stalled(*_: object) -> None:
        hangs.wait(30)

    monkeypatch.setattr(orders, "ask", stalled)
    try:
        async with console(watch(rollouts.rolling()), notifications=True) as (app, pilot):
            app.arming = ARMED
            await press(pilot, "space", "4")
            assert screen(app) == keymap.ROLLOUTS
            assert "pause submitted" in text(app)
            began = time.monotonic()
            await pilot.press("q", "y")
        assert time.monotonic() - began < 20
    finally:
        hangs.set()


async def test_rolling_back_shows_the_plan_first_and_what_refuses_it(monkeypatch: pytest.MonkeyPatch) -> None:
    back = rollouts.plan("shop/api", (1, 1))
    gone: list[str] = []

    def planned(rollout: str, reason: str, settings: Settings) -> orders.WayBack:
        return orders.WayBack(
            of=rollout, plan=back, back=Back(of=rollout, made={}),
            target=Target(name="prod-a", host="unix:///nowhere", chosen="test"), refusals=(),
        )  # fmt: skip

    def go(way: orders.WayBack, by: Actor, reason: str, settings: Settings) -> str:
        gone.append(way.of)
        return "abcd0001"

    monkeypatch.setattr(orders, "plan_way_back", planned)
    monkeypatch.setattr(orders, "go_back", go)
    source = watch(rollouts.committed())
    async with console(source, notifications=True) as (app, pilot):
        app.arming = ARMED
        await press(pilot, "4", "b")
        await until(pilot, lambda: "Steps: canary 1, then 1; 2 start-first" in text(app))
        await press(pilot, "enter")
        assert not gone
        await show(pilot, source, state(rollouts.committed()))  # a watch that says nothing disarms
        app.arming = ARMED
        await press(pilot, "b")
        await until(pilot, lambda: "Steps:" in text(app))
        await press(pilot, "y")
        await until(pilot, lambda: gone)
        assert gone == ["9f8e7d6c"]
        await until(pilot, lambda: "roll back submitted: the journal has not answered yet" in text(app))
        await press(pilot, "b")
        assert gone == ["9f8e7d6c"], "once is enough"
        undoing = rollouts.rolling("abcd0001")
        await show(pilot, source, state(rollouts.committed(), undoing))
        assert screen(app) == keymap.ROLLOUT
        assert "rollout abcd0001" in text(app)


async def test_leaving_says_which_rollouts_go_on() -> None:
    async with console(watch(rollouts.rolling(), rollouts.lost("22222222")), notifications=True) as (
        app,
        pilot,
    ):
        await press(pilot, "q")
        shown = text(app)
        assert "shop/web 1.4.2 → 1.4.3 (rolling 25%) goes on without this console: rollout 1a2b3c4d" in shown
        assert "has no worker and stays as it is: rollout 22222222" in shown
        await press(pilot, "enter")
        assert app.is_running
        assert screen(app) == keymap.DECK


async def test_leaving_with_nothing_open_asks_nothing() -> None:
    async with console(watch(rollouts.committed()), notifications=True) as (app, pilot):
        await pilot.press("q")
        await pilot.pause(0.1)
        assert app.return_value == 0
