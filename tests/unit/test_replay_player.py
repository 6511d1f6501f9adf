"""What the player does with the time: a story on a tape, and a clock that is put forward by hand."""

from __future__ import annotations

import pytest

from patchdeck.model import AnyObservation, Ticked
from patchdeck.replay.player import GROWS_S, LEAD_NS, Player
from patchdeck.replay.position import SPEEDS, ReplayState, faster, slower
from tests.unit.stories import EngineStory, fold, in_time, ns
from tests.unit.tapes import HandClock, Told

LASTS_S = 120


def story() -> EngineStory:
    """Two minutes: one container starts at 10 s, another at 100 s, nothing but ticks and pings in between."""
    engine = EngineStory()
    for second in range(1, LASTS_S + 1):
        engine.tick(second)
        engine.ping(second + 0.5)
    engine.container("first").run(10)
    engine.container("second").run(100)
    return engine


def seen_of(engine: EngineStory) -> list[tuple[int, AnyObservation]]:
    return [(observation.at_ns, observation) for observation in in_time(engine.observations)]


def tick(second: float) -> tuple[int, AnyObservation]:
    return ns(second), Ticked(engine="", at_ns=ns(second))


def told(*, cut_short: bool = False) -> Told:
    return Told(seen_of(story()), cut_short=cut_short)


def playing(tape: Told, clock: HandClock) -> Player:
    player = Player(tape, clock)
    player.play()
    return player


def second_of(player: Player) -> float:
    """Where it is, in seconds into the story."""
    return (player.position.at_ns - ns(0)) / 1e9


def test_it_begins_paused_at_the_beginning_and_stays_there() -> None:
    clock = HandClock()
    player = Player(told(), clock)
    clock.pass_by(50)
    assert not player.advance()
    assert player.position.state is ReplayState.PAUSED
    assert second_of(player) == 0
    assert player.due_s is None


@pytest.mark.parametrize("speed", SPEEDS)
def test_time_passes_at_the_speed_that_was_chosen(speed: float) -> None:
    clock = HandClock()
    player = playing(told(), clock)
    player.set_speed(speed)
    clock.pass_by(1.5)
    player.advance()
    assert second_of(player) == pytest.approx(1.5 * speed)


def test_a_change_of_speed_holds_from_then_on() -> None:
    clock = HandClock()
    player = playing(told(), clock)
    clock.pass_by(10)
    player.set_speed(4.0)
    clock.pass_by(5)
    assert second_of(player) == pytest.approx(30)


def test_speeds_go_from_a_quarter_to_sixty_four() -> None:
    assert [SPEEDS[0], SPEEDS[-1]] == [0.25, 64.0]
    assert [faster(1.0), faster(64.0), slower(1.0), slower(0.25)] == [2.0, 64.0, 0.5, 0.25]


def test_every_moment_shows_what_a_fold_of_all_before_it_shows() -> None:
    observations = in_time(story().observations)
    clock = HandClock()
    player = playing(told(), clock)
    player.set_speed(4.0)
    for _ in range(29):
        clock.pass_by(1.0)
        player.advance()
        assert player.snapshot() == fold([one for one in observations if one.at_ns <= player.position.at_ns])


def test_what_is_due_next_tells_how_long_to_wait() -> None:
    clock = HandClock()
    player = playing(told(), clock)
    player.set_speed(2.0)
    clock.pass_by(1.0)
    player.advance()
    assert player.due_s == pytest.approx(0.25)


def test_a_pause_holds_the_time_and_play_goes_on_from_there() -> None:
    clock = HandClock()
    player = playing(told(), clock)
    clock.pass_by(5)
    player.pause()
    clock.pass_by(1_000)
    assert second_of(player) == pytest.approx(5)
    player.play()
    clock.pass_by(2)
    assert second_of(player) == pytest.approx(7)


def test_a_pause_shows_all_up_to_the_moment_it_pauses_at() -> None:
    observations = in_time(story().observations)
    clock = HandClock()
    player = playing(told(), clock)
    clock.pass_by(10.2)
    player.pause()
    assert player.snapshot() == fold([one for one in observations if one.at_ns <= player.position.at_ns])
    assert player.snapshot().startups


def test_a_seek_goes_there_in_both_directions_and_plays_on_if_it_was_playing() -> None:
    observations = in_time(story().observations)
    clock = HandClock()
    player = playing(told(), clock)
    for second in (90, 30, 33, 119, 0, 101):
        player.seek(ns(second))
        assert player.snapshot() == fold([one for one in observations if one.at_ns <= ns(second)])
        assert second_of(player) == second
        assert player.position.state is ReplayState.PLAYING
    player.pause()
    player.seek(ns(50))
    clock.pass_by(10)
    assert second_of(player) == 50


def test_a_seek_a_little_ahead_goes_on_from_the_state_at_hand() -> None:
    tape = told()
    clock = HandClock()
    player = playing(tape, clock)
    clock.pass_by(20)
    player.advance()
    before = len(tape.seeks)
    player.seek(ns(24))
    assert len(tape.seeks) == before
    player.seek(ns(23))
    player.seek(ns(60))
    assert tape.seeks[before:] == [ns(23), ns(60)]


