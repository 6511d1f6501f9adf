"""How the console reads keys and writes frames: in its own thread, as long as the terminal takes them at once.

Textual does both in threads of their own. On a host that is busy a key then waits for a processor three times.
"""

from __future__ import annotations

import os
import sys
from asyncio import AbstractEventLoop
from codecs import getincrementaldecoder
from collections.abc import Iterable
from typing import Final

from textual._xterm_parser import XTermParser
from textual.drivers.linux_driver import LinuxDriver
from textual.message import Message

from tui.outlet import Outlet

_READ_BYTES: Final = 4096
_ESCAPE_S: Final = 0.1
"""So long after an escape nothing has to come for it to be the key and no beginning of another."""
_FLAGS: Final = os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC


class ConsoleDriver(LinuxDriver):
    """Textual's, but for who reads and writes."""

    def start_application_mode(self) -> None:
        super().start_application_mode()  # type: ignore[no-untyped-call] # as it is in Textual
        queued, file = self._writer_thread, sys.__stderr__
        if (
            file is None or queued is None or isinstance(queued, Outlet)
        ):  # begun in the background: no terminal
            return
        try:
            # Opened anew: that it must not block is to hold for no other program on this terminal.
            descriptor = os.open(os.ttyname(file.fileno()), _FLAGS)
        except (
            OSError
        ):  # another user's, or without a name, as in some containers: Textual's way does for these
            return
        queued.stop()
        self._writer_thread = Outlet(file, descriptor)
        self._writer_thread.start()

    def run_input_thread(self) -> None:
        """Have the loop read until the end; Textual's thread only waits for that."""
        self._loop.call_soon_threadsafe(self._loop.add_reader, self.fileno, _Keys(self, self._loop).read)
        self.exit_event.wait()

    def disable_input(self) -> None:
        self._loop.remove_reader(self.fileno)
        super().disable_input()


class _Keys:
    """What comes from the terminal, read and taken apart on the loop."""

    def __init__(self, driver: LinuxDriver, loop: AbstractEventLoop) -> None:
        self._driver = driver
        self._loop = loop
        self._parser = XTermParser()
        self._decode = getincrementaldecoder("utf-8")(errors="replace").decode

    def read(self) -> None:
        try:
            data = os.read(self._driver.fileno, _READ_BYTES)
        except OSError:
            data = b""
        if not data:  # the terminal is gone, which a signal tells
            self._loop.remove_reader(self._driver.fileno)
        elif text := self._decode(data):  # a character may have come in part
            self._pass_on(self._parser.feed(text))
            self._loop.call_later(_ESCAPE_S, self._escape)

    def _escape(self) -> None:
        self._pass_on(self._parser.tick())

    def _pass_on(self, messages: Iterable[Message]) -> None:
        for message in messages:
            self._driver.process_message(message)
