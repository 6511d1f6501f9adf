"""Levels need two windows; what has no data is unknown, never calm."""

from __future__ import annotations

import random

import pytest

from patchdeck.contention import Contention
from patchdeck.model import AnyObservation, EngineAnswered, HostSampled, Indicator, Level, SourceState
from patchdeck.settings import PressureLevels
from tests.unit.stories import EngineStory, difference, fold, ns


def sample(at_s: float = 1.0, **values: float) -> HostSampled:
    return HostSampled(engine="e", at_ns=ns(at_s), **values)


def indicator(name: str, *samples: HostSampled) -> Indicator:
    contention = Contention(PressureLevels())
    for each in samples:
        contention.add_sample(each)
    return next(each for each in contention.indicators(0) if each.name == name)


@pytest.mark.parametrize(
    ("short", "long", "level"),
    [
        (0.05, 0.05, Level.CALM),
        (0.90, 0.05, Level.CALM),  # a spike does not cry wolf
        (0.05, 0.30, Level.BUSY),  # it was so a moment ago
        (0.90, 0.30, Level.BUSY),
        (0.05, 0.60, Level.BUSY),  # saturated before, not any more
        (0.60, 0.60, Level.SATURATED),
        (0.50, 0.50, Level.SATURATED),
        (0.20, 0.20, Level.BUSY),
    ],
)
def test_both_windows_decide(short: float, long: float, level: Level) -> None:
    found = indicator("cpu", sample(cpu_some_10=short, cpu_some_60=long))
    assert found.level is level
    assert found.value == short
    assert found.reason == f"cpu some {short:.0%} over 10 s, {long:.0%} over 60 s"


def test_memory_and_io_are_judged_by_full() -> None:
    both = sample(memory_some_10=0.9, memory_full_10=0.2, memory_full_60=0.2, io_full_10=0.3, io_full_60=0.1)
    assert indicator("memory", both).level is Level.SATURATED
    assert indicator("io", both).level is Level.BUSY


def test_no_data_is_unknown_and_says_why() -> None:
    contention = Contention(PressureLevels())
    for each in contention.indicators(0, "permission denied"):
        if each.name in ("cpu", "memory", "io"):
            assert (each.level, each.value, each.reason) == (Level.UNKNOWN, None, "permission denied")
    partial = indicator("io", sample(cpu_some_10=0.1, cpu_some_60=0.1))
    assert partial.level is Level.UNKNOWN


def test_there_are_always_the_same_five() -> None:
    contention = Contention(PressureLevels())
    names = ["cpu", "memory", "io", "engine", "starts"]
    assert [each.name for each in contention.indicators(0)] == names
    contention.add_sample(sample(cpu_some_10=0.1, cpu_some_60=0.1))
    assert [each.name for each in contention.indicators(3)] == names


def test_without_pressure_a_full_processor_is_busy_and_never_saturated() -> None:
    full = [sample(second, cpu_busy=1.0) for second in range(60)]
    assert indicator("cpu", *full).level is Level.BUSY
    assert indicator("cpu", *full, sample(61, cpu_busy=0.1)).value == 0.1
    assert indicator("cpu", sample(0, cpu_busy=0.1), sample(1, cpu_busy=1.0)).level is Level.CALM


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
    contention = Contention(PressureLevels())
    for index, response_s in enumerate(responses):
        contention.add_response(ns(index * 2), response_s)
    engine = next(each for each in contention.indicators(0) if each.name == "engine")
    assert engine.level is level
    assert engine.value == responses[-1]


def test_starts_alone_are_not_judged() -> None:
    assert indicator("starts").level is Level.CALM
    found = Contention(PressureLevels()).indicators(3)[-1]
    assert (found.value, found.level) == (3.0, Level.UNKNOWN)


def test_samples_in_any_order_give_the_same_indicators() -> None:
    samples: list[AnyObservation] = [
        sample(second, cpu_some_10=second / 100, cpu_some_60=second / 200, io_full_10=0.1, io_full_60=0.1)
        for second in range(30)
    ]
    answers: list[AnyObservation] = [
        EngineAnswered(engine="e", at_ns=ns(second), response_s=second / 1e3) for second in range(30)
    ]
    muddled = [*samples, *answers, *samples[:7]]
    random.Random(7).shuffle(muddled)
    assert difference(fold([*samples, *answers]), fold(muddled)) == ""


def test_a_host_source_that_is_absent_says_why_there_is_no_pressure() -> None:
    engine = EngineStory()
    engine.source(1.0, SourceState.ABSENT, source="host", detail="this kernel has no /proc/pressure")
    cpu = engine.snapshot(2).engines[0].indicators[0]
    assert cpu.reason == "this kernel has no /proc/pressure"


def test_samples_of_an_engine_with_a_clock_an_hour_ahead_are_kept_as_long_as_others() -> None:
    engine = EngineStory(offset_s=3_600.0)
    for minute in range(0, 360, 5):
        engine.ping(minute * 60.0)
    history = engine.snapshot(359 * 60.0).engines[0].indicators[3].history
    assert len(history) == 72
