"""Inspects are bounded, coalesced and repeated; lines are bounded, and what is lost is counted."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator

import pytest

from patchdeck.sources.engine import inspector as inspector_module
from patchdeck.sources.engine.connection import Refused
from patchdeck.sources.engine.inspector import Inspector, Urgency
from patchdeck.sources.engine.reader import Lines, Repetitions, StreamEnded, read_lines
from tests.unit.fake_engine import running, until


class Looks:
    """Looks that take as long as a test says, counted."""

    def __init__(self, *, at_once: int = 2) -> None:
        self.done: list[str] = []
        self.begun: Counter[str] = Counter()
        self.at_once = self.most_at_once = 0
        self.release = asyncio.Event()
        self.release.set()
        self.errors: dict[str, list[BaseException]] = {}
        self.gone: list[str] = []
        self.told: list[str] = []
        self.inspector = Inspector(self.look, at_once=at_once, gone=self.gone.append, tell=self.told.append)

    async def look(self, thing_id: str) -> None:
        self.begun[thing_id] += 1
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            await self.release.wait()
            if errors := self.errors.get(thing_id):
                raise errors.pop(0)
            self.done.append(thing_id)
        finally:
            self.at_once -= 1


async def test_at_most_so_many_at_once_and_all_in_the_end() -> None:
    looks = Looks(at_once=3)
    async with running(looks.inspector.run()):
        for number in range(100):
            looks.inspector.ask(str(number))
        assert await until(lambda: len(looks.done) == 100)
    assert looks.most_at_once <= 3


async def test_of_one_thing_one_look_runs_and_one_waits() -> None:
    looks = Looks()
    looks.release.clear()
    async with running(looks.inspector.run()):
        for _ in range(50):
            looks.inspector.ask("a")
        assert await until(lambda: looks.begun["a"] == 1)
        for _ in range(50):
            looks.inspector.ask("a")
        looks.release.set()
        assert await until(lambda: len(looks.done) == 2)
        await asyncio.sleep(0.05)
    assert looks.done == ["a", "a"]


async def test_a_sooner_ask_pulls_a_later_one_forward_and_they_are_one() -> None:
    looks = Looks()
    async with running(looks.inspector.run()):
        looks.inspector.ask("a", delay_s=0.3)
        looks.inspector.ask("a")
        assert await until(lambda: looks.done == ["a"], 0.2)
        await asyncio.sleep(0.4)
    assert looks.done == ["a"]


async def test_what_an_event_asks_for_goes_before_what_a_listing_does() -> None:
    looks = Looks(at_once=1)
    looks.release.clear()
    async with running(looks.inspector.run()):
        looks.inspector.ask("first")
        assert await until(lambda: looks.begun["first"])
        for number in range(20):
            looks.inspector.ask(f"listed {number}", urgency=Urgency.LISTED)
        await asyncio.sleep(0.05)
        looks.inspector.ask("listed 7")
        looks.inspector.ask("new")
        looks.release.set()
        assert await until(lambda: len(looks.done) == 22)
    assert looks.done[1:3] == ["listed 7", "new"]


async def test_what_was_forgotten_is_not_looked_at() -> None:
    looks = Looks()
    async with running(looks.inspector.run()):
        looks.inspector.ask("a", delay_s=0.05)
        looks.inspector.forget("a")
        await asyncio.sleep(0.1)
    assert not looks.begun


async def test_a_look_that_fails_is_repeated_and_told_of_after_a_while(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(inspector_module, "RETRY_S", (0.01,))
    looks = Looks()
    looks.errors["a"] = [TimeoutError(), Refused(500, "locked"), ConnectionResetError("gone"), TimeoutError()]
    async with running(looks.inspector.run()):
        looks.inspector.ask("a")
        assert await until(lambda: looks.done == ["a"])
    assert looks.begun["a"] == 5
    assert looks.told == ["a can not be inspected: gone"]


async def test_what_does_not_exist_is_gone_and_not_asked_for_again() -> None:
    looks = Looks()
    looks.errors["a"] = [Refused(404, "no such container")]
    async with running(looks.inspector.run()):
        looks.inspector.ask("a")
        assert await until(lambda: looks.gone == ["a"])
        await asyncio.sleep(0.05)
    assert looks.begun["a"] == 1


# --- reading


async def chunked(*chunks: bytes) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk


async def lines_of(*chunks: bytes, **bounds: int) -> tuple[list[bytes], int]:
    lines = Lines()
    with pytest.raises(StreamEnded):
        await read_lines(chunked(*chunks), lines, **bounds)
    lines.put(b"end")
    taken, lost = await lines.take(1_000)
    return taken[:-1], lost


async def test_lines_are_cut_wherever_chunks_end() -> None:
    assert await lines_of(b'{"a"', b":1}\n", b"\n{}\n{", b"}\n", b"half") == ([b'{"a":1}', b"{}", b"{}"], 0)


async def test_a_line_that_is_too_long_is_counted_and_the_next_is_whole() -> None:
    assert await lines_of(b"ok\n", b"x" * 50, b"x" * 50, b"x\nfine\n", most_line_bytes=60) == (
        [b"ok", b"fine"],
        1,
    )


async def test_a_full_queue_counts_what_it_loses() -> None:
    lines = Lines(most_lines=3)
    for number in range(5):
        lines.put(b"%d" % number)
    assert await lines.take(2) == ([b"0", b"1"], 2)
    assert await lines.take(2) == ([b"2"], 0)
    small = Lines(most_bytes=10)
    small.put(b"x" * 11)
    assert await small.take(1) == ([], 1)


def test_repetitions_are_remembered_within_a_bound() -> None:
    repetitions = Repetitions(remembered=3)
    assert [repetitions.is_new(key) for key in "abcab"] == [True, True, True, False, False]
    assert [repetitions.is_new(key) for key in "da"] == [True, True]
