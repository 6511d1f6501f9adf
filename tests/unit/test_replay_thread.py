"""The replay's thread: what is asked for is done, the newest seek wins, and trouble is told."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from typing import Self

import pytest

from patchdeck.fleet import Fleet
from patchdeck.model import Snapshot, StartupOutcome
from patchdeck.recording.values import Cursor, Line, RecordingError
from patchdeck.replay.position import ReplayState
from patchdeck.replay.thread import ReplayThread
from patchdeck.sources.errors import LogsUnavailable
from tests.unit.stories import fold, in_time, ns
from tests.unit.tapes import Told
from tests.unit.test_replay_player import LASTS_S, seen_of, story, tick


def until(condition: Callable[[], object], timeout_s: float = 10.0) -> bool:
    ends_s = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > ends_s:
            return False
        time.sleep(0.005)
    return True


class Replaying:
    """`with Replaying(tape) as replaying`: the thread, and the newest snapshot."""

    def __init__(self, tape: Told, **options: object) -> None:
        self.thread = ReplayThread(tape, **options)  # type: ignore[arg-type]
        self._latest = Snapshot()

    def __enter__(self) -> Self:
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        assert self.thread.stop()

    @property
    def snapshot(self) -> Snapshot:
        self._latest = self.thread.mailbox.take() or self._latest
        return self._latest

    def is_at(self, second: float) -> bool:
        return until(
            lambda: (
                self.thread.position.at_ns == ns(second) and self.snapshot.at_ns == fold(before(second)).at_ns
            )
        )


def before(second: float) -> list:  # type: ignore[type-arg]
    return [one for one in in_time(story().observations) if one.at_ns <= ns(second)]


@pytest.fixture
def tape() -> Told:
    return Told(seen_of(story()))


def test_it_plays_from_the_beginning_into_the_mailbox_and_stops_at_the_end(tape: Told) -> None:
    with Replaying(tape, speed=64.0) as replaying:
        assert until(lambda: replaying.thread.position.state is ReplayState.ENDED)
        assert until(lambda: replaying.snapshot == fold(in_time(story().observations)))
        assert replaying.thread.position.at_ns == ns(LASTS_S + 0.5)


def test_it_begins_where_it_is_told_to_and_shows_nothing_before(tape: Told) -> None:
    with Replaying(tape, at_ns=ns(50), playing=False) as replaying:
        assert replaying.is_at(50)
        assert replaying.snapshot == fold(before(50))
        assert tape.seeks == [tape.began_ns, ns(50)]


def test_of_many_seeks_only_the_newest_is_done_after_the_one_under_way() -> None:
    class Gated(Told):
        """A seek waits until it is let through."""

        let_through = threading.Event()

        def fleet_at(self, at_ns: int) -> tuple[Fleet, Cursor]:
            if at_ns != self.began_ns:
                assert self.let_through.wait(10)
            return super().fleet_at(at_ns)

    tape = Gated(seen_of(story()))
    with Replaying(tape, playing=False) as replaying:
        replaying.thread.seek(ns(20))
        assert until(lambda: replaying.thread.position.at_ns == ns(20))
        time.sleep(0.05)
        for second in range(30, 90):
            replaying.thread.seek(ns(second))
            assert replaying.thread.position.at_ns == ns(second)
        tape.let_through.set()
        assert replaying.is_at(89)
    assert tape.seeks == [tape.began_ns, ns(20), ns(89)]


def test_a_second_on_counts_from_where_the_newest_seek_goes(tape: Told) -> None:
    with Replaying(tape, playing=False) as replaying:
        for _ in range(30):
            replaying.thread.seek(replaying.thread.position.at_ns + 1_000_000_000)
        assert replaying.is_at(30)


def test_the_end_is_where_it_is_when_it_is_reached() -> None:
    """The file grows between the opening and the seek."""
    tape = Told(seen_of(story()), cut_short=True)
    thread = ReplayThread(tape, at_ns=tape.ended_ns)
    tape.to_come = [tick(LASTS_S + 5)]
    thread.start()
    try:
        assert until(lambda: thread.position.at_ns == ns(LASTS_S + 5))
        assert thread.position.state is ReplayState.FOLLOWING
    finally:
        assert thread.stop()


def test_steps_show_one_change_after_the_other(tape: Told) -> None:
    with Replaying(tape, playing=False) as replaying:
        for expected in ([StartupOutcome.STARTING], [StartupOutcome.STARTED]):
            replaying.thread.step()
            assert until(lambda: [one.outcome for one in replaying.snapshot.startups] == expected)  # noqa: B023
        assert replaying.thread.position.at_ns < ns(11)


def test_a_pause_is_told_at_once(tape: Told) -> None:
    with Replaying(tape) as replaying:
        assert until(lambda: replaying.snapshot.engines)
        replaying.thread.pause()
        assert until(lambda: replaying.thread.position.state is ReplayState.PAUSED, 0.5)


def test_a_recording_holds_no_logs_and_says_so(tape: Told) -> None:
    thread = ReplayThread(tape)
    with pytest.raises(LogsUnavailable, match="holds no logs"):
        thread.logs("e", "1", 100).result(1)
    with pytest.raises(LogsUnavailable, match="no engine"):
        thread.examine().result(1)


def test_what_can_not_be_read_stops_it_with_a_reason_and_what_is_beside_can_still_be_gone_to() -> None:
    class Torn(Told):
        """Damaged from the twentieth to the sixtieth second."""

        def lines(self, cursor: Cursor) -> Iterator[Line]:
            for line in super().lines(cursor):
                if ns(20) < line.seen_ns < ns(60):
                    raise RecordingError("the file is damaged here")
                yield line

        def advance(self, fleet: Fleet, cursor: Cursor, until_ns: int) -> tuple[Fleet, Cursor, int]:
            return Told(seen_of(story())).advance(fleet, cursor, until_ns)

        def fleet_at(self, at_ns: int) -> tuple[Fleet, Cursor]:
            if ns(20) < at_ns < ns(60):
                raise RecordingError("the file is damaged there")
            return super().fleet_at(at_ns)

    with Replaying(Torn(seen_of(story())), speed=64.0) as replaying:
        assert until(lambda: replaying.thread.position.trouble == "the file is damaged here")
        assert replaying.thread.position.state is ReplayState.PAUSED
        assert replaying.snapshot.containers
        replaying.thread.seek(ns(40))
        assert until(lambda: replaying.thread.position.trouble == "the file is damaged there")
        assert replaying.thread.position.at_ns <= ns(20)
        replaying.thread.seek(ns(110))
        assert replaying.is_at(110)
        assert not replaying.thread.position.trouble
        assert replaying.snapshot == fold(before(110))


def test_a_fault_of_our_own_is_told_too(tape: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tape, "fleet_at", lambda _: 1 / 0)
    with Replaying(tape) as replaying:
        assert until(lambda: "ZeroDivisionError" in replaying.thread.position.trouble)


def test_it_can_be_stopped_before_it_is_started_and_twice(tape: Told) -> None:
    thread = ReplayThread(tape)
    assert thread.stop()
    thread = ReplayThread(tape)
    thread.start()
    assert thread.stop()
    assert thread.stop()
