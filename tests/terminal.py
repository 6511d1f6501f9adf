"""A program in a real pseudo-terminal: keys in, screen out, and what the wire would carry.

Used by tests that need a terminal which can be slow, and by the benchmarks. It answers the one question Textual asks a
terminal (synchronised output), so that frames can be told apart on the wire. One thread reads and says when bytes came,
another draws them: drawing takes long enough to make what comes meanwhile look late.
"""

from __future__ import annotations

import fcntl
import os
import pty
import queue
import select
import signal
import struct
import termios
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Self

import pyte

_ASKS_SYNCHRONISED = b"\x1b[?2026$p"
_SAYS_SYNCHRONISED = b"\x1b[?2026;2$y"
_FRAME_ENDS = b"\x1b[?2026l"


class TerminalError(Exception):
    """The program did not do what was waited for; holds its screen."""


class Terminal:
    """Starts `argv` in a terminal of its own."""

    def __init__(
        self,
        argv: Sequence[str],
        *,
        columns: int = 120,
        rows: int = 40,
        environ: Mapping[str, str] | None = None,
        heard: Callable[[bytes], object] | None = None,
    ) -> None:
        """`heard` is given every byte as it comes, on another thread."""
        self.began = time.monotonic()
        self.bytes_read = 0
        self.first_frame_s: float | None = None
        """From the start of the program to the end of its first frame with text on it."""
        self._screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self._screen)
        self._lock = threading.Lock()
        self._fed = threading.Condition(self._lock)
        self._fed_at = self.began
        """When the newest bytes of the screen came."""
        self._heard = heard
        self._came: queue.SimpleQueue[tuple[float, bytes]] = queue.SimpleQueue()
        """What was read and is not drawn yet, with the time it came; nothing: the end."""
        self._reading = threading.Event()
        self._reading.set()
        self._status: int | None = None
        self._goes_first = False
        child_environ = {
            **os.environ,
            "TERM": "xterm-256color",
            "COLORTERM": "truecolor",
            "LC_ALL": "C.UTF-8",
        }
        child_environ.update(environ or {})
        self.pid, self._fd = pty.fork()
        if self.pid == 0:  # pragma: no cover - the child
            try:
                os.execvpe(argv[0], list(argv), child_environ)
            finally:
                os._exit(127)
        self.resize(columns, rows)
        self._threads = [
            threading.Thread(target=run, name=f"terminal {name}", daemon=True)
            for name, run in (("reads", self._read), ("draws", self._draw))
        ]
        for thread in self._threads:
            thread.start()

    def resize(self, columns: int, rows: int) -> None:
        fcntl.ioctl(self._fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        with self._lock:
            self._screen.resize(rows, columns)

    def go_first(self) -> None:
        """Press, read and draw before anything else on this host, so that what is timed is the program; as root.

        It ends with the terminal. What this thread starts meanwhile does not go first.
        """
        self._goes_first = True
        for thread in (0, *(thread.native_id or 0 for thread in self._threads)):
            os.sched_setscheduler(thread, os.SCHED_FIFO | os.SCHED_RESET_ON_FORK, os.sched_param(1))

    def press(self, keys: str) -> None:
        os.write(self._fd, keys.encode())

    @property
    def is_raw(self) -> bool:
        """Its keys go to the program as they are; else ctrl+c and ctrl+z are signals."""
        return not termios.tcgetattr(self._fd)[3] & termios.ISIG

    def stall(self) -> None:
        """Stop reading, as a hung SSH session does."""
        self._reading.clear()

    def resume(self) -> None:
        self._reading.set()

    def wipe(self) -> None:
        """Leave nothing on the screen, as another program may that had it."""
        with self._lock:
            self._screen.reset()

    def lines(self) -> list[str]:
        return self.text.split("\n")

    @property
    def text(self) -> str:
        with self._lock:
            return self._text()

    def _text(self) -> str:
        return "\n".join(line.rstrip() for line in self._screen.display)

    def wait_for(self, condition: Callable[[str], object], timeout: float = 15.0, what: str = "") -> float:
        """Wait until `condition` holds of the screen's text. Returns how long that took, in seconds."""
        began = time.monotonic()
        while not condition(self.text):
            if time.monotonic() - began > timeout:
                raise TerminalError(
                    f"{what or 'the condition'} did not come within {timeout} s:\n{self.text}"
                )
            if self.ended:
                raise TerminalError(f"the program ended (status {self._status}) before {what}:\n{self.text}")
            time.sleep(0.02)
        return time.monotonic() - began

    def answer_s(self, keys: str, condition: Callable[[str], object], timeout: float = 15.0) -> float:
        """Press `keys` and wait until `condition` holds of the screen's text.

        Returns the seconds from the key to the arrival of the bytes that made it hold, however long it took here to
        look at them.
        """
        with self._fed:
            pressed = time.monotonic()
            self.press(keys)
            while not condition(text := self._text()):
                left_s = pressed + timeout - time.monotonic()
                if left_s <= 0 or not self._fed.wait(left_s):
                    raise TerminalError(f"the key {keys!r} was not answered within {timeout} s:\n{text}")
            return self._fed_at - pressed

    @property
    def ended(self) -> bool:
        if self._status is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self._status = os.waitstatus_to_exitcode(status)
        return self._status is not None

    def wait(self, timeout: float = 10.0) -> int:
        """Wait for the program to end. Returns its exit status; negative for a signal."""
        began = time.monotonic()
        while not self.ended:
            if time.monotonic() - began > timeout:
                raise TerminalError(f"the program did not end within {timeout} s:\n{self.text}")
            time.sleep(0.02)
        assert self._status is not None
        return self._status

    def hang_up(self) -> None:
        """Close the terminal under the program, as a window that is closed does."""
        nothing = os.open(os.devnull, os.O_RDWR)
        # In one step: the thread that reads never meets a number that means something else.
        os.dup2(nothing, self._fd)
        os.close(nothing)

    def close(self) -> None:
        if self._goes_first:
            os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
        self.resume()
        if not self.ended:
            os.kill(self.pid, signal.SIGKILL)
            self.wait()
        for thread in self._threads:
            thread.join(timeout=5)
        os.close(self._fd)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _read(self) -> None:
        while data := self._next():
            came_at = time.monotonic()
            self.bytes_read += len(data)
            if _ASKS_SYNCHRONISED in data:
                os.write(self._fd, _SAYS_SYNCHRONISED)
            if self._heard is not None:
                self._heard(data)
            self._came.put((came_at, data))
        self._came.put((time.monotonic(), b""))

    def _next(self) -> bytes:
        """What the program wrote next; nothing once it has ended."""
        while True:
            self._reading.wait()
            readable, _, _ = select.select([self._fd], [], [], 0.2)
            if readable:
                try:
                    return os.read(self._fd, 65_536)
                except OSError:
                    # The other end is closed: the program has ended.
                    return b""
            if self._status is not None:
                return b""

    def _draw(self) -> None:
        """Frame by frame: of one that came in pieces, as a pseudo-terminal hands it out, none is looked at alone."""
        last = False
        while not last:
            came_at, data = self._came.get()
            last = not data
            frame = data
            while not last and _FRAME_ENDS not in data and not self._came.empty():
                came_at, data = self._came.get()
                last = not data
                frame += data
            with self._fed:
                self._stream.feed(frame)
                self._fed_at = came_at
                self._fed.notify_all()
                drawn = self.first_frame_s is None and any(line.strip() for line in self._screen.display)
            if drawn:
                self.first_frame_s = came_at - self.began
