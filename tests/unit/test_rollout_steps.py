"""The machine of a rollout in every state that it can come to, under every signal that there is."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from functools import cache

import pytest
from msgspec.structs import replace

from patchdeck.model import Binding, Command, Order, PauseKind, RolloutState, Verdict
from patchdeck.rollout.signals import (
    Answer,
    Asked,
    Commit,
    Effect,
    End,
    EngineBack,
    EngineLost,
    Go,
    HoldExpired,
    Judge,
    Judged,
    Leave,
    LockDenied,
    Locked,
    NotPrepared,
    Prepare,
    Prepared,
    Room,
    Signal,
    TakeLock,
    Terminated,
    Turn,
    UnitCommitted,
    UnitFailed,
    UnitReady,
    UnitReturned,
    UnitServes,
    UnitStarted,
    UnitStuck,
    WorkerReady,
)
from patchdeck.rollout.state import Outline, Stage, Stand, State, away, fresh
from patchdeck.rollout.steps import advance

STOP, START = Order.STOP_FIRST, Order.START_FIRST
TWO_STEPS = Outline(steps=((0,), (1,)), orders=(STOP, START), budget=1, pause_after=frozenset({0}))
THREE_UNITS = Outline(steps=((0, 1, 2),), orders=(STOP, STOP, STOP), budget=2)
SERVING = Outline(steps=((0,), (1,)), orders=(START, START), budget=1)
OUTLINES = {"two steps": TWO_STEPS, "three units": THREE_UNITS, "start-first": SERVING}

UNIT_SIGNALS = (UnitStarted, UnitServes, UnitReady, UnitReturned, UnitCommitted)


def signals(outline: Outline) -> Iterator[Signal]:
    units = range(len(outline.orders))
    yield from (WorkerReady(), Locked(), LockDenied(text="held"), Prepared(), NotPrepared(text="no"))
    yield from (HoldExpired(), Terminated(), EngineLost(), EngineBack())
    yield from (Room(starts=0), Room(starts=3), Room(starts=3, down=frozenset({1})))
    yield from (Asked(command=command) for command in Command)
    yield from (kind(unit=unit) for kind in UNIT_SIGNALS for unit in units)
    yield from (kind(unit=unit, text="no") for kind in (UnitFailed, UnitStuck) for unit in units)
    yield from (
        Judged(step=step, verdict=verdict) for step in range(len(outline.steps)) for verdict in Verdict
    )


Edge = tuple[State, Signal, State, tuple[Effect, ...]]


def without_words(state: State) -> State:
    """The machine decides nothing by its texts; leaving them out keeps the search small."""
    return replace(state, text="")


@cache
def edges(name: str) -> tuple[Edge, ...]:
    """Every reachable state under every signal."""
    outline = OUTLINES[name]
    first = fresh(outline)
    known, waiting, found = {first}, deque([first]), []
    every = list(signals(outline))
    while waiting:
        state = waiting.popleft()
        for signal in every:
            after, effects = advance(outline, state, signal)
            found.append((state, signal, after, effects))
            if (plain := without_words(after)) not in known:
                known.add(plain)
                waiting.append(plain)
    return tuple(found)


@pytest.fixture(params=OUTLINES)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_the_search_goes_through_all_there_is(name: str) -> None:
    found = edges(name)
    assert {state.stage for state, *_ in found} == set(Stage)
    # A unit that fails is turned round within the same advance.
    assert {stand for state, *_ in found for stand in state.stands} == set(Stand) - {Stand.FAILED}
    assert {state.end for state, *_ in found} == {
        None,
        RolloutState.COMMITTED,
        RolloutState.ROLLED_BACK,
        RolloutState.FAILED,
        RolloutState.NEEDS_PERSON,
    }
    kinds = {type(effect) for *_, effects in found for effect in effects}
    assert kinds == {TakeLock, Prepare, Go, Judge, Turn, Commit, Answer, End, Leave}
    takes_down = {Binding.AVAILABILITY} if STOP in OUTLINES[name].orders else set()
    assert {state.binds for state, *_ in found} >= {Binding.NOTHING, Binding.PACE} | takes_down


def test_what_is_over_stays_as_it_is(name: str) -> None:
    for state, signal, after, effects in edges(name):
        if state.left:
            assert after == state
            assert not [effect for effect in effects if not isinstance(effect, Answer)], signal


def test_nothing_is_taken_down_beyond_the_budget(name: str) -> None:
    """What fails or is down by itself is no one's choice; taking one more down is."""
    outline = OUTLINES[name]
    for state, signal, after, effects in edges(name):
        for effect in effects:
            if not isinstance(effect, Go | Turn) or outline.orders[effect.unit] is START:
                continue
            if effect.unit in after.down or state.stands[effect.unit] not in (Stand.WAITING, Stand.READY):
                continue
            if isinstance(effect, Turn) and isinstance(signal, UnitFailed) and signal.unit == effect.unit:
                continue
            alone = after.count(Stand.RETURNING) == 1 and isinstance(effect, Turn)
            assert away(outline, after) <= outline.budget or alone, (state, signal, effects)


