"""Follow one rollout in the journal, from its beginning on. Reads, and changes nothing."""

from __future__ import annotations

from typing import Final

from patchdeck.model.journal import AnyEntry
from patchdeck.model.rollouts import Rollout
from patchdeck.rollout.journal import Journal
from patchdeck.rollout.story import Story

_NOW_NS: Final = 1 << 62
"""It looks whenever it is asked: what it sees is newer than every entry, whatever the clocks say."""


class Follower:
    """`news` is asked a few times a second. Every method raises JournalError."""

    def __init__(self, journal: Journal, rollout: str) -> None:
        self._journal = journal
        self._rollout = rollout
        self._version = -1
        self._number = journal.last_number()
        self._first = True
        self._story = Story()
        self.entries: list[AnyEntry] = []
        """All so far, in order."""
        self.has_worker = True
        """As of the last `news`."""

    def news(self) -> list[AnyEntry]:
        """Entries that were written since the last call, in order."""
        # Whether the worker is there is asked before its entries are read: what it wrote before it went is among them.
        self.has_worker = self._journal.has_worker(self._rollout)
        self._story.worker_seen(_NOW_NS, alive=self.has_worker)
        last = self.entries[-1].sequence if self.entries else 0
        new = [entry for entry in self._read() if entry.sequence > last]
        for entry in new:
            self.entries.append(entry)
            self._story.apply(entry)
        return new

    def rollout(self) -> Rollout:
        """What all entries so far add up to; after the first `news`."""
        found = self._story.rollout()
        assert found is not None  # a rollout is entered together with its first entry
        return found

    def _read(self) -> list[AnyEntry]:
        if self._first:
            self._first = False
            return self._journal.entries(self._rollout)
        if (version := self._journal.data_version()) == self._version:
            return []
        self._version = version
        new: list[AnyEntry] = []
        while batch := self._journal.entries_after(self._number):
            self._number = batch[-1].number
            new += [one.entry for one in batch if one.entry.rollout == self._rollout]
        return new
