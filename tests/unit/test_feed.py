"""The event feed: each thing once, in the words of the program, newest last."""

from __future__ import annotations

import pytest

from patchdeck.fleet import Fleet
from patchdeck.model import FeedEntry, GapSeen, ImageEvent, Severity, SourceState
from patchdeck.settings import Settings, WatchSettings
from tests.unit.stories import GENERATIONS, OLD, PROBED, EngineStory, ns

both = pytest.mark.parametrize("version", GENERATIONS)


def feed(engine: EngineStory, at_s: float = 60.0) -> list[FeedEntry]:
    return list(engine.snapshot(at_s).feed)


def words(engine: EngineStory, at_s: float = 60.0) -> list[tuple[str, str]]:
    return [(entry.what, entry.name) for entry in feed(engine, at_s)]


@both
def test_a_life_in_lines(version: str) -> None:
    engine = EngineStory(version)
    engine.source(0.5, SourceState.CONNECTING)
    engine.source(0.6, SourceState.LIVE)
    container = engine.container("web", healthcheck=PROBED, labels={"patchdeck.service": "shop"})
    container.run(1.0, took_s=0.4)
    container.probe(3.0, 0, "healthy")
    container.stop(10.0)
    container.start(12.0)
    container.die(15.0, 3)
    container.destroy(20.0)
    assert [entry.what for entry in feed(engine)] == [
        "live",
        "started",
        "ready",
        "exited",
        "restarted",
        "failed",
        "removed",
    ]
    started = feed(engine)[1]
    assert (started.name, started.service, started.detail) == ("web", "shop", "0.40 s")


@both
def test_a_failed_start_is_told_once_and_not_as_an_exit_too(version: str) -> None:
    engine = EngineStory(version)
    container = engine.container("web")
    container.run(1.0)
    container.die(2.0, 3)
    failed = feed(engine)[-1]
    assert [what for what, _ in words(engine)] == ["started", "failed"]
    assert failed.severity is Severity.FAILURE
    assert failed.detail.startswith("exit 3 after")


@pytest.mark.parametrize(
    ("code", "severity"), [(0, Severity.INFO), (143, Severity.INFO), (1, Severity.WARNING)]
)
def test_an_exit_is_as_bad_as_its_code(code: int, severity: Severity) -> None:
    engine = EngineStory(OLD)
    container = engine.container("web")
    container.run(1.0)
    container.die(30.0, code)
    exited = feed(engine)[-1]
    assert (exited.what, exited.detail, exited.severity) == ("exited", f"exit {code}", severity)


def test_other_things_have_their_own_words() -> None:
    engine = EngineStory(OLD)
    container = engine.container("web", healthcheck=PROBED)
    container.run(1.0)
    container.probe(2.0, 0, "healthy")
    container.probe(5.0, 1, "unhealthy")
    for second, action in enumerate(("pause", "unpause", "update", "oom"), start=10):
        container.event(second, action)
    engine.emit(ImageEvent(engine="e", at_ns=ns(20), action="pull", image="web:2"))
    engine.emit(ImageEvent(engine="e", at_ns=ns(21), action="save", image="web:2"))
    engine.emit(GapSeen(engine="e", at_ns=ns(30), began_ns=ns(27), ended_ns=ns(30), reason="reconnected"))
    engine.source(31, SourceState.LOST, detail="connection refused")
    assert words(engine)[2:] == [
        ("unhealthy", "web"),
        ("paused", "web"),
        ("unpaused", "web"),
        ("limits changed", "web"),
        ("out of memory", "web"),
        ("pulled", "web:2"),
        ("gap", "e"),
        ("lost", "engine e"),
    ]
    assert "3.0 s of events may be missing: reconnected" in [entry.detail for entry in feed(engine)]


def test_a_crowd_is_told_with_the_start() -> None:
    engine = EngineStory(OLD)
    for number in range(3):
        engine.container(f"c{number}").run(1.0 + number * 0.01)
    assert [entry.detail for entry in feed(engine)] == [
        "0.40 s",
        "0.40 s, 1 other starting",
        "0.40 s, 2 others starting",
    ]


def test_the_newest_lines_are_kept() -> None:
    engine = EngineStory(OLD)
    for number in range(60):
        engine.container(f"c{number}").run(number + 1.0)
    snapshot = engine.snapshot(100, Settings(watch=WatchSettings(feed_lines=10)))
    assert [entry.name for entry in snapshot.feed] == [f"c{number}" for number in range(50, 60)]


def test_lines_of_several_engines_are_in_one_order_by_this_hosts_clock() -> None:
    one, two = EngineStory(OLD, name="e"), EngineStory(OLD, name="f", offset_s=3_600.0)
    one.container("a").run(1.0)
    two.container("b").run(2.0)
    one.container("c").run(3.0)
    two.source(4.0, SourceState.LIVE)
    one.observations += two.observations
    assert words(one) == [("started", "a"), ("started", "b"), ("started", "c"), ("live", "engine f")]


def test_a_line_carries_the_name_that_the_container_has_now() -> None:
    engine = EngineStory(OLD)
    container = engine.container("web")
    container.run(1.0)
    container.become(name="web--old")
    container.event(5.0, "rename")
    container.die(30.0, 0)
    assert {entry.name for entry in feed(engine)} == {"web--old"}


def test_a_line_finds_its_service_when_the_labels_are_told_late() -> None:
    engine = EngineStory(OLD)
    container = engine.container("job", labels={"patchdeck.service": "shop"})
    container.create(1.0)
    container.destroy(2.0)
    late, *early = engine.observations[1:]
    fleet = Fleet()
    for observation in early:
        fleet.apply(observation)
    assert [entry.service for entry in fleet.snapshot().feed] == ["job"]
    fleet.apply(late)
    assert [entry.service for entry in fleet.snapshot().feed] == ["shop"]