def test_nothing_is_removed_before_every_step_has_passed(name: str) -> None:
    outline = OUTLINES[name]
    for state, signal, after, effects in edges(name):
        if any(isinstance(effect, Commit) for effect in effects):
            assert after.stage is Stage.COMMITTING
            assert state.step == len(outline.steps) or isinstance(signal, Judged | Asked)
            assert set(after.stands) <= {Stand.READY, Stand.COMMITTING, Stand.COMMITTED, Stand.STUCK}


def test_a_step_ends_by_a_pass_or_by_a_person_alone(name: str) -> None:
    for state, signal, after, _ in edges(name):
        if after.step == state.step:
            continue
        assert after.step == state.step + 1
        held = PauseKind.GATE in state.pauses or state.asked_again == state.step
        promoted = signal == Asked(command=Command.PROMOTE) and held
        assert promoted or (isinstance(signal, Judged) and signal.verdict is Verdict.PASS)


def test_once_it_goes_back_it_never_goes_forward_again(name: str) -> None:
    for state, _, after, effects in edges(name):
        if state.stage is Stage.RETURNING:
            assert after.stage is Stage.RETURNING
            assert after.end in (
                None,
                RolloutState.ROLLED_BACK,
                RolloutState.FAILED,
                RolloutState.NEEDS_PERSON,
            )
            assert not [effect for effect in effects if isinstance(effect, Go | Judge | Commit)]


def test_abort_outranks_every_pause_until_the_first_old_container_is_being_removed(name: str) -> None:
    for state, signal, after, effects in edges(name):
        if signal != Asked(command=Command.ABORT) or state.left:
            continue
        (answer,) = [effect for effect in effects if isinstance(effect, Answer)]
        if state.committing:
            assert not answer.accepted
        else:
            assert answer.accepted
            assert after.stage is Stage.RETURNING
            assert not after.pauses & {PauseKind.ASKED, PauseKind.GATE, PauseKind.STEP}


def test_every_command_is_answered_once(name: str) -> None:
    for _, signal, _, effects in edges(name):
        answers = [effect for effect in effects if isinstance(effect, Answer)]
        assert len(answers) == isinstance(signal, Asked)


def test_nothing_new_begins_while_any_pause_holds_or_the_worker_is_leaving(name: str) -> None:
    for _, signal, after, effects in edges(name):
        if (after.pauses or after.leaving) and not isinstance(signal, Prepared):
            assert not [effect for effect in effects if isinstance(effect, Go | Commit)]


def test_nothing_is_done_to_a_container_without_the_lock(name: str) -> None:
    for _, _, after, effects in edges(name):
        if any(isinstance(effect, Go | Turn | Commit | Judge | Prepare) for effect in effects):
            assert after.locked


def test_from_every_state_a_rollout_that_is_aborted_comes_to_an_end(name: str) -> None:
    """Told what its effects come to, it ends rolled back, or with a person where a unit could not be brought back."""
    outline = OUTLINES[name]
    for start in {state for state, *_ in edges(name) if not state.left and state.locked}:
        if start.committing:
            continue
        state = replace(start, room=3, leaving=False)
        state, _ = advance(outline, state, Asked(command=Command.ABORT))
        for _ in range(10):
            for unit, stand in enumerate(state.stands):
                if stand is Stand.RETURNING:
                    state, _ = advance(outline, state, UnitReturned(unit=unit))
        stuck = Stand.STUCK in state.stands
        expected = {RolloutState.NEEDS_PERSON} if stuck else {RolloutState.ROLLED_BACK, RolloutState.FAILED}
        assert state.end in expected, start


