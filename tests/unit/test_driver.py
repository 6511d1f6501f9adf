"""Keys as the console takes them from its terminal, on its loop."""

from __future__ import annotations

import asyncio
import os
from typing import cast

import pytest
from textual import events
from textual.drivers.linux_driver import LinuxDriver
from textual.message import Message

from tui.driver import _Keys


class Heard:
    """Stands where the driver does."""

    def __init__(self, fileno: int) -> None:
        self.fileno = fileno
        self.keys: list[str] = []

    def process_message(self, message: Message) -> None:
        if isinstance(message, events.Key):
            self.keys.append(message.character or message.key)


async def heard(pieces: list[bytes], *, pause_s: float = 0.02) -> list[str]:
    reader, writer = os.pipe()
    loop = asyncio.get_running_loop()
    driver = Heard(reader)
    loop.add_reader(reader, _Keys(cast("LinuxDriver", driver), loop).read)
    for piece in pieces:
        os.write(writer, piece)
        await asyncio.sleep(pause_s)
    await asyncio.sleep(0.3)
    os.close(writer)
    await asyncio.sleep(0.05)
    assert not loop.remove_reader(reader), "at the end it is not asked again and again"
    os.close(reader)
    return driver.keys


@pytest.mark.parametrize(
    ("pieces", "keys"),
    [
        ([b"abc"], ["a", "b", "c"]),
        ([b"\x1b[A", b"\x1b[B"], ["up", "down"]),
        ([b"\x1b", b"[A"], ["up"]),
        ([b"\xc3", b"\xa9"], ["é"]),
        ([b"\xff"], ["\ufffd"]),
    ],
    ids=["three", "arrows", "an arrow in two pieces", "a character in two pieces", "no character"],
)
async def test_keys_are_told_apart(pieces: list[bytes], keys: list[str]) -> None:
    assert await heard(pieces) == keys


async def test_an_escape_that_nothing_follows_is_the_key() -> None:
    assert [key.replace("\x1b", "escape") for key in await heard([b"\x1b"])] == ["escape"]
