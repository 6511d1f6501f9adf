"""What the fold promises whatever happens: order does not matter, numbers add up, settled stays settled."""

from __future__ import annotations

import os
import random

import msgspec
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from patchdeck.fleet import Fleet
from patchdeck.model import (
    AnyObservation,
    ContainerInspected,
    EngineDescribed,
    ImageFacts,
    ImageInspected,
    Snapshot,
    Startup,
    StartupOutcome,
    Ticked,
)
from patchdeck.settings import Settings, StartupSettings
from tests.unit.random_stories import stories
from tests.unit.stories import NEW, EngineStory, difference, fold, in_time, ns

much = settings(
    max_examples=int(os.environ.get("PATCHDECK_EXAMPLES", "60")),
    deadline=None,
    # Stories are short as they are, and making one shorter takes minutes.
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    suppress_health_check=[HealthCheck.too_slow],
)


@much
@given(stories(), st.randoms(use_true_random=True), st.floats(0, 0.3))
def test_neither_order_nor_repetition_nor_snapshots_in_between_matter(
    story: EngineStory, chance: random.Random, lost: float
) -> None:
    told = [
        observation
        for observation in story.observations
        if isinstance(observation, Ticked | EngineDescribed) or chance.random() >= lost
    ]
    expected = fold(in_time(told, story.offset_s))
    muddled = told + chance.sample(told, k=len(told) // 2)
    chance.shuffle(muddled)
    fleet = Fleet()
    for observation in muddled:
        fleet.apply(observation)
        if chance.random() < 0.2:
            fleet.snapshot()
    assert difference(fleet.snapshot(), expected) == ""


@much
@given(stories(most_containers=2), stories(most_containers=2), st.randoms(use_true_random=True))
def test_two_engines_do_not_touch_each_other(
    one: EngineStory, two: EngineStory, chance: random.Random
) -> None:
    for observation in two.observations:
        assert observation.engine in ("e", "")
    renamed = [_of_engine(observation, "f") for observation in two.observations]
    mixed = one.observations + renamed
    chance.shuffle(mixed)
    snapshot = fold(mixed)
    ends = [Ticked(engine="", at_ns=snapshot.at_ns)]
    alone = [fold([*one.observations, *ends]), fold([*renamed, *ends])]
    assert sorted(snapshot.startups, key=_identity) == sorted(
        alone[0].startups + alone[1].startups, key=_identity
    )
    assert snapshot.engines == alone[0].engines + alone[1].engines


def _of_engine(observation: AnyObservation, engine: str) -> AnyObservation:
    if isinstance(observation, Ticked):
        return observation
    return msgspec.structs.replace(observation, engine=engine)


def _identity(startup: Startup) -> str:
    return startup.startup_id


def in_flight_of(startup: Startup, startups: tuple[Startup, ...]) -> int | None:
    """By the definition: others that had begun by then and were not started, nor had they failed, yet."""
    if startup.began_ns is None:
        return None
    others = 0
    for other in startups:
        if other is startup or other.began_ns is None or other.began_ns > startup.began_ns:
            continue
        ended_ns = other.started_ns if other.started_ns is not None else other.ended_ns
        others += ended_ns is None or max(ended_ns, other.began_ns) > startup.began_ns
    return others


@much
@given(stories(most_containers=6))
def test_numbers_add_up(story: EngineStory) -> None:
    snapshot = fold(story.observations)
    assert len({startup.startup_id for startup in snapshot.startups}) == len(snapshot.startups)
    assert list(snapshot.startups) == sorted(snapshot.startups, key=lambda startup: startup.at_ns)
    for startup in snapshot.startups:
        assert all(phase.seconds >= 0 for phase in startup.phases)
        until_started = [phase.seconds for phase in startup.phases if phase.name != "ready"]
        if until_started:
            assert startup.latency_s is not None
            assert sum(until_started) == pytest.approx(startup.latency_s, abs=1e-9)
        if startup.latency_s is not None:
            assert startup.latency_s >= 0
            assert until_started
        if startup.ready_ns is not None:
            assert startup.started_ns is not None
            assert startup.ready_ns >= startup.started_ns or startup.started_bound
            assert startup.ready_error_s >= 0
        assert startup.in_flight == in_flight_of(startup, snapshot.startups)
        assert (startup.outcome is StartupOutcome.FAILED) == bool(startup.reason)
    counted = sum(startup.outcome is StartupOutcome.STARTING for startup in snapshot.startups)
    assert snapshot.engines[0].in_flight == counted
    for service in snapshot.services:
        assert service.live == service.running + service.restarting + _paused(snapshot, service.name)
    for container in snapshot.containers.values():
        own = [
            startup for startup in snapshot.startups if startup.container_id == container.facts.container_id
        ]
        assert list(container.startups) == own


def _paused(snapshot: Snapshot, service: str) -> int:
    return sum(
        container.facts.status == "paused" and container.service == service and not container.gone
        for container in snapshot.containers.values()
    )


@much
@given(stories(), st.data())
def test_what_is_settled_stays(story: EngineStory, data: st.DataObject) -> None:
    """Events arrive in order, inspects late: whoever prints a startup when it is settled prints it once and right."""
    arriving = []
    for observation in story.observations:
        late_s = 0.0
        if isinstance(observation, ContainerInspected):
            late_s = data.draw(st.sampled_from((0.0, 0.01, 0.5, 4.0)))
        host_ns = observation.at_ns
        if not isinstance(observation, Ticked):
            host_ns -= round(story.offset_s * 1e9) * (type(observation).__name__ != "SourceChanged")
        arriving.append((host_ns + round(late_s * 1e9), observation))
    arriving.sort(key=lambda pair: pair[0])
    fleet = Fleet()
    told: dict[str, tuple[object, ...]] = {}
    for arrives_ns, observation in arriving:
        for seconds in (0.0, 0.2):
            fleet.apply(Ticked(engine="", at_ns=arrives_ns - round(seconds * 1e9)))
        fleet.apply(observation)
        snapshot = fleet.snapshot()
        now = {startup.startup_id: startup for startup in snapshot.startups if startup.settled}
        assert told.keys() <= now.keys(), "a settled startup is gone, or not settled any more"
        for startup_id, startup in now.items():
            facts = (
                startup.kind,
                startup.outcome,
                startup.evidence,
                startup.began_ns,
                startup.started_ns,
                startup.exit_code,
            )
            assert told.setdefault(startup_id, facts) == facts


def test_an_image_that_is_told_late_is_in_its_services_versions_whenever_snapshots_were_taken() -> None:
    engine = EngineStory()
    engine.container("web").run(1.0)
    image = ImageFacts(image_id="sha256:" + "1" * 64, tags=("web:1",), created_ns=ns(-9), size_bytes=7)
    told = ImageInspected(engine=engine.name, at_ns=engine.at(2.0), image=image)
    fleet = Fleet()
    for observation in engine.observations:
        fleet.apply(observation)
    fleet.snapshot()
    fleet.apply(told)
    (version,) = fleet.snapshot().services[0].versions
    assert (version.created_ns, version.size_bytes) == (ns(-9), 7)
    assert difference(fleet.snapshot(), fold([*engine.observations, told])) == ""


def test_a_start_that_ends_as_the_knee_is_made_is_counted_by_whoever_looked_just_then() -> None:
    engine = EngineStory(NEW)
    engine.container("web").run(9.0, 1.0)
    fleet = Fleet()
    for observation in engine.observations:
        fleet.apply(observation)
    fleet.apply(Ticked(engine="", at_ns=ns(10)))
    assert [startup.started_ns for startup in fleet.snapshot().startups] == [ns(10)]
    later = Ticked(engine="", at_ns=ns(60))
    fleet.apply(later)
    knee = fleet.snapshot().engines[0].knee
    assert knee is not None
    assert knee.reason.startswith("1 startups seen")
    assert difference(fleet.snapshot(), fold([*engine.observations, later])) == ""


def test_a_claim_to_be_from_2200_changes_nothing_until_then() -> None:
    engine = EngineStory()
    engine.container("web").run(1.0)
    liar = engine.container("liar")
    liar.run(2.0)
    before = engine.snapshot(20)
    for action in ("die", "start", "destroy", "health_status", "create"):
        liar.event(5.5e9, action, exit_code=1)
    engine.listed(5.5e9)
    assert difference(engine.snapshot(20), before) == ""
    assert engine.snapshot(21).startups == before.startups


@pytest.mark.parametrize("offset_s", [3600.0, -3600.0])
def test_an_engine_whose_clock_is_an_hour_off_is_seen_like_any_other(offset_s: float) -> None:
    def told(offset_s: float) -> EngineStory:
        engine = EngineStory(offset_s=offset_s)
        engine.ping(1.0)
        engine.container("web").run(2.0)
        engine.ping(30.0)
        return engine

    right, wrong = told(0.0).snapshot(31), told(offset_s).snapshot(31)
    assert wrong.at_ns == right.at_ns
    assert wrong.engines[0].heard_ns == right.engines[0].heard_ns
    assert [entry.at_ns for entry in wrong.feed] == [entry.at_ns for entry in right.feed]
    (startup,), (expected,) = wrong.startups, right.startups
    assert startup.began_ns == ns(2.0 + offset_s)
    assert startup.latency_s == expected.latency_s
    assert startup.settled


def test_a_clock_that_is_put_back_hides_no_new_startups() -> None:
    engine = EngineStory(offset_s=3600.0)
    engine.container("before").run(1.0)
    fleet = Fleet(Settings(startups=StartupSettings(keep_s=900.0)))
    for observation in engine.observations:
        fleet.apply(observation)
    fleet.apply(Ticked(engine="", at_ns=ns(10)))
    assert [startup.name for startup in fleet.snapshot().startups] == ["before"]
    told = len(engine.observations)
    engine.offset_s = 0.0
    described = fleet.snapshot().engines[0].described
    assert described is not None
    # Told anew at the reconnect; its own time lies before the one that it replaces.
    engine.emit(msgspec.structs.replace(described, at_ns=ns(3_700 + 20), clock_offset_s=0.0))
    engine.container("after").run(30.0)
    engine.tick(60.0)
    for observation in engine.observations[told:]:
        fleet.apply(observation)
    assert "after" in [startup.name for startup in fleet.snapshot().startups]
