"""Startups of both generations of engines: beginnings, phases, and the ends that are no failures."""

from __future__ import annotations

import pytest

from patchdeck.model import Evidence, Startup, StartupKind, StartupOutcome
from tests.unit.stories import GENERATIONS, NEW, OLD, PROBED, ContainerStory, EngineStory, ns

both = pytest.mark.parametrize("version", GENERATIONS)


def phases(startup: Startup) -> dict[str, float]:
    return {phase.name: round(phase.seconds, 3) for phase in startup.phases}


@both
def test_a_first_start_runs_from_created_to_started(version: str) -> None:
    engine = EngineStory(version)
    container = engine.container("web")
    container.run(1.0, took_s=0.4)
    startup = engine.startup(10)
    assert startup.kind is StartupKind.FIRST
    assert startup.outcome is StartupOutcome.STARTED
    assert startup.evidence is Evidence.CREATED
    assert startup.settled
    assert startup.began_ns == ns(1.0)
    assert startup.latency_s == pytest.approx(0.4, abs=0.001)
    assert startup.in_flight == 0
    assert not startup.approximate
    assert startup.anchor_ns == 0


def test_engines_up_to_26_say_when_the_networks_were_set_up() -> None:
    engine = EngineStory(OLD)
    engine.container("web").run(1.0, took_s=0.4)
    assert phases(engine.startup(10)) == {"create": 0.04, "setup+network": 0.036, "runtime": 0.323}


def test_engines_from_27_on_say_when_the_setup_was_done() -> None:
    engine = EngineStory(NEW)
    engine.container("web").run(1.0, took_s=0.4)
    assert phases(engine.startup(10)) == {"create": 0.04, "setup": 0.072, "runtime+network": 0.288}


def test_the_last_of_several_networks_ends_the_network_phase() -> None:
    engine = EngineStory(OLD)
    container = engine.container("web")
    container.networks = ("front", "back")
    container.run(1.0, took_s=1.0)
    assert phases(engine.startup(10))["setup+network"] == pytest.approx(0.09 + 0.045)


@both
def test_a_container_on_the_none_network_is_a_startup_like_others(version: str) -> None:
    engine = EngineStory(version)
    container = engine.container("web")
    container.networks = ("none",)
    container.run(1.0)
    assert engine.startup(10).latency_s == pytest.approx(0.4, abs=0.001)


@both
def test_a_startup_under_way_is_starting_and_counts_as_in_flight(version: str) -> None:
    engine = EngineStory(version)
    engine.container("web").create(1.0)
    snapshot = engine.snapshot(2)
    (startup,) = snapshot.startups
    assert startup.outcome is StartupOutcome.STARTING
    assert not startup.settled
    assert startup.phases == ()
    assert snapshot.engines[0].in_flight == 1


@both
def test_a_container_created_and_left_alone_is_no_startup(version: str) -> None:
    engine = EngineStory(version)
    container = engine.container("web")
    container.create(1.0)
    container.inspect(1.3)
    assert len(engine.startups(20)) == 1
    snapshot = engine.snapshot(40)
    assert snapshot.startups == ()
    assert snapshot.engines[0].in_flight == 0
    assert snapshot.engines[0].containers == 1


@both
def test_created_and_removed_without_a_start_is_no_startup(version: str) -> None:
    engine = EngineStory(version)
    container = engine.container("web")
    container.create(1.0)
    container.destroy(1.2)
    assert engine.startups(2) == ()


@both
def test_a_late_first_start_has_a_beginning_of_its_own(version: str) -> None:
    engine = EngineStory(version)
    container = engine.container("web")
    container.create(1.0)
    container.inspect(1.2)
    container.start(100.0, took_s=0.5)
    startup = engine.startup(110)
    assert startup.kind is StartupKind.FIRST
    assert startup.evidence is Evidence.CONNECTED
    assert startup.began_ns == ns(100.1 if version == NEW else 100.05)
    assert startup.latency_s == pytest.approx(0.4 if version == NEW else 0.45, abs=0.001)
    assert set(phases(startup)) == {"runtime+network" if version == NEW else "start"}


@both
def test_a_create_whose_beginning_was_never_told_is_not_shown_as_taking_no_time(version: str) -> None:
    engine = EngineStory(version)
    container = engine.container("web")
    container.create(1.0)
    container.start(1.1, inspect=False)
    container.destroy(2.0)
    startup = engine.startup(20)
    assert startup.evidence is Evidence.CREATE_EVENT
    assert "create" not in phases(startup)


