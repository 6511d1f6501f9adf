"""What the journal's entries add up to, for a console and for a worker that resumes."""

from __future__ import annotations

import random
from collections.abc import Sequence

import msgspec
import pytest

from patchdeck.fleet import Fleet, FullState
from patchdeck.model import (
    Actor,
    Answered,
    AnyEntry,
    Binding,
    Command,
    Commanded,
    GateJudged,
    ImageChoice,
    Intended,
    JournalEntered,
    Order,
    PaceChanged,
    PauseAdded,
    PauseKind,
    PauseLifted,
    Plan,
    Planned,
    PlannedStep,
    PlannedUnit,
    Predicted,
    PullProgressed,
    Rollout,
    RolloutState,
    StateEntered,
    StepBegan,
    Strategy,
    Summary,
    Ticked,
    UnitMoved,
    UnitPhase,
    Verdict,
    WorkerBegan,
    WorkerEnded,
    WorkerSeen,
)
from patchdeck.rollout.restoring import outline, restored
from patchdeck.rollout.signals import Answer, Asked
from patchdeck.rollout.state import Stage, Stand
from patchdeck.rollout.steps import advance
from patchdeck.rollout.story import Story, rollout_of
from patchdeck.rollout.summing import remaining_s

ME = Actor(user="me", host="here")
NAMES = ("web-1", "web-2", "web-3")
PLAN = Plan(
    service="shop/web",
    engine="lab",
    origin=ImageChoice(image="web:1"),
    to=ImageChoice(image="web:2"),
    strategy=Strategy(pause_after=("canary",)),
    steps=(
        PlannedStep(index=0, name="canary", units=(0,)),
        PlannedStep(index=1, name="batch 1", units=(1, 2)),
    ),
    units=tuple(
        PlannedUnit(
            index=index,
            step=min(index, 1),
            container=name,
            container_id=f"old-{name}",
            started_at="2026-01-01T00:00:00Z",
            order=Order.STOP_FIRST,
        )
        for index, name in enumerate(NAMES)
    ),
)


def numbered(*entries: AnyEntry) -> list[AnyEntry]:
    return [
        msgspec.structs.replace(entry, sequence=number, at_ns=number * 1_000_000_000)
        for number, entry in enumerate(entries, 1)
    ]


def moved(unit: int, phase: UnitPhase, **more: object) -> UnitMoved:
    return msgspec.convert(
        {"rollout": "r", "unit": unit, "phase": phase.value, "container_id": f"new-{unit}", **more}, UnitMoved
    )


BEGUN = (
    Planned(rollout="r", plan=PLAN, by=ME, reason="CVE"),
    WorkerBegan(rollout="r", worker=ME),
    StateEntered(rollout="r", state=RolloutState.RUNNING),
    PullProgressed(rollout="r", image="web:2", layers={"ab": (1, 2)}),
    StepBegan(rollout="r", step=0, name="canary"),
    PaceChanged(rollout="r", pace=2.0, in_flight=1, binds=Binding.STEP, detail="two"),
    Predicted(rollout="r", ends_ns=99),
    Intended(rollout="r", act="create", unit=0, container="web-1--new-r"),
    Answered(rollout="r", intent=8, act="create", ok=True, unit=0, container_id="new-0"),
    moved(0, UnitPhase.CREATED),
    moved(0, UnitPhase.STARTED, latency_s=0.5),
    moved(0, UnitPhase.READY, latency_s=0.75),
)
PASSED = (
    GateJudged(rollout="r", step=0, gate="health", verdict=Verdict.HOLD, evidence="early"),
    GateJudged(rollout="r", step=0, gate="health", verdict=Verdict.PASS, evidence="fine"),
    moved(0, UnitPhase.BAKED),
    StepBegan(rollout="r", step=1, name="batch 1"),
    PauseAdded(rollout="r", kind=PauseKind.STEP, text="as asked"),
    StateEntered(rollout="r", state=RolloutState.PAUSED),
)
ENDED = (
    Commanded(rollout="r", command=Command.ABORT, by=ME),
    PauseLifted(rollout="r", kind=PauseKind.STEP),
    StateEntered(rollout="r", state=RolloutState.ROLLING_BACK, text="aborted"),
    moved(0, UnitPhase.RETURNING),
    moved(0, UnitPhase.RETURNED),
    StateEntered(rollout="r", state=RolloutState.ROLLED_BACK, text="aborted", summary=Summary(seconds=9.0)),
    WorkerEnded(rollout="r", why="rolled back"),
)


