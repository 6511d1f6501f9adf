"""The machine of one rollout: what it does next, given all that happened. Pure.

    advance(outline, state, signal) -> (state, effects)

The outline is what the plan fixed; the state is everything that changes; a signal is something that happened; an effect
is something for the worker to do, whose outcome comes back as a signal. A signal that does not fit the state changes
nothing, so that one told twice or too late does no harm.

What always holds: units are taken down within the availability budget only; nothing is removed for good before every
gate has passed; once abort is accepted the rollout only goes back; what has ended stays ended.
"""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from patchdeck.model.journal import Binding, Command, PauseKind, RolloutState, Verdict
from patchdeck.model.plan import Order
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
from patchdeck.rollout.state import UNDER_WAY, Outline, Stage, Stand, State, affordable, moved_to

COMMITS_AT_ONCE: Final = 8
_BY_PERSON: Final = frozenset({PauseKind.ASKED, PauseKind.GATE, PauseKind.STEP})
"""Pauses that a person lifts."""


Moved = tuple[State, tuple[Effect, ...]]


def advance(outline: Outline, state: State, signal: Signal) -> Moved:
    """One thing happened: the state after it, and what is to be done now."""
    if state.left:
        return state, (Answer(accepted=False, text="it is over"),) if isinstance(signal, Asked) else ()
    taken, answers = _take(outline, state, signal)
    settled, effects = _settle(outline, taken)
    return settled, answers + effects


# --- what a signal changes ------------------------------------------------------------------------


def _take(outline: Outline, state: State, signal: Signal) -> Moved:
    match signal:
        case Asked():
            return _command(outline, state, signal)
        case WorkerReady() if not state.locked:
            return state, (TakeLock(),)
        case Locked() if not state.locked:
            effects = (Prepare(),) if state.stage is Stage.STEPPING else ()
            return replace(state, locked=True), effects
        case Prepared() if state.locked and not state.prepared and state.stage is Stage.STEPPING:
            return _verified_anew(state)
    return _moved(outline, state, signal), ()


def _moved(outline: Outline, state: State, signal: Signal) -> State:
    match signal:
        case LockDenied() if not state.locked:
            end = RolloutState.NEEDS_PERSON if state.changed else RolloutState.FAILED
            return replace(state, end=end, text=signal.text)
        case NotPrepared() if state.stage is Stage.STEPPING and not state.prepared:
            return _back(state, signal.text)
        case Room():
            return replace(state, room=signal.starts, room_binds=signal.binds, down=signal.down)
        case EngineLost():
            return replace(state, pauses=state.pauses | {PauseKind.ENGINE})
        case EngineBack():
            return replace(state, pauses=state.pauses - {PauseKind.ENGINE})
        case Judged() if state.stage is Stage.JUDGING and signal.step == state.step:
            return _judged(outline, state, signal)
        case Judged() if PauseKind.GATE in state.pauses and signal.step == state.step:
            # Judged again: what held may have passed or failed by now.
            passed = replace(state, pauses=state.pauses - {PauseKind.GATE})
            return state if signal.verdict is Verdict.HOLD else _judged(outline, passed, signal)
        case HoldExpired() if PauseKind.GATE in state.pauses:
            return replace(
                state, end=RolloutState.NEEDS_PERSON, text="a gate held, and no one decided in time"
            )
        case Terminated():
            # Told a second time, it waits for no unit: everything is in the journal.
            stop_at_once = state.leaving
            return replace(state, leaving=True, left=stop_at_once, pauses=state.pauses | {PauseKind.SIGNAL})
    return _unit_moved(state, signal)


_UnitSignal = UnitStarted | UnitServes | UnitReady | UnitFailed | UnitReturned | UnitStuck | UnitCommitted
_MOVES: Final = {
    UnitStarted: ((Stand.STARTING,), Stand.UP),
    UnitServes: ((Stand.STARTING, Stand.UP), Stand.SERVES),
    UnitReady: ((Stand.STARTING, Stand.UP, Stand.SERVES), Stand.READY),
    UnitFailed: ((Stand.STARTING, Stand.UP, Stand.SERVES, Stand.READY), Stand.FAILED),
    UnitReturned: ((Stand.RETURNING,), Stand.RETURNED),
    UnitStuck: ((Stand.RETURNING, Stand.COMMITTING), Stand.STUCK),
    UnitCommitted: ((Stand.COMMITTING,), Stand.COMMITTED),
}


def _unit_moved(state: State, signal: Signal) -> State:
    if not isinstance(signal, _UnitSignal):
        return state
    before, after = _MOVES[type(signal)]
    if state.stands[signal.unit] not in before:
        return state
    if isinstance(signal, UnitFailed):
        # Where old containers are gone already, going back is another rollout.
        return state if state.committing else _back(moved_to(state, signal.unit, after), signal.text)
    text = signal.text if isinstance(signal, UnitStuck) else state.text
    return replace(moved_to(state, signal.unit, after), text=text)


