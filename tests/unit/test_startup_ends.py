"""How startups end: failed, censored, settled; and what is no failure."""

from __future__ import annotations

import pytest

from patchdeck.model import Evidence, Startup, StartupKind, StartupOutcome
from tests.unit.stories import GENERATIONS, NEW, OLD, PROBED, EngineStory, ns

both = pytest.mark.parametrize("version", GENERATIONS)


def first_of(startups: tuple[Startup, ...]) -> Startup:
    return next(startup for startup in startups if startup.kind is StartupKind.FIRST)


@both
def test_an_exit_with_an_error_soon_after_the_start_is_a_failed_start(version: str) -> None:
    engine = EngineStory(version)
    container = engine.container("web")
    container.run(1.0, took_s=0.5)
    container.die(2.0, 3)
    startup = engine.startup(20)
    assert startup.outcome is StartupOutcome.FAILED
    assert startup.exit_code == 3
    assert startup.ended_ns == ns(2.0)
    assert startup.reason == "exit 3 after 0.50 s"
    assert startup.latency_s == pytest.approx(0.5, abs=0.001)
    assert startup.censored


@both
def test_an_exit_with_an_error_later_on_is_no_failed_start(version: str) -> None:
    engine = EngineStory(version)
    container = engine.container("web")
    container.run(1.0)
    container.die(30.0, 3)
    assert engine.startup(40).outcome is StartupOutcome.STARTED


@both
def test_a_job_that_ends_well_at_once_has_started(version: str) -> None:
    engine = EngineStory(version)
    container = engine.container("job")
    container.run(1.0)
    container.die(1.5, 0)
    startup = engine.startup(20)
    assert startup.outcome is StartupOutcome.STARTED
    assert startup.settled
    assert not startup.censored


def test_a_process_that_ended_before_the_engine_stamped_its_start_has_ended() -> None:
    # Engine 20.10 stamps StartedAt after the start: FinishedAt of a quick process lies before it.
    engine = EngineStory(OLD)
    container = engine.container("quick")
    container.create(1.0)
    container.start(1.05, events=False, inspect=False)
    container.become(status="exited", finished_ns=ns(1.34), exit_code=5)
    container.inspect(3.0)
    startup = engine.startup(20)
    assert startup.outcome is StartupOutcome.FAILED
    assert startup.exit_code == 5


@both
def test_an_exit_before_it_was_ready_is_a_failed_start_however_late_and_with_any_code(version: str) -> None:
    engine = EngineStory(version)
    container = engine.container("web", healthcheck=PROBED)
    container.run(1.0)
    container.die(31.4, 0)
    startup = engine.startup(40)
    assert startup.outcome is StartupOutcome.FAILED
    assert startup.reason == "exit 0 after 30.00 s, before it was ready"
    assert startup.censored


@both
def test_out_of_memory_is_told_as_such(version: str) -> None:
    engine = EngineStory(version)
    container = engine.container("web")
    container.run(1.0)
    container.event(1.9, "oom")
    container.become(oom_killed=True)
    container.die(1.95, 137)
    startup = engine.startup(20)
    assert startup.outcome is StartupOutcome.FAILED
    assert startup.reason.startswith("out of memory after")


@both
def test_out_of_memory_hours_later_is_no_failed_start(version: str) -> None:
    engine = EngineStory(version)
    container = engine.container("web")
    container.run(1.0)
    container.event(1_000.0, "oom")
    container.die(1_000.1, 137)
    assert engine.startup(1_010).outcome is StartupOutcome.STARTED


@both
def test_a_label_that_hides_the_exit_code_does_not_hide_the_failure(version: str) -> None:
    engine = EngineStory(version)
    container = engine.container("web", labels={"exitCode": "0"})
    container.run(1.0)
    container.die(1.6, 5, told=0, inspect=False)
    assert not engine.startup(4).settled, "the inspect that knows better is still to come"
    container.inspect(4.5)
    startup = engine.startup(5)
    assert startup.outcome is StartupOutcome.FAILED
    assert startup.exit_code == 5
    assert startup.settled


