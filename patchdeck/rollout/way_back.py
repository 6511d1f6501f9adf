"""The way back after commit: a rollout of its own, whose successors are the old containers, made anew from the journal.

The old containers themselves are gone; their configurations, and the image as long as it was kept, are not. So what
comes back has the same configuration, names, networks and volumes, and other IDs.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from patchdeck.model.journal import RolloutState
from patchdeck.model.plan import Dependent, ImageChoice, Plan, PlannedUnit, Refusal
from patchdeck.rollout.descriptions import Descriptions
from patchdeck.rollout.journal import Journal
from patchdeck.rollout.keeping import Back, kept_documents
from patchdeck.rollout.ledger import Ledger
from patchdeck.rollout.planning.engine import read_container, read_engine, read_image
from patchdeck.rollout.planning.rules import Rule
from patchdeck.rollout.story import rollout_of
from patchdeck.settings import Settings
from patchdeck.sources.engine.connection import Connection


class NoWayBack(Exception):
    """Why, and what to do instead."""


async def plan_back(
    connection: Connection, journal: Journal, rollout: str, settings: Settings
) -> tuple[Plan, Back]:
    """What undoing a committed rollout would do; to be submitted together.

    Raises NoWayBack, JournalError, and as `Connection` does.
    """
    entries = journal.entries(rollout)
    story = rollout_of(entries)
    kept = kept_documents(journal, rollout)
    if story is None or kept is None or story.state is not RolloutState.COMMITTED:
        state = story.state.value if story else "unknown"
        raise NoWayBack(
            f"rollout {rollout} is {state}: only one that is committed is undone; abort one that is open"
        )
    descriptions = Descriptions(rollout, story.plan, kept)
    ledger = Ledger(descriptions.units)
    for entry in entries:
        ledger.apply(entry)
    made = {
        new_id: member.old_id
        for unit in descriptions.units
        for number, member in enumerate(unit.members)
        if (new_id := ledger.new_id(unit.index, number))
    }
    plan = story.plan
    old = plan.origin
    units: list[PlannedUnit] = []
    refusals: list[Refusal] = []
    engine = await read_engine(connection)
    if plan.engine_id and engine.seen.engine_id != plan.engine_id:
        text = f"rollout {rollout} was on another engine than {connection.target.name}: name that one"
        raise NoWayBack(text)
    for planned, unit in zip(plan.units, descriptions.units, strict=True):
        members = [ledger.new_id(unit.index, n) or one.old_id for n, one in enumerate(unit.members)]
        now = await _as_it_is(connection, planned, members, settings)
        units.append(now)
        refusals += _gone(now)
    if await read_image(connection, old.image_id) is None:
        text = f"the engine no longer has {old.image}: pull it, and plan a rollout to it"
        refusals.append(Refusal(rule=Rule.NO_OLD_IMAGE, text=text))
    back = replace(
        plan,
        id=None,
        origin=plan.to,
        # By its ID: the name may mean another image by now.
        to=ImageChoice(image=old.image_id, image_id=old.image_id, version=old.version),
        units=tuple(units),
        refusals=tuple(refusals),
        changes=(),
        unclear=(),
    )
    return back, Back(of=rollout, made=made)


async def _as_it_is(
    connection: Connection, planned: PlannedUnit, members: list[str], settings: Settings
) -> PlannedUnit:
    """The unit about the containers that are there now; the start of one that is gone is empty."""
    started = []
    for container_id in members:
        seen = await read_container(connection, container_id, settings.services.group_by)
        started.append(seen.started_at if seen else "")
    return replace(
        planned,
        container_id=members[0],
        started_at=started[0],
        dependents=tuple(
            replace(dependent, container_id=container_id, started_at=at)
            for dependent, container_id, at in zip(planned.dependents, members[1:], started[1:], strict=True)
        ),
    )


def _gone(unit: PlannedUnit) -> Iterator[Refusal]:
    everyone: tuple[PlannedUnit | Dependent, ...] = (unit, *unit.dependents)
    for one in everyone:
        if not one.started_at:
            text = f"{one.container} ({one.container_id[:12]}) is gone; plan a rollout of what is there"
            yield Refusal(rule=Rule.CONTAINER_GONE, text=text)
