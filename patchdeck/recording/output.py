"""The file that a recording goes into, on a disk that may be full, go away and come back.

What was handed over and is not on the disk yet waits in memory, in order; nothing is written out of turn or twice.
"""

from __future__ import annotations

import contextlib
import os
import stat
from pathlib import Path
from typing import Final

from patchdeck.recording.values import RecordingError

MODE: Final = 0o600
_CHUNK: Final = 1 << 20


class Output:
    """Created at once, for its owner alone. Raises: RecordingError, if it can not be, or exists and may not go."""

    def __init__(self, path: Path, *, overwrite: bool = False) -> None:
        self._path = path
        self._waiting = bytearray()
        self.size_bytes = 0
        """On the disk."""
        if overwrite:
            _remove(path)
        try:
            self._descriptor = _create(path)
        except FileExistsError as error:
            raise RecordingError(
                f"{path} exists: choose another name, or remove it if it is not needed any more"
            ) from error
        except FileNotFoundError as error:
            raise RecordingError(f"there is no folder {path.parent}: make it, or choose another") from error
        except OSError as error:
            raise RecordingError(
                f"{path} can not be written: {error.strerror}; choose another place"
            ) from error

    @property
    def waiting_bytes(self) -> int:
        """Handed over, and not on the disk yet."""
        return len(self._waiting)

    def put(self, data: bytes) -> None:
        """Hand over. `drain` writes it."""
        self._waiting += data

    def drain(self) -> None:
        """Write what waits. Raises OSError as soon as something can not be written; it then still waits."""
        self._find()
        while self._waiting:
            written = os.write(self._descriptor, bytes(self._waiting[:_CHUNK]))
            del self._waiting[:written]
            self.size_bytes += written

    def close(self) -> None:
        """Safe to call again; raises OSError if not all is safely on the disk, and is closed all the same."""
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor < 0:
            return
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def _find(self) -> None:
        """Where the file was removed it is made again, with all that was in it: it can still be read from here."""
        found = os.fstat(self._descriptor)
        if found.st_nlink > 0:
            return
        try:
            again = _create(self._path)
        except FileExistsError as error:
            raise FileExistsError(error.errno, f"it was replaced by another {self._path.name}") from error
        except FileNotFoundError as error:
            raise FileNotFoundError(error.errno, f"its folder {self._path.parent} is gone") from error
        try:
            _copy(self._descriptor, again, self.size_bytes)
        except OSError:
            os.close(again)
            _remove(self._path)
            raise
        os.close(self._descriptor)
        self._descriptor = again


def _create(path: Path) -> int:
    return os.open(
        path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW, MODE
    )


def _remove(path: Path) -> None:
    with contextlib.suppress(OSError):
        if stat.S_ISREG(path.lstat().st_mode):
            path.unlink()


def _copy(source: int, target: int, size: int) -> None:
    done = 0
    while done < size:
        data = os.pread(source, min(_CHUNK, size - done), done)
        if not data:
            raise OSError(f"{size - done} bytes of it can not be read any more")
        while data:
            data = data[os.write(target, data) :]
        done = os.lseek(target, 0, os.SEEK_CUR)