@both
@pytest.mark.parametrize("healthcheck", [None, PROBED])
def test_stopped_by_a_person_before_it_was_ready_is_not_failed(version: str, healthcheck: object) -> None:
    engine = EngineStory(version)
    container = engine.container("web", healthcheck=healthcheck)
    container.run(1.0)
    container.stop(1.8)
    startup = engine.startup(20)
    assert startup.outcome is StartupOutcome.STARTED
    assert startup.settled
    assert startup.reason == ""
    assert startup.censored == (healthcheck is not None)


@both
def test_a_signal_that_asks_for_no_stop_does_not_excuse_an_exit(version: str) -> None:
    engine = EngineStory(version)
    container = engine.container("web")
    container.run(1.0)
    container.event(1.5, "kill", "1")
    container.die(1.6, 2)
    assert engine.startup(20).outcome is StartupOutcome.FAILED


# ------------------------------------------------------------------------------------------------ refused starts


@both
@pytest.mark.parametrize("network", ["bridge", "none"])
def test_a_start_that_the_runtime_refuses_has_failed_for_the_reason_given(version: str, network: str) -> None:
    engine = EngineStory(version)
    container = engine.container("web")
    container.networks = (network,)
    container.create(1.0)
    container.refuse(1.1, took_s=0.3, error="stat /nope: no such file")
    startup = engine.startup(20)
    assert startup.kind is StartupKind.FIRST
    assert startup.outcome is StartupOutcome.FAILED
    assert startup.settled
    assert startup.started_ns is None
    assert startup.ended_ns == ns(1.4)
    assert startup.exit_code == 127
    assert startup.reason == "the engine could not start it: stat /nope: no such file"
    assert startup.censored


@both
def test_a_refused_start_without_any_event_is_told_by_the_inspect(version: str) -> None:
    # Engine 20.10, an endpoint that can not be made: nothing is logged between create and destroy.
    engine = EngineStory(version)
    container = engine.container("web")
    container.create(1.0)
    container.become(error="could not find bridge", exit_code=128)
    container.inspect(2.0)
    startup = engine.startup(20)
    assert startup.outcome is StartupOutcome.FAILED
    assert startup.ended_ns == ns(2.0)


@both
def test_a_refused_start_of_a_container_that_removes_itself_has_failed(version: str) -> None:
    engine = EngineStory(version)
    container = engine.container("web", auto_remove=True)
    container.create(1.0)
    container.refuse(1.1, took_s=0.3, inspect=False)
    container.destroy(1.45)
    container.vanish(1.6)
    startup = engine.startup(20)
    assert startup.outcome is StartupOutcome.FAILED
    assert startup.settled
    assert startup.evidence is Evidence.CREATE_EVENT


@both
def test_a_network_taken_from_a_created_container_by_hand_refuses_nothing(version: str) -> None:
    engine = EngineStory(version)
    container = engine.container("web")
    container.create(1.0)
    if version == OLD:  # the newer ones log nothing then
        container.event(1.2, "disconnect", "bridge")
    container.inspect(1.3)
    assert engine.startup(3).outcome is StartupOutcome.STARTING
    container.start(4.0)
    startup = engine.startup(20)
    assert startup.outcome is StartupOutcome.STARTED
    assert startup.began_ns == ns(1.0)


@both
def test_a_start_after_a_refused_one_is_another_startup(version: str) -> None:
    engine = EngineStory(version)
    container = engine.container("web")
    container.create(1.0)
    container.refuse(1.1)
    refused = engine.startup(5)
    container.start(15.0, took_s=0.5)
    first, again = engine.startups(40)
    assert (first.outcome, first.ended_ns) == (refused.outcome, refused.ended_ns)
    assert first.outcome is StartupOutcome.FAILED
    assert first.started_ns is None
    assert again.outcome is StartupOutcome.STARTED
    assert again.kind is StartupKind.RESTART
    assert again.latency_s is not None
    assert again.latency_s < 0.5


