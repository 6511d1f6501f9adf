"""The monkey is the same for the same seed, knows every kind of act, and what it finds is made short."""

from __future__ import annotations

from collections.abc import Sequence

from tests.monkey import LEAVING, Act, drawn, shrunk, written


def test_a_seed_is_a_story() -> None:
    assert drawn(1, 500) == drawn(1, 500)
    assert drawn(1, 500) != drawn(2, 500)


def test_ten_thousand_acts_hold_every_kind_of_them() -> None:
    kinds = {act.name.partition(" ")[0] for act in drawn(1, 10_000)}
    assert {
        "click",
        "wheel",
        "move",
        "paste",
        "resize",
        "stop",
        "compose",
        "ctrl+r",
        "ctrl+z",
        "y",
        "enter",
    } <= kinds
    assert kinds >= {act.name for act in LEAVING}


def test_what_fails_is_shrunk_to_what_it_takes() -> None:
    acts = drawn(3, 200)
    first, second = Act("first"), Act("second")
    acts[31], acts[170] = first, second

    def fails(some: Sequence[Act]) -> bool:
        return first in some and second in some and some.index(first) < some.index(second)

    assert written(shrunk(acts, fails, 10)) == "first  second"


def test_without_time_what_failed_is_told_as_it_was() -> None:
    acts = drawn(3, 20)
    assert shrunk(acts, lambda some: True, 0) == acts
