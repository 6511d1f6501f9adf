"""What readings of pressure come to: level, reason, source and age, in whatever order they were read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patchdeck.contention.fold import Contention
from patchdeck.contention.starts import of_starts
from patchdeck.fleet import Fleet
from patchdeck.model import (
    AnyObservation,
    EngineAnswered,
    HostSampled,
    Indicator,
    IndicatorRead,
    Knee,
    Level,
    SourceChanged,
    SourceState,
    Ticked,
)
from patchdeck.settings import IndicatorSettings, Settings
from tests.unit.stories import EngineStory

SECOND = 1_000_000_000
NOW = 1_767_225_600 * SECOND


def at(seconds: float) -> int:
    return NOW + round(seconds * SECOND)


def read(indicator: str, value: float, *, seconds: float = 0.0, **changes: object) -> IndicatorRead:
    known: dict[str, object] = {
        "sustained": value,
        "window_s": 10.0,
        "sustained_s": 60.0,
        "source": "prometheus",
        "detail": f"{indicator} waiting",
        **changes,
    }
    return IndicatorRead(engine="e", at_ns=at(seconds), indicator=indicator, value=value, **known)  # type: ignore[arg-type]


def sampled(seconds: float, io_10: float, io_60: float) -> HostSampled:
    return HostSampled(engine="e", at_ns=at(seconds), io_full_10=io_10, io_full_60=io_60)


def indicator(
    name: str, *observations: AnyObservation, now_s: float = 1.0, settings: Settings | None = None
) -> Indicator:
    fleet = Fleet(settings)
    for observation in (*observations, Ticked(engine="", at_ns=at(now_s))):
        fleet.apply(observation)
    (engine,) = fleet.snapshot().engines
    (found,) = (one for one in engine.indicators if one.name == name)
    return found


@pytest.mark.parametrize(
    ("short", "long", "level"),
    [
        (0.01, 0.01, Level.CALM),
        (0.90, 0.01, Level.CALM),
        (0.01, 0.10, Level.BUSY),
        (0.90, 0.10, Level.BUSY),
        (0.10, 0.90, Level.BUSY),
        (0.31, 0.28, Level.SATURATED),
    ],
)
def test_red_needs_both_windows(short: float, long: float, level: Level) -> None:
    found = indicator("io", sampled(0, short, long))
    assert found.level is level
    assert found.reason.startswith("io full ")
    assert "over 10 s" in found.reason
    assert "over 60 s" in found.reason
    assert (found.source, found.at_ns) == ("/proc/pressure", NOW)


def test_memory_and_io_are_judged_by_full() -> None:
    both = HostSampled(
        engine="e",
        at_ns=NOW,
        memory_some_10=0.9,
        memory_full_10=0.2,
        memory_full_60=0.2,
        io_some_10=0.9,
        io_full_10=0.3,
        io_full_60=0.1,
    )
    memory, io = indicator("memory", both), indicator("io", both)
    assert (memory.level, memory.value) == (Level.SATURATED, 0.2)
    assert (io.level, io.value) == (Level.BUSY, 0.3)
    assert memory.reason.startswith("memory full 20 %")


@pytest.mark.parametrize("lacking", ["memory", "io"])
def test_a_sample_that_lacks_a_resource_leaves_that_one_unknown_and_tells_the_others(lacking: str) -> None:
    known: dict[str, float] = {
        f"{name}_{kind}_{window}": 0.001
        for name, kind in (("cpu", "some"), ("memory", "full"), ("io", "full"))
        for window in (10, 60)
        if name != lacking
    }
    told = HostSampled(engine="e", at_ns=NOW, **known)
    assert (indicator(lacking, told).level, indicator(lacking, told).value) == (Level.UNKNOWN, None)
    for name in {"cpu", "memory", "io"} - {lacking}:
        assert indicator(name, told).level is Level.CALM


def test_the_nearest_fresh_source_speaks() -> None:
    local, far = sampled(0, 0.3, 0.3), read("io", 0.02)
    assert indicator("io", local, far).source == "/proc/pressure"
    assert indicator("io", far, local).value == 0.3
    later = read("io", 0.02, seconds=60)
    assert indicator("io", local, later, now_s=61).source == "prometheus"


def test_waiting_speaks_before_use() -> None:
    use = HostSampled(engine="e", at_ns=NOW, cpu_busy=0.99)
    assert indicator("cpu", use).level is Level.BUSY
    found = indicator("cpu", use, read("cpu", 0.05))
    assert (found.source, found.level) == ("prometheus", Level.CALM)


def test_a_stale_reading_is_not_known_and_tells_its_age() -> None:
    found = indicator("io", sampled(0, 0.31, 0.31), now_s=45)
    assert (found.value, found.level) == (None, Level.UNKNOWN)
    assert found.reason == "io full was 31 % 45 s ago, nothing newer from /proc/pressure"
    assert len(found.history) == 1


def test_what_nobody_tells_is_not_known_and_says_why() -> None:
    refused = SourceChanged(
        engine="", at_ns=NOW, source="prometheus", state=SourceState.LOST, detail="connection refused"
    )
    found = indicator("network", refused, EngineAnswered(engine="e", at_ns=NOW, response_s=0.01))
    assert (found.value, found.level, found.reason) == (
        None,
        Level.UNKNOWN,
        "only Prometheus tells it; Prometheus: connection refused",
    )


def test_the_past_of_another_source_comes_before_that_of_the_one_that_speaks() -> None:
    past = [read("io", 0.2, seconds=-600 + 30 * step) for step in range(10)]
    found = indicator("io", *past, sampled(0, 0.01, 0.01))
    assert [sample.value for sample in found.history] == [0.2] * 10 + [0.01]


def test_the_worst_part_decides_and_speaks_first() -> None:
    ping = EngineAnswered(engine="e", at_ns=NOW, response_s=0.004)
    slow = read("allocation", 3.0, unit="s", detail="network allocation")
    found = indicator("engine", ping, slow)
    assert (found.value, found.level) == (0.004, Level.SATURATED)
    assert found.reason == (
        "network allocation 3.0 s over 10 s, 3.0 s over 60 s; a ping took 4 ms over 10 s, 4 ms over 60 s"
    )


def test_an_engine_that_falls_silent_is_busy_before_it_is_lost() -> None:
    ping = EngineAnswered(engine="e", at_ns=NOW, response_s=0.004)
    assert indicator("engine", ping, now_s=3).level is Level.CALM
    silent = indicator("engine", ping, now_s=8)
    assert silent.level is Level.BUSY
    assert silent.reason.startswith("nothing was heard of it for 8.0 s")


def test_a_killed_process_makes_memory_busy() -> None:
    found = indicator("memory", read("memory", 0.0), read("oom", 1.0, unit="kills", detail="killed"))
    assert (found.value, found.level) == (0.0, Level.BUSY)


def test_a_users_own_indicator_has_its_unit_and_its_levels() -> None:
    own = IndicatorSettings(name="runqueue", promql="x", unit="tasks", busy=8, saturated=32)
    found = indicator("runqueue", read("runqueue", 9.0, unit="tasks"), settings=Settings(indicators=(own,)))
    assert (found.level, found.unit, found.busy) == (Level.BUSY, "tasks", 8)


def test_what_is_read_of_services_stays_apart() -> None:
    contention = Contention(Settings())
    contention.note(read("throttling", 0.4, service="shop/web"))
    contention.note(read("throttling", 0.1, service="shop/web", source="stats"))
    (told,) = contention.of_services(at(1))
    assert (told.service, told.value, told.source) == ("shop/web", 0.4, "prometheus")
    assert told.level is Level.SATURATED
    assert contention.of_services(at(60)) == ()


@pytest.mark.parametrize(
    ("in_flight", "level"), [(0, Level.CALM), (4, Level.CALM), (5, Level.BUSY), (9, Level.SATURATED)]
)
def test_starts_are_judged_by_the_knee(in_flight: int, level: Level) -> None:
    found = of_starts(in_flight, Knee(engine="e", at=4, low=3, high=6, startups=412))
    assert found.level is level
    assert found.reason == f"starts {in_flight} (knee 4, surely 3 to 6, from 412 startups)"


def test_without_a_knee_starts_have_no_level() -> None:
    found = of_starts(18, Knee(engine="e", startups=7, reason="7 startups seen, 30 are needed"))
    assert found.level is Level.UNKNOWN
    assert found.reason.endswith("knee not known: 7 startups seen, 30 are needed")


moments = st.integers(-200, 90).map(float)
values = st.sampled_from((0.0, 0.02, 0.3, 0.9))
readings = st.one_of(
    st.builds(sampled, moments, values, values),
    st.builds(
        lambda name, seconds, value, source, service: read(
            name, value, seconds=seconds, source=source, service=service
        ),
        st.sampled_from(("cpu", "io", "oom", "allocation", "received")),
        moments,
        values,
        st.sampled_from(("prometheus", "stats")),
        st.sampled_from(("", "shop/web")),
    ),
    st.builds(lambda seconds: EngineAnswered(engine="e", at_ns=at(seconds), response_s=0.01), moments),
)


@given(st.lists(readings, min_size=1, max_size=12), st.randoms())
def test_the_order_of_readings_does_not_matter(told: list[AnyObservation], random: object) -> None:
    shuffled = [*told, *told]
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    fleets = Fleet(), Fleet()
    for fleet, observations in zip(fleets, (told, shuffled), strict=True):
        for observation in (*observations, Ticked(engine="", at_ns=at(100))):
            fleet.apply(observation)
    assert fleets[0].snapshot().engines == fleets[1].snapshot().engines


def test_there_are_always_the_same_eight() -> None:
    engine = EngineStory()
    engine.container("web").run(1.0)
    names = [one.name for one in engine.snapshot(2).engines[0].indicators]
    assert names == ["cpu", "memory", "io", "network", "throttling", "engine", "pulls", "starts"]


def test_without_pressure_a_full_processor_is_busy_and_never_saturated() -> None:
    full = [HostSampled(engine="e", at_ns=at(second - 60), cpu_busy=1.0) for second in range(60)]
    assert indicator("cpu", *full).level is Level.BUSY
    spike = HostSampled(engine="e", at_ns=at(-50), cpu_busy=0.1), full[-1]
    assert indicator("cpu", *spike).level is Level.CALM


@pytest.mark.parametrize(
    ("responses", "level"),
    [
        ([0.002] * 30, Level.CALM),
        ([0.002] * 29 + [3.0], Level.CALM),
        ([0.3] * 30, Level.BUSY),
        ([2.0] * 30, Level.SATURATED),
        ([2.0] * 24 + [0.01] * 6, Level.BUSY),
    ],
)
def test_the_engine_is_judged_by_medians_of_two_windows(responses: list[float], level: Level) -> None:
    told = [
        EngineAnswered(engine="e", at_ns=at(2 * index), response_s=response_s)
        for index, response_s in enumerate(responses)
    ]
    found = indicator("engine", *told, now_s=60)
    assert found.level is level
    assert found.value == responses[-1]


def test_a_host_source_that_is_absent_says_why_there_is_no_pressure() -> None:
    engine = EngineStory()
    engine.source(1.0, SourceState.ABSENT, source="host", detail="this kernel has no /proc/pressure")
    cpu = engine.snapshot(2).engines[0].indicators[0]
    assert cpu.reason == "this kernel has no /proc/pressure"


def test_samples_of_an_engine_with_a_clock_an_hour_ahead_are_kept_as_long_as_others() -> None:
    engine = EngineStory(offset_s=3_600.0)
    for minute in range(0, 360, 5):
        engine.ping(minute * 60.0)
    history = engine.snapshot(359 * 60.0).engines[0].indicators[5].history
    assert len(history) == 72
