"""What a rollout's containers are to be created from: worked out from what was kept of the old ones. Pure.

The inspects of all that is about to be replaced are kept in the journal before anything is touched. From them every
worker works out the same successors, and the old containers again where they are gone.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from patchdeck.model.facts import Value
from patchdeck.model.plan import Plan, PlannedUnit
from patchdeck.rollout.ledger import Ledger
from patchdeck.rollout.recreate.documents import Document, host_config_of, name_of
from patchdeck.rollout.recreate.successor import Successor, Surroundings, rebuilt, successor
from patchdeck.rollout.seen import Member, Unit

DEFAULT_GRACE_S: Final = 10.0


class Kept(Value, frozen=True, kw_only=True):
    """What is kept of the old containers. It holds their environment, and so secrets."""

    api: tuple[int, int]
    """The API's version that they were inspected with."""
    containers: Mapping[str, Document]
    """By ID: those to be replaced, and those that they refer to."""
    images: Mapping[str, Document]
    """By ID, with that of the new one."""
    new_image_id: str
    made: Mapping[str, str] = {}
    """Where the way leads back to containers of an earlier rollout: the ID of the one to be replaced, to that of the
    container to be made anew."""


class Description(Value, frozen=True, kw_only=True):
    """The requests that make one container."""

    body: dict[str, Any]
    connects: Mapping[str, dict[str, Any]] = {}
    """Network to endpoint, to be connected after it is created."""


class Descriptions:
    """Of all units of a plan."""

    def __init__(self, rollout: str, plan: Plan, kept: Kept) -> None:
        self._plan = plan
        self._kept = kept
        self.units = tuple(self._unit(rollout, planned) for planned in plan.units)

    def successor(self, unit: Unit, member: int, ledger: Ledger) -> Description:
        """`ledger` tells the successors of those that this one refers to."""
        replaced = {}
        for number, before in enumerate(unit.members[:member]):
            if new_id := ledger.new_id(unit.index, number):
                replaced[before.old_id] = replaced[self._kept.made.get(before.old_id, before.old_id)] = new_id
        return _description(self.described(unit.members[member].old_id, first=member == 0, replaced=replaced))

    def described(self, old_id: str, *, first: bool, replaced: Mapping[str, str] | None = None) -> Successor:
        """As the recreate tells it, refusals too. A dependent keeps its own image."""
        kept = self._kept
        old = kept.containers[kept.made.get(old_id, old_id)]
        around = Surroundings(
            api=kept.api, containers=tuple(kept.containers.values()), replaced=replaced or {}
        )
        if not first or old_id in kept.made:
            return rebuilt(old, kept.images.get(old["Image"]), around)
        return successor(
            old,
            kept.images.get(old["Image"]),
            kept.images[kept.new_image_id],
            around,
            image=self._plan.to.image,
        )

    def rebuilt(self, unit: Unit, member: int) -> Description:
        """The old container again."""
        old = self._document(unit, member)
        around = Surroundings(api=self._kept.api, containers=tuple(self._kept.containers.values()))
        return _description(rebuilt(old, self._kept.images.get(old["Image"]), around))

    def policy(self, unit: Unit, member: int) -> Document:
        """The restart policy that the old container had."""
        return _policy(self._document(unit, member))

    def grace_s(self, unit: Unit, member: int) -> float:
        """How long the container is given to stop."""
        timeout = self._document(unit, member)["Config"].get("StopTimeout")
        return DEFAULT_GRACE_S if timeout is None else float(timeout)

    def _document(self, unit: Unit, member: int) -> Document:
        return self._kept.containers[unit.members[member].old_id]

    def _unit(self, rollout: str, planned: PlannedUnit) -> Unit:
        members = [self._member(planned.container_id, first=True)]
        for dependent in planned.dependents:
            member = self._member(dependent.container_id, first=False)
            members.append(msgspec.structs.replace(member, restart_only=not dependent.recreate))
        return Unit(rollout=rollout, index=planned.index, order=planned.order, members=tuple(members))

    def _member(self, old_id: str, *, first: bool) -> Member:
        old = self._kept.containers[old_id]
        described = self.described(old_id, first=first)
        return Member(
            name=name_of(old),
            old_id=old_id,
            policy=_policy(old)["Name"],
            auto_remove=bool(host_config_of(old).get("AutoRemove")),
            networks=tuple(one.network for one in described.connect),
            image_id=described.image_id,
        )


def _policy(document: Document) -> Document:
    policy: Document = host_config_of(document).get("RestartPolicy") or {}
    return {
        "Name": policy.get("Name") or "no",
        "MaximumRetryCount": policy.get("MaximumRetryCount", 0),
    }


def _description(made: Successor) -> Description:
    return Description(body=made.body, connects={one.network: one.endpoint for one in made.connect})
