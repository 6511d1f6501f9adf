"""What is read from a real Prometheus, and what is said when it fails, in every way that it can."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from patchdeck.model import IndicatorRead, SourceChanged, SourceState
from patchdeck.settings import IndicatorSettings, PrometheusSettings, Settings
from tests.lab import herd
from tests.lab.engine import Engine
from tests.lab.images import Images
from tests.lab.lab import Lab
from tests.lab.processes import wait_until
from tests.lab.prometheus import Prometheus
from tests.live.broken_proxy import Break, BrokenProxy
from tests.live.fleet_exporter import FleetExporter
from tests.live.watching import Watching

LONGEST_LAG_S = 0.2


def reading(url: str, **more: object) -> Settings:
    return Settings(prometheus=PrometheusSettings(url=url, timeout_s=1.0, refresh_s=1.0, **more))  # type: ignore[arg-type]


def state_of(watching: Watching, engine: str | None = None) -> tuple[SourceState | None, str]:
    """The newest state of Prometheus: for an engine, or (None) for the first one there is."""
    told = [one for one in watching.seen(SourceChanged) if one.source == "prometheus"]
    wanted = [one for one in told if (one.engine == engine if engine is not None else one.engine)]
    return (wanted[-1].state, wanted[-1].detail) if wanted else (None, "")


def indicators(watching: Watching, since: int = 0) -> set[str]:
    return {one.indicator for one in watching.seen(IndicatorRead, since)}


def reaches(watching: Watching, state: SourceState, timeout: float = 15.0) -> bool:
    """Prometheus as a whole, and so the engine."""
    return watching.until(
        lambda: state_of(watching, "")[0] is state and state_of(watching)[0] is state, timeout
    )


def recovers(watching: Watching, timeout: float = 20.0) -> bool:
    """By itself, with fresh readings."""
    if not reaches(watching, SourceState.LIVE, timeout):
        return False
    mark = watching.mark
    return watching.until(lambda: {"cpu", "memory", "io"} <= indicators(watching, mark), timeout)


@contextmanager
def keeping_the_beat(watching: Watching) -> Iterator[None]:
    """Fails if the watch's loop stood still for longer than it may."""
    ended = threading.Event()
    worst_s = 0.0

    def look() -> None:
        nonlocal worst_s
        while not ended.wait(0.005):
            worst_s = max(worst_s, watching.thread.beat_age_s or 0.0)

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
    # The loop beats every 100 ms by itself.
    assert worst_s < LONGEST_LAG_S + 0.1, f"the watch's loop stood still for {worst_s:.3f} s"


@pytest.fixture
def own(lab: Lab) -> Iterator[Prometheus]:
    """A Prometheus that the test may stop."""
    with Prometheus(lab.record, lab.folder / f"prometheus-{time.monotonic_ns()}") as made:
        yield made


def test_readings_come_within_seconds_and_the_past_with_them(stock: Engine, prometheus: Prometheus) -> None:
    def seconds() -> float:
        (series,) = prometheus.query('count_over_time(up{job="node"}[5m])')
        return float(series["value"][1])

    assert wait_until(lambda: seconds() >= 45, 60)
    began_ns = time.time_ns()
    with Watching(stock, settings=reading(prometheus.url)) as watching, keeping_the_beat(watching):
        assert watching.until(lambda: {"cpu", "memory", "io"} <= indicators(watching), 10)
        assert state_of(watching) == (SourceState.LIVE, "")
        assert state_of(watching, "") == (SourceState.LIVE, "")
        (first, *_) = [one for one in watching.seen(IndicatorRead) if one.at_ns > began_ns - 3e9]
        assert first.source == "prometheus"
        assert (first.window_s, first.sustained_s) == (10, 60)
        assert first.sustained is not None
        assert 0 <= first.value <= 1

        def past() -> list[int]:
            reads = watching.seen(IndicatorRead)
            return [one.at_ns for one in reads if one.indicator == "io" and one.at_ns < began_ns - 20e9]

        assert watching.until(lambda: len(past()) >= 2, 10)
        assert all(moment % 10**10 == 0 for moment in past())


def test_a_sample_is_told_once(stock: Engine, prometheus: Prometheus) -> None:
    with Watching(stock, settings=reading(prometheus.url)) as watching:
        assert watching.until(lambda: "cpu" in indicators(watching), 10)
        mark = watching.mark
        time.sleep(4)
        moments = [one.at_ns for one in watching.seen(IndicatorRead, mark) if one.indicator == "cpu"]
        assert 3 <= len(moments) <= 6
        assert len(set(moments)) == len(moments)


