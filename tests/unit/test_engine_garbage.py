"""What an engine says that is not what the API defines: counted and told, and never the end of the watch."""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path
from typing import TypeVar

import pytest

from patchdeck.model import (
    AnyObservation,
    ContainerEvent,
    ContainerInspected,
    ContainersListed,
    ContainerVanished,
    GapSeen,
    SourceChanged,
    SourceState,
)
from patchdeck.settings import EngineSettings, Settings, WatchSettings
from patchdeck.sources.engine import session
from patchdeck.sources.engine.source import EngineSource
from patchdeck.sources.targets import choose
from tests.unit.fake_engine import EventScript, FakeEngine, Reply, event, inspect_of, running, until

Kind = TypeVar("Kind")
SETTINGS = Settings(watch=WatchSettings(sample_s=0.2, inspects_at_once=4))


class Watched:
    """A source of a scripted engine, and what it has emitted."""

    def __init__(self, engine: FakeEngine) -> None:
        self.seen: list[AnyObservation] = []
        (target,) = choose([EngineSettings(host=engine.host, name="fake")], {}, Path("/nonexistent"))
        self.source = EngineSource(target, SETTINGS, self.seen.append)

    def of(self, kind: type[Kind]) -> list[Kind]:
        return [one for one in self.seen if isinstance(one, kind)]

    @property
    def state(self) -> SourceState | None:
        changes = self.of(SourceChanged)
        return changes[-1].state if changes else None


def writes(*parts: bytes, then_end: bool = False) -> EventScript:
    async def script(writer: asyncio.StreamWriter) -> None:
        for part in parts:
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(0.01)
        if not then_end:
            await asyncio.Event().wait()

    return script


GARBAGE = {
    "no JSON": b"}{ nonsense\n",
    "not an object": b"[1, 2]\n",
    "a wrong type": b'{"Type":"container","Action":7,"Actor":{"ID":"x"},"timeNano":1}\n',
    "attributes of a wrong type": b'{"Type":"image","Action":"tag","Actor":{"ID":"x","Attributes":[]},"timeNano":1}\n',
    "an attribute of a wrong type": (
        b'{"Type":"container","Action":"start","Actor":{"ID":"x","Attributes":{"name":{}}},"timeNano":1}\n'
    ),
    "no time": b'{"Type":"container","Action":"start","Actor":{"ID":"x"}}\n',
    "a time out of range": b'{"Type":"image","Action":"tag","Actor":{"ID":"x"},"timeNano":99999999999999999999}\n',
    "a time of zero": b'{"Type":"container","Action":"start","Actor":{"ID":"x"},"timeNano":0}\n',
    "no container": b'{"Type":"container","Action":"start","Actor":{},"timeNano":5}\n',
    "a network without a container": b'{"Type":"network","Action":"connect","Actor":{"ID":"n"},"timeNano":5}\n',
    "invalid UTF-8": b'{"Type":"container","Action":"start","Actor":{"ID":"\xff"},"timeNano":5}\n',
    "deep nesting": b"[" * 100_000 + b"\n",
    "a line without an end": b"x" * ((1 << 20) + 70_000) + b"\n",
}


@pytest.mark.parametrize("garbage", GARBAGE.values(), ids=GARBAGE.keys())
async def test_an_event_that_can_not_be_read_is_a_gap_and_the_next_one_counts(
    tmp_path: Path, garbage: bytes
) -> None:
    now = time.time_ns()
    async with FakeEngine(tmp_path) as engine:
        engine.events = writes(event("start", "a", now), garbage, event("start", "b", now + 1))
        watched = Watched(engine)
        async with running(watched.source.run()):
            assert await until(lambda: len(watched.of(ContainerEvent)) == 2)
            assert await until(lambda: watched.of(GapSeen))
            assert watched.state is SourceState.LIVE
            assert watched.of(SourceChanged)[-1].detail
            # What was lost may have been anything, so everything is listed anew.
            assert await until(lambda: len(watched.of(ContainersListed)) == 2)
            assert len(engine.subscriptions) == 1


async def test_a_flood_of_garbage_is_counted_and_told_once(tmp_path: Path) -> None:
    async with FakeEngine(tmp_path) as engine:
        engine.events = writes(b"{}\n" * 5_000)
        watched = Watched(engine)
        async with running(watched.source.run()):
            assert await until(lambda: watched.of(GapSeen))
            await asyncio.sleep(0.3)
            (gap,) = watched.of(GapSeen)
            assert "more)" in gap.reason


