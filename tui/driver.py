"""How the console writes to its terminal: at once as long as the terminal takes it, else on a thread.

Textual hands every frame to a thread. On a host that is busy a key then waits once more for a processor.
"""

from __future__ import annotations

import os
import select
import threading
from collections import deque
from typing import IO, Final

from textual._ansi_sequences import SYNC_END, SYNC_START
from textual.drivers._writer_thread import MAX_QUEUED_WRITES, WriterThread
from textual.drivers.linux_driver import LinuxDriver


class ConsoleDriver(LinuxDriver):
    """Textual's, but for what carries its output."""

    def start_application_mode(self) -> None:
        super().start_application_mode()
        queued = self._writer_thread
        if queued is None or isinstance(queued, Outlet):  # in the background: there is no terminal to start on
            return
        try:
            # Opened anew: that it must not block is to hold for no other program on this terminal.
            descriptor = os.open(
                os.ttyname(self._file.fileno()), os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
            )
        except OSError:  # of another user's, or without a name here, as in some containers: Textual's way then
            return
        queued.stop()
        self._writer_thread = Outlet(self._file, descriptor)
        self._writer_thread.start()


class Outlet(WriterThread):
    """Writes frames whole, in order; what the terminal does not take at once follows as it does.

    As Textual's does, it keeps the writer waiting once so many writes are behind.
    """

    def __init__(self, file: IO[str], descriptor: int) -> None:
        """`descriptor` does not block; it is closed at the end. `file` says how text is encoded."""
        super().__init__(file)
        self._descriptor: Final = descriptor
        self._frame: list[str] = []
        self._behind: deque[bytes] = deque()
        self._changed = threading.Condition()
        self._ended = False

    def write(self, text: str) -> None:
        if self._frame or text == SYNC_START:
            self._frame.append(text)
            if text != SYNC_END:
                return
            text = "".join(self._frame)
            self._frame.clear()
        data = text.encode(self._file.encoding, self._file.errors or "strict")
        with self._changed:
            if not self._behind:
                data = data[self._taken(data) :]
            if not data:
                return
            while len(self._behind) >= MAX_QUEUED_WRITES:
                self._changed.wait()
            self._behind.append(data)
            self._changed.notify_all()

    def run(self) -> None:
        poll = select.poll()
        poll.register(self._descriptor, select.POLLOUT)
        while self._waits_for_more():
            poll.poll()
            with self._changed:
                first = self._behind.popleft()
                if rest := first[self._taken(first) :]:
                    self._behind.appendleft(rest)
                self._changed.notify_all()

    def stop(self) -> None:
        """Returns once all is written."""
        with self._changed:
            self._ended = True
            self._changed.notify_all()
        self.join()
        os.close(self._descriptor)

    def _waits_for_more(self) -> bool:
        with self._changed:
            while not self._behind and not self._ended:
                self._changed.wait()
            return bool(self._behind)

    def _taken(self, data: bytes) -> int:
        try:
            return os.write(self._descriptor, data)
        except BlockingIOError:
            return 0
        except OSError:  # the terminal is gone: a signal tells the console so, and nobody reads this any more
            return len(data)
