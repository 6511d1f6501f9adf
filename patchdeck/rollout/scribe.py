"""Writes a worker's entries: many units write at once, and each waits until its own is on disk."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from patchdeck.model.journal import AnyEntry
from patchdeck.rollout.journal import Journal

SOON_S: Final = 0.1
"""How long what can wait is kept for something to be written with."""


class Scribe:
    """What is written while the disk is busy goes together in one transaction: the disk is waited for once.

    `on_written` gets each entry, in the order of the journal, once it is on disk.
    """

    def __init__(self, journal: Journal, on_written: Callable[[AnyEntry], None]) -> None:
        self._journal = journal
        self._on_written = on_written
        self._waiting: list[tuple[AnyEntry, asyncio.Future[AnyEntry]]] = []
        self._writing: asyncio.Task[None] | None = None

    def enter(self, entry: AnyEntry, *, soon: bool = False) -> asyncio.Future[AnyEntry]:
        """After all that came before it. Once it is on disk, the future has the entry with its sequence and time, or
        a JournalError. It must not be cancelled: what is being written is written. With `soon` it goes with what is
        entered next, or a moment later by itself.
        """
        loop = asyncio.get_running_loop()
        written: asyncio.Future[AnyEntry] = loop.create_future()
        self._waiting.append((entry, written))
        if soon:
            loop.call_later(SOON_S, self._begin)
        else:
            self._begin()
        return written

    async def write(self, entry: AnyEntry) -> AnyEntry:
        """On disk when this returns. Raises JournalError."""
        return await asyncio.shield(self.enter(entry))

    async def finished(self) -> None:
        """Returns once nothing waits to be written."""
        self._begin()
        if self._writing is not None:
            await self._writing

    def _begin(self) -> None:
        if self._waiting and self._writing is None:
            self._writing = asyncio.create_task(self._write_all(), name="write the journal")

    async def _write_all(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting, []
            try:
                entries = await asyncio.to_thread(self._journal.write, *(entry for entry, _ in batch))
            except Exception as error:  # noqa: BLE001 - handed to everyone who waits for this transaction
                for _, future in batch:
                    future.set_exception(error)
                continue
            for entry, (_, future) in zip(entries, batch, strict=True):
                self._on_written(entry)
                future.set_result(entry)
        self._writing = None
