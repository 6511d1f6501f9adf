"""The demo's guide: it says what is on, and which key comes next, by what the snapshots show and nothing else."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from msgspec.structs import replace

from patchdeck.model import (
    Actor,
    AnyEntry,
    Binding,
    Command,
    Commanded,
    GateJudged,
    Grouping,
    PaceChanged,
    PauseAdded,
    PauseKind,
    PauseLifted,
    Quantiles,
    Rollout,
    RolloutState,
    Service,
    Snapshot,
    StateEntered,
    StepBegan,
    Verdict,
    Version,
)
from patchdeck.registry.newer import newest_patch
from patchdeck.rollout.gates.choosing import chosen
from patchdeck.rollout.gates.gate import Context, Judgement, Replaced
from patchdeck.settings import Settings
from patchdeck.simulator.scenarios import DEFAULT, load, script
from patchdeck.simulator.scenarios.compose import image_of
from patchdeck.simulator.scenarios.fleet import CRASHES
from patchdeck.simulator.scenarios.guide import COMPOSER, DECK, ROLLOUT, View, Words, words
from patchdeck.simulator.scenarios.lessons import Goal, Guide, Progress, further, is_reached
from tests.ui import rollouts
from tests.ui.rollouts import begun, plan, told, unit_ready
from tui import keymap
from tui.keymap import ACTIONS, Keymap

SCENARIO = load(DEFAULT)
KEYS = {one.id: Keymap().keys(one)[0].replace("^", "ctrl+") for one in ACTIONS}
ROOM = 66
"""Cells for either, in 80 columns."""

GATEWAY, LEDGER = "payments/gateway", "payments/ledger"
WEB, ORDERS = "shop/web", "delivery/orders"
SAMPLE = GateJudged(
    rollout="", step=0, gate="sample", verdict=Verdict.HOLD, evidence="exit status 75: n 1 new, wants 3"
)
BUSY = GateJudged(rollout="", step=0, gate="contention", verdict=Verdict.HOLD, evidence="io: io full 41%")
HELD = (PauseAdded(rollout="", kind=PauseKind.GATE), StateEntered(rollout="", state=RolloutState.HOLDING))


def guide() -> Guide:
    assert SCENARIO.guide is not None
    return SCENARIO.guide


def service(name: str, *versions: str) -> Service:
    none = Quantiles()
    return Service(
        engine="demo",
        name=name,
        grouping=Grouping.COMPOSE,
        versions=tuple(Version(image_id=one, name=one, label=one, live=4, running=4) for one in versions),
        live=4,
        running=4,
        starting=0,
        restarting=0,
        unhealthy=0,
        failed=0,
        starts=none,
        ready=none,
        restarts=none,
    )


FLEET = tuple(service(one.name, one.versions[0].name) for one in SCENARIO.services)


def snapshot(*every: Rollout, fleet: tuple[Service, ...] = FLEET) -> Snapshot:
    return Snapshot(at_ns=1, services=fleet, rollouts=every)


def rollout(
    name: str, *entries: AnyEntry, number: str = "1", to: str = "5.0.4", alive: bool = True
) -> Rollout:
    the_plan = plan(name, (1, 7))
    the_plan = replace(the_plan, to=replace(the_plan.to, version=to))
    return told(number, [*begun(the_plan), *entries], alive=alive)


def held(*judged: GateJudged, name: str = GATEWAY, number: str = "1") -> Rollout:
    return rollout(name, *unit_ready(0), *judged, *HELD, number=number)


def promoted(*more: AnyEntry, name: str = GATEWAY, number: str = "1") -> Rollout:
    asked = Commanded(rollout="", command=Command.PROMOTE, by=Actor(user="me"), accepted=True)
    goes_on = (
        PauseLifted(rollout="", kind=PauseKind.GATE),
        StateEntered(rollout="", state=RolloutState.RUNNING),
    )
    steps = StepBegan(rollout="", step=1, name="batch 1")
    return rollout(name, *unit_ready(0), SAMPLE, *HELD, asked, *goes_on, steps, *more, number=number)


def committed(name: str = GATEWAY, number: str = "1") -> Rollout:
    return promoted(StateEntered(rollout="", state=RolloutState.COMMITTED), name=name, number=number)


def returned(*before: AnyEntry, name: str = WEB, number: str = "2") -> Rollout:
    text = "shop-web-1 exited with 1"
    back = (RolloutState.ROLLING_BACK, RolloutState.ROLLED_BACK)
    return rollout(
        name,
        *before,
        *(StateEntered(rollout="", state=one, text=text) for one in back),
        number=number,
        to="1.4.4",
    )


def braked(name: str = ORDERS, number: str = "3") -> Rollout:
    waits = PaceChanged(
        rollout="", pace=0, in_flight=0, binds=Binding.PRESSURE, detail="the host is saturated"
    )
    return rollout(name, waits, number=number, to="4.4.1")


def said(
    *every: Rollout,
    page: str = DECK,
    armed: bool = True,
    before: tuple[Snapshot, ...] = (),
    fleet: tuple[Service, ...] = FLEET,
) -> Words:
    """What it says of this after it has seen those before."""
    now = snapshot(*every, fleet=fleet)
    progress = Progress()
    for one in (*before, now):
        progress = further(progress, one)
    return words(guide(), progress, View(snapshot=now, page=page, armed=armed, keys=KEYS))


# --- the way that is proposed ---------------------------------------------------------------------


def test_it_begins_with_how_to_arm() -> None:
    assert "disarmed" in said(armed=False).now
    assert said(armed=False).next.startswith("Press A, type why")
    assert said(armed=False).lesson == 1


def test_armed_it_sends_to_the_first_service_and_names_the_key() -> None:
    assert said().next == "Go to payments/gateway with the arrows, and press r."
    assert said(page="startups").next == "Press 1: it begins on the deck."


def test_in_the_composer_it_says_what_begins_a_rollout_and_what_does_not() -> None:
    assert "nothing changes yet" in said(page=COMPOSER).now
    assert "ctrl+r, then y. Enter would begin nothing" in said(page=COMPOSER).next
    assert "armed first" in said(page=COMPOSER, armed=False).next


def test_a_held_canary_is_told_with_its_evidence_and_who_decides() -> None:
    told_ = said(held(SAMPLE), page=ROLLOUT)
    assert told_.now == "payments/gateway is held at its canary. sample: n 1 new, wants 3"
    assert "you decide. p, then y" in told_.next
    assert "Press A" in said(held(SAMPLE), armed=False).next


def test_once_it_was_promoted_and_committed_the_bad_patch_comes() -> None:
    assert said(promoted()).lesson == 1
    over = said(committed(), page=ROLLOUT)
    assert over.now == "payments/gateway runs 5.0.4 now: committed, nothing old is left."
    assert over.next.startswith("Press 1")
    assert said(committed()).lesson == 2
    assert "shop/web with the arrows" in said(committed()).next


def test_a_patch_that_goes_back_by_itself_is_told_with_why_and_the_busy_host_comes() -> None:
    going = replace(returned(), state=RolloutState.ROLLING_BACK)
    assert said(committed(), going).now == "shop/web goes back: shop-web-1 exited with 1"
    assert said(committed(), going).next.startswith("By itself")
    assert said(committed(), returned(), page=ROLLOUT).now.startswith("shop/web is as before")
    assert said(committed(), returned()).lesson == 3
    assert "delivery/orders with the arrows" in said(committed(), returned()).next


def test_a_rollout_that_waits_for_the_host_goes_on_by_itself_and_then_all_was_seen() -> None:
    waiting = (committed(), returned(), braked())
    assert "waits: the host is saturated" in said(*waiting).now
    assert said(*waiting).lesson == 3
    over = (committed(), returned(), committed(ORDERS, "3"))
    assert said(*over, before=(snapshot(*waiting),)).lesson is None
    assert said(*over, before=(snapshot(*waiting),)).now.startswith("That was all")


def test_before_the_fleet_is_known_it_says_so() -> None:
    assert said(armed=False, fleet=()).now == "The simulated fleet is coming into view."


# --- whatever else is done ------------------------------------------------------------------------


def test_what_was_not_seen_does_not_count() -> None:
    over = (committed(), returned(), committed(ORDERS, "3"))
    assert said(*over).lesson == 3
    only_committed = rollout(GATEWAY, StateEntered(rollout="", state=RolloutState.COMMITTED))
    assert said(only_committed).lesson == 1
    asked = Commanded(rollout="", command=Command.ABORT, by=Actor(user="me"), accepted=True)
    assert said(committed(), returned(asked)).lesson == 2


def test_the_lessons_may_be_seen_in_another_order() -> None:
    assert said(returned()).lesson == 1
    assert said(returned(), committed()).lesson == 3
    assert said(returned(), committed(), before=(snapshot(returned(), braked(GATEWAY, "1")),)).lesson is None


def test_a_rollout_of_another_service_is_told_as_it_is() -> None:
    other = rollout("tools/mail", *unit_ready(0))
    assert said(other).now == "tools/mail to 5.0.4: canary, 1 of 8 replicas ready."
    assert said(held(SAMPLE, name="tools/mail")).now.startswith("tools/mail is held")


def test_in_the_composer_an_open_rollout_is_told_before_another_is_begun() -> None:
    assert said(held(SAMPLE), page=COMPOSER).now.startswith("payments/gateway is held")
    assert said(held(SAMPLE), page=COMPOSER).next.startswith("esc leaves")


def test_of_several_the_one_that_waits_for_a_person_is_told() -> None:
    assert said(held(SAMPLE), rollout("tools/mail", number="2")).now.startswith("payments/gateway is held")


def test_a_hold_that_is_the_hosts_alone_asks_for_nothing() -> None:
    assert "goes on by itself" in said(held(BUSY)).next
    assert said(held(SAMPLE, BUSY)).next.startswith("Wait until the host is calm")


def test_what_needs_a_person_names_the_key_or_what_to_do_first() -> None:
    lost = rollout(GATEWAY, *unit_ready(0), alive=False)
    assert "its worker is gone" in said(lost).now
    assert said(lost).next.startswith("Press space, then y")
    assert "Press A" in said(lost, armed=False).next
    assert said(rollouts.needs_person()).now.startswith("shop/web needs a person: port 8080 was taken")
    assert "a person asked for it" in said(rollouts.paused()).now
    assert said(rollouts.paused()).next == "space lets it go on."


def test_an_aborted_one_goes_back_because_it_was_asked_to() -> None:
    asked = Commanded(rollout="", command=Command.ABORT, by=Actor(user="me"), accepted=True)
    going = replace(returned(asked), state=RolloutState.ROLLING_BACK)
    assert said(going).next.startswith("As you asked")


def test_a_service_that_is_patched_already_is_not_proposed() -> None:
    def fleet(*patched: tuple[str, str]) -> tuple[Service, ...]:
        moved = dict(patched)
        return tuple(service(one.name, moved.get(one.name, one.versions[0].name)) for one in FLEET)

    assert LEDGER in said(fleet=fleet((GATEWAY, "5.0.4"))).next
    assert said(fleet=fleet((GATEWAY, "5.0.4"), (LEDGER, "1.9.1"))).lesson == 2
    every = fleet((GATEWAY, "5.0.4"), (ORDERS, "4.4.1"), (WEB, "1.4.4"), (LEDGER, "1.9.1"))
    assert said(fleet=every).now == "No service is left to show the rest on."


# --- its words ------------------------------------------------------------------------------------


def every_view() -> Iterator[Words]:
    waiting = (committed(), returned(), braked())
    stories: tuple[tuple[Rollout, ...], ...] = (
        (),
        (replace(rollout(GATEWAY), step=None),),
        (rollout(GATEWAY),),
        (rollout(GATEWAY, *unit_ready(0)),),
        (held(SAMPLE),),
        (held(BUSY),),
        (held(SAMPLE, BUSY),),
        (promoted(),),
        (promoted(StepBegan(rollout="", step=2, name="commit")),),
        (committed(),),
        (committed(), replace(returned(), state=RolloutState.ROLLING_BACK)),
        (committed(), returned()),
        waiting,
        (committed(), returned(), committed(ORDERS, "3")),
        (rollout(GATEWAY, *unit_ready(0), alive=False),),
        (rollouts.paused(),),
        (rollout(GATEWAY, StateEntered(rollout="", state=RolloutState.FAILED, text="refused")),),
    )
    for story in stories:
        for page in (DECK, COMPOSER, ROLLOUT, "startups"):
            for armed in (True, False):
                yield said(*story, page=page, armed=armed, before=(snapshot(*waiting),))
                yield said(*story, page=page, armed=armed)


def test_all_that_it_says_fits_into_eighty_columns_and_is_ascii() -> None:
    seen = set(every_view())
    assert len(seen) > 25
    for one in seen:
        assert one.now.isascii()
        assert one.next.isascii()
        # What holds a rollout is told in full by its own line; here its beginning is enough.
        assert len(one.now) <= ROOM or "contention: io" in one.now, one.now
        assert len(one.next) <= ROOM, one.next


def test_the_pages_that_it_knows_are_the_keymaps() -> None:
    assert (DECK, COMPOSER, ROLLOUT) == (keymap.DECK, keymap.COMPOSER, keymap.ROLLOUT)


# --- the scenario that it is for ------------------------------------------------------------------


def test_what_is_proposed_is_what_the_composer_proposes() -> None:
    for lesson in guide().lessons:
        for name, to in lesson.patches:
            found = SCENARIO.service(name)
            assert newest_patch(found.versions[0].name, [one.name for one in found.versions]) == to
            assert to not in SCENARIO.pulled(found), "it has to be on the engine to be proposed"


def test_each_goal_is_shown_by_one_lesson_and_the_bad_patch_is_bad() -> None:
    assert [one.goal for one in guide().lessons] == list(Goal)
    bad = next(one for one in guide().lessons if one.goal is Goal.RETURNED)
    for name, to in bad.patches:
        assert SCENARIO.service(name).version(to).behaviour == CRASHES
        image = image_of(SCENARIO.service(name), SCENARIO.service(name).version(to))
        assert image in {upon.sign.of for upon in SCENARIO.answers}


def test_nothing_else_touches_what_is_proposed() -> None:
    names = {name for lesson in guide().lessons for name, _ in lesson.patches}
    assert names <= set(SCENARIO.left_alone)
    acts = [at.act for at in SCENARIO.script]
    touched = {one.service for one in acts if isinstance(one, script.Patch | script.Grow | script.Shrink)}
    assert not names & touched


@pytest.mark.parametrize(("replicas", "verdict"), [(1, Verdict.HOLD), (8, Verdict.PASS)])
async def test_its_gate_holds_a_canary_of_one_and_lets_the_whole_service_pass(
    replicas: int, verdict: Verdict
) -> None:
    (gate,) = chosen(Settings(gates=guide().gates), GATEWAY, {"contention": "off", "ratio": "off"})
    the_plan = plan(GATEWAY, (1, 7))
    new = tuple(Replaced(name=str(one), container_id=f"{one:064x}") for one in range(replicas))
    judged = await gate.judge(
        Context(plan=the_plan, step=the_plan.steps[0], snapshot=Snapshot(), replaced=new)
    )
    assert isinstance(judged, Judgement)
    assert judged.verdict is verdict
    assert f"n {replicas} new, wants 3" in judged.evidence
    assert not chosen(Settings(gates=guide().gates), ORDERS, {"contention": "off", "ratio": "off"})


@pytest.mark.parametrize("goal", list(Goal))
def test_nothing_is_reached_before_anything_is_seen(goal: Goal) -> None:
    assert not is_reached(goal, Progress(), snapshot())
