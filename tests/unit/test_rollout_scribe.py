"""What many units write at once goes to disk in few transactions, and in order."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from patchdeck.model import AnyEntry, Noted
from patchdeck.rollout.database import JournalError
from patchdeck.rollout.journal import Journal
from patchdeck.rollout.scribe import Scribe


class Counted(Journal):
    """Tells how many entries each of its transactions had."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.batches: list[list[str]] = []
        self.full = False

    def write(self, *entries: AnyEntry) -> list[AnyEntry]:
        if self.full:
            raise JournalError("no space left")
        self.batches.append([entry.text for entry in entries if isinstance(entry, Noted)])
        return list(entries)


def noted(text: str) -> Noted:
    return Noted(rollout="r", text=text)


async def test_what_can_wait_goes_with_what_is_written_next_and_before_it(tmp_path: Path) -> None:
    journal = Counted(tmp_path)
    scribe = Scribe(journal, lambda _: None)
    scribe.enter(noted("answer"), soon=True)
    await asyncio.sleep(0)
    assert journal.batches == []
    await scribe.write(noted("intent"))
    assert journal.batches == [["answer", "intent"]]


async def test_what_can_wait_is_on_disk_a_moment_later_though_nothing_follows(tmp_path: Path) -> None:
    journal, seen = Counted(tmp_path), list[AnyEntry]()
    scribe = Scribe(journal, seen.append)
    await asyncio.wait_for(scribe.enter(noted("answer"), soon=True), 10)
    assert (journal.batches, seen) == ([["answer"]], [noted("answer")])


async def test_nothing_that_can_wait_is_left_behind_at_the_end(tmp_path: Path) -> None:
    journal = Counted(tmp_path)
    scribe = Scribe(journal, lambda _: None)
    scribe.enter(noted("answer"), soon=True)
    await scribe.finished()
    assert journal.batches == [["answer"]]


async def test_everyone_whose_entry_could_not_be_written_is_told(tmp_path: Path) -> None:
    journal = Counted(tmp_path)
    journal.full = True
    scribe = Scribe(journal, lambda _: None)
    waiting = scribe.enter(noted("answer"), soon=True)
    with pytest.raises(JournalError):
        await scribe.write(noted("intent"))
    with pytest.raises(JournalError):
        await waiting
