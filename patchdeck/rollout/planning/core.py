"""The plan itself, from what was read: pure, and the same for the same input."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TypeVar

from msgspec.structs import replace

from patchdeck.model import Order, Plan, PlannedGate, PlannedStep, PlannedUnit, Refusal, Strategy
from patchdeck.rollout.planning import capacity, checks, choices, duration
from patchdeck.rollout.planning.checks import named
from patchdeck.rollout.planning.duration import Observed
from patchdeck.rollout.planning.layers import layer_plan
from patchdeck.rollout.planning.members import replicas
from patchdeck.rollout.planning.replacing import Replacing
from patchdeck.rollout.planning.rules import Rule
from patchdeck.rollout.planning.steps import steps
from patchdeck.rollout.planning.world import ContainerSeen, World
from patchdeck.rollout.recreate.ordering import Hindrance
from patchdeck.versions import version_name

T = TypeVar("T")


def plan_of(
    world: World,
    service: str,
    strategy: Strategy,
    replacing: Mapping[str, Replacing],
    *,
    gates: tuple[PlannedGate, ...] = (),
    observed: Observed | None = None,
    refusals: Iterable[Refusal] = (),
    notes: Iterable[str] = (),
) -> Plan:
    """`replacing` says by container ID how the containers that go are replaced; `observed` goes over what their own
    times tell. `refusals` and `notes` are those of the reading.
    """
    members = replicas(world.containers, service)
    plan = Plan(
        service=service,
        engine=world.engine.name,
        engine_id=world.engine.engine_id,
        host=world.engine.host,
        origin=choices.origin(world, members) if members else choices.NONE,
        to=choices.target(world.target),
        strategy=strategy,
        refusals=(*checks.of_service(world, service, members), *refusals),
        notes=tuple(notes),
    )
    if any(refusal.rule in (Rule.UNKNOWN_SERVICE, Rule.SWARM) for refusal in plan.refusals):
        return plan
    going = to_replace(world, members)
    old = [world.images[image_id] for image_id in _images(going) if image_id in world.images]
    layers = layer_plan(world.target, world.images.get(plan.origin.image_id), old)
    units, planned = _units(world, plan, going, replacing)
    orders = [unit.order for unit in units]
    budget = capacity.budget(strategy.max_unavailable, orders, len(members))
    ready = sum(member.ready for member in members)
    seen = observed or duration.observed(members)
    predicted_s, predicted_from = duration.predicted(
        seen, strategy, planned, orders, budget=budget, cpus=world.engine.cpus
    )
    hows = [_how(replacing, unit.container_id) for unit in units]
    return replace(
        plan,
        steps=planned,
        units=units,
        gates=gates,
        refusals=_unique(
            [
                *plan.refusals,
                *checks.of_members(world, service, members, going),
                *checks.of_platform(world.engine, world.target.platform, old, world.target.image),
                *checks.of_disk(world.engine, layers),
                *_order_refusals(strategy, units, budget, len(members)),
                *(refusal for how in hows for refusal in how.refusals),
            ]
        ),
        changes=_unique(change for how in hows for change in how.changes),
        unclear=_unique(text for how in hows for text in how.unclear),
        layers=layers,
        has_healthcheck=_all_have(how.has_healthcheck for how in hows),
        predicted_s=predicted_s if units else None,
        predicted_from=predicted_from if units else "",
        max_unavailable=budget,
        worst_capacity=capacity.worst(ready, orders, planned, budget, strategy.pace),
        notes=(*plan.notes, *_notes(world, members, going)),
    )


def to_replace(world: World, members: Sequence[ContainerSeen]) -> tuple[ContainerSeen, ...]:
    """Those that run, and run something else than the image asked for."""
    return tuple(
        member
        for member in members
        if member.facts.status == "running" and not choices.runs_already(world, member)
    )


def _images(containers: Iterable[ContainerSeen]) -> list[str]:
    return list(dict.fromkeys(container.facts.image_id for container in containers))


def _units(
    world: World, plan: Plan, going: Sequence[ContainerSeen], replacing: Mapping[str, Replacing]
) -> tuple[tuple[PlannedUnit, ...], tuple[PlannedStep, ...]]:
    """The units in the order in which they go, and the steps that they go in."""
    planned = steps(len(going), plan.strategy.canary, plan.strategy.batch)
    step_of = {unit: step.index for step in planned for unit in step.units}
    units = []
    for index, container in enumerate(going):
        facts = container.facts
        how = _how(replacing, facts.container_id)
        order, reasons = _order(plan.strategy.order, how)
        if facts.image_id != plan.origin.image_id:
            image = world.images.get(facts.image_id)
            runs = version_name(facts.image_id, facts.image, image.facts if image else None)
            reasons = (*reasons, f"it runs {runs}")
        units.append(
            PlannedUnit(
                index=index,
                step=step_of[index],
                container=facts.name,
                container_id=facts.container_id,
                started_at=container.started_at,
                order=order,
                reasons=reasons,
                dependents=how.dependents,
                auto_remove=facts.auto_remove,
                port_range=how.port_range,
            )
        )
    return tuple(units), planned


def _how(replacing: Mapping[str, Replacing], container_id: str) -> Replacing:
    return replacing.get(container_id) or _UNKNOWN


_UNKNOWN = Replacing(hindrances=(Hindrance(rule=Rule.NO_OLD_IMAGE, text="its old image is gone"),))


def _order(wanted: Order | None, how: Replacing) -> tuple[Order, tuple[str, ...]]:
    """The order, and why it is not start-first; or why it might better not be, where that was asked for."""
    if wanted is Order.STOP_FIRST:
        return Order.STOP_FIRST, ("as asked for",)
    reasons = tuple(hindrance.text for hindrance in how.hindrances)
    if wanted is Order.START_FIRST and not any(hindrance.certain for hindrance in how.hindrances):
        return Order.START_FIRST, tuple(f"asked for, although: {reason}" for reason in reasons)
    return (Order.STOP_FIRST, reasons) if reasons else (Order.START_FIRST, ())


def _order_refusals(
    strategy: Strategy, units: Sequence[PlannedUnit], budget: int, replicas: int
) -> Iterator[Refusal]:
    """Where what was asked for can not be had."""
    stopped = [unit for unit in units if unit.order is Order.STOP_FIRST]
    if strategy.order is Order.START_FIRST and stopped:
        why = named(f"{unit.container} ({unit.reasons[0]})" for unit in stopped)
        text = f"not every container can go start-first: {why}; leave --order at auto to stop those first"
        yield Refusal(rule=Rule.START_FIRST, text=text)
    if stopped and not budget:
        text = (
            f"{len(stopped)} of {replicas} replicas go stop-first and none may be missing; allow one with "
            "--max-unavailable 1"
        )
        yield Refusal(rule=Rule.MAX_UNAVAILABLE, text=text)


def _notes(world: World, members: Sequence[ContainerSeen], going: Sequence[ContainerSeen]) -> Iterator[str]:
    """What is particular about the service as it stands."""
    alone = [member for member in members if choices.runs_already(world, member)]
    if alone and going:
        yield f"{len(alone)} of {len(members)} replicas run the new image already and are left alone"
    versions = Counter(member.facts.image_id for member in going)
    if len(versions) > 1:
        yield f"the replicas run {len(versions)} old versions; each is replaced, and would come back, as its own"
    unready = [member for member in going if not member.ready]
    if unready:
        healths = named(f"{one.facts.name} is {_health(one)}" for one in unready)
        yield f"not all of them are ready now: {healths}"
    if going and not world.target.here and world.engine.free_bytes is None:
        yield f"whether {world.engine.name} has room for the new image can not be seen from here"


def _health(container: ContainerSeen) -> str:
    health = container.facts.health
    return health.status if health else container.facts.status


def _all_have(each: Iterable[bool | None]) -> bool | None:
    """None where one is not known, or where there is none to know of."""
    known = list(each)
    return None if not known or None in known else all(known)


def _unique(items: Iterable[T]) -> tuple[T, ...]:
    return tuple(dict.fromkeys(items))
