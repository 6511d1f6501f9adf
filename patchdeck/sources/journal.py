"""What the rollout journal tells: entries as they are written, and which workers are there."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from patchdeck.model import JournalEntered, SourceChanged, SourceState, WorkerBegan, WorkerSeen
from patchdeck.rollout.database import JournalError
from patchdeck.rollout.journal import Journal, Numbered
from patchdeck.sources.emitting import Emit

POLL_S: Final = 0.25
WORKERS_S: Final = 1.0
"""Between two looks for workers that are gone."""
AGAIN_S: Final = 3.0
BATCH: Final = 500
_GONE: Final = "What is shown of rollouts is what it told last: put it back, or look for who removed it."


class JournalSource:
    """Reads, and changes nothing. Rollouts that were over before the kept window are left out."""

    def __init__(self, keep_s: float, emit: Emit, folder: Path | None = None) -> None:
        self._keep_s = keep_s
        self._emit = emit
        self._folder = folder
        self._alive: dict[str, bool] = {}
        self._trouble = ""
        self._known = False
        """There was one."""

    async def run(self) -> None:
        """Until cancelled. Without a journal it waits for one."""
        while True:
            try:
                with Journal(self._folder, read_only=True) as journal:
                    if journal.is_open:
                        self._known = True
                        self._stand("")
                        await self._follow(journal)
                        continue
                    if self._known:
                        self._stand(f"the journal {journal.path} is gone. {_GONE}")
            except JournalError as error:
                self._stand(str(error))
            await asyncio.sleep(AGAIN_S)

    async def _follow(self, journal: Journal) -> None:
        """As long as it is the one of this name. Raises JournalError."""
        number, past = await asyncio.to_thread(self._past, journal)
        await self._tell(past)
        version, looked_at = -1, 0.0
        while True:
            if (now := journal.data_version()) != version:
                version = now
                number = await self._tell_new(journal, number)
            if time.monotonic() - looked_at >= WORKERS_S:
                looked_at = time.monotonic()
                if not await asyncio.to_thread(journal.is_in_place):
                    return
                await self._look_for_workers(journal)
            await asyncio.sleep(POLL_S)

    def _past(self, journal: Journal) -> tuple[int, list[Numbered]]:
        """What was written before of the rollouts that matter, and the number from which on everything is new."""
        number = journal.last_number()
        since_ns = time.time_ns() - round(self._keep_s * 1e9)
        rows = [row for row in journal.rollouts() if not row.over or row.planned_ns >= since_ns]
        return number, [
            Numbered(0, row.engine, entry) for row in rows for entry in journal.entries(row.rollout)
        ]

    async def _tell_new(self, journal: Journal, number: int) -> int:
        while new := await asyncio.to_thread(journal.entries_after, number, BATCH):
            await self._tell(new)
            number = new[-1].number
        return number

    async def _tell(self, entries: Sequence[Numbered]) -> None:
        for count, one in enumerate(entries):
            self._emit(JournalEntered(engine=one.engine, at_ns=one.entry.at_ns, entry=one.entry))
            if isinstance(one.entry, WorkerBegan):
                # What was seen of workers before is older than this one: it is looked for anew.
                self._alive.pop(one.entry.rollout, None)
            if count % BATCH == BATCH - 1:
                await asyncio.sleep(0)

    async def _look_for_workers(self, journal: Journal) -> None:
        """Tell of the workers of open rollouts that came or went since."""
        rows = await asyncio.to_thread(journal.rollouts)
        for rollout in self._alive.keys() - {row.rollout for row in rows}:  # those of a journal that is gone
            del self._alive[rollout]
            self._emit(WorkerSeen(engine="", at_ns=time.time_ns(), rollout=rollout, alive=False))
        for row in rows:
            if row.over and row.rollout not in self._alive:
                continue
            if row.over:
                del self._alive[row.rollout]
                continue
            # Of the moment before it is asked: a worker that comes while it is has come later.
            at_ns = time.time_ns()
            alive = await asyncio.to_thread(journal.has_worker, row.rollout)
            if self._alive.get(row.rollout) is not alive:
                self._alive[row.rollout] = alive
                self._emit(WorkerSeen(engine=row.engine, at_ns=at_ns, rollout=row.rollout, alive=alive))

    def _stand(self, trouble: str) -> None:
        if trouble != self._trouble:
            self._trouble = trouble
            state = SourceState.LOST if trouble else SourceState.LIVE
            self._emit(
                SourceChanged(engine="", at_ns=time.time_ns(), source="journal", state=state, detail=trouble)
            )
