"""What carries the console's frames to a terminal that may be slow, or gone."""

from __future__ import annotations

import os
import sys
import threading
import time
import tty
from collections.abc import Iterator
from typing import TextIO, cast

import pytest
from textual._ansi_sequences import SYNC_END, SYNC_START
from textual.drivers._writer_thread import MAX_QUEUED_WRITES

from tui.outlet import Outlet

LONG = "0123456789abcdef" * 4096
"""As much as a pseudo-terminal keeps for a reader that has stopped."""


class Wire:
    """Both ends of a pseudo-terminal, with an outlet that writes into it."""

    def __init__(self) -> None:
        self.reader, self.kept = os.openpty()
        tty.setraw(self.kept)
        os.set_blocking(self.reader, False)
        descriptor = os.open(os.ttyname(self.kept), os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY)
        self.outlet = Outlet(cast("TextIO", sys.__stderr__), descriptor)
        self.outlet.start()

    def close(self) -> None:
        os.close(self.reader)
        os.close(self.kept)

    def read(self, size: int | None = None, timeout: float = 10.0) -> str:
        """So many bytes, or what is there now."""
        got, until = b"", time.monotonic() + timeout
        while time.monotonic() < until:
            try:
                got += os.read(self.reader, 65_536)
            except BlockingIOError:
                if size is None:
                    break
                time.sleep(0.005)
            if size is not None and len(got) >= size:
                break
        return got.decode()


@pytest.fixture
def wire() -> Iterator[Wire]:
    made = Wire()
    yield made
    made.outlet.stop()
    made.close()


def test_a_frame_goes_out_whole_and_without_a_thread(wire: Wire) -> None:
    wire.outlet.write(SYNC_START)
    wire.outlet.write("words")
    assert wire.read() == ""
    wire.outlet.write(SYNC_END)
    assert wire.read() == f"{SYNC_START}words{SYNC_END}"
    wire.outlet.write("a bell")
    assert wire.read() == "a bell"


def test_what_a_slow_terminal_does_not_take_follows_in_order(wire: Wire) -> None:
    texts = [f"{number}{LONG}" for number in range(8)]
    began = time.monotonic()
    for text in texts:
        wire.outlet.write(text)
    assert time.monotonic() - began < 1
    whole = "".join(texts)
    assert wire.read(len(whole)) == whole
    wire.outlet.write("and then at once")
    assert wire.read(16) == "and then at once"


def test_the_writer_waits_once_many_are_behind(wire: Wire) -> None:
    texts = [f"{number}{LONG}" for number in range(MAX_QUEUED_WRITES + 10)]

    def write() -> None:
        for text in texts:
            wire.outlet.write(text)

    writer = threading.Thread(target=write)
    writer.start()
    writer.join(0.5)
    assert writer.is_alive()
    whole = "".join(texts)
    assert wire.read(len(whole)) == whole
    writer.join(10)
    assert not writer.is_alive()


def test_the_end_waits_for_what_is_behind() -> None:
    wire = Wire()
    for _ in range(3):
        wire.outlet.write(LONG)
    ending = threading.Thread(target=wire.outlet.stop)
    ending.start()
    assert wire.read(3 * len(LONG)) == 3 * LONG
    ending.join(10)
    assert not ending.is_alive()
    wire.close()


def test_what_comes_after_the_end_goes_nowhere() -> None:
    wire = Wire()
    wire.outlet.stop()
    another, other = os.pipe()  # may have the number that the outlet's had
    wire.outlet.stop()
    wire.outlet.write("late")
    os.write(other, b"mine")
    assert os.read(another, 100) == b"mine"
    os.close(another)
    os.close(other)
    wire.close()


@pytest.mark.parametrize("behind", [0, 5])
def test_a_terminal_that_is_gone_holds_nothing_up(behind: int) -> None:
    wire = Wire()
    for _ in range(behind):
        wire.outlet.write(LONG)
    wire.close()
    for _ in range(MAX_QUEUED_WRITES + 10):
        wire.outlet.write(LONG)
    wire.outlet.stop()
    assert not wire.outlet.is_alive()


def test_what_the_terminal_has_no_characters_for_is_written_as_the_file_says(wire: Wire) -> None:
    wire.outlet.write("\udcff")
    assert wire.read() == "\\udcff"