def _verified_anew(state: State) -> Moved:
    """What an earlier worker had begun is looked at again, before anything new is."""
    begun = [unit for unit, stand in enumerate(state.stands) if stand is Stand.STARTING]
    return replace(state, prepared=True), tuple(Go(unit=unit) for unit in begun)


def _judged(outline: Outline, state: State, judged: Judged) -> State:
    if judged.verdict is Verdict.FAIL:
        return _back(state, judged.text)
    if judged.verdict is Verdict.HOLD:
        return replace(state, stage=Stage.STEPPING, pauses=state.pauses | {PauseKind.GATE})
    paused = {PauseKind.STEP} if state.step in outline.pause_after else set()
    return _next_step(outline, replace(state, pauses=state.pauses | paused))


def _next_step(outline: Outline, state: State) -> State:
    step = state.step + 1
    over = step == len(outline.steps)
    return replace(state, step=step, stage=Stage.COMMITTING if over else Stage.STEPPING)


def _back(state: State, text: str) -> State:
    return replace(state, stage=Stage.RETURNING, text=text, pauses=state.pauses - _BY_PERSON)


def _command(outline: Outline, state: State, asked: Asked) -> Moved:
    lifted = state.pauses & _BY_PERSON
    match asked.command, state.stage:
        case Command.ABORT, _ if state.committing:
            return _no(state, "it is being committed: once it is, `rollout rollback` goes back")
        case Command.ABORT, Stage.RETURNING:
            return state, (Answer(accepted=True, text="it is going back already"),)
        case Command.ABORT, _:
            return _back(state, f"aborted{asked.text and ': '}{asked.text}"), (Answer(accepted=True),)
        case _, Stage.RETURNING:
            return _no(state, "it is going back, which nothing holds up")
        case Command.PAUSE, _:
            return replace(state, pauses=state.pauses | {PauseKind.ASKED}), (Answer(accepted=True),)
        # Whoever promotes what another has just asked again saw the same hold.
        case Command.PROMOTE, _ if PauseKind.GATE in lifted or state.asked_again == state.step:
            passed = replace(state, pauses=state.pauses - lifted)
            # A worker that resumed has to see the step's units again first.
            ready = _is_ready(outline, state)
            after = _next_step(outline, passed) if ready else replace(passed, promoted=state.step)
            return after, (_lifting(outline, state, lifted | {PauseKind.GATE}, promote=True),)
        case Command.PROMOTE, _ if PauseKind.STEP not in lifted:
            return _no(state, "nothing waits for it: neither a gate nor the end of a step")
        case _ if not lifted:
            return _no(state, "it is not paused")
    asked_again = state.step if PauseKind.GATE in lifted else state.asked_again
    went_on = replace(state, pauses=state.pauses - lifted, asked_again=asked_again)
    return went_on, (_lifting(outline, state, lifted, promote=asked.command is Command.PROMOTE),)


def _lifting(outline: Outline, state: State, lifted: frozenset[PauseKind], *, promote: bool) -> Answer:
    """Yes, and which pauses that ends: there may be several."""
    told = []
    if PauseKind.GATE in lifted and not promote:
        told.append("the gate is asked again")
    elif PauseKind.GATE in lifted:
        # Who says that the gate is passed has looked at the step: it is not held up a second time at its end.
        also = ", and so is the pause after the step" if state.step in outline.pause_after else ""
        told.append(f"the gate is passed by a person's word{also}")
    if PauseKind.STEP in lifted:
        told.append("the pause after the step is over")
    if PauseKind.ASKED in lifted:
        told.append("the pause that was asked for is over")
    return Answer(accepted=True, text="; ".join(told))


def _no(state: State, text: str) -> Moved:
    return state, (Answer(accepted=False, text=text),)


# --- what is to be done in a state ----------------------------------------------------------------


def _settle(outline: Outline, state: State) -> Moved:
    """Level-triggered: whatever led here, the same state asks for the same things."""
    if state.left:
        return state, (Leave(),)
    if state.end is not None:
        return replace(state, left=True), (End(),)
    if not state.locked:
        return _let_go(state, ())
    settled, effects = {
        Stage.STEPPING: _step,
        Stage.JUDGING: lambda _, judging: (judging, ()),
        Stage.COMMITTING: _commit,
        Stage.RETURNING: _return,
    }[state.stage](outline, state)
    return (replace(settled, left=True), (*effects, End())) if settled.end else _let_go(settled, effects)


def _let_go(state: State, effects: tuple[Effect, ...]) -> Moved:
    if state.leaving and not state.count(*UNDER_WAY):
        return replace(state, left=True), (*effects, Leave())
    return state, effects


