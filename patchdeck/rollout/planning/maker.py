"""Making a plan: read the engine and the registry, then decide. Nothing is changed anywhere.

The connection refuses everything but reads, so that the console may plan on its watch thread; a task that does is
cancelled like any other.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from patchdeck import durations
from patchdeck.model import Plan, PlannedGate, Refusal, Strategy
from patchdeck.rollout.gates.choosing import HEALTH, chosen, planned
from patchdeck.rollout.planning import core
from patchdeck.rollout.planning.duration import Observed
from patchdeck.rollout.planning.engine import read_containers, read_engine, read_images
from patchdeck.rollout.planning.layer_files import written_by_compose
from patchdeck.rollout.planning.members import replicas
from patchdeck.rollout.planning.recheck import recheck
from patchdeck.rollout.planning.replacing import replacing_of
from patchdeck.rollout.planning.target import Progress, resolve
from patchdeck.rollout.planning.world import ContainerSeen, World
from patchdeck.rollout.recreate import references
from patchdeck.settings import Settings
from patchdeck.sources.engine.connection import Connection


async def make_plan(
    connection: Connection,
    service: str,
    image: str,
    strategy: Strategy,
    settings: Settings,
    *,
    observed: Observed | None = None,
    progress: Progress = lambda _: None,
    environ: Mapping[str, str] | None = None,
    home: Path | None = None,
) -> Plan:
    """What moving this service to this image would do; what speaks against it is in its refusals.

    `observed` is what a watch knows of the service's startups; without it the containers' own times have to do.
    `progress` is told in words what is being waited for.

    Raises: InvalidReference; GateError for a gate that there is not; and as `Connection` does where the engine itself
    does not answer.
    """
    gates = planned(chosen(settings, service, strategy.gates))
    progress(f"asking {connection.target.name} what runs")
    engine = await read_engine(connection)
    containers = await read_containers(
        connection, settings.services.group_by, at_once=settings.watch.inspects_at_once
    )
    found = await resolve(
        connection,
        engine,
        image,
        environ=os.environ if environ is None else environ,
        home=home or Path.home(),
        progress=progress,
    )
    members = replicas(containers, service)
    progress("looking at the old image, and for files in the containers")
    images = await read_images(connection, _images(members, containers))
    compose_files, notes = await written_by_compose(connection, members)
    world = World(
        engine=engine.seen,
        containers=containers,
        images=images,
        target=found.target,
        compose_files=compose_files,
    )

    def decided() -> Plan:
        return core.plan_of(
            world,
            service,
            strategy,
            replacing_of(world, service, core.to_replace(world, members)),
            gates=(_health(strategy), *gates),
            observed=observed,
            refusals=found.refusals,
            notes=(*found.notes, *notes),
        )

    # With hundreds of containers this takes longer than a loop that reads events may stand still.
    return await asyncio.to_thread(decided)


def _images(members: Iterable[ContainerSeen], containers: Iterable[ContainerSeen]) -> list[str]:
    """Those that the members were made from, and all that hold on to another container, which may be a member."""
    holding = (one for one in containers if any(references.references(one.inspect)))
    return [one.facts.image_id for one in (*members, *holding)]


def _health(strategy: Strategy) -> PlannedGate:
    steady = f"and for {durations.written(strategy.bake_s)} after it no exit, no restart, and not unhealthy"
    rule = f"every new replica is ready within {durations.written(strategy.deadline_s)}, {steady}"
    return PlannedGate(name=HEALTH, rule=rule, source="the engine")


async def look_again(connection: Connection, plan: Plan, settings: Settings) -> tuple[Refusal, ...]:
    """Why this plan is no longer to be run: the world moved since. Raises as `Connection` does."""
    engine = await read_engine(connection)
    containers = await read_containers(
        connection, settings.services.group_by, at_once=settings.watch.inspects_at_once
    )
    return recheck(plan, containers, engine.seen.engine_id)
