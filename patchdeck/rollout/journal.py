"""The rollout journal: one SQLite database in the state folder, by which workers and consoles meet.

The worker writes entries, each on disk before the call that it announces is made. Consoles read them, and leave
commands for the worker. Whole container configurations lie apart from the entries, in `documents`: they hold secrets
and are never shown. The file is its owner's alone.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Sequence
from typing import Final, TypeVar

import msgspec
from msgspec.structs import replace

from patchdeck.model.journal import Actor, AnyEntry, Command, Entry, Planned, StateEntered
from patchdeck.rollout.crash_points import POINTS
from patchdeck.rollout.database import Database, JournalError
from patchdeck.rollout.processes import Process, is_alive, is_here

BEAT_S: Final = 1.0
SILENT_S: Final = 15.0
"""A worker on another host whose last beat is older than this is taken for gone."""

E = TypeVar("E", bound=Entry)


class WorkerThere(JournalError):
    """Another worker carries out this rollout."""


class Numbered(msgspec.Struct, frozen=True):
    """An entry and its place in the whole journal."""

    number: int
    engine: str
    entry: AnyEntry


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """A command that waits for the worker."""

    number: int
    command: Command
    by: Actor
    reason: str
    asked_ns: int


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One rollout, as far as the journal tells without reading its entries."""

    rollout: str
    service: str
    engine: str
    engine_id: str
    planned_ns: int
    over: bool


