"""Recording while the console watches: a thread of its own that writes, and that nobody ever waits for.

The thread has a fleet of its own, made of the same observations in the same order: full states are taken from it
without touching the one that snapshots are made of.
"""

from __future__ import annotations

import errno
import logging
import threading
import time
from collections import deque
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Final

import msgspec

from patchdeck.fleet import FullState
from patchdeck.model import AnyObservation
from patchdeck.recording.output import Output
from patchdeck.recording.scrub_state import scrubbed
from patchdeck.recording.writer import Writer, scrubber_of
from patchdeck.settings import Settings

FLUSH_S: Final = 3.0
"""A crash loses no more than was observed in this time."""
RETRY_S: Final = 5.0
MOST_WAITING_BYTES: Final = 8 << 20
"""What could not be written waits in memory up to here; then observations are left out, until there is room."""
MOST_QUEUED: Final = 200_000
"""Observations that wait for the thread."""
_MILLISECOND_NS: Final = 1_000_000

_log = logging.getLogger(__name__)


class RecorderState(StrEnum):
    RECORDING = "recording"
    WAITING = "waiting"
    """The file can not be written; it is tried again."""
    ENDED = "ended"
    FAILED = "failed"
    """It ended by a fault, or without all that was observed."""


class RecorderStatus(msgspec.Struct, frozen=True, kw_only=True):
    """How a recording is doing."""

    state: RecorderState
    path: Path
    size_bytes: int = 0
    lines: int = 0
    """Observations."""
    skipped: int = 0
    """Observations that are not in it, because it could not be written or did not keep up."""
    detail: str = ""
    """What is wrong and what to do; empty where nothing is."""


class Recorder:
    """Records into a new file from now on. Raises: RecordingError, if that can not be begun.

    `state` is what is known already, if anything is. `status` may be asked from any thread, `note` from one.
    """

    def __init__(
        self,
        path: Path,
        settings: Settings,
        *,
        engines: Sequence[str] = (),
        simulated: bool = False,
        overwrite: bool = False,
        state: FullState | None = None,
    ) -> None:
        self._path = path
        self._output = Output(path, overwrite=overwrite)
        state = None if state is None else scrubbed(state, scrubber_of(settings))
        self._writer = Writer(settings, began_ns=_now_ns(), engines=engines, simulated=simulated, state=state)
        self._queue: deque[tuple[int, AnyObservation]] = deque()
        self._overrun = 0
        """Observations that the queue had no room for."""
        self._skipped = 0
        self._stopping = threading.Event()
        self._wake = threading.Event()
        self._trouble = ""
        self._reason = ""
        """Of the trouble, without what is done about it."""
        self._broken = False
        """The member in the making has been ended because nothing more of it could be kept."""
        self._retry_at = 0.0
        self._ended = False
        self.processor_s = 0.0
        """What its thread has taken so far."""
        self.status = RecorderStatus(state=RecorderState.RECORDING, path=path)
        self._output.put(self._writer.begin())
        # A daemon: a disk that hangs must not keep the program from ending.
        self._thread = threading.Thread(target=self._main, name="recorder", daemon=True)
        self._thread.start()

    def note(self, observation: AnyObservation) -> None:
        """Record it. Returns at once, whatever the disk does."""
        if self._ended:
            return
        if len(self._queue) < MOST_QUEUED:
            self._queue.append((_now_ns(), observation))
        else:
            self._overrun += 1

    def close(self, timeout_s: float = 5.0) -> RecorderStatus:
        """Write what is left and the index. Safe to call again; returns how it came out."""
        self._stopping.set()
        self._wake.set()
        self._thread.join(timeout_s)
        if self._thread.is_alive():
            return msgspec.structs.replace(
                self.status,
                state=RecorderState.FAILED,
                detail=f"the disk has not taken the end of it within {timeout_s:.0f} s",
            )
        return self.status

    # ------------------------------------------------------------------------------------------------ its thread

    def _main(self) -> None:
        try:
            while not self._stopping.is_set():
                # At once for the first time: who follows the file finds its beginning.
                self._turn()
                self._wake.wait(FLUSH_S)
            self._end()
        except Exception as error:  # noqa: BLE001 - a thread has no one above it: told on screen and in the log
            _log.exception("recording into %s failed", self._path)
            self._trouble = f"a fault in Patchdeck itself: {type(error).__name__}: {error}"
            self._tell(RecorderState.FAILED)
        finally:
            self._ended = True
            self._queue.clear()

    def _turn(self) -> None:
        """Take in what has been observed, and write it if it can be."""
        self._take()
        if not self._broken:
            self._output.put(self._writer.flush())
        if time.monotonic() >= self._retry_at:
            self._drain()
        self._tell(RecorderState.WAITING if self._trouble else RecorderState.RECORDING)
        self.processor_s = time.thread_time()

    def _take(self) -> None:
        while self._queue:
            seen_ns, observation = self._queue.popleft()
            if not self._broken and self._output.waiting_bytes > MOST_WAITING_BYTES:
                self._output.put(self._writer.end_member())
                self._broken = True
            if self._broken:
                self._writer.skip(seen_ns, observation)
                self._skipped += 1
            else:
                self._output.put(self._writer.add(seen_ns, observation))
        overrun, self._overrun = self._overrun, 0
        if overrun and not self._broken:
            self._output.put(self._writer.end_member())
            self._output.put(
                self._writer.resume(f"{overrun} observations came faster than they could be kept")
            )
        self._skipped += overrun

    def _drain(self) -> None:
        try:
            self._output.drain()
            if self._broken:
                self._output.put(self._writer.resume(self._trouble or "the file could not be written"))
                self._broken = False
                self._output.drain()
        except OSError as error:
            self._reason, remedy = _words(error)
            self._trouble = f"{self._reason}: {remedy}it is tried again"
            self._retry_at = time.monotonic() + RETRY_S
        else:
            self._trouble = ""

    def _end(self) -> None:
        self._take()
        self._drain()
        if not self._broken:
            self._output.put(self._writer.finish())
            self._drain()
        try:
            self._output.close()
        except OSError as error:
            self._reason = self._trouble = _words(error)[0]
        if self._trouble:
            self._trouble = f"its end could not be written: {self._reason}"
        self._tell(RecorderState.FAILED if self._trouble else RecorderState.ENDED)

    def _tell(self, state: RecorderState) -> None:
        self.status = RecorderStatus(
            state=state,
            path=self._path,
            size_bytes=self._output.size_bytes,
            lines=self._writer.lines,
            skipped=self._skipped,
            detail=self._trouble,
        )


def _now_ns() -> int:
    """To the millisecond: nothing arrives by a finer clock, and the digits would take room."""
    return time.time_ns() // _MILLISECOND_NS * _MILLISECOND_NS


def _words(error: OSError) -> tuple[str, str]:
    """What is wrong, and what to do about it, if that is known."""
    match error.errno:
        case errno.ENOSPC | errno.EDQUOT:
            return "no room is left on the disk", "make room, "
        case errno.EFBIG:
            return "the file may not grow any more", "lift its limit, "
        case _:
            return error.strerror or str(error), ""
