"""Evidence on slow starts: what grew, what was busy, what each comparison rests on, and silence without data."""

from __future__ import annotations

import math
import time

import pytest

from patchdeck.attribution import attribute
from patchdeck.meanwhile import Watched
from patchdeck.model import Level, Sample, Startup, StartupKind
from tests.unit.queueing import EPOCH_NS, startup

CALM = {"create": 0.05, "setup": 0.1, "runtime+network": 0.2}
SLOW = {"create": 0.06, "setup": 0.25, "runtime+network": 1.22}
NOW_NS = EPOCH_NS + 2000 * 10**9


def calm(count: int = 12, version: str = "1.0") -> list[Startup]:
    return [
        startup(turn, turn * 20.0, 0.35, phases=CALM, in_flight=turn % 2, version=version)
        for turn in range(count)
    ]


def slow(began_s: float = 1000.0, number: int = 900, in_flight: int = 38) -> Startup:
    return startup(number, began_s, 1.53, phases=SLOW, in_flight=in_flight)


def history(*values: tuple[float, float]) -> list[Sample]:
    """Every ten seconds over 1200 s at zero, but for these (at seconds, value)."""
    by_time = dict.fromkeys(range(0, 1200, 10), 0.0) | {int(at_s): value for at_s, value in values}
    return [Sample(at_ns=EPOCH_NS + at_s * 10**9, value=value) for at_s, value in sorted(by_time.items())]


def watched(
    *values: tuple[float, float], busy: float = 0.05, saturated: float = 0.2, words: str = ""
) -> Watched:
    return Watched(history(*values), busy=busy, saturated=saturated, words=words)


def test_one_slow_startup_is_told_as_evidence() -> None:
    io = watched((1000, 0.31), words="io full")
    found = attribute([slow()], [*calm(), slow()], {"io": io, "memory": watched()}, now_ns=NOW_NS)
    assert found.verdict
    assert [phase.name for phase in found.phases] == ["runtime+network", "setup"]
    grown = found.phases[0]
    assert (grown.seconds, grown.baseline_s, grown.baseline_n) == (1.22, 0.2, 12)
    assert grown.ratio == pytest.approx(6.1)
    assert (found.in_flight, found.startups, found.baseline_n) == (38, 1, 12)
    assert [(one.name, one.value, one.level) for one in found.indicators] == [("io", 0.31, Level.SATURATED)]
    assert found.sentence == (
        "runtime+network 6.1× baseline, setup 2.5× baseline while 38 other starts were in flight; io full 31 %"
    )


def test_a_stretch_is_told_by_its_medians() -> None:
    chosen = [slow(1000 + turn, 900 + turn, in_flight=turn) for turn in range(21)]
    found = attribute(chosen, [*calm(), *chosen], {}, now_ns=NOW_NS)
    assert (found.startups, found.in_flight) == (21, 10)
    assert found.phases[0].seconds == 1.22


def test_each_service_is_compared_with_itself() -> None:
    other = [
        startup(500 + turn, turn * 20.0 + 5, 2.0, service="jobs", phases={"runtime+network": 1.2})
        for turn in range(12)
    ]
    usual = startup(950, 1001.0, 1.2, service="jobs", phases={"runtime+network": 1.2}, in_flight=20)
    assert attribute([usual], [*calm(), *other], {}, now_ns=NOW_NS).phases == ()
    assert attribute([slow()], [*calm(), *other], {}, now_ns=NOW_NS).phases[0].ratio == pytest.approx(6.1)


def test_busier_indicators_come_first_whatever_their_units() -> None:
    indicators = {
        "cpu": watched((1000, 0.45), busy=0.2, saturated=0.5, words="cpu some"),
        "engine": Watched(history((1000, 0.4)), busy=0.1, saturated=1.0, unit="s"),
        "io": watched((1000, 0.06), words="io full"),
        "memory": watched((1000, 0.009), busy=0.01),
    }
    found = attribute([slow()], calm(), indicators, now_ns=NOW_NS)
    assert [(one.name, one.level) for one in found.indicators] == [
        ("engine", Level.BUSY),
        ("cpu", Level.BUSY),
        ("io", Level.BUSY),
    ]
    assert found.sentence.endswith("; engine 400 ms, cpu some 45 %, io full 6 %")


