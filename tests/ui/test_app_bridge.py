"""The watch never waits for the screen, and the screen shows the newest state once it moves again."""

import asyncio
import time
from threading import Thread

from msgspec.structs import replace
from textual._context import active_app

from patchdeck.mailbox import Mailbox
from patchdeck.model import Snapshot
from tests.ui.app_host import FakeWatch, console, settle, show, text
from tests.ui.sample import snapshot
from tui.bridge import Bridge


async def test_the_newest_snapshot_wins_after_a_stall() -> None:
    watch = FakeWatch()
    received: list[int] = []
    bridge = Bridge(watch, lambda arrived: received.append(arrived.at_ns))
    bridge.open()
    took: list[float] = []

    def put() -> None:
        for number in range(1, 2_001):
            began = time.perf_counter()
            watch.mailbox.put(Snapshot(at_ns=number))
            took.append(time.perf_counter() - began)

    writer = Thread(target=put)
    writer.start()
    # The loop stands still, as it does when the terminal does not read.
    writer.join()
    await asyncio.sleep(0.05)
    assert received == [2_000]
    assert sum(took) < 1.0
    watch.mailbox.put(Snapshot(at_ns=3_000))
    await asyncio.sleep(0.05)
    assert received == [2_000, 3_000]


async def test_a_screen_that_draws_slowly_takes_less_often_and_still_the_newest() -> None:
    watch = FakeWatch()
    received: list[int] = []
    bridge = Bridge(watch, lambda arrived: received.append(arrived.at_ns))
    bridge.open()
    bridge.rest(0.2)
    for number in range(1, 6):
        watch.mailbox.put(Snapshot(at_ns=number))
        await asyncio.sleep(0)
    assert not received
    await asyncio.sleep(0.4)
    assert received == [5]


def test_a_screen_that_is_gone_does_not_harm_the_watch() -> None:
    watch = FakeWatch()

    async def opened() -> None:
        Bridge(watch, lambda _: None).open()

    asyncio.run(opened())
    watch.mailbox.put(Snapshot(at_ns=1))
    watch.mailbox.take()
    watch.mailbox.put(Snapshot(at_ns=2))


async def test_nothing_arrives_after_closing() -> None:
    mailbox: Mailbox[Snapshot] = Mailbox()
    watch = FakeWatch()
    watch.mailbox = mailbox
    received: list[Snapshot] = []
    bridge = Bridge(watch, received.append)
    bridge.open()
    bridge.close()
    mailbox.put(Snapshot())
    await asyncio.sleep(0.05)
    assert not received


async def test_a_snapshot_that_changes_nothing_repaints_nothing() -> None:
    watch = FakeWatch(snapshot())
    async with console(watch, size=(200, 60)) as (app, pilot):
        await show(pilot, watch, snapshot())
        painted: list[object] = []
        for widget in app.screen.walk_children():
            original = widget.refresh

            def counted(
                *regions: object, _of: object = widget, _refresh: object = original, **rest: object
            ) -> object:
                painted.append(_of)
                return _refresh(*regions, **rest)  # type: ignore[operator]

            widget.refresh = counted  # type: ignore[method-assign,assignment]
        await show(pilot, watch, snapshot())
        assert not painted
        await show(pilot, watch, replace(snapshot(), services=()))
        assert {type(widget).__name__ for widget in painted} == {"VersionTable"}


async def test_the_watch_is_made_after_the_first_frame() -> None:
    made: list[str] = []

    class Late(FakeWatch):
        def start(self) -> None:
            made.append(text(active_app.get()))

    watch = Late()
    async with console(watch) as (_, pilot):
        await settle(pilot)
    assert "Startup latency" in made[0]
