"""Without an engine: what was tried, why each failed, what to do; and back to the deck when one appears."""

from msgspec.structs import replace

from patchdeck.model import Engine, Snapshot, SourceState
from patchdeck.sources.attempts import Attempt, Outcome
from tests.ui import sample
from tests.ui.app_host import FakeWatch, console, lines, press, screen, settle, text
from tui import keymap

LOST = Snapshot(
    at_ns=sample.NOW_NS,
    engines=(Engine(name="docker", state=SourceState.LOST, detail="no such socket", since_ns=sample.NOW_NS),),
)
ATTEMPTS = (
    Attempt(
        host="unix:///var/run/docker.sock",
        chosen="default socket",
        outcome=Outcome.DENIED,
        detail="the socket belongs to root:docker",
        advice="Add yourself to the group docker, or use DOCKER_HOST.",
    ),
    Attempt(
        host="unix:///run/user/1000/docker.sock",
        chosen="default socket",
        outcome=Outcome.MISSING,
        detail="there is no such file \x1b[31m",
        advice="Start rootless Docker.",
    ),
)


async def test_the_page_tells_what_was_tried_why_it_failed_and_what_to_do() -> None:
    watch = FakeWatch(LOST, ATTEMPTS)
    async with console(watch, size=(80, 24)) as (app, pilot):
        assert screen(app) == keymap.SEARCHING
        drawn = text(app)
        for attempt in ATTEMPTS:
            assert attempt.host in drawn
            assert attempt.outcome.value in drawn
            assert attempt.advice in drawn
        assert "every 5 s" in drawn
        assert "\x1b" not in drawn
        before = watch.examined
        await press(pilot, "n")
        assert watch.examined == before + 1


async def test_the_deck_comes_back_by_itself() -> None:
    watch = FakeWatch(LOST, ATTEMPTS)
    async with console(watch) as (app, pilot):
        assert screen(app) == keymap.SEARCHING
        watch.mailbox.put(replace(LOST, engines=(replace(LOST.engines[0], state=SourceState.CONNECTING),)))
        await settle(pilot)
        assert screen(app) == keymap.SEARCHING
        watch.mailbox.put(sample.snapshot())
        await settle(pilot)
        assert screen(app) == keymap.DECK
        assert "shop/web" in text(app)


async def test_an_engine_that_is_lost_later_leaves_its_data_grey_with_their_age() -> None:
    watch = FakeWatch(sample.snapshot())
    async with console(watch, size=(160, 50)) as (app, pilot):
        state = sample.snapshot()
        gone = tuple(
            replace(engine, state=SourceState.LOST, detail="the engine closed the connection" + " x" * 100)
            for engine in state.engines
        )
        watch.mailbox.put(replace(state, engines=gone, at_ns=state.at_ns + 30 * sample.SECOND))
        await settle(pilot)
        assert screen(app) == keymap.DECK
        assert "✗ prod-a lost 30s" in lines(app)[0]
        assert "the engine closed the connection" in lines(app)[0]
        assert "shop/web" in text(app)
