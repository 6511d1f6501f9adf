"""Looks at a unit's containers, as they are now."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec.structs import replace

from patchdeck.rollout.ledger import Ledger
from patchdeck.rollout.link import Link
from patchdeck.rollout.memory import Memory
from patchdeck.rollout.seen import Seen, SeenContainer, SeenMember, Unit, seen_container
from patchdeck.rollout.sentry import not_ready


class Eyes:
    """Of one worker. Raises Refused or NoAnswer."""

    def __init__(self, link: Link, ledger: Ledger) -> None:
        self._link = link
        self._ledger = ledger
        self._watched_since = dict[int, int]()
        """Unit to the number of outages before it was looked at last."""
        self._excused: set[str] = set()
        self._restarts: dict[str, int] = {}
        """Of containers that the engine started again when it came back itself: those are not held against them."""
        self._successors: dict[int, SeenContainer | None] = {}

    async def look(self, unit: Unit, memory: Memory, *, late: bool = False) -> Seen:
        """Everything that is to be known for the unit's next act; what is not in the memory is asked of the engine."""
        ledger = self._ledger
        outages = self._link.outages
        # What was made of it and not answered for has a name of the rollout's. Of one never begun there is nothing.
        began = unit.index in ledger.began
        members = []
        lost = set()
        for number, member in enumerate(unit.members):
            old = await self._find(memory, member.old_id)
            if old is None and unit.index in ledger.disturbed:
                known = ledger.rebuilt_id(unit.index, number)
                old = await self._find(memory, known, member.parked(unit.rollout))
                if old is not None:
                    ledger.adopt(unit.index, number, old.container_id, old=True)
            known = ledger.new_id(unit.index, number)
            new = await self._find(memory, known, member.temporary(unit.rollout) if began else "")
            if new is not None:
                ledger.adopt(unit.index, number, new.container_id, old=False)
            elif known in ledger.ran:
                lost.add(number)
            members.append(SeenMember(old=old, new=new))
        self._successors[unit.index] = members[0].new
        if self._watched_since.get(unit.index) != outages:
            self._excuse(members)
            self._watched_since[unit.index] = outages
        return Seen(
            members=tuple(
                SeenMember(old=self._forgiven(one.old), new=self._forgiven(one.new)) for one in members
            ),
            disturbed=unit.index in ledger.disturbed,
            began=began,
            ran=frozenset(ledger.ran),
            lost=frozenset(lost),
            excused=frozenset(self._excused),
            late=late,
        )

    async def doubtful(self, units: Iterable[int]) -> list[int]:
        """Of these, the units whose successor is not plainly ready by the engine's listing: to be looked at."""
        found = await not_ready(self._link.hands, {unit: self._ledger.new_id(unit, 0) for unit in units})
        return sorted(found)

    def successors(self, units: Iterable[int]) -> list[SeenContainer]:
        """Those of these units that were there at the newest look."""
        found = (self._successors.get(unit) for unit in units)
        return [one for one in found if one is not None]

    def forgive_no_more(self, container_id: str) -> None:
        """It was started again: how it ends from now on is its own doing."""
        self._excused.discard(container_id)

    def _excuse(self, members: list[SeenMember]) -> None:
        """No one watched until now, or the engine was away: it may have taken its containers along."""
        seen = [container for one in members for container in (one.old, one.new) if container is not None]
        for container in seen:
            if container.container_id in self._ledger.ran:
                self._restarts[container.container_id] = container.restart_count
                if not container.alive:
                    self._excused.add(container.container_id)

    def _forgiven(self, container: SeenContainer | None) -> SeenContainer | None:
        if container is None:
            return None
        known = self._restarts.get(container.container_id, 0)
        # An engine counts anew when a container is started by hand.
        return replace(container, restart_count=max(0, container.restart_count - known))

    async def _find(self, memory: Memory, container_id: str, name: str = "") -> SeenContainer | None:
        """By ID, else by name; None where there is neither."""
        if (known := memory.known(container_id)) is not None:
            return known
        for reference in (container_id, name):
            happenings = memory.happenings
            if memory.is_gone(reference):
                continue
            if reference and (document := await self._link.hands.inspect(reference)) is not None:
                seen = seen_container(document)
                if memory.happenings == happenings:
                    memory.note(seen)
                return seen
        return None