def story(*entries: AnyEntry, alive: bool = True) -> Rollout:
    found = rollout_of(numbered(*entries), alive=alive)
    assert found is not None
    return found


def test_a_rollout_under_way_is_told_with_its_units_its_pace_and_who_asked() -> None:
    told = story(*BEGUN)
    assert (told.state, told.step, told.by, told.reason) == (RolloutState.RUNNING, 0, ME, "CVE")
    assert (told.pace, told.in_flight, told.binds) == (2.0, 1, Binding.STEP)
    assert [layer.done_bytes for layer in told.layers] == [1]
    assert told.predicted_end_ns == 99
    first, second, _ = told.units
    assert (first.phase, first.new_id, first.latency_s, first.ready_s) == (
        UnitPhase.READY,
        "new-0",
        0.5,
        0.75,
    )
    assert (second.phase, second.old_id, second.since_ns) == (UnitPhase.WAITING, "old-web-2", None)


def test_of_each_gate_the_newest_judgement_counts_and_a_pause_tells_since_when() -> None:
    told = story(*BEGUN, *PASSED)
    assert [(gate.verdict, gate.evidence) for gate in told.gates] == [(Verdict.PASS, "fine")]
    assert [(pause.kind, pause.since_ns) for pause in told.pauses] == [(PauseKind.STEP, 17_000_000_000)]
    assert told.state is RolloutState.PAUSED


def test_one_that_is_over_has_its_end_and_its_summary() -> None:
    told = story(*BEGUN, *PASSED, *ENDED, alive=False)
    assert (told.state, told.open, told.text) == (RolloutState.ROLLED_BACK, False, "aborted")
    assert told.ended_ns == 24_000_000_000
    assert told.summary == Summary(seconds=9.0)
    assert (told.pauses, told.in_flight, told.predicted_end_ns) == ((), 0, None)


def test_one_whose_worker_is_gone_is_lost_and_one_that_was_left_in_order_is_not() -> None:
    assert story(*BEGUN, alive=False).state is RolloutState.LOST
    left = (*BEGUN, *PASSED, WorkerEnded(rollout="r", why="paused"))
    assert story(*left, alive=False).state is RolloutState.PAUSED
    assert story(*left, WorkerBegan(rollout="r", worker=ME, number=2), alive=False).state is RolloutState.LOST


@pytest.mark.parametrize("seen_first", [True, False])
def test_a_worker_that_has_come_since_there_was_none_is_not_gone(seen_first: bool) -> None:
    told = Story()
    planned, began = numbered(*BEGUN)[:2]
    assert isinstance(began, WorkerBegan)
    if seen_first:
        told.worker_seen(began.at_ns - 1, alive=False)
    told.apply(planned)
    told.apply(began)
    if not seen_first:
        told.worker_seen(began.at_ns - 1, alive=False)
    found = told.rollout()
    assert found is not None
    assert found.worker_alive
    told.worker_seen(began.at_ns + 1, alive=False)
    found = told.rollout()
    assert found is not None
    assert found.state is RolloutState.LOST


def test_one_that_no_worker_has_begun_is_planned_and_nothing_of_it_is_lost() -> None:
    assert story(BEGUN[0], alive=False).state is RolloutState.PLANNED


def test_without_its_beginning_there_is_no_rollout() -> None:
    assert rollout_of(numbered(*BEGUN)[1:]) is None


def observed(entries: Sequence[AnyEntry]) -> list[JournalEntered | WorkerSeen]:
    seen: list[JournalEntered | WorkerSeen] = [
        JournalEntered(engine="lab", at_ns=entry.at_ns, entry=entry) for entry in entries
    ]
    return [*seen, WorkerSeen(engine="lab", at_ns=2_000_000_000, rollout="r", alive=False)]


@pytest.mark.parametrize("seed", range(10))
def test_in_whatever_order_and_however_often_entries_come_the_snapshot_is_the_same(seed: int) -> None:
    ordered = Fleet()
    for observation in observed(numbered(*BEGUN, *PASSED)):
        ordered.apply(observation)
    shuffled = observed(numbered(*BEGUN, *PASSED)) * 2
    random.Random(seed).shuffle(shuffled)
    fleet = Fleet()
    for number, observation in enumerate(shuffled):
        fleet.apply(observation)
        if number % 7 == 0:
            fleet.snapshot()
    assert fleet.snapshot().rollouts == ordered.snapshot().rollouts
    assert len(fleet.snapshot().rollouts) == 1


