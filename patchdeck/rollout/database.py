"""The database file of the rollout journal: opening it, and what may go wrong with it."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import msgspec

STATE_FOLDER: Final = "PATCHDECK_STATE"
"""The environment variable that names another folder for the journal and the workers' logs."""
SCHEMA: Final = 1
BUSY_S: Final = 10.0

_TABLES: Final = """
CREATE TABLE rollouts (
    id TEXT PRIMARY KEY, planned_ns INTEGER NOT NULL, service TEXT NOT NULL, engine TEXT NOT NULL,
    engine_id TEXT NOT NULL, target BLOB NOT NULL, over INTEGER NOT NULL DEFAULT 0);
CREATE TABLE entries (
    number INTEGER PRIMARY KEY AUTOINCREMENT, rollout TEXT NOT NULL REFERENCES rollouts, sequence INTEGER NOT NULL,
    entry BLOB NOT NULL, UNIQUE (rollout, sequence));
CREATE TABLE commands (
    number INTEGER PRIMARY KEY AUTOINCREMENT, rollout TEXT NOT NULL REFERENCES rollouts, command TEXT NOT NULL,
    by BLOB NOT NULL, reason TEXT NOT NULL, asked_ns INTEGER NOT NULL, taken INTEGER NOT NULL DEFAULT 0);
CREATE TABLE documents (
    rollout TEXT NOT NULL REFERENCES rollouts, name TEXT NOT NULL, document BLOB NOT NULL,
    PRIMARY KEY (rollout, name));
CREATE TABLE workers (
    rollout TEXT PRIMARY KEY REFERENCES rollouts, process BLOB NOT NULL, beat_ns INTEGER NOT NULL);
"""


class JournalError(Exception):
    """The journal cannot be used; what is wrong and what to do, in one sentence."""


def state_folder() -> Path:
    """Where the journal and the workers' logs are."""
    from platformdirs import user_state_path  # noqa: PLC0415 - the console's first frame does without

    named = os.environ.get(STATE_FOLDER)
    return Path(named) if named else user_state_path("patchdeck", appauthor=False)


class Database:
    """Open by `with`. Every method raises JournalError.

    `read_only` changes nothing on disk: where there is no journal yet, it is empty.
    """

    def __init__(self, folder: Path | None = None, *, read_only: bool = False) -> None:
        self.folder = folder or state_folder()
        self.path = self.folder / "journal.db"
        self._read_only = read_only
        self._connection: sqlite3.Connection | None = None
        self._opened: tuple[int, int] | None = None
        """Device and number of the file that is open."""
        self._turn = threading.RLock()
        """One thread at a time: another's statement would fall into this one's transaction."""

    def __enter__(self) -> Self:
        with self.told():
            if self._read_only and not self.path.exists():
                return self
            if not self._read_only:
                self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
                self._make()
            self._opened = self._file()
            mode = "ro" if self._read_only else "rw"
            self._connection = sqlite3.connect(
                f"{self.path.absolute().as_uri()}?mode={mode}",
                uri=True,
                timeout=BUSY_S,
                isolation_level=None,
                check_same_thread=False,
            )
            try:
                self._agree()
            except BaseException:
                self.close()
                raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def is_open(self) -> bool:
        """False: there is no journal yet."""
        return self._connection is not None

    def is_in_place(self) -> bool:
        """The file that is open is still the one of this name: one that was removed tells nothing any more."""
        with self.told():
            return self._opened == self._file()

    def _file(self) -> tuple[int, int] | None:
        try:
            found = self.path.stat()
        except FileNotFoundError:
            return None
        return found.st_dev, found.st_ino

    def close(self) -> None:
        """Waits for a statement of another thread: SQLite ends the process if its connection goes meanwhile."""
        with self._turn:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def _make(self) -> None:
        """The file, before SQLite makes it: its owner's alone from the first instant.

        One that is there is not even opened. To close it again would take from this process all locks that SQLite holds
        on it (POSIX has it so), and whoever closes the journal elsewhere would then remove the log that it writes to.
        """
        with contextlib.suppress(FileExistsError):
            os.close(os.open(self.path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))

    def _agree(self) -> None:
        """The schema that this program knows, made where there is none."""
        (version,) = self.one("PRAGMA user_version")
        if version > SCHEMA:
            raise JournalError(
                f"{self.path} was written by a newer Patchdeck (schema {version}, known is {SCHEMA}):"
                " use that one, or name another folder in PATCHDECK_STATE"
            )
        if self._read_only:
            if not version:
                self.close()  # it is being made just now: empty still
            return
        self.run("PRAGMA journal_mode = WAL")
        self.run("PRAGMA synchronous = FULL")
        self.run("PRAGMA foreign_keys = ON")
        if not version:
            with self.transaction():
                if self.one("PRAGMA user_version") == (0,):
                    for statement in _TABLES.split(";")[:-1]:
                        self.run(statement)
                    self.run(f"PRAGMA user_version = {SCHEMA}")

    # --- SQLite -----------------------------------------------------------------------------------

    def run(self, statement: str, *values: object) -> None:
        if self._connection is None:
            raise JournalError("the journal is not open")
        self._connection.execute(statement, values)

    def all(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        return [] if self._connection is None else self._connection.execute(statement, values).fetchall()

    def one(self, statement: str, *values: object, default: Any = ()) -> Any:
        rows = self.all(statement, *values)
        if not rows and default == ():
            raise JournalError("no such rollout in this journal: `patchdeck rollout list` shows all")
        return rows[0] if rows else default

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        self.run("BEGIN IMMEDIATE")
        try:
            yield
            self.run("COMMIT")
        except BaseException:
            if self._connection is not None and self._connection.in_transaction:
                self.run("ROLLBACK")
            raise

    @contextlib.contextmanager
    def told(self) -> Iterator[None]:
        try:
            with self._turn:
                yield
        except (sqlite3.Error, OSError) as error:
            raise JournalError(f"the journal {self.path}: {error}. {_advice(error)}") from error
        except msgspec.DecodeError as error:
            raise JournalError(f"the journal {self.path} holds what cannot be read: {error}") from error


def _advice(error: Exception) -> str:
    words = str(error)
    if "full" in words or "No space" in words:
        return "Make room on that disk: nothing is done to a container that cannot be written down first."
    if "readonly" in words or "Read-only" in words or "denied" in words or "unable to open" in words:
        return "Make the folder writable for this user, or name another one in PATCHDECK_STATE."
    if "locked" in words:
        return "Another process has it locked: look for one that hangs."
    return "Look at that file, or name another folder in PATCHDECK_STATE."