def test_a_sample_tells_of_the_time_before_it_and_no_other() -> None:
    short = startup(901, 1001.0, 1.53, phases=SLOW, in_flight=3)
    at_end = attribute([short], calm(), {"io": watched((1010, 0.5))}, now_ns=NOW_NS)
    assert [one.value for one in at_end.indicators] == [0.5]
    later = attribute([short], calm(), {"io": watched((1020, 0.5))}, now_ns=NOW_NS)
    assert later.indicators == ()
    assert later.unmeasured == ()
    assert later.sentence.endswith("no indicator was busy")


# Without data, no verdict


@pytest.mark.parametrize("count", [0, 4])
def test_too_few_calm_startups_give_no_verdict(count: int) -> None:
    found = attribute([slow()], calm(count), {"io": watched((1000, 0.31), words="io full")}, now_ns=NOW_NS)
    assert not found.verdict
    assert found.phases == ()
    assert found.baseline_n == count
    assert [one.name for one in found.indicators] == ["io"]
    assert found.sentence == (
        f"not enough to compare with: {count} calm starts of shop/web in this version, 5 are needed"
    )


def test_another_version_or_a_restart_is_no_baseline() -> None:
    again = [startup(turn, turn * 20.0, 0.35, phases=CALM, kind=StartupKind.RESTART) for turn in range(12)]
    assert not attribute([slow()], [*calm(version="0.9"), *again], {}, now_ns=NOW_NS).verdict


def test_startups_in_a_herd_or_under_pressure_are_not_calm() -> None:
    herd = [startup(turn, turn * 20.0, 0.35, phases=CALM, in_flight=2) for turn in range(12)]
    assert not attribute([slow()], herd, {}, now_ns=NOW_NS).verdict
    pressed = watched(*((at_s, 0.2) for at_s in range(0, 300, 10)))
    assert not attribute([slow()], calm(), {"io": pressed}, now_ns=NOW_NS).verdict


def test_what_was_not_measured_is_neither_busy_nor_calm() -> None:
    old = Watched([Sample(at_ns=EPOCH_NS + turn * 10**10, value=0.0) for turn in range(10)], 0.05, 0.2)
    found = attribute([slow()], calm(), {"io": old, "memory": watched()}, now_ns=NOW_NS)
    assert found.unmeasured == ("io",)
    assert found.sentence.endswith("no indicator was busy (io not measured)")
    nothing = attribute([slow()], calm(), {"io": old}, now_ns=NOW_NS)
    assert nothing.sentence.endswith("no indicator was measured meanwhile")


def test_what_did_not_grow_is_said_not_to_have_grown() -> None:
    usual = startup(901, 1000.0, 0.36, phases=CALM, in_flight=1)
    found = attribute([usual], calm(), {"io": watched()}, now_ns=NOW_NS)
    assert found.verdict
    assert found.sentence == (
        "no phase took longer than calm (n 12) while 1 other start was in flight; no indicator was busy"
    )


def test_a_phase_that_calm_starts_do_not_spend_time_in() -> None:
    none = [startup(turn, turn * 20.0, 0.3, phases={"setup": 0.0, "start": 0.3}) for turn in range(8)]
    waited = startup(901, 1000.0, 2.3, phases={"setup": 2.0, "start": 0.3}, in_flight=0)
    found = attribute([waited], none, {"io": watched()}, now_ns=NOW_NS)
    assert math.isinf(found.phases[0].ratio)
    assert found.sentence == "setup 2.0 s, where calm starts took none; no indicator was busy"


def test_what_has_not_started_has_no_phases_yet() -> None:
    starting = startup(901, 1000.0, None, in_flight=12)
    found = attribute([starting], calm(), {"io": watched((1010, 0.3))}, now_ns=NOW_NS)
    assert not found.verdict
    assert found.in_flight == 12
    assert [one.name for one in found.indicators] == ["io"]
    assert found.sentence == "not started yet: the phases are not known"


def test_nothing_chosen_and_nothing_known() -> None:
    assert not attribute([], calm(), {}, now_ns=NOW_NS).verdict
    assert attribute([], [], {}, now_ns=NOW_NS).sentence == "nothing is known of when these began"


def test_twenty_thousand_startups_are_looked_through_quickly() -> None:
    many = [startup(turn, turn * 0.05, 0.35, phases=CALM, in_flight=turn % 2) for turn in range(20_000)]
    indicators = {name: watched() for name in ("cpu", "memory", "io", "engine")}
    began = time.process_time()
    attribute(many[-500:], many, indicators, now_ns=NOW_NS)
    assert time.process_time() - began < 0.3