def test_engines_are_told_apart_by_their_own_id(
    stock: Engine, prometheus: Prometheus, images_of: Callable[[Engine, None], Images], newer_one: Engine
) -> None:
    prometheus.add(stock, "stock")
    prometheus.add(newer_one, "newer")
    images = {engine: images_of(engine, None).plain for engine in (stock, newer_one)}
    assert wait_until(lambda: len(prometheus.query("engine_daemon_engine_info")) == 2, 20)
    with Watching(stock, newer_one, settings=reading(prometheus.url)) as watching:
        names = sorted(engine.name for engine in watching.snapshot.engines)
        for engine in (stock, newer_one):
            assert not herd.fire(engine, images[engine], 6).failed

        def starts() -> set[str]:
            return {one.engine for one in watching.seen(IndicatorRead) if one.indicator == "start"}

        assert watching.until(lambda: sorted(starts()) == names, 25), state_of(watching)
        (read, *_) = [one for one in watching.seen(IndicatorRead) if one.indicator == "start"]
        assert read.unit == "s"
        assert 0 < read.value < 10


def test_a_prometheus_that_is_killed_is_lost_and_comes_back(stock: Engine, own: Prometheus) -> None:
    with Watching(stock, settings=reading(own.url)) as watching:
        assert recovers(watching)
        with keeping_the_beat(watching):
            own.kill()
            assert reaches(watching, SourceState.LOST)
            assert "nothing listens there: start Prometheus" in state_of(watching)[1]
            own.restart()
            assert recovers(watching, 30)


def test_a_prometheus_that_is_stopped_is_stale_and_comes_back(stock: Engine, own: Prometheus) -> None:
    with Watching(stock, settings=reading(own.url)) as watching:
        assert recovers(watching)
        with keeping_the_beat(watching):
            own.pause()
            try:
                assert reaches(watching, SourceState.STALE)
                assert "does not answer in time" in state_of(watching)[1]
                time.sleep(4)
                assert state_of(watching)[0] is SourceState.STALE
            finally:
                own.resume()
            assert recovers(watching, 30)


def test_an_exporter_that_is_gone_makes_its_engine_stale_with_an_age(stock: Engine, own: Prometheus) -> None:
    with Watching(stock, settings=reading(own.url)) as watching:
        assert recovers(watching)
        time.sleep(3)  # by now it is known that scrapes are a second apart
        own._node.kill()
        assert watching.until(lambda: state_of(watching)[0] is SourceState.STALE, 15)
        detail = state_of(watching)[1]
        assert detail.startswith("the newest sample is ")
        assert " s old: " in detail
        assert f"127.0.0.1:{own.node_port} is not scraped: look at that exporter" in detail
        assert state_of(watching, "")[0] is SourceState.LIVE
        mark = watching.mark
        time.sleep(3)
        assert not indicators(watching, mark)
        own._node.start(lambda: own._status(own.node_port, "/") == 200)
        assert recovers(watching)


EXPECTED = {
    Break.NOT_HTTP: (SourceState.MALFORMED, "is not HTTP"),
    Break.LOGIN_PAGE: (SourceState.MALFORMED, "not one of Prometheus's query API"),
    Break.NOT_JSON: (SourceState.MALFORMED, "not one of Prometheus's query API"),
    Break.CUT_OFF: (SourceState.MALFORMED, "broken off"),
    Break.OTHER_JSON: (SourceState.MALFORMED, "not one of Prometheus's query API"),
    Break.WRONG_TYPES: (SourceState.MALFORMED, "not one of Prometheus's query API"),
    Break.NO_NUMBERS: (SourceState.MALFORMED, "no numbers"),
    Break.NO_TIMES: (SourceState.MALFORMED, "times that can not be"),
    Break.HUGE: (SourceState.MALFORMED, "longer than 4 MiB"),
    Break.SLOW: (SourceState.STALE, "does not answer in time"),
    Break.DRIP: (SourceState.STALE, "does not answer in time"),
    Break.HANG_UP: (SourceState.LOST, "closed the connection"),
    Break.BAD_GATEWAY: (SourceState.LOST, "the proxy before it can not reach it (HTTP 502)"),
}
ALWAYS = (Break.NOT_JSON, Break.NO_NUMBERS, Break.SLOW, Break.HANG_UP)
"""One of each kind runs every time; all of them in `make test-full`."""