async def test_events_come_in_halves_and_a_byte_at_a_time(tmp_path: Path) -> None:
    now = time.time_ns()
    line = event("create", "a", now, **{"com.docker.compose.project": "shop"})
    async with FakeEngine(tmp_path) as engine:
        engine.events = writes(*(line[at : at + 7] for at in range(0, len(line), 7)))
        watched = Watched(engine)
        async with running(watched.source.run()):
            assert await until(lambda: watched.of(ContainerEvent))
            (created,) = watched.of(ContainerEvent)
            assert (created.at_ns, created.labels) == (now, {"com.docker.compose.project": "shop"})


async def test_after_a_loss_it_reads_on_with_an_overlap_and_counts_nothing_twice(tmp_path: Path) -> None:
    now = time.time_ns()
    first, second = event("start", "a", now), event("die", "a", now + 1)
    async with FakeEngine(tmp_path) as engine:
        engine.events = writes(first, then_end=True)
        watched = Watched(engine)
        async with running(watched.source.run()):
            assert await until(lambda: watched.state is SourceState.LOST)
            engine.events = writes(first, second)
            assert await until(lambda: watched.state is SourceState.LIVE)
            assert await until(lambda: len(watched.of(ContainerEvent)) == 2)
            assert [one.action for one in watched.of(ContainerEvent)] == ["start", "die"]
            (gap,) = watched.of(GapSeen)
            assert now <= gap.began_ns <= gap.ended_ns
            overlap = now - session.OVERLAP_NS
            assert f"since={overlap // 10**9}.{overlap % 10**9:09d}" in engine.subscriptions[-1]


async def test_an_event_from_the_future_does_not_move_where_it_reads_on(tmp_path: Path) -> None:
    now = time.time_ns()
    async with FakeEngine(tmp_path) as engine:
        engine.events = writes(event("start", "a", now + 10**18), then_end=True)
        watched = Watched(engine)
        async with running(watched.source.run()):
            assert await until(lambda: len(engine.subscriptions) > 1)
            since = float(engine.subscriptions[-1].split("since=")[1].split("&")[0])
            assert since < time.time()


async def test_an_engine_that_comes_and_goes_is_lost_with_advice_and_found_again(tmp_path: Path) -> None:
    engine = FakeEngine(tmp_path)
    watched = Watched(engine)
    async with running(watched.source.run()):
        assert await until(lambda: watched.state is SourceState.LOST)
        assert "there is no" in watched.of(SourceChanged)[-1].detail
        async with engine:
            assert await until(lambda: watched.state is SourceState.LIVE)
            assert not watched.of(GapSeen)  # nothing was known before
            await engine.stop()
            assert await until(lambda: watched.state is SourceState.LOST)


async def test_an_inspect_that_is_garbage_is_told_and_does_not_end_the_watch(tmp_path: Path) -> None:
    now = time.time_ns()
    async with FakeEngine(tmp_path) as engine:
        engine.replies |= {
            "containers/json": json.dumps([{"Id": "bad"}, {"Id": "good"}, {"Id": "gone"}]).encode(),
            "containers/bad/json": inspect_of("bad", State={"Status": 7}),
            "containers/good/json": inspect_of("good"),
        }
        engine.events = writes(event("start", "good", now))
        watched = Watched(engine)
        async with running(watched.source.run()):
            assert await until(lambda: watched.of(ContainerInspected) and watched.of(ContainerVanished))
            assert {one.container.container_id for one in watched.of(ContainerInspected)} == {"good"}
            assert {one.container_id for one in watched.of(ContainerVanished)} == {"gone"}
            assert await until(
                lambda: any("bad can not be read" in gap.reason for gap in watched.of(GapSeen))
            )


async def test_blocked_inspects_do_not_stop_events(tmp_path: Path) -> None:
    """As on engines up to 26, where an inspect waits for the container's lock while it is being started."""
    now = time.time_ns()
    released = asyncio.Event()

    async def blocked() -> Reply:
        await released.wait()
        return inspect_of("a")

    ids = [f"c{number}" for number in range(200)]
    async with FakeEngine(tmp_path) as engine:
        engine.replies |= {f"containers/{one}/json": blocked for one in ids}
        engine.events = writes(*(event("start", one, now + number) for number, one in enumerate(ids)))
        watched = Watched(engine)
        async with running(watched.source.run()):
            assert await until(lambda: len(watched.of(ContainerEvent)) == 200, 10)
            assert not watched.of(ContainerInspected)
            assert engine.most_at_once <= SETTINGS.watch.inspects_at_once + 2
            released.set()
            assert await until(lambda: len(watched.of(ContainerInspected)) == 200)
            assert engine.most_at_once <= SETTINGS.watch.inspects_at_once + 2
