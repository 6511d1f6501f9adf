"""A recording gives back what was put in: from its beginning, from any moment, and though it be cut anywhere."""

from __future__ import annotations

import gzip
import os
import random
import subprocess
import zlib
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from patchdeck.fleet import Fleet
from patchdeck.model import AnyObservation, Marked, SourceState, Ticked
from patchdeck.recording import lines, members
from patchdeck.recording.reader import Recording
from patchdeck.recording.values import VERSION, Cursor, LandmarkKind, Line, RecordingError
from patchdeck.settings import Settings, StartupSettings
from tests.unit.random_stories import stories
from tests.unit.recorded import arrivals, digest, put, recorded, short_members
from tests.unit.stories import EngineStory, difference, in_time, ns
from tests.unit.test_fleet import much
from tests.unit.test_recording_state import besides

START = Cursor(0, 0)


def told(until_s: int = 120) -> list[AnyObservation]:
    """A small story with something of everything."""
    engine = EngineStory(offset_s=2.0)
    engine.source(0.1, SourceState.LIVE)
    for number in range(8):
        container = engine.container(f"web{number}", restart_policy="always")
        container.run(number * 3.0, 0.5)
        container.die(number * 3.0 + 1.5, 3 if number % 2 else 0)
    extra = besides(engine, until_s, random.Random(4))
    return in_time([*extra, *engine.observations], engine.offset_s)


def text_of(data: bytes) -> bytes:
    """What there is of the text, by other means than the reader's: one member after the other, as far as it goes."""
    text = b""
    while data:
        inflate = zlib.decompressobj(31)
        text += inflate.decompress(data)
        data = inflate.unused_data
    return text


@pytest.fixture
def shortly(monkeypatch: pytest.MonkeyPatch) -> None:
    short_members(monkeypatch, 9)


def test_what_was_recorded_comes_back_in_its_order_with_its_times(tmp_path: Path, shortly: None) -> None:
    arrived = arrivals(told())
    with Recording.open(put(tmp_path, recorded(arrived))) as recording:
        assert [(line.seen_ns, line.observation) for line in recording.lines(START)] == arrived
        assert recording.line_count == len(arrived)
        assert (recording.began_ns, recording.ended_ns) == (ns(0), arrived[-1][0])
        assert not recording.cut_short
        assert len(recording.member_times_ns) > 10


def test_zcat_reads_it_as_one_json_value_a_line(tmp_path: Path, shortly: None) -> None:
    path = put(tmp_path, recorded(arrivals(told())))
    done = subprocess.run(["gzip", "--decompress", "--stdout", path], capture_output=True, check=True)
    values = [msgspec.json.decode(line) for line in done.stdout.splitlines()]
    assert values[0]["patchdeck"] == "recording"
    assert values[-1]["line"] == "tail"
    assert [value["number"] for value in values if isinstance(value, dict) and value.get("line") == "member"]


@much
@given(stories(), st.randoms(use_true_random=True))
def test_from_every_member_on_the_snapshots_are_those_of_a_fleet_that_saw_everything(
    tmp_path_factory: pytest.TempPathFactory, story: EngineStory, chance: random.Random
) -> None:
    arrived = arrivals(
        in_time([*besides(story, 60, chance), *story.observations], story.offset_s), story.offset_s
    )
    with pytest.MonkeyPatch.context() as monkeypatch:
        short_members(monkeypatch, chance.randrange(3, 40))
        path = put(tmp_path_factory.mktemp("r"), recorded(arrived))
    with Recording.open(path) as recording:
        for began_ns in recording.member_times_ns:
            whole = Fleet(recording.settings)
            for seen_ns, observation in arrived:
                if seen_ns <= began_ns:
                    whole.apply(observation)
            fleet, cursor = recording.fleet_at(began_ns)
            assert digest(fleet.snapshot()) == digest(whole.snapshot())
            fleet, _, _ = recording.advance(fleet, cursor, recording.ended_ns)
            for seen_ns, observation in arrived:
                if seen_ns > began_ns:
                    whole.apply(observation)
            assert difference(fleet.snapshot(), whole.snapshot()) == ""


WHOLE = arrivals(told(60))