@pytest.fixture(scope="module")
def behind_proxy(stock_engine: Engine, prometheus: Prometheus) -> Iterator[tuple[BrokenProxy, Watching]]:
    """One watch through all breaks: none may leave anything behind."""
    with (
        BrokenProxy(prometheus.port) as proxy,
        Watching(stock_engine, settings=reading(proxy.url)) as watching,
    ):
        yield proxy, watching


@pytest.mark.parametrize(
    "broken",
    [pytest.param(one, marks=() if one in ALWAYS else pytest.mark.slow, id=one.value) for one in EXPECTED],
)
def test_what_is_broken_is_told_and_recovered_from(
    behind_proxy: tuple[BrokenProxy, Watching], broken: Break
) -> None:
    proxy, watching = behind_proxy
    assert recovers(watching), state_of(watching)
    state, words = EXPECTED[broken]
    with keeping_the_beat(watching):
        proxy.breaks = broken
        try:
            assert reaches(watching, state), (state_of(watching, ""), state_of(watching))
            assert words in state_of(watching)[1]
            assert words in state_of(watching, "")[1]
            mark = watching.mark
            time.sleep(1)
            assert not indicators(watching, mark)
        finally:
            proxy.breaks = Break.NOTHING
        assert recovers(watching), state_of(watching)


def test_own_indicators_are_read_and_a_bad_one_is_named(stock: Engine, prometheus: Prometheus) -> None:
    own = (
        IndicatorSettings(
            name="runqueue",
            promql="max by (instance) (avg_over_time(node_procs_running{$engines}[$window]))",
            unit="tasks",
            busy=8,
            saturated=32,
        ),
        IndicatorSettings(name="wrong", promql="max by (instance) (", busy=1, saturated=2),
        IndicatorSettings(
            name="unaggregated", promql="node_cpu_seconds_total{$engines}", busy=1, saturated=2
        ),
    )
    settings = Settings(
        prometheus=PrometheusSettings(
            url=prometheus.url,
            refresh_s=1.0,
            expressions={
                "io": "max by (instance) (rate(node_pressure_io_waiting_seconds_total{$engines}[$window]))"
            },
        ),
        indicators=own,
    )
    with Watching(stock, settings=settings) as watching:
        assert watching.until(lambda: {"runqueue", "cpu", "io"} <= indicators(watching), 10)
        (read, *_) = [one for one in watching.seen(IndicatorRead) if one.indicator == "runqueue"]
        assert (read.unit, read.detail) == ("tasks", "runqueue")
        (io, *_) = [one for one in watching.seen(IndicatorRead) if one.indicator == "io"]
        assert io.detail == "io by the configuration"
        assert watching.until(lambda: "indicator wrong: " in state_of(watching)[1], 10)
        state, detail = state_of(watching)
        assert state is SourceState.LIVE
        assert "parse error" in detail
        assert "indicator unaggregated: it has several values for one: aggregate by (instance)" in detail


@pytest.mark.slow
def test_a_thousand_targets_cost_no_more_questions(stock: Engine, lab: Lab) -> None:
    def questions_a_round(proxy: BrokenProxy, watching: Watching) -> tuple[float, int]:
        """Questions, and bytes of the longest."""
        assert recovers(watching), state_of(watching)
        time.sleep(2)
        began, mark = time.monotonic(), len(proxy.requests)
        time.sleep(6)
        asked = [one for one in proxy.requests[mark:] if one.path == "/api/v1/query"]
        rounds = sum("node_uname_info" in one.query for one in asked)
        assert rounds >= 4, time.monotonic() - began
        return len(asked) / rounds, max(len(one.target) for one in asked)

    folder = lab.folder / f"fleet-{time.monotonic_ns()}"
    with FleetExporter(1000) as fleet, Prometheus(lab.record, folder) as prometheus:
        with BrokenProxy(prometheus.port) as proxy, Watching(stock, settings=reading(proxy.url)) as watching:
            few = questions_a_round(proxy, watching)
        prometheus.add_others(fleet.targets)
        assert wait_until(lambda: len(prometheus.query("node_uname_info")) == 1001, 60)
        with BrokenProxy(prometheus.port) as proxy, Watching(stock, settings=reading(proxy.url)) as watching:
            with keeping_the_beat(watching):
                many = questions_a_round(proxy, watching)
            assert len({one.engine for one in watching.seen(IndicatorRead)}) == 1
    assert many[0] == pytest.approx(few[0], abs=0.5)
    assert many[1] == few[1]
