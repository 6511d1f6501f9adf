"""A series keeps its values by time, whatever order they come in, and thins them steadily."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from patchdeck.model import Sample
from patchdeck.series import Series

points = st.lists(st.tuples(st.integers(0, 100), st.integers(0, 9).map(float)), max_size=40)


@given(points, st.integers(0, 100), st.randoms(use_true_random=False))
def test_order_repetition_and_looks_in_between_do_not_matter(
    given_points: list[tuple[int, float]], horizon: int, chance: random.Random
) -> None:
    in_order, muddled = Series(10e-9), Series(10e-9)
    for at_ns, value in sorted(given_points):
        in_order.add(at_ns, value)
    shuffled = given_points + given_points[:5]
    chance.shuffle(shuffled)
    for at_ns, value in shuffled:
        muddled.add(at_ns, value)
        if chance.random() < 0.3:
            muddled.history()
    for series in (in_order, muddled):
        series.forget_before(horizon)
    assert muddled.history() == in_order.history()
    kept: dict[int, float] = {}
    for at_ns, value in given_points:
        if at_ns >= horizon:
            kept[at_ns] = max(value, kept.get(at_ns, value))
    assert muddled.between(0, 100) == [kept[at_ns] for at_ns in sorted(kept)]
    assert muddled.between(20, 40) == [kept[at_ns] for at_ns in sorted(kept) if 20 <= at_ns <= 40]


def test_history_is_one_mean_a_stretch_at_its_newest_point() -> None:
    series = Series(10e-9)
    for at_ns, value in ((0, 1.0), (5, 3.0), (10, 7.0), (31, 2.0)):
        series.add(at_ns, value)
    assert series.history() == (
        Sample(at_ns=5, value=2.0),
        Sample(at_ns=10, value=7.0),
        Sample(at_ns=31, value=2.0),
    )
    series.forget_before(6)
    assert [sample.at_ns for sample in series.history()] == [10, 31]


def test_nothing_is_left_of_what_is_forgotten() -> None:
    series = Series(1.0)
    for second in range(1_000):
        series.add(second * 1_000_000_000, 1.0)
    series.history()
    series.forget_before(10**18)
    assert series.history() == ()
    assert len(series) == 0