def test_from_every_state_a_rollout_that_nothing_hinders_commits(name: str) -> None:
    outline = OUTLINES[name]
    hindered = {Stand.FAILED, Stand.STUCK, Stand.RETURNING, Stand.RETURNED}
    for start in {state for state, *_ in edges(name) if not state.left and state.locked}:
        if start.stage is Stage.RETURNING or hindered & set(start.stands):
            continue
        state = replace(start, room=3, leaving=False, pauses=frozenset(), down=frozenset())
        for signal in _good_luck(outline):
            state, _ = advance(outline, state, signal)
        assert state.end is RolloutState.COMMITTED, start


def _good_luck(outline: Outline) -> Iterator[Signal]:
    yield Prepared()
    yield Room(starts=3)
    for _ in range(2):
        for step in range(len(outline.steps)):
            for _ in range(len(outline.orders)):
                for unit in range(len(outline.orders)):
                    yield UnitStarted(unit=unit)
                    yield UnitReady(unit=unit)
            yield Judged(step=step, verdict=Verdict.PASS)
            yield Asked(command=Command.PROMOTE)
    for unit in range(len(outline.orders)):
        yield UnitCommitted(unit=unit)
    yield Room(starts=2)


def test_the_limit_that_binds_is_told() -> None:
    outline = Outline(steps=((0, 1, 2), (3,)), orders=(STOP,) * 4, budget=2)
    state, _ = advance(outline, fresh(outline), Locked())
    state, effects = advance(outline, state, Prepared())
    assert [effect for effect in effects if isinstance(effect, Go)] == [Go(unit=0)]
    assert state.binds is Binding.PACE
    state, effects = advance(outline, state, Room(starts=9))
    assert effects == (Go(unit=1),)
    assert state.binds is Binding.AVAILABILITY
    state, _ = advance(outline, state, UnitReady(unit=0))
    assert state.binds is Binding.DEADLINE
    for unit in (1, 2):
        state, _ = advance(outline, state, UnitReady(unit=unit))
    assert state.binds is Binding.STEP
    state, _ = advance(outline, state, Asked(command=Command.PAUSE))
    assert state.public is RolloutState.PAUSED
    state, _ = advance(outline, state, Judged(step=0, verdict=Verdict.PASS))
    assert state.binds is Binding.PAUSE


def test_pressure_that_leaves_no_room_is_told_as_what_binds() -> None:
    state = replace(fresh(THREE_UNITS), locked=True)
    state, _ = advance(THREE_UNITS, state, Room(starts=0, binds=Binding.PRESSURE))
    state, effects = advance(THREE_UNITS, state, Prepared())
    assert (effects, state.binds) == ((), Binding.PRESSURE)


@pytest.mark.parametrize(("order", "until"), [(STOP, UnitStarted(unit=0)), (START, UnitReady(unit=0))])
def test_units_that_take_a_host_port_out_of_a_range_go_one_after_the_other_and_others_beside_them(
    order: Order, until: Signal
) -> None:
    outline = Outline(steps=((0, 1, 2),), orders=(order,) * 3, budget=3, port_range=frozenset({0, 1}))
    state = replace(fresh(outline), locked=True, room=9)
    state, effects = advance(outline, state, Prepared())
    assert effects == (Go(unit=0), Go(unit=2))
    assert state.binds is Binding.PORTS
    if order is START:
        # Its old container has a port of the range as long as it is not ready.
        state, effects = advance(outline, state, UnitStarted(unit=0))
        assert (effects, state.binds) == ((), Binding.PORTS)
    state, effects = advance(outline, state, until)
    assert effects == (Go(unit=1),)
    assert state.binds is Binding.DEADLINE


def test_a_gate_promoted_right_after_a_worker_resumed_is_passed_once_its_units_were_seen_again() -> None:
    outline = Outline(steps=((0,), (1,)), orders=(STOP, STOP), budget=1)
    held = replace(
        fresh(outline),
        stands=(Stand.STARTING, Stand.WAITING),
        changed=True,
        pauses=frozenset({PauseKind.GATE}),
    )
    state, _ = advance(outline, held, Locked())
    state, _ = advance(outline, state, Asked(command=Command.PROMOTE))
    state, effects = advance(outline, state, Prepared())
    assert (effects, state.step) == ((Go(unit=0),), 0)
    state, effects = advance(outline, state, UnitReady(unit=0))
    assert (effects, state.step) == ((Go(unit=1),), 1)
    # The next step is judged as any other.
    state, effects = advance(outline, state, UnitReady(unit=1))
    assert effects == (Judge(step=1),)


