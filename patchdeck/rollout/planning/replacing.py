"""How each container is to be replaced, and what goes along with it: from the recreate, and from Compose's labels."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from patchdeck.model import ConfigChange, Dependent, Refusal, Role
from patchdeck.model.facts import Value
from patchdeck.rollout.planning.rules import Rule
from patchdeck.rollout.planning.world import ContainerSeen, World
from patchdeck.rollout.recreate import ports, references
from patchdeck.rollout.recreate.compose import PROJECT, SERVICE
from patchdeck.rollout.recreate.documents import Document, config_of
from patchdeck.rollout.recreate.ordering import Hindrance
from patchdeck.rollout.recreate.successor import Surroundings, rebuilt, successor

DEPENDS_ON = "com.docker.compose.depends_on"


class Replacing(Value, frozen=True, kw_only=True):
    """Of one container whose old image is known."""

    changes: tuple[ConfigChange, ...] = ()
    unclear: tuple[str, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    hindrances: tuple[Hindrance, ...] = ()
    """Why not start-first; none: it may run beside its successor."""
    dependents: tuple[Dependent, ...] = ()
    port_range: bool = False
    has_healthcheck: bool | None = None
    """Its successor will. None: the new image's configuration is not known."""


def replacing_of(world: World, service: str, going: Sequence[ContainerSeen]) -> dict[str, Replacing]:
    """By container ID. What is restarted because it depends on the service goes with the last: then all are new."""
    around = Surroundings(api=world.engine.api, containers=tuple(one.inspect for one in world.containers))
    by_id = {one.facts.container_id: one for one in world.containers}
    along: dict[str, list[Dependent]] = {}
    taken: set[str] = set()
    for container in going:
        along[container.facts.container_id] = [
            _dependent(
                by_id[held.container_id],
                f"takes its {held.what} from {by_id[held.on].facts.name}",
                recreate=True,
            )
            for held in references.dependents(container.facts.container_id, around.containers)
            if held.container_id not in taken
        ]
        taken.update(one.container_id for one in along[container.facts.container_id])
    if going:
        along[going[-1].facts.container_id] += [
            one
            for one in _restarted(world.containers, around, service, going[-1], by_id)
            if one.container_id not in taken
        ]
    return {
        container_id: _replacing(world, around, by_id[container_id], dependents, by_id)
        for container_id, dependents in along.items()
        if by_id[container_id].facts.image_id in world.images
    }


def _dependent(container: ContainerSeen, why: str, *, recreate: bool) -> Dependent:
    return Dependent(
        container=container.facts.name,
        container_id=container.facts.container_id,
        started_at=container.started_at,
        service=container.service,
        why=why,
        recreate=recreate,
    )


def _replacing(
    world: World,
    around: Surroundings,
    container: ContainerSeen,
    dependents: Sequence[Dependent],
    by_id: Mapping[str, ContainerSeen],
) -> Replacing:
    old = world.images[container.facts.image_id].inspect
    told = world.target.inspect
    made = successor(
        container.inspect,
        old,
        # Without the new configuration its changes are not known; order and refusals do not rest on it.
        old if told is None else told,
        around,
        image=world.target.image,
        compose_files=world.compose_files.get(container.facts.container_id, ()),
    )
    along = [by_id[one.container_id] for one in dependents if one.recreate]
    return Replacing(
        changes=made.changes if told is not None else (),
        unclear=made.unclear if told is not None else (),
        refusals=(*made.refusals, *_refusals(world, around, container, along)),
        hindrances=made.hindrances,
        dependents=tuple(dependents),
        port_range=ports.from_range(container.inspect),
        has_healthcheck=_checks(config_of(told), made.body) if told is not None else None,
    )


def _checks(image: Document, own: Document) -> bool:
    """A check of one's own goes over the image's; NONE is that there shall be none."""
    test = (own.get("Healthcheck") or {}).get("Test") or (image.get("Healthcheck") or {}).get("Test") or []
    return bool(test) and test[0] != "NONE"


def _refusals(
    world: World, around: Surroundings, container: ContainerSeen, along: Iterable[ContainerSeen]
) -> Iterator[Refusal]:
    """Why what goes along with a container can not be made anew."""
    for one in along:
        if one.service == container.service and one.role is not Role.ONE_OFF:
            text = (
                f"{one.facts.name} can not be without {container.facts.name}, and both are replicas of "
                f"{one.service}: recreate them by hand"
            )
            yield Refusal(rule=Rule.ENTANGLED, text=text)
        else:
            image = world.images.get(one.facts.image_id)
            yield from rebuilt(one.inspect, image.inspect if image else None, around).refusals


def _restarted(
    containers: Iterable[ContainerSeen],
    around: Surroundings,
    service: str,
    member: ContainerSeen,
    by_id: Mapping[str, ContainerSeen],
) -> list[Dependent]:
    """What is restarted with the service, and after each what lives in its namespaces, which a restart makes anew."""
    asking = {one.facts.container_id: one for one in _to_restart(containers, service, member)}
    within = {
        container_id: [
            held
            for held in references.dependents(container_id, around.containers)
            if set(held.what.split(" and ")) & set(references.NAMESPACES.values())
        ]
        for container_id in asking
    }
    follow = {held.container_id for holds in within.values() for held in holds}
    found: dict[str, Dependent] = {}
    # What follows another that asks is told after it; in a circle everything follows, and whichever is first goes.
    for container_id in [one for one in asking if one not in follow] or asking:
        why = f"depends on {service} and is to be restarted with it"
        found.setdefault(container_id, _dependent(asking[container_id], why, recreate=False))
        for held in within[container_id]:
            why = f"takes its {held.what} from {by_id[held.on].facts.name}, which is restarted"
            found.setdefault(held.container_id, _dependent(by_id[held.container_id], why, recreate=False))
    return [one for one in found.values() if by_id[one.container_id].service != service]


def _to_restart(
    containers: Iterable[ContainerSeen], service: str, member: ContainerSeen
) -> Iterator[ContainerSeen]:
    """Of the same Compose project those that say `depends_on` with `restart: true`, by name."""
    project, name = member.facts.labels.get(PROJECT), member.facts.labels.get(SERVICE)
    if not project or not name:
        return
    for one in sorted(containers, key=lambda one: (one.facts.name, one.facts.container_id)):
        labels = one.facts.labels
        if (
            one.service != service
            and one.role is Role.REPLICA
            and one.facts.status == "running"
            and labels.get(PROJECT) == project
            and name in _restarting(labels.get(DEPENDS_ON, ""))
        ):
            yield one


def _restarting(depends_on: str) -> set[str]:
    """Of `db:service_healthy:true,cache:service_started:false` the services with true: db."""
    parts = [entry.split(":") for entry in depends_on.split(",")]
    return {part[0] for part in parts if len(part) == 3 and part[2] == "true"}
