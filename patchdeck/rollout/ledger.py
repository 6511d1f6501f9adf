"""Which containers belong to a rollout and what was begun with them, from its journal. Pure.

An ID is known here once it was answered. What was created and never answered (its worker was killed in between) is
found by its temporary name, which holds the rollout's ID.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from patchdeck.model.journal import Answered, AnyEntry, Intended, UnitMoved, UnitPhase
from patchdeck.rollout.seen import Unit

_DISTURBING = ("fence", "stop", "rename")


class Ledger:
    """Fed with every entry of one rollout, in order."""

    def __init__(self, units: Sequence[Unit]) -> None:
        self.began: set[int] = set()
        """Units of which anything was done, or was about to be."""
        self.disturbed: set[int] = set()
        """Those of whose old containers anything was."""
        self.ran: set[str] = set()
        """Containers that this rollout started, by ID."""
        self._new: dict[tuple[int, int], str] = {}
        self._rebuilt: dict[tuple[int, int], str] = {}
        self._told: dict[int, list[UnitPhase]] = {unit.index: [] for unit in units}
        self._intents: dict[int, Intended] = {}
        self._units = {member.old_id: unit.index for unit in units for member in unit.members}
        self._olds = {member.old_id for unit in units for member in unit.members}
        self._members: Mapping[str, tuple[int, int]] = {
            name: (unit.index, number)
            for unit in units
            for number, member in enumerate(unit.members)
            for name in (member.temporary(unit.rollout), member.parked(unit.rollout))
        }

    def new_id(self, unit: int, member: int) -> str:
        """Of the successor; empty as long as none is known."""
        return self._new.get((unit, member), "")

    def rebuilt_id(self, unit: int, member: int) -> str:
        """Of what was made anew of the old container."""
        return self._rebuilt.get((unit, member), "")

    def told(self, unit: int) -> Sequence[UnitPhase]:
        """The phases of a unit that are in the journal, in order."""
        return self._told[unit]

    def unit_of(self, container_id: str) -> int | None:
        """The unit that a container belongs to, the old one or its successor."""
        return self._units.get(container_id)

    def adopt(self, unit: int, member: int, container_id: str, *, old: bool) -> None:
        """A container that was found by its name."""
        (self._rebuilt if old else self._new)[unit, member] = container_id
        self._units[container_id] = unit

    def apply(self, entry: AnyEntry) -> None:
        match entry:
            case Intended(unit=int(unit)):
                self._intents[entry.sequence] = entry
                self.began.add(unit)
                if entry.act in _DISTURBING and entry.container_id in self._olds:
                    self.disturbed.add(unit)
            case Answered(ok=True) if (intent := self._intents.pop(entry.intent, None)) is not None:
                self._answered(intent, entry)
            case UnitMoved():
                self._told[entry.unit].append(entry.phase)

    def _answered(self, intent: Intended, entry: Answered) -> None:
        if entry.act == "start":
            self.ran.add(entry.container_id)
        if entry.act in ("create", "rebuild") and intent.container in self._members:
            unit, member = self._members[intent.container]
            self.adopt(unit, member, entry.container_id, old=entry.act == "rebuild")
