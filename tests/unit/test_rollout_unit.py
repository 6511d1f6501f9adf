"""What is done with one unit, from wherever its containers stand: on an engine made of values, cut at every act."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from msgspec.structs import replace

from patchdeck.model import Order
from patchdeck.rollout.seen import Member, Seen, SeenContainer, SeenMember, Unit
from patchdeck.rollout.unit import Act, ActKind, Done, Failed, Goal, Next, Wait, hard_stop, next_act

STOP, START = Order.STOP_FIRST, Order.START_FIRST
WEB = Member(name="web", old_id="old-web", policy="always", image_id="new")
SIDECAR = Member(name="sidecar", old_id="old-sidecar", policy="unless-stopped", networks=("back",))
LOGS = Member(name="logs", old_id="old-logs", policy="always", restart_only=True)
BRIEF = Member(name="brief", old_id="old-brief", auto_remove=True)


def a_unit(order: Order, *members: Member) -> Unit:
    return Unit(rollout="r1", index=0, order=order, members=members)


UNITS = {
    "stop-first": a_unit(STOP, WEB),
    "start-first": a_unit(START, WEB),
    "with dependents": a_unit(STOP, WEB, SIDECAR, LOGS),
    "dependents beside": a_unit(START, WEB, SIDECAR),
    "auto-remove": a_unit(STOP, BRIEF),
}


@dataclass
class World:
    """An engine, as far as these acts concern it, and what the journal would know."""

    unit: Unit
    containers: dict[str, SeenContainer] = field(default_factory=dict)
    began: bool = False
    disturbed: bool = False
    ran: set[str] = field(default_factory=set)
    removed: set[str] = field(default_factory=set)
    clock: int = 0

    @classmethod
    def of(cls, unit: Unit) -> World:
        world = cls(unit)
        for member in unit.members:
            world.containers[member.old_id] = SeenContainer(
                container_id=member.old_id,
                name=member.name,
                status="running",
                image_id="old",
                started_at=world.now(),
                policy=member.policy,
                auto_remove=member.auto_remove,
            )
        return world

    def now(self) -> str:
        self.clock += 1
        return f"2026-01-01T00:00:{self.clock:02d}Z"

    def named(self, name: str) -> SeenContainer | None:
        return next((one for one in self.containers.values() if one.name == name), None)

    def seen(self, excused: frozenset[str] = frozenset()) -> Seen:
        """Found as the worker finds them: by ID, else by the names that the rollout gives."""
        members = []
        for member in self.unit.members:
            old = self.containers.get(member.old_id) or self.containers.get(f"again-{member.name}")
            members.append(SeenMember(old=old, new=self.containers.get(f"new-{member.name}")))
        return Seen(
            members=tuple(members),
            began=self.began,
            disturbed=self.disturbed,
            ran=frozenset(self.ran),
            excused=excused,
        )

    def act(self, act: Act) -> None:
        self.began = True
        member = self.unit.members[act.member]
        if act.old and act.kind in (ActKind.FENCE, ActKind.STOP, ActKind.RENAME):
            self.disturbed = True
        if act.kind in (ActKind.CREATE, ActKind.REBUILD):
            assert self.named(act.detail) is None
            again = act.kind is ActKind.REBUILD
            identifier = f"again-{member.name}" if again else f"new-{member.name}"
            self.containers[identifier] = SeenContainer(
                container_id=identifier,
                name=act.detail,
                status="created",
                image_id="old" if again else "new",
                policy=member.policy,
                auto_remove=member.auto_remove,
            )
            return
        self.change(act, self.containers[act.container_id])

    def change(self, act: Act, one: SeenContainer) -> None:
        match act.kind:
            case ActKind.START | ActKind.RESTART:
                assert not one.alive or act.kind is ActKind.RESTART
                self.ran.add(one.container_id)
                one = replace(one, status="running", started_at=self.now())
            case ActKind.STOP:
                if one.auto_remove:
                    self.remove(one)
                    return
                one = replace(one, status="exited")
            case ActKind.FENCE:
                one = replace(one, policy="no")
            case ActKind.UNFENCE:
                one = replace(one, policy=act.detail)
            case ActKind.RENAME:
                assert self.named(act.detail) is None, f"{act.detail} is taken"
                one = replace(one, name=act.detail)
            case ActKind.CONNECT:
                one = replace(one, networks=one.networks | {act.detail})
            case ActKind.REMOVE:
                assert not one.alive
                self.remove(one)
                return
        self.containers[one.container_id] = one

    def remove(self, one: SeenContainer) -> None:
        del self.containers[one.container_id]
        self.removed.add(one.container_id)

    def restart_engine(self) -> frozenset[str]:
        """Everything ends; what was ever started comes up again if its policy says so. Those that stay down."""
        for one in list(self.containers.values()):
            if one.alive and one.auto_remove:
                self.remove(one)
            elif one.alive or (one.started and one.policy == "always"):
                up = one.policy != "no"
                self.containers[one.container_id] = replace(one, status="running" if up else "exited")
        return frozenset(one.container_id for one in self.containers.values() if not one.alive)

    def go(self, goal: Goal, most: int = 60, excused: frozenset[str] = frozenset()) -> Next:
        """Until nothing is to be done, or `most` acts are; after each act, what must hold at every instant."""
        following: Next = Done()
        for _ in range(most):
            following = next_act(self.unit, self.seen(excused), goal)
            if not isinstance(following, Act):
                return following
            self.act(following)
            excused -= {following.container_id}
            self.check_instant()
        return following

    def check_instant(self) -> None:
        names = [one.name for one in self.containers.values()]
        assert len(names) == len(set(names))
        if self.unit.order is STOP:
            for member in self.unit.members:
                both = {member.old_id, f"again-{member.name}"}, {f"new-{member.name}"}
                old, new = (any(self.up(one) for one in ids) for ids in both)
                assert not (old and new), f"{member.name} runs twice"

    def up(self, container_id: str) -> bool:
        return container_id in self.containers and self.containers[container_id].alive

    def check_moved(self) -> None:
        for member in self.unit.members:
            wanted = member.old_id if member.restart_only else f"new-{member.name}"
            one = self.containers[wanted]
            assert (one.name, one.alive, one.policy) == (member.name, True, member.policy)
            assert set(member.networks) <= one.networks

    def check_back(self) -> None:
        assert len(self.containers) == len(self.unit.members)
        for member in self.unit.members:
            one = self.named(member.name)
            assert one is not None
            assert (one.alive, one.policy) == (True, member.policy)
            assert one.container_id == member.old_id or member.auto_remove


@pytest.fixture(params=UNITS)
def unit(request: pytest.FixtureRequest) -> Unit:
    return UNITS[request.param]


def cuts(unit: Unit, goal: Goal = Goal.FORWARD) -> Iterator[World]:
    """The world after none, one, two, … acts towards the goal, until it is reached."""
    length = 0
    while True:
        world = World.of(unit)
        if goal is Goal.BACK:
            assert isinstance(world.go(Goal.FORWARD), Done)
        over = world.go(goal, most=length)
        yield world
        if length and isinstance(over, Done):
            return
        length += 1


def test_forward_puts_the_successor_in_the_place_of_the_old_one_which_is_parked(unit: Unit) -> None:
    world = World.of(unit)
    assert world.go(Goal.FORWARD) == Done()
    world.check_moved()
    for member in unit.members:
        if not (member.restart_only or member.auto_remove):
            old = world.containers[member.old_id]
            assert (old.name, old.alive, old.policy) == (f"{member.name}--old-r1", False, "no")


def test_the_order_of_the_acts_is_the_promised_one() -> None:
    for order, expected in (
        (STOP, "create fence stop rename rename start"),
        (START, "create start fence stop rename rename"),
    ):
        world, done = World.of(a_unit(order, WEB)), []
        while isinstance(act := next_act(world.unit, world.seen(), Goal.FORWARD), Act):
            done.append(act.kind.value)
            world.act(act)
        assert " ".join(done) == expected


def test_cut_at_any_act_forward_goes_on_to_the_same_end(unit: Unit) -> None:
    for world in cuts(unit):
        assert world.go(Goal.FORWARD) == Done()
        world.check_moved()


def test_cut_at_any_act_back_restores_the_very_same_containers(unit: Unit) -> None:
    for world in cuts(unit):
        assert isinstance(world.go(Goal.BACK), Done)
        world.check_back()


def test_cut_at_any_act_of_the_way_back_it_goes_on_to_the_same_end(unit: Unit) -> None:
    for world in cuts(unit, Goal.BACK):
        assert isinstance(world.go(Goal.BACK), Done)
        world.check_back()


@pytest.mark.parametrize(
    ("first", "goal"), [(Goal.FORWARD, Goal.FORWARD), (Goal.FORWARD, Goal.BACK), (Goal.BACK, Goal.BACK)]
)
@pytest.mark.parametrize("name", [name for name in UNITS if name != "auto-remove"])
def test_an_engine_that_restarts_at_any_act_brings_up_no_one_twice_and_the_goal_is_reached(
    name: str, first: Goal, goal: Goal
) -> None:
    for world in cuts(UNITS[name], first):
        down = world.restart_engine()
        world.check_instant()
        assert isinstance(world.go(goal, excused=down), Done)
        if goal is Goal.BACK:
            world.check_back()
        else:
            world.check_moved()


def test_an_engine_that_restarts_takes_what_is_auto_removed_with_it_and_the_way_back_rebuilds_it() -> None:
    for world in cuts(UNITS["auto-remove"]):
        if not world.disturbed:
            continue
        world.restart_engine()
        assert isinstance(world.go(Goal.BACK), Done)
        world.check_back()


def test_nothing_old_is_removed_but_by_commit(unit: Unit) -> None:
    for goal in (Goal.FORWARD, Goal.BACK):
        for world in cuts(unit, goal):
            olds = {member.old_id for member in unit.members if not member.auto_remove}
            assert not world.removed & olds


def test_commit_leaves_the_successors_alone(unit: Unit) -> None:
    world = World.of(unit)
    world.go(Goal.FORWARD)
    assert world.go(Goal.COMMIT) == Done()
    world.check_moved()
    assert len(world.containers) == len(unit.members)


@pytest.mark.parametrize(("goal", "going"), [(Goal.COMMIT, "old-web"), (Goal.BACK, "new-web")])
def test_what_the_engine_is_removing_already_is_waited_for_and_not_for_ever(goal: Goal, going: str) -> None:
    """A worker that was killed leaves its last call behind, which the engine carries out all the same."""
    world = World.of(UNITS["stop-first"])
    world.go(Goal.FORWARD)
    while not isinstance(act := next_act(world.unit, world.seen(), goal), Done):
        assert isinstance(act, Act)
        if act.kind is ActKind.REMOVE:
            world.containers[going] = replace(world.containers[going], status="removing")
            break
        world.act(act)
    seen = world.seen()
    assert isinstance(next_act(world.unit, seen, goal), Wait)
    late = next_act(world.unit, replace(seen, late=True), goal)
    assert isinstance(late, Failed)
    assert "resume" in late.text
    del world.containers[going]
    assert isinstance(next_act(world.unit, world.seen(), goal), Done)


def test_commit_keeps_the_old_one_where_its_successor_is_gone() -> None:
    world = World.of(UNITS["stop-first"])
    world.go(Goal.FORWARD)
    world.remove(world.containers["new-web"])
    assert isinstance(world.go(Goal.COMMIT), Failed)
    assert "old-web" in world.containers


def test_a_unit_that_was_not_begun_is_left_as_it_is_found_by_the_way_back(unit: Unit) -> None:
    world = World.of(unit)
    before = dict(world.containers)
    assert isinstance(world.go(Goal.BACK), Done)
    assert world.containers == before


def test_a_container_that_someone_removed_before_its_turn_is_not_brought_back() -> None:
    world = World.of(UNITS["stop-first"])
    world.remove(world.containers["old-web"])
    over = world.go(Goal.FORWARD)
    assert isinstance(over, Done)
    assert "nothing to patch" in over.text
    assert not world.containers


def test_an_old_container_that_someone_removed_meanwhile_is_rebuilt_by_the_way_back() -> None:
    world = World.of(UNITS["stop-first"])
    world.go(Goal.FORWARD)
    world.remove(world.containers["old-web"])
    assert isinstance(world.go(Goal.BACK), Done)
    again = world.named("web")
    assert again is not None
    assert (again.container_id, again.alive, again.policy) == ("again-web", True, "always")


def test_a_successor_that_someone_removed_is_made_again() -> None:
    world = World.of(UNITS["stop-first"])
    world.go(Goal.FORWARD)
    world.remove(world.containers["new-web"])
    assert world.go(Goal.FORWARD) == Done()
    world.check_moved()


def with_new(**changes: object) -> Seen:
    world = World.of(UNITS["stop-first"])
    world.go(Goal.FORWARD)
    world.containers["new-web"] = replace(world.containers["new-web"], **changes)
    return world.seen()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"status": "exited", "exit_code": 3}, "exit status 3"),
        ({"status": "exited", "exit_code": 3, "health": "unhealthy"}, "exit status 3"),
        ({"status": "exited", "exit_code": 137, "oom_killed": True}, "want of memory"),
        ({"status": "exited", "exit_code": 128, "error": "port is taken"}, "port is taken"),
        ({"health": "unhealthy"}, "healthcheck"),
        ({"restart_count": 2}, "restarted 2 times"),
        ({"status": "dead"}, "exit status"),
        ({"image_id": "third"}, "tag has moved"),
    ],
)
def test_a_successor_that_is_no_good_ends_the_way_forward(changes: dict[str, object], words: str) -> None:
    over = next_act(UNITS["stop-first"], with_new(**changes), Goal.FORWARD)
    assert isinstance(over, Failed)
    assert words in over.text


def test_a_successor_is_waited_for_until_it_is_healthy_or_the_deadline_is_over() -> None:
    unit, seen = UNITS["stop-first"], with_new(health="starting")
    assert isinstance(next_act(unit, seen, Goal.FORWARD), Wait)
    late = next_act(unit, replace(seen, late=True), Goal.FORWARD)
    assert isinstance(late, Failed)
    assert "deadline" in late.text
    assert next_act(unit, with_new(health="healthy"), Goal.FORWARD) == Done()


def test_one_that_ended_while_no_one_watched_is_started_once_more() -> None:
    unit, seen = UNITS["stop-first"], with_new(status="exited", exit_code=137)
    again = next_act(unit, replace(seen, excused=frozenset({"new-web"})), Goal.FORWARD)
    assert isinstance(again, Act)
    assert again.kind is ActKind.START


def test_an_auto_remove_successor_that_ended_is_not_made_again_and_again() -> None:
    world = World.of(UNITS["auto-remove"])
    world.go(Goal.FORWARD)
    world.remove(world.containers["new-brief"])
    over = next_act(world.unit, replace(world.seen(), lost=frozenset({0})), Goal.FORWARD)
    assert isinstance(over, Failed)


def test_an_old_container_that_does_not_stay_up_is_told_on_the_way_back() -> None:
    world = World.of(UNITS["stop-first"])
    world.go(Goal.FORWARD)
    world.go(Goal.BACK)
    world.containers["old-web"] = replace(world.containers["old-web"], status="exited", exit_code=1)
    over = world.go(Goal.BACK)
    assert isinstance(over, Failed)
    assert "does not stay up" in over.text


def test_a_successor_that_serves_is_not_stopped_for_an_old_container_that_restarts_again_and_again() -> None:
    unit = UNITS["start-first"]
    restarting = SeenContainer(
        container_id="old-web", name="web", status="restarting", policy="always", exit_code=128
    )
    serving = SeenContainer(container_id="new-web", name="web--new-r1", status="running", started_at="2026")
    seen = Seen(members=(SeenMember(old=restarting, new=serving),), disturbed=True, began=True)
    assert isinstance(next_act(unit, seen, Goal.BACK), Wait)
    over = next_act(unit, replace(seen, late=True), Goal.BACK)
    assert isinstance(over, Failed)
    assert "does not stay up: it ended with exit status 128" in over.text


def test_what_never_started_has_nothing_wrong_with_it() -> None:
    assert not hard_stop(SeenContainer(container_id="a", name="a", status="created"))


@pytest.mark.parametrize("goal", [Goal.FORWARD, Goal.BACK])
def test_one_that_goes_as_rm_asks_is_left_alone_until_it_is_gone(goal: Goal) -> None:
    ended = SeenContainer(
        container_id="old-web",
        name="web",
        status="exited",
        started_at="2026-01-01T00:00:00Z",
        auto_remove=True,
    )
    new = SeenContainer(
        container_id="new-web", name="web--new-0", status="running", started_at="2026-01-01T00:00:01Z"
    )
    unit = Unit(
        rollout="0",
        index=0,
        order=Order.START_FIRST,
        members=(Member(name="web", old_id="old-web", auto_remove=True),),
    )
    seen = Seen(members=(SeenMember(old=ended, new=new),), disturbed=True, began=True)
    assert next_act(unit, seen, goal) == Wait(
        member=0, container_id="old-web", why="the old one is being removed"
    )
    gone = replace(seen, members=(SeenMember(new=new),))
    assert isinstance(next_act(unit, gone, goal), Act)
    assert not isinstance(next_act(unit, replace(seen, late=True), goal), Wait)