@both
@pytest.mark.parametrize("back_off_s", [0.1, 5.0, 60.0])
def test_a_restart_by_policy_begins_when_the_process_before_it_ended(version: str, back_off_s: float) -> None:
    engine = EngineStory(version)
    container = engine.container("web", restart_policy="always")
    container.run(1.0)
    container.die(5.0, 3)
    container.start(5.0 + back_off_s, took_s=0.5)
    first, again = engine.startups(100)
    assert (first.kind, again.kind) == (StartupKind.FIRST, StartupKind.RESTART)
    assert again.evidence is Evidence.DIED
    assert again.began_ns == ns(5.0)
    assert again.latency_s == pytest.approx(back_off_s + 0.5, abs=0.001)
    assert again.anchor_ns == ns(5.0)
    assert again.startup_id != first.startup_id


@both
def test_docker_restart_begins_when_the_process_before_it_ended(version: str) -> None:
    engine = EngineStory(version)
    container = engine.container("web")
    container.run(1.0)
    container.restart(20.0)
    _, again = engine.startups(100)
    assert again.evidence is Evidence.DIED
    assert again.began_ns == ns(20.2)
    assert again.outcome is StartupOutcome.STARTED


@both
@pytest.mark.parametrize("policy", ["no", "always", "unless-stopped"])
def test_a_start_by_hand_after_a_stop_is_not_measured_from_the_stop(version: str, policy: str) -> None:
    engine = EngineStory(version)
    container = engine.container("web", restart_policy=policy)
    container.run(1.0)
    container.stop(10.0)
    container.start(30.0, took_s=0.5)
    _, again = engine.startups(100)
    assert again.kind is StartupKind.RESTART
    assert again.evidence is Evidence.CONNECTED
    assert again.latency_s == pytest.approx(0.4 if version == NEW else 0.45, abs=0.001)


@both
def test_stopped_by_hand_counts_although_the_run_before_was_not_seen_to_start(version: str) -> None:
    engine = EngineStory(version)
    container = engine.container("web", restart_policy="always", created_ns=ns(-9_000))
    container.become(status="running", started_ns=ns(-8_000))
    container.inspect(1.0)
    container.stop(10.0)
    container.start(30.0, took_s=0.5)
    again = engine.startups(100)[-1]
    assert again.kind is StartupKind.RESTART
    assert again.evidence is Evidence.CONNECTED


@both
def test_an_exited_container_of_before_the_watch_restarts_without_a_beginning(version: str) -> None:
    engine = EngineStory(version)
    container = engine.container("web", created_ns=ns(-9_000))
    container.become(status="exited", started_ns=ns(-8_000), finished_ns=ns(-7_000), exit_code=0)
    container.inspect(1.0)
    container.start(30.0, took_s=0.5)
    earlier, startup = engine.startups(100)
    assert earlier.latency_s is None
    assert startup.kind is StartupKind.RESTART
    assert startup.evidence is Evidence.CONNECTED
    assert startup.started_ns == (ns(30.5) if version == NEW else ns(30.4994))


@both
def test_a_network_connected_to_a_running_container_starts_nothing(version: str) -> None:
    engine = EngineStory(version)
    container = engine.container("web")
    container.run(1.0)
    container.event(20.0, "connect", "extra")
    container.event(21.0, "disconnect", "extra")
    older = engine.container("older", created_ns=ns(-9_000))
    older.become(status="running", started_ns=ns(-8_000))
    older.inspect(2.0)
    older.event(20.0, "connect", "extra")
    startups = [startup for startup in engine.startups(22) if startup.container_id == container.container_id]
    assert len(startups) == 1
    assert startups[0].phases[-1].seconds < 1
    assert engine.snapshot(22).engines[0].in_flight == 0


def ran_before(version: str, **facts: object) -> tuple[EngineStory, ContainerStory]:
    engine = EngineStory(version)
    container = engine.container("web", created_ns=ns(-60.0), **facts)
    container.become(status="running", started_ns=ns(-59.5))
    return engine, container


def test_a_container_of_before_the_watch_is_known_from_its_inspect() -> None:
    engine, container = ran_before(OLD)
    container.inspect(1.0)
    assert not engine.startup(2).settled, "an earlier inspect may still arrive"
    startup = engine.startup(12)
    assert startup.approximate
    assert startup.settled
    assert startup.kind is StartupKind.FIRST
    assert startup.latency_s == pytest.approx(0.5)
    assert phases(startup) == {"start": 0.5}


def test_engines_from_27_on_stamp_too_early_to_tell_a_latency_from_an_inspect() -> None:
    engine, container = ran_before(NEW)
    container.inspect(1.0)
    startup = engine.startup(2)
    assert startup.approximate
    assert startup.began_ns == ns(-60.0)
    assert startup.started_ns == ns(-59.5)
    assert startup.latency_s is None
    assert startup.phases == ()
    assert engine.snapshot(2).services[0].starts.n == 0


