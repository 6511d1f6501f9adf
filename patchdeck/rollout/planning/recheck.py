"""Whether the world is still as it was planned for."""

from __future__ import annotations

from collections.abc import Iterable

from patchdeck.model import Dependent, Plan, PlannedUnit, Refusal
from patchdeck.rollout.planning.members import replicas
from patchdeck.rollout.planning.rules import Rule
from patchdeck.rollout.planning.world import ContainerSeen


def recheck(
    plan: Plan, containers: Iterable[ContainerSeen], engine_id: str, *, undoing: bool = False
) -> tuple[Refusal, ...]:
    """What has moved since: of the planned containers none may be gone or have started again, and the service may
    have no replica that the plan knows nothing of. Replicas that already run the new image are no concern of it.

    With `undoing` they only have to be there: a version that ends or restarts is what one goes back from.
    """
    if plan.engine_id and engine_id != plan.engine_id:
        text = f"{plan.engine} is another engine than the one it was planned on"
        return (Refusal(rule=Rule.OTHER_ENGINE, text=f"{text}; plan again"),)
    seen = {one.facts.container_id: one for one in containers}
    about: list[PlannedUnit | Dependent] = []
    for unit in plan.units:
        about += [unit, *unit.dependents]
    moved = [
        refusal
        for one in about
        if (refusal := _moved(one, seen.get(one.container_id), undoing=undoing)) is not None
    ]
    known = {unit.container_id for unit in plan.units}
    for replica in replicas(seen.values(), plan.service):
        facts = replica.facts
        if facts.container_id not in known and not (plan.to.image_id and facts.image_id == plan.to.image_id):
            instead = f"plan a rollout to {plan.to.image}" if undoing else "plan again"
            text = f"{facts.name} is a replica of {plan.service} that was not there; {instead}"
            moved.append(Refusal(rule=Rule.NEW_REPLICA, text=text))
    return tuple(moved)


def _moved(planned: PlannedUnit | Dependent, seen: ContainerSeen | None, *, undoing: bool) -> Refusal | None:
    if seen is None:
        text = f"{planned.container} ({planned.container_id[:12]}) is gone; plan again"
        return Refusal(rule=Rule.CONTAINER_GONE, text=text)
    if undoing:
        return None
    if isinstance(planned, PlannedUnit) and seen.facts.status != "running":
        text = f"{planned.container} is {seen.facts.status} and was running; plan again"
        return Refusal(rule=Rule.NOT_RUNNING, text=text)
    if seen.started_at != planned.started_at:
        text = f"{planned.container} was started again at {seen.started_at}; plan again"
        return Refusal(rule=Rule.CONTAINER_RESTARTED, text=text)
    return None
