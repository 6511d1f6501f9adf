"""The recorder: nobody waits for it, nothing that was written is lost, and what is wrong with it is said."""

from __future__ import annotations

import os
import resource
import shutil
import stat
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from patchdeck.model import AnyObservation, EngineAnswered, Ticked
from patchdeck.recording import recorder as recorders
from patchdeck.recording.reader import Recording
from patchdeck.recording.recorder import Recorder, RecorderState
from patchdeck.recording.values import Cursor, LandmarkKind, RecordingError
from patchdeck.settings import Settings
from tests.lab.processes import wait_until
from tests.unit.recorded import digest
from tests.unit.stories import EngineStory, difference, fold

START = Cursor(0, 0)


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recorders, "FLUSH_S", 0.02)
    monkeypatch.setattr(recorders, "RETRY_S", 0.05)


@pytest.fixture
def recording_into() -> Iterator[Callable[[Path], Recorder]]:
    """Makes recorders that do not outlive their test."""
    made: list[Recorder] = []

    def make(path: Path, *, overwrite: bool = False) -> Recorder:
        made.append(Recorder(path, Settings(), engines=("e",), overwrite=overwrite))
        return made[-1]

    yield make
    for recorder in made:
        recorder.close()


Recording_ = Callable[..., Recorder]


def told(count: int = 40) -> list[AnyObservation]:
    engine = EngineStory()
    for number in range(count):
        engine.container(f"web{number}").run(number)
        engine.ping(number)
    return engine.observations


def observations(path: Path) -> list[AnyObservation]:
    with Recording.open(path) as recording:
        return [line.observation for line in recording.lines(START)]


def pings(count: int, begin: int = 0) -> list[AnyObservation]:
    # Values that compress badly, so that a file grows.
    return [
        EngineAnswered(engine="e", at_ns=time.time_ns(), response_s=hash((begin, number, "x")) / 2**64)
        for number in range(count)
    ]


def test_what_is_noted_is_in_the_file_and_only_its_owner_may_read_it(
    tmp_path: Path, recording_into: Recording_
) -> None:
    path = tmp_path / "a.pdrec"
    recorder = recording_into(path)
    for observation in told():
        recorder.note(observation)
    status = recorder.close()
    assert status.state is RecorderState.ENDED
    assert (status.lines, status.skipped, status.detail) == (len(told()), 0, "")
    assert status.size_bytes == path.stat().st_size
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert observations(path) == told()
    with Recording.open(path) as recording:
        assert not recording.cut_short
        assert recording.header.engines == ("e",)
        fleet, _ = recording.fleet_at(recording.ended_ns)
        assert digest(fleet.snapshot()) == digest(fold(told()))


def test_an_existing_file_is_not_touched_unless_told(tmp_path: Path, recording_into: Recording_) -> None:
    path = tmp_path / "a.pdrec"
    path.write_text("precious")
    with pytest.raises(RecordingError, match="exists: choose another name, or remove it"):
        recording_into(path)
    assert path.read_text() == "precious"
    recording_into(path, overwrite=True).close()
    assert observations(path) == []


def test_a_link_is_not_followed(tmp_path: Path, recording_into: Recording_) -> None:
    (tmp_path / "precious").write_text("precious")
    (tmp_path / "link").symlink_to(tmp_path / "precious")
    with pytest.raises(RecordingError, match="exists"):
        recording_into(tmp_path / "link", overwrite=True)
    assert (tmp_path / "precious").read_text() == "precious"


def test_where_there_is_no_folder_it_says_what_to_do(tmp_path: Path, recording_into: Recording_) -> None:
    with pytest.raises(RecordingError, match=r"there is no folder .*none: make it, or choose another"):
        recording_into(tmp_path / "none" / "a.pdrec")


def test_what_was_noted_can_be_read_soon_though_it_is_never_closed(
    tmp_path: Path, recording_into: Recording_, soon: None
) -> None:
    path = tmp_path / "a.pdrec"
    recorder = recording_into(path)
    for observation in told():
        recorder.note(observation)
    assert wait_until(lambda: path.stat().st_size > 0 and observations(path) == told(), 10)


def test_a_file_that_may_not_grow_any_more_loses_nothing_and_goes_on_once_it_may(
    tmp_path: Path, recording_into: Recording_, soon: None
) -> None:
    path = tmp_path / "a.pdrec"
    recorder = recording_into(path)
    noted: list[AnyObservation] = []

    def note(observations: list[AnyObservation]) -> None:
        noted.extend(observations)
        for observation in observations:
            recorder.note(observation)

    note(pings(1_000))
    assert wait_until(lambda: recorder.status.lines == 1_000 and recorder.status.size_bytes > 5_000, 10)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size + 3_000, limits[1]))
    try:
        note(pings(3_000, 1))
        assert wait_until(lambda: recorder.status.state is RecorderState.WAITING, 10)
        assert recorder.status.detail == "the file may not grow any more: lift its limit, it is tried again"
        there = observations(path)
        assert len(there) > 1_000
        assert there == noted[: len(there)]
        note(pings(100, 2))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert wait_until(lambda: recorder.status.state is RecorderState.RECORDING, 10)
    assert recorder.close().state is RecorderState.ENDED
    assert observations(path) == noted


