"""Whether processors have time left, and who takes it, from their counters alone."""

from __future__ import annotations

import pytest

from patchdeck.rollout.processors import FRESH_S, Processors, Times


class Host:
    """Two processors whose counters go on as they are told."""

    def __init__(self) -> None:
        self.now_s = 100.0
        self.resting = self.total = 0.0
        self.seen = Processors(lambda: Times(resting=self.resting, total=self.total))

    def goes_on(self, seconds: float, *, rest: float, in_flight: int) -> None:
        self.seen.look(self.now_s, in_flight)
        self.now_s += seconds
        self.total += 2 * seconds
        self.resting += 2 * seconds * rest
        self.seen.look(self.now_s, in_flight)


def test_nothing_is_known_at_first_and_nothing_is_held_back_by_it() -> None:
    host = Host()
    assert host.seen.spare
    assert host.seen.pressed_by_us(host.now_s) is None


@pytest.mark.parametrize(("rest", "spare"), [(0.5, True), (0.05, True), (0.02, False), (0.0, False)])
def test_there_is_time_for_more_while_processors_are_at_rest_now_and_then(rest: float, spare: bool) -> None:
    host = Host()
    host.goes_on(0.5, rest=rest, in_flight=2)
    assert host.seen.spare is spare


def test_the_newest_stretch_counts() -> None:
    host = Host()
    host.goes_on(0.5, rest=0.0, in_flight=1)
    host.goes_on(0.5, rest=0.6, in_flight=1)
    assert host.seen.spare


def test_too_short_a_stretch_says_nothing() -> None:
    host = Host()
    host.goes_on(0.1, rest=0.0, in_flight=1)
    assert host.seen.spare


@pytest.mark.parametrize(("rest", "ours"), [(0.9, True), (0.1, False)])
def test_what_presses_while_the_rollout_stands_still_is_not_the_rollout(rest: float, ours: bool) -> None:
    host = Host()
    host.goes_on(0.5, rest=rest, in_flight=0)
    assert host.seen.pressed_by_us(host.now_s) is ours
    host.goes_on(1.0, rest=0.0, in_flight=4)
    assert host.seen.pressed_by_us(host.now_s) is ours
    assert host.seen.pressed_by_us(host.now_s + FRESH_S) is None


def test_a_stretch_in_which_anything_started_is_none_of_standing_still() -> None:
    host = Host()
    host.goes_on(0.3, rest=0.0, in_flight=0)
    host.goes_on(0.3, rest=0.0, in_flight=1)
    host.goes_on(0.3, rest=1.0, in_flight=0)
    assert host.seen.pressed_by_us(host.now_s) is None
    host.goes_on(0.3, rest=1.0, in_flight=0)
    assert host.seen.pressed_by_us(host.now_s) is True


def test_counters_that_can_not_be_read_hold_nothing_back() -> None:
    seen = Processors(lambda: None)
    seen.look(1.0, 0)
    seen.look(2.0, 0)
    assert seen.spare
    assert seen.pressed_by_us(2.0) is None