def test_a_gate_promoted_while_it_is_asked_again_is_passed_and_one_that_never_held_is_not() -> None:
    outline = Outline(steps=((0,), (1,)), orders=(STOP, STOP), budget=1)
    judging = replace(
        fresh(outline), stands=(Stand.READY, Stand.WAITING), locked=True, prepared=True, changed=True
    )
    state, effects = advance(outline, judging, EngineBack())
    assert effects == (Judge(step=0),)
    promote = Asked(command=Command.PROMOTE)
    assert advance(outline, state, promote)[1][0] == Answer(
        accepted=False, text="nothing waits for it: neither a gate nor the end of a step"
    )
    state, _ = advance(outline, state, Judged(step=0, verdict=Verdict.HOLD))
    state, effects = advance(outline, state, Asked(command=Command.RESUME))
    assert (state.public, effects[1:]) == (RolloutState.RUNNING, (Judge(step=0),))
    state, effects = advance(outline, state, promote)
    assert (state.step, effects[1:]) == (1, (Go(unit=1),))
    # What the first asking still says of the step before changes nothing.
    assert advance(outline, state, Judged(step=0, verdict=Verdict.HOLD))[0] == state


@pytest.mark.parametrize(
    ("pauses", "command", "answer"),
    [
        ({PauseKind.GATE}, Command.PROMOTE, "the gate is passed by a person's word"),
        ({PauseKind.GATE}, Command.RESUME, "the gate is asked again"),
        (
            {PauseKind.GATE, PauseKind.ASKED},
            Command.PROMOTE,
            "the gate is passed by a person's word; the pause that was asked for is over",
        ),
        ({PauseKind.STEP}, Command.PROMOTE, "the pause after the step is over"),
        ({PauseKind.STEP}, Command.RESUME, "the pause after the step is over"),
    ],
)
def test_the_answer_to_a_promote_or_resume_names_every_pause_that_it_ends(
    pauses: set[PauseKind], command: Command, answer: str
) -> None:
    outline = Outline(steps=((0,), (1,)), orders=(STOP, STOP), budget=1)
    held = replace(
        fresh(outline),
        stands=(Stand.READY, Stand.WAITING),
        locked=True,
        prepared=True,
        pauses=frozenset(pauses),
    )
    assert advance(outline, held, Asked(command=command))[1][0] == Answer(accepted=True, text=answer)


def test_whoever_promotes_a_gate_is_not_asked_again_at_the_end_of_the_same_step() -> None:
    outline = Outline(steps=((0,), (1,)), orders=(STOP, STOP), budget=1, pause_after=frozenset({0}))
    judging = replace(
        fresh(outline),
        stands=(Stand.READY, Stand.WAITING),
        stage=Stage.JUDGING,
        locked=True,
        prepared=True,
    )
    held, _ = advance(outline, judging, Judged(step=0, verdict=Verdict.HOLD))
    state, effects = advance(outline, held, Asked(command=Command.PROMOTE))
    text = "the gate is passed by a person's word, and so is the pause after the step"
    assert effects == (Answer(accepted=True, text=text), Go(unit=1))
    assert not state.pauses


def test_the_next_step_begins_while_old_containers_are_put_away_and_the_commit_waits_for_all() -> None:
    state = replace(fresh(SERVING), locked=True, room=9)
    state, _ = advance(SERVING, state, Prepared())
    state, effects = advance(SERVING, state, UnitServes(unit=0))
    assert effects == (Judge(step=0),)
    state, effects = advance(SERVING, state, Judged(step=0, verdict=Verdict.PASS))
    assert effects == (Go(unit=1),)
    state, effects = advance(SERVING, state, UnitServes(unit=1))
    assert effects == ()
    state, effects = advance(SERVING, state, UnitReady(unit=1))
    assert effects == ()
    _, effects = advance(SERVING, state, UnitReady(unit=0))
    assert effects == (Judge(step=1),)
    _, effects = advance(SERVING, state, UnitFailed(unit=0, text="its old one can not be stopped"))
    assert effects == (Turn(unit=0), Turn(unit=1))
