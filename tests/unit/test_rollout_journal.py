"""The journal: what is written is there, for its owner alone, and what goes wrong is told in one sentence."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from patchdeck.model import (
    Actor,
    AnyObservation,
    Command,
    ImageChoice,
    JournalEntered,
    Noted,
    Plan,
    Planned,
    RolloutState,
    SourceChanged,
    SourceState,
    StateEntered,
    WorkerBegan,
    WorkerSeen,
)
from patchdeck.rollout import journal as journal_module
from patchdeck.rollout.database import SCHEMA, JournalError
from patchdeck.rollout.journal import Journal, WorkerThere
from patchdeck.rollout.processes import Process, this_process
from patchdeck.rollout.story import Story
from patchdeck.sources.journal import JournalSource

ME = Actor(user="me", host="here")
PLAN = Plan(
    service="shop/web", engine="lab", origin=ImageChoice(image="web:1"), to=ImageChoice(image="web:2")
)


def opened(journal: Journal, rollout: str = "aa11") -> str:
    planned = Planned(rollout=rollout, plan=PLAN, by=ME)
    return journal.open_rollout(planned, engine_id="e", target=b"{}").rollout


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with Journal(tmp_path / "state") as made:
        yield made


def test_entries_are_numbered_in_the_order_in_which_they_are_written(journal: Journal) -> None:
    rollout = opened(journal)
    journal.write(Noted(rollout=rollout, text="one"), Noted(rollout=rollout, text="two"))
    entries = journal.entries(rollout)
    assert [entry.sequence for entry in entries] == [1, 2, 3]
    assert [entry.text for entry in entries if isinstance(entry, Noted)] == ["one", "two"]
    assert all(entry.at_ns for entry in entries)


def test_only_the_owner_may_read_what_is_written(journal: Journal) -> None:
    opened(journal)
    files = list(journal.folder.iterdir())
    assert len(files) >= 2
    assert {path.stat().st_mode & 0o777 for path in files} == {0o600}
    assert journal.folder.stat().st_mode & 0o777 == 0o700


def test_what_one_process_writes_another_reads_and_a_reader_makes_nothing(tmp_path: Path) -> None:
    with Journal(tmp_path / "state", read_only=True) as reader:
        assert not reader.is_open
        assert reader.rollouts() == []
        assert not reader.path.exists()
    with Journal(tmp_path / "state") as writer, Journal(tmp_path / "state", read_only=True) as reader:
        before = reader.data_version()
        opened(writer)
        assert reader.data_version() != before
        assert [one.entry.rollout for one in reader.entries_after(0)] == ["aa11"]
        assert reader.entries_after(reader.last_number()) == []


def test_a_transaction_that_fails_writes_none_of_its_entries(journal: Journal) -> None:
    rollout = opened(journal)
    with pytest.raises(JournalError):
        journal.write(Noted(rollout=rollout, text="one"), Noted(rollout="unknown", text="two"))
    assert len(journal.entries(rollout)) == 1


@pytest.mark.parametrize("state", RolloutState)
def test_a_rollout_is_over_with_the_very_entry_that_says_so(journal: Journal, state: RolloutState) -> None:
    rollout = opened(journal)
    for entered in (state, RolloutState.RUNNING, state):
        journal.write(StateEntered(rollout=rollout, state=entered))
        assert [row.over for row in journal.rollouts()] == [entered.over]


def test_a_journal_of_a_newer_program_is_refused(journal: Journal) -> None:
    with sqlite3.connect(journal.path) as raw:
        raw.execute(f"PRAGMA user_version = {SCHEMA + 1}")
    raw.close()
    with pytest.raises(JournalError, match="newer Patchdeck"), Journal(journal.folder):
        pass


def test_what_is_no_database_is_told(tmp_path: Path) -> None:
    (tmp_path / "journal.db").write_bytes(b"no database at all, and longer than its header" * 40)
    with pytest.raises(JournalError, match="PATCHDECK_STATE"), Journal(tmp_path):
        pass


def test_a_disk_that_is_full_is_told_with_what_to_do(journal: Journal) -> None:
    rollout = opened(journal)
    journal.run("PRAGMA max_page_count = 1")  # SQLite's own limit: the error is that of a full disk
    with pytest.raises(JournalError, match="Make room"):
        journal.write(*(Noted(rollout=rollout, text="x" * 4_000) for _ in range(50)))
    assert len(journal.entries(rollout)) == 1


def test_commands_wait_for_the_worker_in_order_and_are_taken_once(journal: Journal) -> None:
    rollout = opened(journal)
    journal.ask(rollout, Command.PAUSE, ME, "lunch")
    journal.ask(rollout, Command.RESUME, ME)
    first, second = journal.orders(rollout)
    assert (first.command, first.reason, second.command) == (Command.PAUSE, "lunch", Command.RESUME)
    journal.take(first)
    assert journal.orders(rollout) == [second]


def test_documents_stay_as_they_were_first_kept(journal: Journal) -> None:
    rollout = opened(journal)
    journal.keep(rollout, [("kept", {"a": 1})])
    journal.keep(rollout, [("kept", {"a": 2})])
    assert msgspec.json.decode(journal.kept(rollout, "kept") or b"") == {"a": 1}
    assert journal.kept(rollout, "other") is None


def test_a_rollout_is_found_by_the_beginning_of_its_id(journal: Journal) -> None:
    opened(journal, "aa11")
    opened(journal, "ab22")
    assert journal.find("ab") == "ab22"
    for wrong in ("a", "zz"):
        with pytest.raises(JournalError, match="rollout list"):
            journal.find(wrong)


def test_a_rollout_has_one_worker_until_that_process_is_gone(journal: Journal) -> None:
    rollout = opened(journal)
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other:
        theirs = msgspec.structs.replace(this_process(), pid=other.pid, started=_started(other.pid))
        journal.claim(rollout, theirs)
        assert journal.has_worker(rollout)
        with pytest.raises(WorkerThere, match="attach"):
            journal.claim(rollout, this_process())
        other.kill()
        other.wait()
        assert not journal.has_worker(rollout)
        journal.claim(rollout, this_process())
    assert journal.worker(rollout) == this_process()


def _started(pid: int) -> str:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]


def test_a_process_id_that_was_given_to_another_is_no_worker(journal: Journal) -> None:
    rollout = opened(journal)
    journal.claim(rollout, msgspec.structs.replace(this_process(), started="1"))
    assert not journal.has_worker(rollout)


def test_a_worker_of_before_the_last_boot_is_gone(journal: Journal) -> None:
    rollout = opened(journal)
    journal.claim(rollout, msgspec.structs.replace(this_process(), boot="another"))
    assert not journal.has_worker(rollout)


def test_a_worker_of_another_host_is_there_as_long_as_it_beats(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    rollout = opened(journal)
    journal.claim(rollout, Process(host="elsewhere", boot="b", pid=os.getpid(), started="1"))
    assert journal.has_worker(rollout)
    monkeypatch.setattr(journal_module, "SILENT_S", -1.0)
    assert not journal.has_worker(rollout)


async def test_a_console_hears_of_entries_and_within_three_seconds_of_a_worker_that_is_gone(
    tmp_path: Path,
) -> None:
    heard: list[AnyObservation] = []
    source = asyncio.create_task(JournalSource(3600.0, heard.append, tmp_path).run())
    with (
        Journal(tmp_path) as journal,
        subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other,  # noqa: ASYNC220
    ):
        rollout = opened(journal)
        theirs = msgspec.structs.replace(this_process(), pid=other.pid, started=_started(other.pid))
        journal.claim(rollout, theirs)
        await _until(lambda: any(isinstance(one, WorkerSeen) and one.alive for one in heard))
        journal.write(Noted(rollout=rollout, text="later"))
        await _until(
            lambda: any(isinstance(one, JournalEntered) and one.entry.sequence == 2 for one in heard)
        )
        other.kill()
        other.wait()
        killed = time.monotonic()
        await _until(lambda: any(isinstance(one, WorkerSeen) and not one.alive for one in heard))
        assert time.monotonic() - killed < 3
    source.cancel()
    entered = [one.entry.sequence for one in heard if isinstance(one, JournalEntered)]
    assert entered == [1, 2]


async def test_a_worker_that_came_and_went_between_two_looks_is_told_to_be_gone(tmp_path: Path) -> None:
    heard: list[AnyObservation] = []

    def seen() -> list[bool]:
        return [one.alive for one in heard if isinstance(one, WorkerSeen)]

    with Journal(tmp_path) as journal:
        rollout = opened(journal)
        source = asyncio.create_task(JournalSource(3600.0, heard.append, tmp_path).run())
        await _until(lambda: seen() == [False])
        journal.write(WorkerBegan(rollout=rollout, worker=ME))
        await _until(lambda: seen() == [False, False])
        source.cancel()
    story = Story()
    for one in heard:
        if isinstance(one, JournalEntered):
            story.apply(one.entry)
        elif isinstance(one, WorkerSeen):
            story.worker_seen(one.at_ns, alive=one.alive)
    told = story.rollout()
    assert told is not None
    assert told.state is RolloutState.LOST


async def test_a_journal_that_cannot_be_read_is_told_and_tried_again(tmp_path: Path) -> None:
    (tmp_path / "journal.db").write_bytes(b"no database at all, and longer than its header" * 40)
    heard: list[AnyObservation] = []
    source = asyncio.create_task(JournalSource(3600.0, heard.append, tmp_path).run())
    await _until(lambda: bool(heard))
    (told,) = heard
    assert isinstance(told, SourceChanged)
    assert told.state is SourceState.LOST
    source.cancel()


def test_a_journal_is_not_closed_while_another_thread_reads_it(tmp_path: Path) -> None:
    reading, read = threading.Event(), []
    numbers = "SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300000"

    def count(journal: Journal) -> None:
        with journal.told():
            reading.set()
            read.append(journal.one(f"WITH RECURSIVE n(i) AS ({numbers}) SELECT max(i) FROM n"))

    with Journal(tmp_path) as there:
        thread = threading.Thread(target=count, args=(there,))
        thread.start()
        assert reading.wait(10)
    assert read == [(300000,)]
    thread.join()


async def test_a_journal_that_is_removed_is_told_and_another_one_in_its_place_is_followed(
    tmp_path: Path,
) -> None:
    heard: list[AnyObservation] = []
    source = asyncio.create_task(JournalSource(3600.0, heard.append, tmp_path).run())

    def stands() -> SourceState | None:
        told = [one.state for one in heard if isinstance(one, SourceChanged)]
        return told[-1] if told else None

    with Journal(tmp_path) as journal:
        rollout = opened(journal)
        journal.claim(rollout, this_process())
        await _until(lambda: any(isinstance(one, WorkerSeen) for one in heard))
        _remove(tmp_path)
        await _until(lambda: stands() is SourceState.LOST)
    with Journal(tmp_path) as journal:
        other = opened(journal, "other")
        await _until(
            lambda: any(isinstance(one, JournalEntered) and one.entry.rollout == other for one in heard)
        )
    assert stands() is SourceState.LIVE
    await _until(lambda: any(isinstance(one, WorkerSeen) and not one.alive for one in heard))
    source.cancel()


def _remove(folder: Path) -> None:
    for path in folder.glob("journal.db*"):
        path.unlink()


async def _until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110 - what is waited for comes by a callback of the source
            await asyncio.sleep(0.02)


def test_what_is_written_stays_however_many_connections_of_several_processes_come_and_go(
    tmp_path: Path,
) -> None:
    comes_and_goes = (
        "import pathlib, sys; from patchdeck.rollout.journal import Journal\n"
        "with Journal(pathlib.Path(sys.argv[1])) as journal: journal.last_number()"
    )
    with Journal(tmp_path) as one:
        rollout = opened(one)
        with Journal(tmp_path):
            pass  # a file of SQLite's that is closed beside it takes the locks of the whole process away
        subprocess.run([sys.executable, "-c", comes_and_goes, str(tmp_path)], check=True)
        one.write(Noted(rollout=rollout, text="after"))
        with Journal(tmp_path, read_only=True) as reader:
            assert [entry.sequence for entry in reader.entries(rollout)] == [1, 2]
