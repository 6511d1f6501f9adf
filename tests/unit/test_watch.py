"""The watch thread: it loads nothing slow by being imported, loses no error, and ends at once."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from patchdeck.fleet import Fleet
from patchdeck.model import AnyObservation, Severity, SourceState, Ticked
from patchdeck.settings import EngineSettings, Settings
from patchdeck.sources.targets import Target, choose
from patchdeck.watch import LogsUnavailable, WatchThread
from tests.lab.processes import wait_until


@pytest.fixture
def nowhere(tmp_path: Path) -> tuple[Target, ...]:
    return choose([EngineSettings(host=f"unix://{tmp_path}/none.sock", name="nowhere")], {}, tmp_path)


def test_importing_the_watch_loads_no_engine_client() -> None:
    script = "import sys, patchdeck.watch; print(sorted({'aiohttp', 'aiodocker'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_an_engine_that_is_not_there_is_on_screen_with_advice(nowhere: tuple[Target, ...]) -> None:
    watch = WatchThread(Settings(), nowhere)
    watch.start()
    try:

        def lost() -> bool:
            snapshot = watch.mailbox.take()
            return snapshot is not None and any(
                engine.state is SourceState.LOST and "--host" in engine.detail for engine in snapshot.engines
            )

        assert wait_until(lost, 5)
        assert watch.beat_age_s is not None
        assert watch.beat_age_s < 1
        with pytest.raises(LogsUnavailable, match="not connected"):
            watch.logs("nowhere", "x").result(2)
        with pytest.raises(LogsUnavailable, match="no engine"):
            watch.logs("elsewhere", "x").result(2)
    finally:
        began = time.monotonic()
        assert watch.stop()
        assert time.monotonic() - began < 1
    assert watch.failure is None
    with pytest.raises(LogsUnavailable, match="not running"):
        watch.logs("nowhere", "x").result(2)


def test_it_may_be_stopped_before_it_is_started_and_twice(nowhere: tuple[Target, ...]) -> None:
    watch = WatchThread(Settings(), nowhere)
    assert watch.stop()
    assert watch.stop()
    watch.start()
    assert watch.stop()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_failure_of_the_loop_arrives_on_screen(
    nowhere: tuple[Target, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_self: Fleet, observation: AnyObservation) -> None:
        if isinstance(observation, Ticked):
            raise ZeroDivisionError("of all things")

    monkeypatch.setattr(Fleet, "apply", broken)
    watch = WatchThread(Settings(), nowhere)
    watch.start()
    assert wait_until(lambda: watch.failure is not None, 5)
    assert wait_until(lambda: "watch" not in {thread.name for thread in threading.enumerate()}, 5)
    snapshot = watch.mailbox.take()
    assert snapshot is not None
    assert snapshot.feed[-1].severity is Severity.FAILURE
    assert "ZeroDivisionError: of all things" in snapshot.feed[-1].detail
    assert watch.stop()


def test_snapshots_come_no_faster_than_wished_and_observations_in_order(nowhere: tuple[Target, ...]) -> None:
    seen: list[AnyObservation] = []
    watch = WatchThread(Settings(), nowhere, on_observation=seen.append)
    arrivals: list[float] = []
    watch.mailbox.on_arrival(lambda: arrivals.append(time.monotonic()))
    watch.start()
    deadline = time.monotonic() + 2
    while time.monotonic() < deadline:
        watch.mailbox.take()
        time.sleep(0.005)
    assert watch.stop()
    assert 2 <= len(arrivals) <= 2 * Settings().watch.snapshots_per_s + 2
    assert [one.at_ns for one in seen if isinstance(one, Ticked)] == sorted(
        one.at_ns for one in seen if isinstance(one, Ticked)
    )
