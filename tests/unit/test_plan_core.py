"""The plan: what it is about, what it refuses, and that it is the same for the same input."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace

from patchdeck.model import Amount, Healthcheck, Order, Plan, Role, Strategy
from patchdeck.registry.image import Platform
from patchdeck.rollout.planning.rules import Rule
from patchdeck.rollout.planning.world import TargetSeen
from tests.unit.plan_values import (
    ARM64,
    ENGINE,
    NEW,
    NEW_DIGEST,
    OLD,
    elsewhere,
    here,
    image,
    planned,
    replica,
)
from tui.headless.plan_record import plan_record
from tui.headless.records import json_document

SIX = [replica(number) for number in range(1, 7)]


def rules(plan: Plan) -> list[str]:
    return [str(refusal.rule) for refusal in plan.refusals]


def test_a_plan_has_a_unit_for_each_replica_in_turn_and_nothing_against_it() -> None:
    plan = planned(SIX)
    assert rules(plan) == []
    assert [unit.container for unit in plan.units] == [f"shop-web-{number}" for number in range(1, 7)]
    assert [unit.container_id for unit in plan.units] == [one.facts.container_id for one in SIX]
    assert [unit.started_at for unit in plan.units] == [one.started_at for one in SIX]
    assert [len(step.units) for step in plan.steps] == [1, 1, 1, 3]
    assert [plan.steps[unit.step].units.count(unit.index) for unit in plan.units] == [1] * 6
    assert (plan.origin.version, plan.to.version) == ("1.0", "1.1")
    assert (plan.origin.image_id, plan.to.image_id) == (OLD, NEW)
    assert (plan.max_unavailable, plan.worst_capacity) == (0, 6)


def test_the_same_input_gives_the_same_bytes_in_whatever_order_it_was_read() -> None:
    one = json_document(plan_record(planned(SIX)))
    other = json_document(plan_record(planned(SIX[::-1])))
    assert one == other
    assert msgspec.json.decode(one)["from"]["image"] == "shop/web:1.0"


def test_a_plan_goes_into_the_journal_and_comes_out_as_it_was() -> None:
    for plan in (
        planned(SIX, stop_first="why"),
        planned(SIX, service="web"),
        planned(SIX, target=elsewhere()),
    ):
        assert msgspec.json.decode(msgspec.json.encode(plan), type=Plan) == plan


def test_a_container_that_can_not_run_beside_its_successor_is_stopped_first_and_the_plan_says_why() -> None:
    plan = planned(SIX, stop_first="its port 80 is fixed")
    assert {unit.order for unit in plan.units} == {Order.STOP_FIRST}
    assert {unit.reasons for unit in plan.units} == {("its port 80 is fixed",)}
    assert (plan.max_unavailable, plan.worst_capacity) == (1, 5)


def test_stop_first_may_be_asked_for_and_start_first_only_where_it_is_possible() -> None:
    plan = planned(SIX, Strategy(order=Order.STOP_FIRST))
    assert {unit.order for unit in plan.units} == {Order.STOP_FIRST}
    assert rules(plan) == []
    refused = planned(SIX, Strategy(order=Order.START_FIRST), stop_first="its port 80 is fixed")
    assert rules(refused) == [Rule.START_FIRST]
    assert "shop-web-1 (its port 80 is fixed)" in refused.refusals[0].text
    assert "and 3 more" in refused.refusals[0].text


def test_that_none_may_be_missing_is_refused_where_one_has_to_be() -> None:
    plan = planned(SIX, Strategy(max_unavailable=Amount(count=0)), stop_first="why")
    assert rules(plan) == [Rule.MAX_UNAVAILABLE]
    assert rules(planned(SIX, Strategy(max_unavailable=Amount(count=0)))) == []


def test_a_service_that_is_not_there_is_refused_with_the_one_that_was_meant() -> None:
    plan = planned(SIX, service="web")
    assert rules(plan) == [Rule.UNKNOWN_SERVICE]
    assert plan.refusals[0].text == "there is no service web on prod-a; did you mean shop/web?"
    assert plan.units == ()


def test_a_swarm_service_is_refused() -> None:
    plan = planned([replica(1, role=Role.TASK)])
    assert rules(plan) == [Rule.SWARM]
    assert "docker service update" in plan.refusals[0].text


def test_one_off_containers_are_no_replicas() -> None:
    plan = planned([*SIX, replica(7, role=Role.ONE_OFF, status="exited")])
    assert len(plan.units) == 6
    assert rules(plan) == []


@pytest.mark.parametrize("status", ["created", "paused", "restarting", "exited", "dead"])
def test_replicas_that_do_not_run_are_refused(status: str) -> None:
    plan = planned([*SIX[:2], replica(3, status=status)])
    assert rules(plan) == [Rule.NOT_RUNNING]
    assert f"shop-web-3 is {status}" in plan.refusals[0].text
    assert len(plan.units) == 2


@pytest.mark.parametrize(("part", "status"), [("old", "exited"), ("new", "created"), ("new", "running")])
def test_while_another_rollout_is_under_way_it_is_told_and_nobody_is_sent_to_remove_its_way_back(
    part: str, status: str
) -> None:
    left = replica(1, status=status)
    left = replace(left, facts=replace(left.facts, name=f"shop-web-1--{part}-12d2a73c"))
    plan = planned([left, *SIX[1:]])
    assert rules(plan) == [Rule.OPEN_ROLLOUT]
    assert "`patchdeck rollout resume 12d2a73c`" in plan.refusals[0].text
    assert "remove" not in plan.refusals[0].text


def test_a_name_that_only_looks_like_a_rollouts_is_a_replica_like_any_other() -> None:
    odd = replica(1)
    odd = replace(odd, facts=replace(odd.facts, name="shop-web--new-shop"))
    assert rules(planned([odd, *SIX[1:]])) == []


def test_where_none_runs_that_is_the_one_thing_against_it() -> None:
    plan = planned([replica(1, status="exited")])
    assert rules(plan) == [Rule.NOT_RUNNING]
    assert plan.predicted_s is None


def test_a_target_that_runs_already_is_refused_by_id_and_by_digest() -> None:
    assert rules(planned(SIX, target=here(OLD))) == [Rule.SAME_IMAGE]
    pulled = {OLD: image(digests=(NEW_DIGEST,))}
    assert rules(planned(SIX, target=elsewhere(), images=pulled)) == [Rule.SAME_IMAGE]


def test_replicas_that_run_the_target_already_are_left_alone() -> None:
    plan = planned([*SIX[:2], replica(3, image_id=NEW)], images={OLD: image(), NEW: image(NEW)})
    assert [unit.container for unit in plan.units] == ["shop-web-1", "shop-web-2"]
    assert "1 of 3 replicas run the new image already and are left alone" in plan.notes
    assert plan.worst_capacity == 3


def test_several_old_versions_are_each_replaced_as_their_own() -> None:
    older = "sha256:" + "9" * 64
    plan = planned(
        [*SIX[:2], replica(3, image_id=older)], images={OLD: image(), older: image(older, version="0.9")}
    )
    assert rules(plan) == []
    assert plan.origin.image_id == OLD
    assert plan.units[2].reasons == ("it runs 0.9",)
    assert any("2 old versions" in note for note in plan.notes)


def test_without_the_old_image_nothing_is_planned_to_be_touched() -> None:
    plan = planned(SIX, images={})
    assert rules(plan) == [Rule.NO_OLD_IMAGE]
    assert "000000000000" in plan.refusals[0].text


def test_an_image_of_another_platform_is_refused_unless_the_old_one_is_of_it_too() -> None:
    assert rules(planned(SIX, target=here(platform=ARM64))) == [Rule.PLATFORM]
    emulated = {OLD: image(platform=ARM64)}
    assert rules(planned(SIX, target=here(platform=ARM64), images=emulated)) == []
    assert rules(planned(SIX, target=here(platform=Platform("linux", "amd64", "v1")))) == []


def test_layers_that_do_not_fit_are_refused_where_the_room_can_be_seen() -> None:
    target = elsewhere(layer_bytes=(30, 2_000_000))
    full = msgspec.structs.replace(ENGINE, free_bytes=5_000_000)
    assert rules(planned(SIX, target=target, engine=full)) == [Rule.DISK]
    assert "about 6 MB" in planned(SIX, target=target, engine=full).refusals[0].text
    far = msgspec.structs.replace(ENGINE, free_bytes=None)
    unknown = planned(SIX, target=target, engine=far)
    assert rules(unknown) == []
    assert any("room for the new image can not be seen" in note for note in unknown.notes)


def test_layers_are_shared_from_the_base_on_and_only_the_others_are_pulled() -> None:
    far = planned(SIX, target=elsewhere(layers=("base", "new", "top"), layer_bytes=(30, 12, 5)))
    assert (far.layers.shared, far.layers.new, far.layers.new_bytes) == (1, 2, 17)
    assert far.layers.growth_bytes is None
    near = planned(SIX)
    assert (near.layers.shared, near.layers.new, near.layers.new_bytes) == (1, 1, 0)
    assert near.layers.growth_bytes == 2_000_000


def test_what_is_not_known_of_the_layers_is_null_and_never_zero() -> None:
    plan = planned(SIX, target=TargetSeen(image="shop/web:1.1", digest=NEW_DIGEST))
    record = plan_record(plan)
    assert record["layers"] == {"shared": None, "new": None, "new_bytes": None, "growth_bytes": None}
    assert plan.to.size_bytes is None
    assert plan.to.version == "1.1"


def test_the_prediction_rests_on_the_containers_own_times_and_probes() -> None:
    check = Healthcheck(test="CMD x", interval_s=5.0)
    alike = [replica(number, health="healthy", healthcheck=check) for number in range(1, 3)]
    plan = planned(alike, Strategy(bake_s=1.0))
    assert plan.predicted_s == pytest.approx(2 * (0.3 + 5.0) + 2 * 1.0)
    assert "first probe after 5 s" in plan.predicted_from


def test_replicas_that_are_not_ready_do_not_count_as_capacity() -> None:
    plan = planned([replica(1, health="healthy"), replica(2, health="unhealthy")], stop_first="why")
    assert plan.worst_capacity == 0
    assert "not all of them are ready now: shop-web-2 is unhealthy" in plan.notes


def test_the_page_on_plans_lists_every_word_of_a_refusal_and_every_field() -> None:
    page = (Path(__file__).parents[2] / "docs" / "plans.md").read_text()
    refusals = page.partition("## Refusals")[2].partition("## JSON")[0]
    assert set(re.findall(r"^\| `([a-z-]+)` \|", refusals, re.MULTILINE)) == {rule.value for rule in Rule}
    rows = re.findall(r"^\| (`.*?`) \|", page.partition("## JSON")[2], re.MULTILINE)
    documented = {name for row in rows for name in re.findall(r"`([a-z_]+)`", row)}
    assert documented == set(plan_record(planned(SIX)))
