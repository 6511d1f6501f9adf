"""Cutting and merging make recordings that tell the same as what they were made from."""

from __future__ import annotations

import gzip
import random
from pathlib import Path

import pytest

from patchdeck.fleet import Fleet
from patchdeck.model import Actor, AnyObservation, ImageChoice, JournalEntered, Planned, SourceState, Ticked
from patchdeck.model.plan import Plan
from patchdeck.recording import excerpt
from patchdeck.recording.reader import Recording
from patchdeck.recording.values import Cursor, LandmarkKind, RecordingError
from patchdeck.recording.writer import Writer
from patchdeck.settings import RecordingSettings, Settings, StartupSettings
from tests.unit.recorded import arrivals, digest, put, recorded, short_members
from tests.unit.stories import T0_NS, EngineStory, difference, in_time, ns
from tests.unit.test_recording_state import besides

START = Cursor(0, 0)


def story(name: str = "e", begin_s: float = 0.0, **labels: str) -> list[AnyObservation]:
    engine = EngineStory(name=name)
    engine.source(begin_s + 0.1, SourceState.LIVE)
    for number in range(10):
        engine.container(f"{name}-web{number}", labels=labels).run(begin_s + number * 4.0)
    if name == "e":
        return in_time([*besides(engine, 60, random.Random(2)), *engine.observations])
    return in_time([*engine.observations, Ticked(engine="", at_ns=ns(begin_s + 50))])


@pytest.fixture(autouse=True)
def shortly(monkeypatch: pytest.MonkeyPatch) -> None:
    short_members(monkeypatch, 11)


def planned(engine: str) -> JournalEntered:
    plan = Plan(
        id=f"rollout-{engine}",
        service="web",
        engine=engine,
        origin=ImageChoice(image="web:1"),
        to=ImageChoice(image="web:2"),
    )
    entry = Planned(rollout=f"rollout-{engine}", sequence=1, at_ns=ns(1), plan=plan, by=Actor(user="ops"))
    return JournalEntered(engine=engine, at_ns=ns(1), entry=entry)


def written(
    arrived: list[tuple[int, AnyObservation]],
    engine: str,
    began_ns: int = T0_NS,
    settings: Settings | None = None,
) -> bytes:
    writer = Writer(settings or Settings(), began_ns=began_ns, engines=(engine,))
    return b"".join([writer.begin(), *(writer.add(*pair) for pair in arrived), writer.finish()])


def state_at(path: Path, at_ns: int) -> str:
    with Recording.open(path) as recording:
        fleet, _ = recording.fleet_at(at_ns)
        return digest(fleet.snapshot())


def test_a_part_tells_the_same_as_the_whole_at_each_of_its_moments(tmp_path: Path) -> None:
    arrived = arrivals(story())
    whole = put(tmp_path, recorded(arrived), "whole")
    part = tmp_path / "part"
    with Recording.open(whole) as recording:
        count = excerpt.cut(recording, part, from_ns=ns(12), to_ns=ns(31), settings=Settings())
    inside = [pair for pair in arrived if ns(12) <= pair[0] <= ns(31)]
    assert count == len(inside) > 20
    with Recording.open(part) as recording:
        assert not recording.cut_short
        assert [(line.seen_ns, line.observation) for line in recording.lines(START)] == inside
        assert recording.began_ns == ns(12)
    for seen_ns, _ in inside:
        assert state_at(part, seen_ns) == state_at(whole, seen_ns)