@both
def test_a_restart_that_the_runtime_refuses_has_failed(version: str) -> None:
    engine = EngineStory(version)
    container = engine.container("web", restart_policy="always")
    container.run(1.0)
    container.die(10.0, 1)
    container.refuse(10.2)
    first, again = engine.startups(30)
    assert first.outcome is StartupOutcome.STARTED
    assert again.outcome is StartupOutcome.FAILED
    assert again.kind is StartupKind.RESTART
    assert again.began_ns == ns(10.0)


@both
def test_removed_while_it_was_being_started_has_failed(version: str) -> None:
    engine = EngineStory(version)
    container = engine.container("web")
    container.create(1.0)
    container.event(1.1, "connect", "bridge")
    container.destroy(1.3)
    startup = engine.startup(20)
    assert startup.outcome is StartupOutcome.FAILED
    assert startup.reason == "removed before it was started"


@both
def test_a_start_that_was_lost_in_a_gap_with_its_container_is_not_starting_for_ever(version: str) -> None:
    engine = EngineStory(version)
    container = engine.container("web")
    container.create(1.0)
    container.event(1.1, "connect", "bridge")
    container.exists = False
    engine.listed(60.0)
    snapshot = engine.snapshot(61)
    assert snapshot.engines[0].in_flight == 0
    assert snapshot.startups[0].outcome is StartupOutcome.FAILED


# ------------------------------------------------------------------------------------------------ readiness


@both
def test_ready_is_when_the_probe_said_so_and_may_have_been_since_the_probe_before(version: str) -> None:
    engine = EngineStory(version)
    container = engine.container("web", healthcheck=PROBED)
    container.run(1.0, took_s=0.4)
    container.probe(2.4, 1)
    container.probe(3.4, 0, "healthy")
    startup = engine.startup(10)
    assert startup.outcome is StartupOutcome.READY
    assert startup.settled
    assert startup.ready_ns == ns(3.421)
    assert startup.ready_s == pytest.approx(2.421)
    assert startup.ready_error_s == pytest.approx(3.421 - 2.42)
    assert startup.phases[-1].name == "ready"
    assert startup.phases[-1].seconds == pytest.approx(3.421 - 1.4, abs=0.001)


@both
def test_ready_at_the_first_probe_may_have_been_since_the_start(version: str) -> None:
    engine = EngineStory(version)
    container = engine.container("web", healthcheck=PROBED)
    container.run(1.0, took_s=0.4)
    container.probe(2.4, 0, "healthy")
    startup = engine.startup(10)
    assert startup.ready_error_s == pytest.approx(2.421 - 1.4, abs=0.001)


@both
def test_unhealthy_before_it_was_ready_is_failed_and_stays_so(version: str) -> None:
    engine = EngineStory(version)
    container = engine.container("web", healthcheck=PROBED)
    container.run(1.0)
    for second in (2, 3, 4):
        container.probe(second, 1, "unhealthy" if second == 4 else "")
    startup = engine.startup(5)
    assert startup.outcome is StartupOutcome.FAILED
    assert startup.settled
    assert startup.reason == "unhealthy before it was ready"
    container.probe(9, 0, "healthy")
    later = engine.startup(12)
    assert (later.outcome, later.ended_ns) == (startup.outcome, startup.ended_ns)


@both
def test_unhealthy_after_it_was_ready_is_another_matter(version: str) -> None:
    engine = EngineStory(version)
    container = engine.container("web", healthcheck=PROBED)
    container.run(1.0)
    container.probe(2, 0, "healthy")
    container.probe(30, 1, "unhealthy")
    container.die(40, 1)
    assert engine.startup(60).outcome is StartupOutcome.READY


@both
def test_never_ready_is_censored_after_the_deadline_and_stays_so(version: str) -> None:
    engine = EngineStory(version)
    container = engine.container("web", healthcheck=PROBED)
    container.run(1.0)
    assert not engine.startup(300).settled
    startup = engine.startup(302)
    assert startup.outcome is StartupOutcome.STARTED
    assert startup.settled
    assert startup.censored
    assert engine.snapshot(302).services[0].ready.censored == 1
    container.probe(400, 0, "healthy")
    later = engine.startup(410)
    assert later.outcome is StartupOutcome.STARTED
    assert later.ready_ns is None
    assert later.censored


