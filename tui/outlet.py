"""Frames on their way to the terminal: at once as far as it takes them, the rest as it does."""

from __future__ import annotations

import os
import select
import threading
from collections import deque
from typing import Final, TextIO

from textual._ansi_sequences import SYNC_END, SYNC_START
from textual.drivers._writer_thread import MAX_QUEUED_WRITES, WriterThread

_CLOSED: Final = -1


class Outlet(WriterThread):
    """Writes whole frames in their order, and keeps the writer waiting once many are behind, as Textual's does.

    Textual's hands each to its thread; this one's has work only while the terminal takes less than it is given.
    """

    def __init__(self, file: TextIO, descriptor: int) -> None:
        """`descriptor` does not block, and is closed at the end. `file` says how text is encoded."""
        super().__init__(file)
        self._encoding: Final = file.encoding
        self._errors: Final = file.errors or "strict"
        self._descriptor = descriptor
        self._frame: list[str] = []
        """The parts of one that is not whole yet."""
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
        data = text.encode(self._encoding, self._errors)
        # Only this thread adds: with nothing behind, nobody else writes.
        if not self._behind:
            data = data[self._taken(data) :]
        if not data:
            return
        with self._changed:
            while len(self._behind) >= MAX_QUEUED_WRITES:
                self._changed.wait()
            self._behind.append(data)
            self._changed.notify_all()

    def run(self) -> None:
        poll = select.poll()
        poll.register(self._descriptor, select.POLLOUT)
        while self._has_more():
            poll.poll()
            rest = self._behind[0][self._taken(self._behind[0]) :]
            with self._changed:
                if rest:
                    self._behind[0] = rest
                else:
                    self._behind.popleft()
                self._changed.notify_all()

    def stop(self) -> None:
        """Returns once all is written. What is written after that goes nowhere; a second stop does nothing.

        Both happen: a console that is told to stop may be told so again before it goes on.
        """
        with self._changed:
            if self._ended:
                return
            self._ended = True
            self._changed.notify_all()
        self.join()
        os.close(self._descriptor)
        self._descriptor = _CLOSED

    def _has_more(self) -> bool:
        """Waits until there is something to write; False at the end."""
        with self._changed:
            while not self._behind and not self._ended:
                self._changed.wait()
            return bool(self._behind)

    def _taken(self, data: bytes) -> int:
        if self._descriptor == _CLOSED:
            return len(data)
        try:
            return os.write(self._descriptor, data)
        except BlockingIOError:
            return 0
        except OSError:  # the terminal is gone: a signal tells the console so, and nobody reads this any more
            return len(data)