@both
def test_a_container_created_long_before_it_was_started_may_have_been_started_before(version: str) -> None:
    engine = EngineStory(version)
    container = engine.container("web", created_ns=ns(-9_000))
    container.become(status="running", started_ns=ns(-59.5))
    container.inspect(1.0)
    startup = engine.startup(2)
    assert startup.kind is StartupKind.RESTART
    assert startup.began_ns is None


@both
def test_an_earlier_start_keeps_its_kind_when_the_container_restarts_later(version: str) -> None:
    engine, container = ran_before(version, restart_policy="always")
    container.inspect(1.0)
    before = engine.startup(2)
    container.die(10.0, 3)
    container.become(restart_count=1)
    container.start(10.2)
    first, again = engine.startups(30)
    assert first.kind is before.kind is StartupKind.FIRST
    assert first.startup_id == before.startup_id
    assert again.kind is StartupKind.RESTART
    assert again.began_ns == ns(10.0)


@both
def test_a_start_whose_event_was_missed_is_told_by_the_inspect_after_the_gap(version: str) -> None:
    engine = EngineStory(version)
    container = engine.container("web")
    container.create(1.0)
    container.start(1.05, events=False, inspect=False)
    container.inspect(8.0)
    startup = engine.startup(20)
    assert startup.approximate
    assert startup.began_ns == ns(1.0)
    assert startup.outcome is StartupOutcome.STARTED
    assert (startup.latency_s is None) == (version == NEW)


@both
def test_a_restart_whose_events_were_missed_is_told_by_the_inspect_after_the_gap(version: str) -> None:
    engine = EngineStory(version)
    container = engine.container("web", restart_policy="always")
    container.run(1.0)
    container.become(status="running", started_ns=ns(50.0), finished_ns=ns(49.0), restart_count=1)
    container.inspect(60.0)
    first, again = engine.startups(70)
    assert first.kind is StartupKind.FIRST
    assert first.latency_s == pytest.approx(0.4, abs=0.001)
    assert again.kind is StartupKind.RESTART
    assert again.approximate


@both
def test_a_crash_loop_is_one_first_start_and_then_restarts(version: str) -> None:
    engine = EngineStory(version)
    container = engine.container("web", restart_policy="on-failure")
    container.run(1.0)
    at_s = 2.0
    for _ in range(8):
        container.die(at_s, 3)
        container.start(at_s + 0.2)
        at_s += 1.0
    startups = engine.startups(60)
    assert [startup.kind for startup in startups] == [StartupKind.FIRST] + [StartupKind.RESTART] * 8
    assert all(startup.evidence is Evidence.DIED for startup in startups[1:])
    assert len({startup.startup_id for startup in startups}) == 9


@both
def test_events_of_the_same_moment_keep_their_order(version: str) -> None:
    engine = EngineStory(version)
    container = engine.container("web")
    container.become(created_ns=ns(1.0))
    for action in ("die", "start", "connect", "create"):
        container.event(1.0, action, exit_code=1)
    container.become(status="exited", started_ns=ns(1.0), finished_ns=ns(1.0), exit_code=1)
    container.inspect(1.1)
    startup = engine.startup(20)
    assert startup.latency_s == 0.0
    assert startup.in_flight == 0
    assert all(phase.seconds == 0 for phase in startup.phases)
    assert startup.outcome is StartupOutcome.FAILED


@both
def test_phases_of_a_skewed_story_neither_overlap_nor_go_below_zero(version: str) -> None:
    engine = EngineStory(version)
    container = engine.container("web")
    container.become(created_ns=ns(1.0))
    container.event(1.5, "create")
    container.event(1.2, "connect", "bridge")
    container.event(1.4, "start")
    container.become(status="running", started_ns=ns(1.402 if version == OLD else 0.9))
    container.inspect(1.5)
    for startup in engine.startups(20):
        up_to_started = [phase.seconds for phase in startup.phases if phase.name != "ready"]
        assert all(seconds >= 0 for seconds in up_to_started)
        if startup.latency_s is not None and up_to_started:
            assert sum(up_to_started) == pytest.approx(startup.latency_s, abs=1e-9)


def test_a_start_from_before_the_stamped_engine_is_described_counts_as_the_newer_kind() -> None:
    engine = EngineStory("27.0.1")
    assert engine.snapshot(1).engines[0].described is not None
    described = engine.snapshot(1).engines[0].described
    assert described is not None
    assert described.stamps_before_start


@both
def test_a_healthcheck_that_is_not_there_is_not_waited_for(version: str) -> None:
    engine = EngineStory(version)
    engine.container("plain").run(1.0)
    engine.container("probed", healthcheck=PROBED).run(1.0)
    plain, probed = sorted(engine.startups(10), key=lambda startup: startup.name)
    assert plain.settled
    assert not plain.expects_ready
    assert not probed.settled
    assert probed.expects_ready
