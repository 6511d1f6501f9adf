"""However long it runs, and however many containers there are: what is kept is bounded, and a change stays cheap."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from patchdeck.fleet import Fleet
from patchdeck.model import GapSeen, HostSampled, ImageEvent, SourceState, Startup, Ticked
from patchdeck.settings import Settings, StartupSettings, WatchSettings
from tests.unit.stories import GENERATIONS, OLD, PROBED, EngineStory, ns

HOUR_S = 3600.0
BOUNDS = Settings(startups=StartupSettings(keep_s=HOUR_S), watch=WatchSettings(feed_lines=100))


class Days:
    """An engine that is busy day and night: churn, a crash loop, flapping health, gaps, pulls, samples."""

    def __init__(self, version: str) -> None:
        self.fleet = Fleet(BOUNDS)
        self.engine = EngineStory(version)
        self.loop = self.engine.container("loop", restart_policy="always")
        self.loop.run(1.0)
        self.flapping = self.engine.container("flapping", healthcheck=PROBED)
        self.flapping.run(1.0)
        self.at_s = 10.0
        self.images = 0

    def pass_an_hour(self) -> None:
        for minute in range(60):
            at_s = self.at_s + minute * 60
            self.loop.die(at_s, 3)
            self.loop.start(at_s + 1.0)
            self.flapping.probe(at_s + 3, minute % 2, "healthy" if minute % 2 == 0 else "unhealthy")
            self.images += 1
            image_id = f"sha256:{self.images:064x}"
            churned = self.engine.container(f"job-{self.images}", image_id=image_id)
            churned.run(at_s + 5)
            self.engine.image(at_s + 6, image_id, "job:1")
            churned.die(at_s + 20, 0)
            churned.destroy(at_s + 21)
            lost = self.engine.container(f"lost-{self.images}")
            lost.run(at_s + 5)
            lost.exists = False
            self.engine.emit(ImageEvent(engine="e", at_ns=ns(at_s), action="pull", image="job:1"))
            self.engine.emit(
                GapSeen(engine="e", at_ns=ns(at_s), began_ns=ns(at_s - 1), ended_ns=ns(at_s), reason="lost")
            )
            self.engine.source(at_s + 30, SourceState.LOST)
            self.engine.source(at_s + 31, SourceState.LIVE)
            for second in range(0, 60, 10):
                self.engine.ping(at_s + second)
                self.engine.emit(
                    HostSampled(engine="e", at_ns=ns(at_s + second), cpu_some_10=0.1, cpu_some_60=0.1)
                )
        self.at_s += HOUR_S
        self.engine.containers = {story.container_id: story for story in (self.loop, self.flapping)}
        self.engine.listed(self.at_s)
        for observation in self.engine.observations:
            self.fleet.apply(observation)
        self.engine.observations.clear()
        self.fleet.apply(Ticked(engine="", at_ns=ns(self.at_s)))
        self.fleet.snapshot()


@pytest.mark.parametrize("version", GENERATIONS)
def test_two_days_of_churn_take_no_more_room_than_the_window(version: str) -> None:
    days = Days(version)
    sizes = []
    for _ in range(48):
        days.pass_an_hour()
        sizes.append(days.fleet.size)
    assert max(sizes[3:]) <= 1.1 * max(sizes[1:3])
    snapshot = days.fleet.snapshot()
    assert len(snapshot.feed) <= 100
    assert len(snapshot.gaps) <= 62
    assert {container.facts.name for container in snapshot.containers.values() if not container.gone} == {
        "loop",
        "flapping",
    }
    oldest_ns = ns(days.at_s - HOUR_S - 61)
    assert all(startup.at_ns >= oldest_ns for startup in snapshot.startups)
    restarts = [startup for startup in snapshot.startups if startup.name == "loop"]
    assert {startup.kind.value for startup in restarts} == {"restart"}
    assert {startup.evidence.value for startup in restarts} == {"died"}


def test_what_is_forgotten_does_not_come_back_as_something_else() -> None:
    fleet = Fleet(BOUNDS)
    engine = EngineStory(OLD)
    container = engine.container("web", restart_policy="always")
    container.run(1.0)
    container.die(1_000, 1)
    container.start(1_001)
    container.stop(2_000)
    container.start(3_000)
    for observation in engine.observations:
        fleet.apply(observation)
    before: dict[str, Startup] = {}
    for at_s in range(3_010, 7_000, 30):
        fleet.apply(Ticked(engine="", at_ns=ns(at_s)))
        for startup in fleet.snapshot().startups:
            if not startup.settled:
                continue
            assert before.setdefault(startup.startup_id, startup) == startup
    assert fleet.snapshot().startups == ()
    assert len(before) == 3


def test_no_more_startups_are_kept_than_asked_for() -> None:
    engine = EngineStory(OLD)
    for number in range(150):
        engine.container(f"c{number}").run(number * 0.1 + 1)
    snapshot = engine.snapshot(60, Settings(startups=StartupSettings(keep_startups=100)))
    assert len(snapshot.startups) == 100
    assert snapshot.startups[-1].name == "c149"


def fleet_of(containers: int, startups_each: int, *, services: int) -> tuple[Fleet, EngineStory]:
    engine = EngineStory(OLD)
    fleet = Fleet()
    for number in range(containers):
        labels = {"patchdeck.service": f"shop-{number % services}"}
        container = engine.container(f"c{number}", labels=labels, restart_policy="always")
        at_s = number * 0.01
        container.run(at_s)
        for run in range(1, startups_each):
            container.die(at_s + run * 20, 1)
            container.start(at_s + run * 20 + 1)
    for observation in engine.observations:
        fleet.apply(observation)
    engine.observations.clear()
    fleet.apply(Ticked(engine="", at_ns=ns(containers * 0.01 + startups_each * 20 + 100)))
    return fleet, engine


def took_s(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


@pytest.mark.parametrize("services", [1, 50])
def test_a_snapshot_after_one_change_costs_little_of_the_first(services: int) -> None:
    fleet, engine = fleet_of(2_500, 2, services=services)
    first_s = took_s(fleet.snapshot)
    assert len(fleet.snapshot().startups) == 5_000
    changed = next(iter(engine.containers.values()))
    again_s = []
    for number in range(5):
        changed.die(1_000 + number * 5, 1)
        changed.start(1_001 + number * 5)
        for observation in engine.observations:
            fleet.apply(observation)
        engine.observations.clear()
        fleet.apply(Ticked(engine="", at_ns=ns(1_003 + number * 5)))
        again_s.append(took_s(fleet.snapshot))
    assert min(again_s) < first_s / 10


def test_a_snapshot_without_a_change_makes_nothing_anew() -> None:
    fleet, _ = fleet_of(500, 2, services=5)
    one = fleet.snapshot()
    two = fleet.snapshot()
    assert two == one
    assert two.startups is one.startups
    assert two.containers is one.containers
    assert two.feed is one.feed
