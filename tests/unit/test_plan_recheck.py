"""Before a plan is run: whether the world is still the one it was made for."""

from __future__ import annotations

import msgspec
import pytest

from patchdeck.model import Dependent, Plan
from patchdeck.rollout.planning.recheck import recheck
from patchdeck.rollout.planning.world import ContainerSeen
from tests.unit.plan_values import ENGINE, NEW, planned, replica

THREE = [replica(number) for number in range(1, 4)]
PLAN = planned(THREE)


def moved(containers: list[ContainerSeen], plan: Plan = PLAN, engine_id: str = ENGINE.engine_id) -> list[str]:
    return [str(refusal.rule) for refusal in recheck(plan, containers, engine_id)]


def test_nothing_has_moved_while_every_container_is_the_same_run() -> None:
    others = [replica(9, service="other/web"), replica(4, image_id=NEW)]
    assert moved([*THREE, *others]) == []


@pytest.mark.parametrize(
    ("now", "rule"),
    [
        (THREE[:2], "container-gone"),
        ([*THREE[:2], replica(3, started_at="2026-02-01T00:00:00Z")], "container-restarted"),
        ([*THREE[:2], replica(3, status="exited")], "not-running"),
        ([*THREE, replica(4)], "new-replica"),
    ],
)
def test_each_way_the_world_may_move_has_its_word(now: list[ContainerSeen], rule: str) -> None:
    assert moved(now) == [rule]
    assert all(refusal.text.endswith("plan again") for refusal in recheck(PLAN, now, ENGINE.engine_id))


def test_to_go_back_from_a_version_that_ended_or_restarts_it_only_has_to_be_there() -> None:
    broken = [replica(1, status="exited"), replica(2, started_at="2026-02-01T00:00:00Z"), THREE[2]]
    assert recheck(PLAN, broken, ENGINE.engine_id, undoing=True) == ()
    assert [one.rule for one in recheck(PLAN, broken[:2], ENGINE.engine_id, undoing=True)] == [
        "container-gone"
    ]


def test_a_replica_that_came_after_the_commit_can_not_be_undone_and_a_plan_of_all_of_them_is_the_way() -> (
    None
):
    (refusal,) = recheck(PLAN, [*THREE, replica(4)], ENGINE.engine_id, undoing=True)
    assert refusal.rule == "new-replica"
    assert refusal.text.endswith(f"plan a rollout to {PLAN.to.image}")


def test_a_replacement_of_the_same_name_is_another_container() -> None:
    again = replica(3)
    again = msgspec.structs.replace(again, facts=msgspec.structs.replace(again.facts, container_id="f" * 64))
    assert moved([*THREE[:2], again]) == ["container-gone", "new-replica"]


def test_another_engine_at_the_same_address_is_told() -> None:
    assert moved(THREE, engine_id="other") == ["other-engine"]


def test_dependents_are_looked_at_too() -> None:
    dependent = Dependent(
        container="side",
        container_id="d" * 64,
        started_at="2026-01-31T23:41:09Z",
        service="side",
        why="shares the network of shop-web-1",
    )
    units = (msgspec.structs.replace(PLAN.units[0], dependents=(dependent,)), *PLAN.units[1:])
    assert moved(THREE, msgspec.structs.replace(PLAN, units=units)) == ["container-gone"]