@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_a_file_cut_at_any_byte_gives_the_whole_lines_before_it(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    with pytest.MonkeyPatch.context() as monkeypatch:
        short_members(monkeypatch, 25)
        finished = data.draw(st.booleans())
        whole = recorded(WHOLE, finish=finished, flush_every=3)
    cut = data.draw(st.integers(0, len(whole)))
    path = put(tmp_path_factory.mktemp("r"), whole[:cut])
    there = text_of(whole[:cut]).split(b"\n")[:-1]
    expected = [line for line in there if line.startswith(b"[")]
    if not there:
        with pytest.raises(RecordingError, match="before its first line"):
            Recording.open(path)
        return
    with Recording.open(path) as recording:
        found = list(recording.lines(START))
        assert [lines.encode_seen(line.seen_ns, line.observation) for line in found] == [
            line + b"\n" for line in expected
        ]
        assert recording.line_count == len(expected)
        assert recording.cut_short == (cut < len(whole) or not finished)
        fleet, _ = recording.fleet_at(recording.ended_ns)
        whole_fleet = Fleet(recording.settings)
        for _, observation in WHOLE[: len(expected)]:
            whole_fleet.apply(observation)
        assert digest(fleet.snapshot()) == digest(whole_fleet.snapshot())


def test_any_moment_can_be_gone_to(tmp_path: Path, shortly: None) -> None:
    arrived = arrivals(told())
    with Recording.open(put(tmp_path, recorded(arrived))) as recording:
        for at_s in (-5.0, 0.0, 3.3, 20.0, 61.7, 500.0):
            whole = Fleet(recording.settings)
            before = [observation for seen_ns, observation in arrived if seen_ns <= ns(at_s)]
            for observation in before:
                whole.apply(observation)
            fleet, cursor = recording.fleet_at(ns(at_s))
            assert digest(fleet.snapshot()) == digest(whole.snapshot())
            assert len(list(recording.lines(cursor))) == len(arrived) - len(before)


def test_a_recording_carries_the_settings_that_decide_what_a_snapshot_is(tmp_path: Path) -> None:
    own = Settings(startups=StartupSettings(settle_s=99.0, keep_s=300.0))
    with Recording.open(put(tmp_path, recorded(arrivals(told()), own))) as recording:
        assert recording.settings.startups == own.startups
        whole = Fleet(own)
        for observation in told():
            whole.apply(observation)
        fleet, _ = recording.fleet_at(recording.ended_ns)
        assert digest(fleet.snapshot()) == digest(whole.snapshot())


def test_a_setting_that_this_version_does_not_know_is_passed_over(tmp_path: Path) -> None:
    text = text_of(recorded(arrivals(told()), finish=False))
    newer = text.replace(b'"settle_s":2.0', b'"settle_s":2.0,"unheard_of":[1]')
    assert newer != text
    with Recording.open(put(tmp_path, one_member(newer))) as recording:
        assert recording.settings.startups.settle_s == 2.0


def one_member(text: bytes) -> bytes:
    return members.whole(members.Kind.LINES, text)


# --------------------------------------------------------------------------------------------------- growing


@pytest.mark.parametrize("step", [23, 61])
def test_a_file_that_is_still_being_written_is_followed_to_its_end(
    tmp_path: Path, shortly: None, step: int
) -> None:
    arrived = arrivals(told(60))
    data = recorded(arrived, flush_every=4)
    start = len(recorded(arrived[:1], finish=False, flush_every=1))
    path = put(tmp_path, data[:start])
    with Recording.open(path) as recording:
        found = [line.observation for line in recording.lines(START)]
        cursor = START
        for line in recording.lines(START):
            cursor = line.cursor
        landmarks = 0
        for cut in range(start, len(data) + step, step):
            path.write_bytes(data[:cut])
            if not recording.refresh():
                continue
            for line in recording.lines(cursor):
                found.append(line.observation)
                cursor = line.cursor
            assert len(recording.landmarks) >= landmarks
            landmarks = len(recording.landmarks)
        assert found == [observation for _, observation in arrived]
        assert not recording.cut_short
        assert not recording.refresh()
        with Recording.open(path) as whole:
            assert recording.landmarks == whole.landmarks
            assert recording.ended_ns == whole.ended_ns


def test_without_its_index_it_has_the_same_landmarks(tmp_path: Path, shortly: None) -> None:
    arrived = arrivals([*told(), Marked(engine="", at_ns=ns(130), name="late", by="ops")])
    with (
        Recording.open(put(tmp_path, recorded(arrived), "whole")) as whole,
        Recording.open(put(tmp_path, recorded(arrived, finish=False), "cut")) as cut,
    ):
        assert cut.cut_short
        assert cut.landmarks == whole.landmarks
        kinds = {landmark.kind for landmark in whole.landmarks}
        assert kinds == {LandmarkKind.MARK, LandmarkKind.GAP, LandmarkKind.FAILURE, LandmarkKind.LOST}
        marks = [landmark for landmark in whole.landmarks if landmark.kind is LandmarkKind.MARK]
        assert [(mark.at_ns, mark.name, mark.detail) for mark in marks] == [
            (seen_ns, observation.name, "by ops")
            for seen_ns, observation in arrived
            if isinstance(observation, Marked)
        ]


def test_reading_changes_nothing(tmp_path: Path) -> None:
    path = put(tmp_path, recorded(arrivals(told())))
    path.chmod(0o400)
    before = (path.read_bytes(), path.stat().st_mtime_ns)
    with Recording.open(path) as recording:
        recording.fleet_at(recording.ended_ns)
        recording.refresh()
    assert (path.read_bytes(), path.stat().st_mtime_ns) == before


# --------------------------------------------------------------------------------------------------- versions


def with_version(data: bytes, version: int) -> bytes:
    old, new = f'"version":{VERSION}', f'"version":{version}'
    return one_member(text_of(data).replace(old.encode(), new.encode(), 1))


def test_a_newer_format_is_refused_in_one_sentence(tmp_path: Path) -> None:
    path = put(tmp_path, with_version(recorded(arrivals(told()), finish=False), VERSION + 1))
    with pytest.raises(RecordingError) as refused:
        Recording.open(path)
    assert str(refused.value) == (
        f"{path} is of format {VERSION + 1}, and this Patchdeck reads formats up to {VERSION}: "
        "update Patchdeck, or read it with the version that wrote it"
    )


def test_an_older_format_is_brought_up_to_date_line_by_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Format 0 of this test had objects in place of pairs, and called a tick a beat."""
    arrived = arrivals(told())
    text = b""
    for line in text_of(with_version(recorded(arrived, finish=False), 0)).splitlines():
        value = msgspec.json.decode(line)
        if isinstance(value, list):
            seen = {**value[1], "seen": "beat"} if value[1]["seen"] == "ticked" else value[1]
            value = {"line": "seen", "at": value[0], "what": seen}
        text += msgspec.json.encode(value) + b"\n"
    path = put(tmp_path, one_member(text))
    with pytest.raises(RecordingError, match="of format 0, which this Patchdeck does not read"):
        Recording.open(path)

    def upgrade(value: Any) -> Any:
        if value.get("line") != "seen":
            return value
        what = value["what"]
        return [value["at"], {**what, "seen": "ticked"} if what["seen"] == "beat" else what]

    monkeypatch.setitem(lines.UPGRADES, 0, upgrade)
    with Recording.open(path) as recording:
        assert [(line.seen_ns, line.observation) for line in recording.lines(START)] == arrived
        assert any(isinstance(line.observation, Ticked) for line in recording.lines(START))


# --------------------------------------------------------------------------------------------------- no recordings


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "ends before its first line"),
        (b"hello\n" * 100, "is no recording"),
        (gzip.compress(b"hello\n"), "is no recording"),
        (gzip.compress(b'{"patchdeck":"journal","version":1}\n'), "is no recording"),
        (gzip.compress(b"\xff\xfe\n"), "is no recording"),
    ],
    ids=["nothing", "text", "zipped text", "another format", "no text"],
)
def test_what_is_no_recording_is_told_in_one_sentence(tmp_path: Path, data: bytes, sentence: str) -> None:
    with pytest.raises(RecordingError, match=sentence) as told:
        Recording.open(put(tmp_path, data))
    assert "\n" not in str(told.value)


def test_a_file_that_is_not_there_or_a_folder_is_told(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match=r"there is no recording .*: check its name"):
        Recording.open(tmp_path / "none")
    os.mkfifo(tmp_path / "pipe")
    for nothing in (tmp_path, tmp_path / "pipe"):
        with pytest.raises(RecordingError, match="is no file: name one that `patchdeck record` wrote"):
            Recording.open(nothing)


def test_damage_inside_is_told_and_what_is_before_it_can_be_read(tmp_path: Path, shortly: None) -> None:
    data = bytearray(recorded(arrivals(told())))
    middle = len(data) // 2
    data[middle : middle + 40] = bytes(40)
    with Recording.open(put(tmp_path, bytes(data))) as recording:
        found: list[Line] = []
        with pytest.raises(RecordingError, match=r"damaged from .* on: `patchdeck recording cut`"):
            found.extend(recording.lines(START))
        assert len(found) > 10
