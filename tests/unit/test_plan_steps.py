"""Canary and batches, the order of replicas, and how many are left at the worst moment."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patchdeck.model import NEVER, Amount, Grouping, Knee, Order, Quantiles, Service, Strategy
from patchdeck.rollout.planning import capacity, duration
from patchdeck.rollout.planning.duration import Observed
from patchdeck.rollout.planning.members import near_names, replicas
from patchdeck.rollout.planning.steps import sizes, steps
from tests.unit.plan_values import replica

START, STOP = Order.START_FIRST, Order.STOP_FIRST


@pytest.mark.parametrize(
    ("units", "expected"),
    [(0, ()), (1, (1,)), (2, (1, 1)), (6, (1, 1, 1, 3)), (24, (1, 2, 3, 6, 12)), (64, (3, 4, 9, 16, 32))],
)
def test_left_to_itself_one_goes_first_or_a_twentieth_and_then_growing_batches(
    units: int, expected: tuple[int, ...]
) -> None:
    assert sizes(units, None, None) == expected


@pytest.mark.parametrize(
    ("canary", "batch", "expected"),
    [
        (Amount(count=2), None, (2, 1, 2, 5)),
        (None, Amount(count=4), (1, 4, 4, 1)),
        (Amount(share=0.5), Amount(share=0.3), (5, 3, 2)),
        (Amount(count=99), None, (10,)),
    ],
)
def test_canary_and_batch_are_as_large_as_asked_for(
    canary: Amount | None, batch: Amount | None, expected: tuple[int, ...]
) -> None:
    assert sizes(10, canary, batch) == expected


amounts = (
    st.none() | st.builds(Amount, count=st.integers(1, 300)) | st.builds(Amount, share=st.floats(0.01, 1))
)


@given(st.integers(0, 300), amounts, amounts)
def test_every_unit_is_in_exactly_one_step_in_turn(
    units: int, canary: Amount | None, batch: Amount | None
) -> None:
    made = steps(units, canary, batch)
    assert [unit for step in made for unit in step.units] == list(range(units))
    assert all(step.units for step in made)
    assert [step.index for step in made] == list(range(len(made)))


def test_replicas_go_by_number_and_names_are_read_as_people_do() -> None:
    numbered = [replica(number) for number in (10, 2, 1)]
    assert [one.facts.name for one in replicas(numbered, "shop/web")] == [
        "shop-web-1",
        "shop-web-2",
        "shop-web-10",
    ]
    unnumbered = [replica(number, labels={}) for number in (10, 9, 1)]
    assert [one.facts.name for one in replicas(unnumbered, "shop/web")] == [
        "shop-web-1",
        "shop-web-9",
        "shop-web-10",
    ]


def test_a_service_that_is_not_there_may_be_one_that_is_spelled_alike() -> None:
    seen = [replica(1), replica(2, service="shop/worker"), replica(3, service="other/web")]
    assert near_names("web", seen) == ("other/web", "shop/web")
    assert near_names("shop/wrker", seen)[0] == "shop/worker"
    assert near_names("database", seen) == ()


@pytest.mark.parametrize(
    ("wanted", "orders", "expected"),
    [
        (None, [START, START], 0),
        (None, [START, STOP], 1),
        (Amount(count=0), [STOP], 0),
        (Amount(share=0.0), [STOP], 0),
        (Amount(count=3), [START], 3),
        (Amount(share=0.25), [STOP], 2),
        (Amount(share=0.01), [STOP], 1),
    ],
)
def test_as_many_may_be_missing_as_asked_for_or_one_where_it_has_to_be(
    wanted: Amount | None, orders: list[Order], expected: int
) -> None:
    assert capacity.budget(wanted, orders, 8) == expected


def test_the_worst_moment_is_that_of_the_step_with_most_stopped_first() -> None:
    made = steps(6, Amount(count=1), Amount(count=3))
    orders = [START, STOP, STOP, START, STOP, START]
    assert capacity.worst(6, orders, made, 9, None) == 4
    assert capacity.worst(6, orders, made, 1, None) == 5
    assert capacity.worst(6, orders, made, 9, 1) == 5
    assert capacity.worst(6, [START] * 6, made, 9, None) == 6
    assert capacity.worst(1, [STOP], steps(1, None, None), 1, None) == 0


def test_the_duration_is_waves_of_starts_and_a_bake_after_each_step() -> None:
    made = steps(8, Amount(count=1), Amount(count=7))
    seen = Observed(unit_s=2.0, words="what was seen")
    fixed = Strategy(bake_s=10.0, pace=4)
    seconds, words = duration.predicted(seen, fixed, made, [START] * 8, budget=0, cpus=2)
    assert seconds == 2.0 + 10 + 2 * 2.0 + 10
    assert words.startswith("what was seen; at most 4 at once (the pace asked for)")
    one_missing, _ = duration.predicted(seen, fixed, made, [STOP] * 8, budget=1, cpus=2)
    assert one_missing == 8 * 2.0 + 2 * 10


def test_without_a_pace_it_doubles_up_to_the_knee() -> None:
    made = steps(15, Amount(count=1), Amount(count=14))
    auto = Strategy(bake_s=0.0)
    seen = Observed(unit_s=1.0, words="w", knee=4)
    # 1, then 2 + 4 + 4 + 4.
    assert duration.predicted(seen, auto, made, [START] * 15, budget=0, cpus=2)[0] == 5.0


def test_startups_are_known_from_the_containers_own_times_unless_those_say_nothing() -> None:
    calm = [replica(1, latency_s=0.2), replica(2, latency_s=0.4), replica(3, latency_s=0.6)]
    idle = replica(4, latency_s=3_600)
    restarted = replica(5, latency_s=9, restart_count=2)
    assert duration.observed([*calm, idle, restarted]).unit_s == pytest.approx(0.4)
    assert duration.observed([idle, restarted]) == Observed()
    assert duration.predicted(Observed(), Strategy(), (), (), budget=0, cpus=2) == (
        None,
        "no startup of this service is known",
    )


def service(starts: Quantiles, ready: Quantiles) -> Service:
    return Service(
        engine="e",
        name="s",
        grouping=Grouping.COMPOSE,
        versions=(),
        starts=starts,
        ready=ready,
        restarts=Quantiles(),
        live=2,
        running=2,
        starting=0,
        restarting=0,
        unhealthy=0,
        failed=0,
    )


def test_what_was_watched_goes_over_the_containers_own_times_and_ready_over_started() -> None:
    knee = Knee(engine="e", at=3)
    started = Quantiles(n=9, p50_s=0.4)
    watched = duration.watched(service(started, Quantiles(n=5, p50_s=2.5)), knee)
    assert watched == Observed(unit_s=2.5, words="5 startups that were watched, until ready", knee=3)
    never = duration.watched(service(started, Quantiles(n=5, censored=4, p50_s=NEVER)), None)
    assert never == Observed(unit_s=0.4, words="9 startups that were watched, until started")
    assert duration.watched(service(Quantiles(), Quantiles()), knee) is None
    assert duration.watched(None, knee) is None
