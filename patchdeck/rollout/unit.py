"""What to do next with one unit, from what its engine says of it now and where it is to go. Pure.

Nothing here remembers how far it had come. Whoever was killed in the middle looks again and goes on: each act shows in
what is seen, so it is either still to be done or done. Three goals: FORWARD replaces the old container by its
successor, BACK restores the old one, COMMIT removes the old one for good.

The order keeps two things true at every instant, a restart of the engine included. The old container and its successor
never both come up where they may not: the old one's restart policy is `no` (it is fenced) before it stops, and an
engine starts nothing by policy that was never started. And nothing of the old one is given up: it is parked under
another name until COMMIT.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum

from patchdeck.model.facts import Value
from patchdeck.model.plan import Order
from patchdeck.rollout.advice import left_behind
from patchdeck.rollout.seen import Member, Seen, SeenContainer, SeenMember, Unit


class Goal(StrEnum):
    FORWARD = "forward"
    BACK = "back"
    COMMIT = "commit"


class ActKind(StrEnum):
    CREATE = "create"
    CONNECT = "connect"
    START = "start"
    FENCE = "fence"
    STOP = "stop"
    RENAME = "rename"
    RESTART = "restart"
    REBUILD = "rebuild"
    """Create the old container again from what was saved of it."""
    UNFENCE = "unfence"
    REMOVE = "remove"


class Act(Value, frozen=True, kw_only=True):
    """One engine call to be made."""

    kind: ActKind
    member: int
    old: bool
    """It is about the old container; else about its successor."""
    container_id: str = ""
    """Empty where it is to be created."""
    detail: str = ""
    """The new name, the network."""


class Wait(Value, frozen=True, kw_only=True):
    """Nothing to do until the container says more of itself."""

    member: int
    container_id: str
    why: str


class Done(Value, frozen=True, kw_only=True):
    text: str = ""


class Failed(Value, frozen=True, kw_only=True):
    """The goal is out of reach; another may not be."""

    text: str


Next = Act | Wait | Done | Failed


def next_act(unit: Unit, seen: Seen, goal: Goal) -> Next:
    """The one thing to do now. Once `Done`, always Done, until something else changes the containers."""
    turns = {Goal.FORWARD: _forward, Goal.BACK: _back, Goal.COMMIT: _commit}[goal]
    return next(turns(unit, seen), Done())


def hard_stop(new: SeenContainer) -> str:
    """Why a successor that was started is no good, without any statistics; empty if nothing is wrong."""
    if new.restart_count:
        times = "once" if new.restart_count == 1 else f"{new.restart_count} times"
        return f"it was restarted {times}: {new.ending}"
    if new.started and not new.alive:
        return new.ending  # an engine calls it unhealthy, too
    if new.health == "unhealthy":
        return "its healthcheck fails"
    return f"it is {new.status}" if new.status in ("dead", "removing") else ""


# Each of the following yields what is not yet as it has to be, in the order in which it has to come about; only the
# first is taken, and what follows is decided anew from what is seen then.


def _forward(unit: Unit, seen: Seen) -> Iterator[Next]:
    if not seen.began and seen.members[0] == SeenMember():
        yield Done(text="its container was removed by someone else before its turn: nothing to patch")
    yield from _created(unit, seen)
    if unit.order is Order.START_FIRST:
        yield from _started(unit, seen)
    yield from _out_of_the_way(unit, seen)
    yield from _swapped(unit, seen)
    yield from _started(unit, seen)
    yield from _restarted(unit, seen, seen.members[0].new)


def _back(unit: Unit, seen: Seen) -> Iterator[Next]:
    if not seen.began:
        return
    if seen.disturbed:
        yield from _rebuilt(unit, seen)
    if unit.order is Order.START_FIRST:
        yield from _old_runs(unit, seen)
    yield from _new_is_down(unit, seen)
    yield from _names_are_back(unit, seen)
    yield from _old_runs(unit, seen)
    for index, _, one in _replaced(unit, seen, backwards=True):
        if one.new is not None:
            yield _removed(index, one.new, seen)
    if seen.disturbed:
        yield from _restarted(unit, seen, seen.members[0].old)
    yield Done(text=_not_ready(unit, seen))


def _commit(unit: Unit, seen: Seen) -> Iterator[Next]:
    for index, member, one in _replaced(unit, seen, backwards=True):
        if one.old is None:
            continue
        if one.new is None or one.new.name != member.name:
            yield Failed(text=f"the successor of {member.name} is gone: its old container is kept")
        if one.old.alive:
            yield _act(ActKind.STOP, index, one.old, old=True)
        yield _removed(index, one.old, seen, old=True)


def _created(unit: Unit, seen: Seen) -> Iterator[Next]:
    for index, member, one in _replaced(unit, seen):
        if one.new is None:
            if index in seen.lost and member.auto_remove:
                yield Failed(text=f"the successor of {member.name} ended, and is gone as `--rm` asks")
            yield Act(kind=ActKind.CREATE, member=index, old=False, detail=member.temporary(unit.rollout))
            return
        if member.image_id and one.new.image_id != member.image_id:
            yield Failed(text=f"{member.name} was made of another image: the tag has moved; plan again")
        for network in member.networks:
            if network not in one.new.networks:
                yield _act(ActKind.CONNECT, index, one.new, network)


def _started(unit: Unit, seen: Seen) -> Iterator[Next]:
    for index, member, one in _replaced(unit, seen):
        new = one.new
        if new is None:
            return
        excused = new.container_id in seen.excused
        if not new.started or (not new.alive and excused):
            yield _act(ActKind.START, index, new)
        if (wrong := hard_stop(new)) and not excused:
            yield Failed(text=f"{member.name}: {wrong}")
        if not new.ready:
            if seen.late:
                yield Failed(text=f"{member.name} was not ready by the deadline ({_standing(new)})")
            yield Wait(member=index, container_id=new.container_id, why=_standing(new))


def _out_of_the_way(unit: Unit, seen: Seen) -> Iterator[Next]:
    for index, _, one in _replaced(unit, seen):
        if one.old is not None and one.old.policy != "no":
            yield _act(ActKind.FENCE, index, one.old, old=True)
    for index, _, one in _replaced(unit, seen, backwards=True):
        if one.old is not None and one.old.alive:
            yield _act(ActKind.STOP, index, one.old, old=True)
        if one.old is not None and _is_going(one.old, seen):
            yield Wait(member=index, container_id=one.old.container_id, why="the old one is being removed")


def _swapped(unit: Unit, seen: Seen) -> Iterator[Next]:
    for index, member, one in _replaced(unit, seen):
        if one.old is not None and one.old.name == member.name:
            yield _act(ActKind.RENAME, index, one.old, member.parked(unit.rollout), old=True)
        if one.new is not None and one.new.name != member.name:
            yield _act(ActKind.RENAME, index, one.new, member.name)


def _is_going(one: SeenContainer, seen: Seen) -> bool:
    """It is being removed, or is about to be as `--rm` asks. An engine that is asked to rename it just then may keep
    its old name reserved for ever.
    """
    ended = one.started and not one.alive
    return one.status == "removing" or (one.auto_remove and ended and not seen.late)


def _removed(index: int, one: SeenContainer, seen: Seen, *, old: bool = False) -> Next:
    """An engine removes on when whoever asked for it is gone, and refuses to do it twice at once."""
    if one.status != "removing":
        return _act(ActKind.REMOVE, index, one, old=old)
    if seen.late:
        return Failed(text=f"the engine is not done with removing {one.name}: look at its log, then resume")
    return Wait(member=index, container_id=one.container_id, why="it is being removed")


def _restarted(unit: Unit, seen: Seen, first: SeenContainer | None) -> Iterator[Next]:
    """Those that have only to be started after the replica that they depend on."""
    if first is None:
        return
    for index, member in enumerate(unit.members):
        one = seen.members[index].old
        if member.restart_only and one is not None and one.alive and _before(one, first):
            yield _act(ActKind.RESTART, index, one, old=True)


def _rebuilt(unit: Unit, seen: Seen) -> Iterator[Next]:
    for index, member, one in _replaced(unit, seen):
        if one.old is None:
            parked = member.parked(unit.rollout)
            yield Act(kind=ActKind.REBUILD, member=index, old=True, detail=parked)
        elif not seen.late and _is_going(one.old, seen):
            yield Wait(member=index, container_id=one.old.container_id, why="the old one is being removed")


def _new_is_down(unit: Unit, seen: Seen) -> Iterator[Next]:
    for index, _, one in _replaced(unit, seen, backwards=True):
        if one.new is None:
            continue
        # A stopped container with the policy `always` comes up again with its engine.
        if one.new.policy != "no" and one.new.started:
            yield _act(ActKind.FENCE, index, one.new)
        if one.new.alive:
            yield _act(ActKind.STOP, index, one.new)
        if not seen.late and _is_going(one.new, seen):
            yield Wait(member=index, container_id=one.new.container_id, why="it is being removed")


def _names_are_back(unit: Unit, seen: Seen) -> Iterator[Next]:
    for index, member, one in _replaced(unit, seen):
        if one.new is not None and one.new.name == member.name:
            yield _act(ActKind.RENAME, index, one.new, member.temporary(unit.rollout))
        if one.old is not None and one.old.name != member.name:
            yield _act(ActKind.RENAME, index, one.old, member.name, old=True)


def _old_runs(unit: Unit, seen: Seen) -> Iterator[Next]:
    """What was never disturbed is left as it is found: it may have been stopped by someone else."""
    if not seen.disturbed:
        return
    for index, member, one in _replaced(unit, seen):
        old = one.old
        if old is None:
            return
        if old.policy != member.policy:
            yield _act(ActKind.UNFENCE, index, old, member.policy, old=True)
        if not old.alive:
            if old.container_id in seen.ran and old.container_id not in seen.excused:
                yield _does_not_stay_up(member, old)
            yield _act(ActKind.START, index, old, old=True)
        if old.status == "restarting" and seen.late:
            yield _does_not_stay_up(member, old)
        if not old.ready:
            # Whether it was any better before is not known here: it runs again, and that is told.
            if old.health == "unhealthy" or seen.late:
                continue
            yield Wait(member=index, container_id=old.container_id, why=_standing(old))


def _does_not_stay_up(member: Member, old: SeenContainer) -> Failed:
    advice = left_behind(old.container_id, old.error, restarting=old.status == "restarting")
    return Failed(text=f"the old {member.name} does not stay up: {old.ending}{advice}")


def _not_ready(unit: Unit, seen: Seen) -> str:
    return ", ".join(
        f"the old {member.name} runs again and is not ready ({_standing(one.old)})"
        for _, member, one in _replaced(unit, seen)
        if one.old is not None and one.old.alive and not one.old.ready
    )


def _replaced(unit: Unit, seen: Seen, *, backwards: bool = False) -> Iterator[tuple[int, Member, SeenMember]]:
    members = list(enumerate(unit.members))
    for index, member in reversed(members) if backwards else members:
        if not member.restart_only:
            yield index, member, seen.members[index]


def _act(kind: ActKind, member: int, of: SeenContainer, detail: str = "", *, old: bool = False) -> Act:
    return Act(kind=kind, member=member, old=old, container_id=of.container_id, detail=detail)


def _standing(container: SeenContainer) -> str:
    return f"{container.status}, {container.health}" if container.health else container.status


def _before(one: SeenContainer, other: SeenContainer) -> bool:
    """It was started earlier. RFC 3339 in UTC as an engine writes it, without trailing zeros of the fraction."""
    early, late = (seen.started_at.removesuffix("Z").ljust(29, "0") for seen in (one, other))
    return early < late