def found_running(version: str, status: str, *probe_ends_s: tuple[float, int]) -> EngineStory:
    """An inspect at 0 s of a container started at -60 s, with these probes in its log."""
    engine = EngineStory(version)
    container = engine.container("web", healthcheck=PROBED, created_ns=ns(-60.5))
    container.become(status="running", started_ns=ns(-60.0))
    for end_s, exit_code in probe_ends_s:
        container.probe(end_s - 0.02, exit_code)
    facts = container.facts
    assert facts.health is not None
    container.become(health={"status": status, "probes": facts.health.probes})
    container.inspect(0.0)
    return engine


@both
def test_found_healthy_with_probes_that_reach_back_tells_when_it_became_ready(version: str) -> None:
    startup = found_running(version, "healthy", (-59.0, 1), (-58.0, 1), (-57.0, 0), (-56.0, 0)).startup(1)
    assert startup.outcome is StartupOutcome.READY
    assert startup.ready_ns == ns(-57.0)
    assert startup.approximate


@both
def test_found_healthy_with_younger_probes_only_was_ready_at_an_unknown_time(version: str) -> None:
    startup = found_running(version, "healthy", (-3.0, 0), (-2.0, 0)).startup(11)
    assert startup.outcome is StartupOutcome.READY
    assert startup.ready_ns is None
    assert startup.ready_s is None
    assert startup.settled


@both
def test_a_probe_that_failed_long_after_the_start_does_not_make_it_the_start(version: str) -> None:
    startup = found_running(version, "healthy", (-5.0, 1), (-4.0, 0), (-3.0, 0)).startup(11)
    assert startup.outcome is StartupOutcome.READY
    assert startup.ready_s is None


@both
def test_found_healthy_and_unhealthy_later_has_not_failed_to_start(version: str) -> None:
    engine = found_running(version, "healthy", (-2.0, 0))
    (container,) = engine.containers.values()
    container.probe(30, 1, "unhealthy")
    startup = engine.startup(40)
    assert startup.outcome is StartupOutcome.READY
    assert engine.snapshot(40).services[0].unhealthy == 1


@both
def test_found_unhealthy_and_healthy_much_later_tells_nothing_of_its_start(version: str) -> None:
    engine = found_running(version, "unhealthy", (-2.0, 1))
    (container,) = engine.containers.values()
    container.probe(900, 0, "healthy")
    startup = engine.startup(950)
    assert startup.outcome is StartupOutcome.STARTED
    assert startup.ready_s is None
    assert not startup.censored


# ------------------------------------------------------------------------------------------------ settling


@both
def test_nothing_is_settled_while_the_engine_is_silent(version: str) -> None:
    engine = EngineStory(version)
    engine.ping(0.5)
    container = engine.container("web")
    container.run(1.0)
    engine.ping(1.9)
    assert not engine.startup(60).settled
    container.die(2.0, 4)
    engine.ping(70)
    startup = engine.startup(71)
    assert startup.outcome is StartupOutcome.FAILED
    assert startup.settled


@both
def test_without_an_inspect_a_startup_is_settled_only_when_none_can_be_late_any_more(version: str) -> None:
    engine = EngineStory(version)
    container = engine.container("web")
    container.create(1.0)
    container.start(1.1, inspect=False)
    container.die(1.6, 0, inspect=False)
    container.destroy(1.7)
    assert not engine.startup(5).settled
    startup = engine.startup(12)
    assert startup.settled
    assert startup.evidence is Evidence.CREATE_EVENT


def test_signals_by_name_and_by_number_are_the_same() -> None:
    for signal in ("1", "HUP", "SIGHUP", "10", "28"):
        engine = EngineStory(NEW)
        container = engine.container("web")
        container.run(1.0)
        container.event(1.5, "kill", signal)
        container.die(1.6, 2)
        assert engine.startup(20).outcome is StartupOutcome.FAILED