def test_a_part_without_an_end_gets_one(tmp_path: Path) -> None:
    data = recorded(arrivals(story()), finish=False)
    with Recording.open(put(tmp_path, data[: len(data) * 2 // 3])) as recording:
        assert recording.cut_short
        count = excerpt.cut(
            recording, tmp_path / "whole", from_ns=0, to_ns=recording.ended_ns, settings=Settings()
        )
        assert count == recording.line_count
    with Recording.open(tmp_path / "whole") as recording:
        assert not recording.cut_short


def test_a_part_hides_what_is_a_secret_by_now_also_of_what_was_known_before(tmp_path: Path) -> None:
    open_settings = Settings(recording=RecordingSettings(secret_names=()))
    arrived = arrivals(story("f", token="hush"))
    with Recording.open(put(tmp_path, recorded(arrived, open_settings))) as recording:
        assert b"hush" in decompressed(tmp_path / "a.pdrec")
        excerpt.cut(
            recording, tmp_path / "shared", from_ns=ns(20), to_ns=recording.ended_ns, settings=Settings()
        )
    text = decompressed(tmp_path / "shared")
    assert b'"token"' in text
    assert b"hush" not in text


def decompressed(path: Path) -> bytes:
    return gzip.decompress(path.read_bytes())


def test_nothing_between_the_times_is_told_and_leaves_no_file(tmp_path: Path) -> None:
    with Recording.open(put(tmp_path, recorded(arrivals(story())))) as recording:
        for from_ns, to_ns in ((ns(30), ns(20)), (ns(10**6 * 9), ns(10**7))):
            with pytest.raises(RecordingError, match="nothing of the recording lies between these times"):
                excerpt.cut(recording, tmp_path / "out", from_ns=from_ns, to_ns=to_ns, settings=Settings())
    assert not (tmp_path / "out").exists()


def test_damage_leaves_no_half_a_part_behind(tmp_path: Path) -> None:
    data = bytearray(recorded(arrivals(story())))
    data[len(data) // 2 : len(data) // 2 + 40] = bytes(40)
    with (
        Recording.open(put(tmp_path, bytes(data))) as recording,
        pytest.raises(RecordingError, match="damaged"),
    ):
        excerpt.cut(recording, tmp_path / "out", from_ns=0, to_ns=recording.ended_ns, settings=Settings())
    assert not (tmp_path / "out").exists()


def test_two_engines_in_one_tell_what_one_console_would_have_told(tmp_path: Path) -> None:
    one, other = arrivals(story("e")), arrivals(story("f", 15.0))
    with (
        Recording.open(put(tmp_path, recorded(one), "one")) as first,
        Recording.open(put(tmp_path, written(other, "f", ns(15)), "other")) as second,
    ):
        count = excerpt.merge(second, first, tmp_path / "both", settings=Settings())
    assert count == len(one) + len(other)
    expected = Fleet()
    for _, observation in sorted([*one, *other], key=lambda pair: pair[0]):
        expected.apply(observation)
    with Recording.open(tmp_path / "both") as recording:
        assert recording.header.engines == ("e", "f")
        assert list(excerpt.engines_of(recording)) == ["e", "f"]
        seen = [line.seen_ns for line in recording.lines(START)]
        assert seen == sorted(seen)
        fleet, _ = recording.fleet_at(recording.ended_ns)
        assert difference(fleet.snapshot(), expected.snapshot()) == ""
        kinds = {landmark.kind for landmark in recording.landmarks}
        assert LandmarkKind.MARK in kinds


def test_what_the_later_of_two_knew_at_its_beginning_is_known_from_then_on(tmp_path: Path) -> None:
    one, other = arrivals([planned("e"), *story("e")]), arrivals([planned("f"), *story("f")])
    with Recording.open(put(tmp_path, written(other, "f"), "other")) as whole:
        excerpt.cut(whole, tmp_path / "late", from_ns=ns(20), to_ns=whole.ended_ns, settings=Settings())
    with (
        Recording.open(put(tmp_path, recorded(one), "one")) as first,
        Recording.open(tmp_path / "late") as second,
    ):
        excerpt.merge(first, second, tmp_path / "both", settings=Settings())
    expected = Fleet()
    for _, observation in sorted([*one, *other], key=lambda pair: pair[0]):
        expected.apply(observation)
    with Recording.open(tmp_path / "both") as recording:
        fleet, _, _ = recording.advance(*recording.fleet_at(0), recording.ended_ns)
        assert difference(fleet.snapshot(), expected.snapshot()) == ""
        assert [rollout.id for rollout in fleet.snapshot().rollouts] == ["rollout-e", "rollout-f"]
        fleet, _ = recording.fleet_at(ns(19.9))
        assert [engine.name for engine in fleet.snapshot().engines] == ["e"]


def test_engines_of_one_name_are_refused_with_what_to_do(tmp_path: Path) -> None:
    with (
        Recording.open(put(tmp_path, recorded(arrivals(story())), "one")) as one,
        Recording.open(put(tmp_path, recorded(arrivals(story())), "other")) as other,
        pytest.raises(RecordingError, match=r"both recordings tell of an engine 'e', .* names of their own"),
    ):
        excerpt.merge(one, other, tmp_path / "both", settings=Settings())
    assert not (tmp_path / "both").exists()


def test_recordings_by_different_settings_are_refused_with_what_to_do(tmp_path: Path) -> None:
    own = Settings(startups=StartupSettings(settle_s=9.0))
    with (
        Recording.open(put(tmp_path, written(arrivals(story()), "e"), "one")) as one,
        Recording.open(put(tmp_path, written(arrivals(story("f")), "f", settings=own), "other")) as other,
        pytest.raises(
            RecordingError, match=r"different settings \(\[startups\]\), .* the same configuration"
        ),
    ):
        excerpt.merge(one, other, tmp_path / "both", settings=Settings())