def test_a_fleet_goes_on_from_the_state_of_another() -> None:
    fleet = Fleet()
    for observation in observed(numbered(*BEGUN)):
        fleet.apply(observation)
    body = msgspec.json.encode(fleet.state())
    again = Fleet(state=msgspec.json.decode(body, type=FullState))
    assert again.snapshot().rollouts == fleet.snapshot().rollouts


def test_what_was_over_before_the_kept_window_is_forgotten_and_what_is_open_is_not() -> None:
    for entries, kept in ((numbered(*BEGUN, *PASSED, *ENDED), 0), (numbered(*BEGUN), 1)):
        fleet = Fleet()
        for observation in observed(entries):
            fleet.apply(observation)
        fleet.apply(Ticked(engine="", at_ns=10 * 86_400 * 1_000_000_000))
        assert len(fleet.snapshot().rollouts) == kept
        assert bool(fleet.size) == bool(kept)


# --- for a worker that resumes --------------------------------------------------------------------


def test_the_outline_takes_one_down_at_a_time_unless_the_plan_says_otherwise() -> None:
    fixed = outline(PLAN)
    assert (fixed.budget, fixed.pause_after, fixed.steps) == (1, frozenset({0}), ((0,), (1, 2)))


def test_a_worker_that_resumes_stands_where_the_journal_left_it() -> None:
    fresh = restored(PLAN, numbered(*BEGUN[:1]))
    assert (fresh.stands, fresh.changed) == ((Stand.WAITING,) * 3, False)
    begun = restored(PLAN, numbered(*BEGUN))
    assert begun.stands == (Stand.STARTING, Stand.WAITING, Stand.WAITING), "it is looked at anew"
    assert (begun.was_ready, begun.changed, begun.stage) == (frozenset({0}), True, Stage.STEPPING)
    paused = restored(PLAN, numbered(*BEGUN, *PASSED))
    assert (paused.step, paused.pauses) == (1, frozenset({PauseKind.STEP}))
    back = restored(PLAN, numbered(*BEGUN, *PASSED, *ENDED[:3]))
    assert (back.stage, back.stands[0], back.text) == (Stage.RETURNING, Stand.READY, "aborted")
    committing = restored(PLAN, numbered(*BEGUN, StepBegan(rollout="r", step=2, name="commit")))
    assert (committing.stage, committing.stands[0]) == (Stage.COMMITTING, Stand.READY)
    assert not committing.committing, "nothing is removed yet: there is a way back"


def test_once_a_removal_was_intended_a_worker_that_resumes_has_no_way_back() -> None:
    removing = Intended(rollout="r", act="remove", unit=0, container="web-1", container_id="old-web-1")
    entries = numbered(*BEGUN, StepBegan(rollout="r", step=2, name="commit"), removing)
    state = restored(PLAN, entries)
    assert state.committing
    _, effects = advance(outline(PLAN), state, Asked(command=Command.ABORT))
    assert [effect.accepted for effect in effects if isinstance(effect, Answer)] == [False]


def test_pauses_of_the_worker_itself_end_with_it() -> None:
    entries = numbered(*BEGUN, *(PauseAdded(rollout="r", kind=kind) for kind in PauseKind))
    assert restored(PLAN, entries).pauses == {PauseKind.ASKED, PauseKind.GATE, PauseKind.STEP}


def test_how_long_it_will_take_is_by_the_plan_first_and_then_by_how_it_went() -> None:
    plan = msgspec.structs.replace(PLAN, predicted_s=30.0)
    waiting = restored(plan, [])
    one_done = msgspec.structs.replace(waiting, stands=(Stand.READY, Stand.WAITING, Stand.WAITING))
    assert remaining_s(PLAN, waiting, elapsed_s=0.0, ready_before=0) is None
    assert remaining_s(plan, waiting, elapsed_s=0.0, ready_before=0) == 30.0
    assert remaining_s(PLAN, one_done, elapsed_s=4.0, ready_before=0) == 8.0
    blended = remaining_s(plan, one_done, elapsed_s=4.0, ready_before=0)
    assert blended is not None
    assert 8.0 < blended < 20.0
    assert remaining_s(plan, one_done, elapsed_s=0.0, ready_before=1) == 20.0