def _step(outline: Outline, state: State) -> Moved:
    if not state.prepared:
        return state, ()
    state, effects = _admitted(outline, state)
    held_up = state.pauses & {PauseKind.GATE, PauseKind.ENGINE} or state.leaving
    if not _is_ready(outline, state) or held_up:
        return state, effects
    if state.promoted == state.step:
        following, more = _settle(outline, _next_step(outline, state))
        return following, (*effects, *more)
    return replace(state, stage=Stage.JUDGING), (*effects, Judge(step=state.step))


def _is_ready(outline: Outline, state: State) -> bool:
    """The units of this step and of all before it are, as far as its gates judge them.

    Old containers may still be on their way out when the next step begins, and none may when the commit does.
    """
    last = state.step + 1 == len(outline.steps)
    enough = (Stand.READY,) if last else (Stand.SERVES, Stand.READY)
    so_far = [unit for step in outline.steps[: state.step + 1] for unit in step]
    return all(state.stands[unit] in enough for unit in so_far)


def _admitted(outline: Outline, state: State) -> Moved:
    """Units of this step that may start now, and what keeps the next from it."""
    effects: list[Effect] = []
    binds: Binding | None = None
    for unit in outline.steps[state.step]:
        if state.stands[unit] is not Stand.WAITING:
            continue
        if state.pauses or state.leaving:
            binds = Binding.PAUSE
        elif state.count(Stand.STARTING) >= state.room:
            binds = state.room_binds
        elif not affordable(outline, state, unit):
            binds = Binding.AVAILABILITY
        elif _races(outline, state, unit):
            binds = Binding.PORTS
        else:
            effects.append(Go(unit=unit))
            state = replace(moved_to(state, unit, Stand.STARTING), changed=True)
    return replace(state, binds=binds or _waits_for(outline, state)), tuple(effects)


def _races(outline: Outline, state: State, unit: int) -> bool:
    """Another one may be after the same host port, or has two as long as both its containers run."""
    if unit not in outline.port_range:
        return False
    both = (Stand.STARTING, Stand.UP, Stand.SERVES)
    held = both if outline.orders[unit] is Order.START_FIRST else (Stand.STARTING,)
    return any(state.stands[other] in held for other in outline.port_range)


def _waits_for(outline: Outline, state: State) -> Binding:
    """What keeps the next step from beginning, where no unit of this one waits any more."""
    if state.count(Stand.STARTING, Stand.UP, Stand.SERVES):
        return Binding.DEADLINE
    return Binding.STEP if state.step + 1 < len(outline.steps) else Binding.NOTHING


def _commit(_: Outline, state: State) -> Moved:
    effects: list[Effect] = []
    for unit, stand in enumerate(state.stands):
        free = state.count(Stand.COMMITTING) < COMMITS_AT_ONCE and not state.pauses and not state.leaving
        if stand is Stand.READY and free:
            effects.append(Commit(unit=unit))
            state = replace(moved_to(state, unit, Stand.COMMITTING), committing=True)
    if state.count(Stand.COMMITTED) == len(state.stands):
        state = replace(state, end=RolloutState.COMMITTED)
    elif state.count(Stand.COMMITTED, Stand.STUCK) == len(state.stands):
        state = replace(state, end=RolloutState.NEEDS_PERSON)
    return replace(state, binds=Binding.PAUSE if state.pauses else Binding.NOTHING), tuple(effects)


def _return(outline: Outline, state: State) -> Moved:
    effects: list[Effect] = []
    # Those that serve no one go back at once, and first; the others one after the other, as they went.
    for unit, stand in enumerate(state.stands):
        if stand in (Stand.STARTING, Stand.UP, Stand.FAILED) and unit not in state.was_ready:
            effects.append(Turn(unit=unit))
            state = moved_to(state, unit, Stand.RETURNING)
    for unit in reversed(range(len(state.stands))):
        free = state.count(Stand.RETURNING) < max(1, state.room) and not state.leaving
        serves = state.stands[unit] in (Stand.SERVES, Stand.READY) or unit in state.was_ready
        if serves and free and affordable(outline, state, unit):
            effects.append(Turn(unit=unit))
            state = moved_to(state, unit, Stand.RETURNING)
    if state.count(Stand.WAITING, Stand.RETURNED) == len(state.stands):
        state = replace(state, end=RolloutState.ROLLED_BACK if state.changed else RolloutState.FAILED)
    elif state.count(Stand.WAITING, Stand.RETURNED, Stand.STUCK) == len(state.stands):
        state = replace(state, end=RolloutState.NEEDS_PERSON)
    return replace(state, binds=Binding.NOTHING), tuple(effects)