def test_where_more_waits_than_memory_is_for_the_hole_is_told_and_the_state_after_it_is_right(
    tmp_path: Path, recording_into: Recording_, soon: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recorders, "MOST_WAITING_BYTES", 2_000)
    path = tmp_path / "a.pdrec"
    recorder = recording_into(path)
    engine = EngineStory()
    engine.container("before").run(1.0)
    first = list(engine.observations)
    for observation in first:
        recorder.note(observation)
    assert wait_until(lambda: recorder.status.lines == len(first) and path.stat().st_size > 500, 10)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size, limits[1]))
    try:
        flood = pings(3_000)
        for start in range(0, len(flood), 300):
            for observation in flood[start : start + 300]:
                recorder.note(observation)
            time.sleep(0.05)
        engine.container("meanwhile").run(2.0)
        meanwhile = engine.observations[len(first) :]
        for observation in meanwhile:
            recorder.note(observation)
        assert wait_until(lambda: recorder.status.skipped > len(meanwhile), 10)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert wait_until(lambda: recorder.status.state is RecorderState.RECORDING, 10)
    after = len(engine.observations)
    engine.container("after").run(3.0)
    for observation in engine.observations[after:]:
        recorder.note(observation)
    status = recorder.close()
    assert status.state is RecorderState.ENDED
    everything = fold([*engine.observations, *flood])
    with Recording.open(path) as recording:
        lines = list(recording.lines(START))
        assert len(lines) + status.skipped == len(engine.observations) + len(flood)
        (anew,) = [line for line in lines if line.anew]
        holes = [one for one in recording.landmarks if one.kind is LandmarkKind.GAP]
        assert [hole.detail for hole in holes] == [
            "the file may not grow any more: lift its limit, it is tried again"
        ]
        assert holes[0].ended_ns is not None
        assert holes[0].at_ns <= holes[0].ended_ns <= anew.seen_ns
        fleet, _ = recording.fleet_at(recording.ended_ns)
        assert difference(fleet.snapshot(), everything) == ""
        played, _, count = recording.advance(*recording.fleet_at(0), recording.ended_ns)
        assert count == len(lines)
        assert difference(played.snapshot(), everything) == ""


def test_a_folder_that_vanishes_and_comes_back_has_all_of_it_again(
    tmp_path: Path, recording_into: Recording_, soon: None
) -> None:
    folder = tmp_path / "usb"
    folder.mkdir()
    path = folder / "a.pdrec"
    recorder = recording_into(path)
    before, after = told(), pings(50)
    for observation in before:
        recorder.note(observation)
    assert wait_until(lambda: recorder.status.lines == len(before) and path.stat().st_size > 0, 10)
    shutil.rmtree(folder)
    assert wait_until(lambda: recorder.status.state is RecorderState.WAITING, 10)
    assert recorder.status.detail == f"its folder {folder} is gone: it is tried again"
    for observation in after:
        recorder.note(observation)
    folder.mkdir()
    assert wait_until(lambda: recorder.status.state is RecorderState.RECORDING, 10)
    assert recorder.close().state is RecorderState.ENDED
    assert observations(path) == [*before, *after]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_an_end_that_could_not_be_written_is_told_and_what_is_there_can_be_read(
    tmp_path: Path, recording_into: Recording_, soon: None
) -> None:
    path = tmp_path / "a.pdrec"
    recorder = recording_into(path)
    for observation in told():
        recorder.note(observation)
    assert wait_until(lambda: path.stat().st_size > 0 and observations(path) == told(), 10)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size, limits[1]))
    try:
        status = recorder.close()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert status.state is RecorderState.FAILED
    assert status.detail == "its end could not be written: the file may not grow any more"
    assert observations(path) == told()


def test_more_than_it_can_take_leaves_a_hole_and_no_one_waiting(
    tmp_path: Path, recording_into: Recording_, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recorders, "MOST_QUEUED", 500)
    path = tmp_path / "a.pdrec"
    recorder = recording_into(path)
    for observation in pings(800):
        recorder.note(observation)
    status = recorder.close()
    assert status.skipped == 300
    with Recording.open(path) as recording:
        assert recording.line_count == 500
        assert [one.detail for one in recording.landmarks] == [
            "300 observations came faster than they could be kept"
        ]


def test_times_of_arrival_do_not_go_back_with_the_clock(
    tmp_path: Path, recording_into: Recording_, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.pdrec"
    recorder = recording_into(path)
    clock = time.time_ns()
    for step_s in (0, 1, -3600, 2, 3):
        at_ns = clock + step_s * 1_000_000_000
        monkeypatch.setattr(recorders, "_now_ns", lambda at_ns=at_ns: at_ns)
        recorder.note(Ticked(engine="", at_ns=at_ns))
    recorder.close()
    with Recording.open(path) as recording:
        seen = [line.seen_ns - clock for line in recording.lines(START)]
    assert seen == [0, 1_000_000_000, 1_000_000_000, 2_000_000_000, 3_000_000_000]


def test_a_fault_of_its_own_is_told_and_reaches_nobody_else(
    tmp_path: Path, recording_into: Recording_, soon: None, caplog: pytest.LogCaptureFixture
) -> None:
    recorder = recording_into(tmp_path / "a.pdrec")
    recorder.note("no observation")  # type: ignore[arg-type]
    assert wait_until(lambda: recorder.status.state is RecorderState.FAILED, 10)
    assert "a fault in Patchdeck itself: AttributeError" in recorder.status.detail
    recorder.note(Ticked(engine="", at_ns=1))
    assert os.path.lexists(tmp_path / "a.pdrec")