class Journal(Database):
    """Open by `with`. Every method raises JournalError."""

    # --- rollouts ---------------------------------------------------------------------------------

    def open_rollout(
        self,
        planned: Planned,
        *,
        engine_id: str,
        target: bytes,
        documents: Sequence[tuple[str, object]] = (),
        ended_by: Sequence[AnyEntry] = (),
    ) -> Planned:
        """Enter a rollout into the journal, with its first entry. `target` says how its worker reaches the engine.

        With `ended_by`, which come right after, it may be over before it began.
        """
        plan = planned.plan
        with self.told(), self.transaction():
            self.run(
                "INSERT INTO rollouts (id, planned_ns, service, engine, engine_id, target)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                planned.rollout, planned.at_ns, plan.service, plan.engine, engine_id, target,
            )  # fmt: skip
            self._keep(planned.rollout, documents)
            first = self._insert(planned)
            for entry in ended_by:
                self._insert(entry)
            return first

    def rollouts(self) -> list[Row]:
        """All there are, oldest first."""
        with self.told():
            rows = self.all(
                "SELECT id, service, engine, engine_id, planned_ns, over FROM rollouts ORDER BY planned_ns, id"
            )
        return [
            Row(rollout=row[0], service=row[1], engine=row[2], engine_id=row[3], planned_ns=row[4], over=bool(row[5]))
            for row in rows
        ]  # fmt: skip

    def find(self, beginning: str) -> str:
        """The one rollout whose ID begins so."""
        found = [row.rollout for row in self.rollouts() if row.rollout.startswith(beginning)]
        if len(found) != 1:
            there = "is no rollout" if not found else f"are {len(found)} rollouts"
            raise JournalError(f"there {there} {beginning!r}: `patchdeck rollout list` shows them all")
        return found[0]

    def target(self, rollout: str) -> bytes:
        with self.told():
            row = self.one("SELECT target FROM rollouts WHERE id = ?", rollout)
        return bytes(row[0])

    # --- entries ----------------------------------------------------------------------------------

    def write(self, *entries: AnyEntry) -> list[AnyEntry]:
        """On disk, all or none, when this returns; the entries with their sequences and times."""
        with self._writing(*entries):
            return [self._insert(entry) for entry in entries]

    @contextlib.contextmanager
    def _writing(self, *what: AnyEntry | str) -> Iterator[None]:
        """A transaction of a worker, which is on disk at the end. `what` names its crash points."""
        POINTS.reached("before writing", *what)
        with self.told(), self.transaction():
            yield
        POINTS.reached("after writing", *what)

    def _insert(self, entry: E) -> E:
        (last,) = self.one("SELECT coalesce(max(sequence), 0) FROM entries WHERE rollout = ?", entry.rollout)
        written = replace(entry, sequence=last + 1, at_ns=entry.at_ns or time.time_ns())
        self.run(
            "INSERT INTO entries (rollout, sequence, entry) VALUES (?, ?, ?)",
            written.rollout, written.sequence, msgspec.json.encode(written),
        )  # fmt: skip
        if isinstance(entry, StateEntered):
            # Together with its entry: one that ended and counted as open would keep its service for ever.
            self.run("UPDATE rollouts SET over = ? WHERE id = ?", int(entry.state.over), entry.rollout)
        return written

    def entries(self, rollout: str) -> list[AnyEntry]:
        """All of one rollout, in order."""
        with self.told():
            rows = self.all("SELECT entry FROM entries WHERE rollout = ? ORDER BY sequence", rollout)
            return [_ENTRY.decode(row[0]) for row in rows]

    def entries_after(self, number: int, limit: int = 1_000) -> list[Numbered]:
        """Those of all rollouts that were written since, in the order in which they were."""
        with self.told():
            rows = self.all(
                "SELECT number, engine, entry FROM entries JOIN rollouts ON id = rollout"
                " WHERE number > ? ORDER BY number LIMIT ?",
                number, limit,
            )  # fmt: skip
            return [Numbered(row[0], row[1], _ENTRY.decode(row[2])) for row in rows]

    def last_number(self) -> int:
        """Of the newest entry; 0 where there is none."""
        with self.told():
            return int(self.one("SELECT coalesce(max(number), 0) FROM entries", default=(0,))[0])

    def data_version(self) -> int:
        """Differs once another process wrote anything: cheap to ask many times a second."""
        with self.told():
            return int(self.one("PRAGMA data_version", default=(0,))[0])

    # --- commands ---------------------------------------------------------------------------------

    def ask(self, rollout: str, command: Command, by: Actor, reason: str = "") -> None:
        """Leave a command for the rollout's worker."""
        with self.told():
            self.run(
                "INSERT INTO commands (rollout, command, by, reason, asked_ns) VALUES (?, ?, ?, ?, ?)",
                rollout, command.value, msgspec.json.encode(by), reason, time.time_ns(),
            )  # fmt: skip

    def orders(self, rollout: str) -> list[Order]:
        """Commands that the worker has not taken, oldest first."""
        with self.told():
            rows = self.all(
                "SELECT number, command, by, reason, asked_ns FROM commands WHERE rollout = ? AND NOT taken"
                " ORDER BY number",
                rollout,
            )
        return [
            Order(number=row[0], command=Command(row[1]), by=_ACTOR.decode(row[2]), reason=row[3], asked_ns=row[4])
            for row in rows
        ]  # fmt: skip

    def take(self, order: Order) -> None:
        with self._writing(f"{order.command} taken"):
            self.run("UPDATE commands SET taken = 1 WHERE number = ?", order.number)

    # --- documents --------------------------------------------------------------------------------

    def keep(self, rollout: str, documents: Sequence[tuple[str, object]]) -> None:
        """Keep documents by name, all or none; one that is there already stays as it was."""
        with self._writing("documents"):
            self._keep(rollout, documents)

    def _keep(self, rollout: str, documents: Sequence[tuple[str, object]]) -> None:
        for name, document in documents:
            self.run(
                "INSERT OR IGNORE INTO documents (rollout, name, document) VALUES (?, ?, ?)",
                rollout, name, msgspec.json.encode(document),
            )  # fmt: skip

    def kept(self, rollout: str, name: str) -> bytes | None:
        with self.told():
            row = self.one(
                "SELECT document FROM documents WHERE rollout = ? AND name = ?",
                rollout, name, default=None,
            )  # fmt: skip
        return None if row is None else bytes(row[0])

    # --- workers ----------------------------------------------------------------------------------

    def claim(self, rollout: str, process: Process) -> None:
        """Make this process the worker of an open rollout. Raises WorkerThere while it has another one."""
        with self._writing("claim"):
            if self.one("SELECT over FROM rollouts WHERE id = ?", rollout)[0]:
                # Whoever asked for this worker saw it open still: it may have ended since, as another one wanted it.
                raise JournalError(
                    f"rollout {rollout} is over: `patchdeck rollout show {rollout}` tells how it ended"
                )
            if (known := self._worker(rollout)) is not None and known[0] != process and _is_there(*known):
                holder = known[0]
                raise WorkerThere(
                    f"rollout {rollout} has a worker already (process {holder.pid} on {holder.host}):"
                    f" `patchdeck rollout attach {rollout}` follows it"
                )
            self.run(
                "INSERT OR REPLACE INTO workers (rollout, process, beat_ns) VALUES (?, ?, ?)",
                rollout, msgspec.json.encode(process), time.time_ns(),
            )  # fmt: skip

    def beat(self, rollout: str) -> None:
        with self.told():
            self.run("UPDATE workers SET beat_ns = ? WHERE rollout = ?", time.time_ns(), rollout)

    def leave(self, rollout: str) -> None:
        """The rollout has no worker any more."""
        with self._writing("leave"):
            self.run("DELETE FROM workers WHERE rollout = ?", rollout)

    def worker(self, rollout: str) -> Process | None:
        """The process that claimed it last, and has not left."""
        with self.told():
            known = self._worker(rollout)
        return None if known is None else known[0]

    def has_worker(self, rollout: str) -> bool:
        """A live one."""
        with self.told():
            known = self._worker(rollout)
        return known is not None and _is_there(*known)

    def _worker(self, rollout: str) -> tuple[Process, int] | None:
        row = self.one("SELECT process, beat_ns FROM workers WHERE rollout = ?", rollout, default=None)
        return None if row is None else (_PROCESS.decode(row[0]), row[1])


def _is_there(process: Process, beat_ns: int) -> bool:
    if is_here(process):
        return is_alive(process)
    return abs(time.time_ns() - beat_ns) < SILENT_S * 1e9


_ENTRY: Final = msgspec.json.Decoder(AnyEntry)
_ACTOR: Final = msgspec.json.Decoder(Actor)
_PROCESS: Final = msgspec.json.Decoder(Process)