def test_a_seek_back_while_it_plays_takes_back_what_was_shown_since() -> None:
    clock = HandClock()
    player = playing(told(), clock)
    clock.pass_by(12)
    player.advance()
    assert player.snapshot().startups
    player.seek(ns(9))
    assert not player.snapshot().startups


def test_a_moment_outside_the_recording_is_its_nearest() -> None:
    player = Player(told(), HandClock())
    player.seek(ns(10_000))
    assert second_of(player) == LASTS_S + 0.5
    player.seek(ns(-10_000))
    assert second_of(player) == 0


def test_a_step_goes_on_to_what_changes_something_and_passes_over_ticks() -> None:
    player = Player(told(), HandClock())
    seconds = []
    for _ in range(3):
        while not player.step():
            pass
        seconds.append(second_of(player))
    assert seconds[0] == pytest.approx(10.04)
    assert 10.04 < seconds[1] < seconds[2] < 11
    assert player.position.state is ReplayState.PAUSED


def test_a_step_from_the_last_change_goes_to_the_end() -> None:
    player = Player(told(), HandClock())
    player.seek(ns(110))
    assert player.step()
    assert player.position.state is ReplayState.ENDED


def test_skipping_idle_stretches_ends_shortly_before_something_happens() -> None:
    clock = HandClock()
    player = playing(told(), clock)
    player.seek(ns(20))
    player.skip_idle(True)
    player.advance()
    assert second_of(player) == pytest.approx(100.04 - LEAD_NS / 1e9)
    clock.pass_by(1.5)
    player.advance()
    assert {startup.name for startup in player.snapshot().startups} == {"first", "second"}
    assert second_of(player) == pytest.approx(100.54)


def test_what_happens_is_never_skipped() -> None:
    clock = HandClock()
    player = playing(told(), clock)
    player.skip_idle(True)
    passed: list[float] = []
    while player.position.running:
        clock.pass_by(0.1)
        player.advance()
        passed.append(second_of(player))
    for moment in (10.04, 10.4, 100.04, 100.4):
        before = max(second for second in passed if second <= moment)
        assert moment - before <= 0.11, moment


def test_it_stops_at_the_end_and_says_so() -> None:
    clock = HandClock()
    player = playing(told(), clock)
    clock.pass_by(LASTS_S * 2)
    player.advance()
    assert player.position.state is ReplayState.ENDED
    assert player.position.at_ns == player.position.ended_ns
    assert player.due_s is None


def test_play_at_the_end_begins_again() -> None:
    clock = HandClock()
    player = playing(told(), clock)
    clock.pass_by(LASTS_S * 2)
    player.advance()
    player.play()
    clock.pass_by(1)
    assert second_of(player) == pytest.approx(1)
    assert not player.snapshot().startups


def test_the_end_of_a_file_that_is_still_written_is_followed() -> None:
    tape, clock = told(cut_short=True), HandClock()
    player = playing(tape, clock)
    player.seek(tape.ended_ns)
    assert player.position.state is ReplayState.FOLLOWING
    assert not player.advance()
    tape.to_come = [tick(LASTS_S + second) for second in (1, 2, 3)]
    assert player.advance()
    assert player.snapshot().at_ns == ns(LASTS_S + 3)
    assert player.position.at_ns == player.position.ended_ns == ns(LASTS_S + 3)


def test_a_file_to_which_nothing_is_added_is_at_its_end_until_something_is() -> None:
    tape, clock = told(cut_short=True), HandClock()
    player = playing(tape, clock)
    player.seek(tape.ended_ns)
    states = [player.position.state]
    clock.pass_by(GROWS_S + 1)
    states.append(player.position.state)
    tape.to_come = [tick(LASTS_S + 20)]
    assert player.advance()
    states.append(player.position.state)
    assert states == [ReplayState.FOLLOWING, ReplayState.ENDED, ReplayState.FOLLOWING]


def test_play_at_an_end_that_has_moved_goes_on_from_there() -> None:
    tape, clock = told(cut_short=True), HandClock()
    player = playing(tape, clock)
    clock.pass_by(2 * LASTS_S)
    player.advance()
    player.pause()
    assert player.position.state is ReplayState.ENDED
    tape.to_come = [tick(LASTS_S + second) for second in (1, 2, 3)]
    player.play()
    clock.pass_by(2)
    player.advance()
    assert second_of(player) == pytest.approx(LASTS_S + 2.5)
    assert player.snapshot().at_ns == ns(LASTS_S + 2)


def test_a_file_that_gets_its_end_is_not_followed_any_more() -> None:
    tape, clock = told(cut_short=True), HandClock()
    player = playing(tape, clock)
    player.seek(tape.ended_ns)
    tape.cut_short = False
    player.advance()
    assert player.position.state is ReplayState.ENDED
    assert player.due_s is None


def test_a_speed_that_can_not_be_kept_leaves_nothing_out() -> None:
    class Slow(HandClock):
        """Every look at it takes a while, as applying lines does."""

        def __call__(self) -> float:
            self.now_s += 0.004
            return self.now_s

    clock = Slow()
    player = playing(told(), clock)
    player.set_speed(64.0)
    clock.pass_by(2)
    applied = 0
    while player.position.running:
        applied += player.advance()
    assert applied > 5
    assert {startup.name for startup in player.snapshot().startups} == {"first", "second"}
    assert player.snapshot() == fold(in_time(story().observations))
