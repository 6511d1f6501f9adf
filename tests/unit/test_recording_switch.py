"""A recording that is begun while the watch goes on: complete, in order, and without secrets."""

from __future__ import annotations

import asyncio
import concurrent.futures
import gzip
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, TypeVar

import pytest

from patchdeck.model import AnyObservation, Health, Mark, Probe
from patchdeck.recording.reader import Recording
from patchdeck.recording.recorder import RecorderState
from patchdeck.recording.switch import Switch
from patchdeck.recording.values import LandmarkKind, RecordingError
from patchdeck.settings import Settings
from patchdeck.sources.errors import NotWatching
from patchdeck.watch import Watch
from tests.unit.recorded import digest
from tests.unit.stories import OLD, EngineStory, fold, in_time, ns

T = TypeVar("T")

CANARY = "tweet-tweet"


class OnThisLoop:
    """Has things done with a watch that is not running: what it is told, it applies."""

    def __init__(self, switch: Switch) -> None:
        self.watch = Watch(Settings(), (), on_observation=switch.note)
        switch.watching = self

    def tell(self, observations: list[AnyObservation]) -> None:
        for observation in observations:
            self.watch._emit(observation)

    def ask(self, work: Callable[[Watch], Coroutine[Any, Any, T]]) -> concurrent.futures.Future[T]:
        return asyncio.run_coroutine_threadsafe(work(self.watch), asyncio.get_running_loop())


def busy() -> list[AnyObservation]:
    engine = EngineStory(OLD)
    for number in range(20):
        container = engine.container(f"web-{number}")
        container.run(number * 2.0)
        if number % 5 == 4:
            container.die(number * 2.0 + 1, 3)
    for second in range(60):
        engine.tick(second)
    return in_time(engine.observations)


async def test_what_is_begun_late_begins_with_what_is_known_and_misses_nothing_that_comes_meanwhile(
    tmp_path: Path,
) -> None:
    switch = Switch(Settings(), ("e",))
    told = OnThisLoop(switch)
    story = busy()
    third = len(story) // 3
    told.tell(story[:third])
    begun = asyncio.wrap_future(switch.begin_late(tmp_path / "late.pdrec"))
    for observation in story[third : 2 * third]:
        told.tell([observation])
        await asyncio.sleep(0)
    await begun
    told.tell(story[2 * third :])
    status = await asyncio.to_thread(switch.end)
    assert status is not None
    assert status.state is RecorderState.ENDED
    assert switch.status is None
    with Recording.open(tmp_path / "late.pdrec") as recording:
        first, _ = recording.fleet_at(0)
        assert first.snapshot().containers
        last, _ = recording.fleet_at(recording.ended_ns)
        assert digest(last.snapshot()) == digest(fold(story))


async def test_a_second_recording_is_refused_while_one_is_on(tmp_path: Path) -> None:
    switch = Switch(Settings(), ("e",))
    OnThisLoop(switch)
    switch.begin(tmp_path / "one.pdrec")
    with pytest.raises(RecordingError, match="end it first"):
        await asyncio.wrap_future(switch.begin_late(tmp_path / "two.pdrec"))
    await asyncio.to_thread(switch.end)
    await asyncio.wrap_future(switch.begin_late(tmp_path / "two.pdrec"))
    await asyncio.to_thread(switch.end)
    for name in ("one.pdrec", "two.pdrec"):
        with Recording.open(tmp_path / name) as recording:
            assert not recording.cut_short


async def test_a_file_that_can_not_be_made_is_told_and_the_watch_goes_on(tmp_path: Path) -> None:
    switch = Switch(Settings(), ("e",))
    told = OnThisLoop(switch)
    with pytest.raises(RecordingError, match="no folder"):
        await asyncio.wrap_future(switch.begin_late(tmp_path / "none" / "a.pdrec"))
    assert switch.status is None
    told.tell(busy())
    async with told.watch.standing_still() as fleet:
        assert digest(fleet.snapshot()) == digest(fold(busy()))


async def test_a_mark_is_in_the_state_and_in_the_recording(tmp_path: Path) -> None:
    switch = Switch(Settings(), ("e",))
    told = OnThisLoop(switch)
    switch.begin(tmp_path / "a.pdrec")
    told.tell(busy())
    await asyncio.wrap_future(switch.mark("before the patch", at_ns=ns(30), by="ops"))
    async with told.watch.standing_still() as fleet:
        assert fleet.snapshot().marks == (Mark(at_ns=ns(30), name="before the patch", by="ops"),)
    await asyncio.to_thread(switch.end)
    with Recording.open(tmp_path / "a.pdrec") as recording:
        assert [one.name for one in recording.landmarks if one.kind is LandmarkKind.MARK] == [
            "before the patch"
        ]


async def test_without_a_watch_nothing_can_be_begun_or_marked(tmp_path: Path) -> None:
    switch = Switch(Settings(), ("e",))
    for future in (switch.begin_late(tmp_path / "a.pdrec"), switch.mark("now", at_ns=1, by="")):
        with pytest.raises(NotWatching):
            await asyncio.wrap_future(future)


async def test_secrets_that_are_known_already_do_not_get_in(tmp_path: Path) -> None:
    engine = EngineStory(OLD)
    container = engine.container(
        "web-1", labels={"db-password": CANARY, "url": f"https://me:{CANARY}@example.test/"}
    )
    container.run(1)
    refused = engine.container("web-2")
    refused.create(2.9)
    refused.refuse(3, error=f'exec: "serve --token {CANARY}": no such file')
    probe = Probe(began_ns=engine.at(4), ended_ns=engine.at(5), exit_code=1, output=CANARY)
    container.become(health=Health(status="starting", probes=(probe,)))
    container.inspect(6)
    engine.tick(3600)
    switch = Switch(Settings(), ("e",))
    told = OnThisLoop(switch)
    told.tell(in_time(engine.observations))
    async with told.watch.standing_still() as fleet:
        fleet.snapshot()
        (files,) = [one.files for one in fleet.state().engines]
        assert [CANARY in str(one.startups) for one in files.timelines] == [False, True]
        assert CANARY in str(fleet.state())
    path = tmp_path / "late.pdrec"
    await asyncio.wrap_future(switch.begin_late(path))
    await asyncio.to_thread(switch.end)
    text = gzip.decompress(path.read_bytes()).decode()
    assert "web-1" in text
    assert CANARY not in text
