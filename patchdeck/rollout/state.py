"""What the machine of a rollout knows: its outline, which the plan fixed, and its state, which changes."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from msgspec.structs import replace

from patchdeck.model.facts import Value
from patchdeck.model.journal import Binding, PauseKind, RolloutState
from patchdeck.model.plan import Order


class Stage(StrEnum):
    STEPPING = "stepping"
    JUDGING = "judging"
    """The step's units are ready; it bakes, then its gates judge."""
    COMMITTING = "committing"
    RETURNING = "returning"


class Stand(StrEnum):
    """Where one unit is."""

    WAITING = "waiting"
    STARTING = "starting"
    """Under way, its successor not started yet."""
    UP = "up"
    """Its successor is started and not ready."""
    SERVES = "serves"
    """Its successor is ready, and its old container is still to be put away."""
    READY = "ready"
    FAILED = "failed"
    RETURNING = "returning"
    RETURNED = "returned"
    STUCK = "stuck"
    """It could not be brought back, or its old container not be removed."""
    COMMITTING = "committing"
    COMMITTED = "committed"


UNDER_WAY: Final = (Stand.STARTING, Stand.UP, Stand.SERVES, Stand.RETURNING, Stand.COMMITTING)


class Outline(Value, frozen=True, kw_only=True):
    """What the plan fixed."""

    steps: tuple[tuple[int, ...], ...]
    """The units of each step."""
    orders: tuple[Order, ...]
    """By unit."""
    budget: int
    """Replicas that the rollout may keep away at once."""
    pause_after: frozenset[int] = frozenset()
    """Steps after which it waits for a person."""
    port_range: frozenset[int] = frozenset()
    """Units that take a host port out of a range, and so start one after the other."""


class State(Value, frozen=True, kw_only=True):
    stands: tuple[Stand, ...]
    stage: Stage = Stage.STEPPING
    step: int = 0
    locked: bool = False
    prepared: bool = False
    was_ready: frozenset[int] = frozenset()
    """Units that were ready when an earlier worker ended, and that this one has not seen again yet."""
    changed: bool = False
    """Anything was done to a container."""
    committing: bool = False
    """Old containers are being removed, or are about to be: there is no way back any more."""
    pauses: frozenset[PauseKind] = frozenset()
    promoted: int | None = None
    """The step whose gates a person took for passed before its units were seen again."""
    asked_again: int | None = None
    """The step whose gates held, and are asked again by a person's wish."""
    leaving: bool = False
    """The worker was told to end once no unit is under way."""
    left: bool = False
    """It has: this worker does nothing more."""
    end: RolloutState | None = None
    text: str = ""
    """Why it goes back, or ended as it did."""
    room: int = 1
    """Starts at once that the pace allows now."""
    room_binds: Binding = Binding.PACE
    down: frozenset[int] = frozenset()
    """Units whose replica is not ready though no one took it down."""
    binds: Binding = Binding.NOTHING
    """What keeps more from being started now."""

    @property
    def public(self) -> RolloutState:
        """As it is told to people."""
        if self.end is not None:
            return self.end
        if self.stage is Stage.RETURNING:
            return RolloutState.ROLLING_BACK
        if PauseKind.GATE in self.pauses:
            return RolloutState.HOLDING
        return RolloutState.PAUSED if self.pauses else RolloutState.RUNNING

    def count(self, *stands: Stand) -> int:
        return sum(stand in stands for stand in self.stands)


def fresh(outline: Outline) -> State:
    """A rollout of which nothing is done."""
    return State(stands=(Stand.WAITING,) * len(outline.orders))


def away(outline: Outline, state: State) -> int:
    """Replicas that are not ready: those that the rollout keeps away, and those that are down by themselves."""
    return sum(_is_away(outline, state, unit) or unit in state.down for unit in range(len(state.stands)))


def affordable(outline: Outline, state: State, unit: int) -> bool:
    """Taking this replica down leaves as many ready as promised. One that is down anyway costs nothing."""
    if outline.orders[unit] is Order.START_FIRST or unit in state.down:
        return True
    # Where more are down than the budget allows, a rollback goes on one at a time: what it brings back serves again.
    budget = outline.budget
    taken = away(outline, state)
    return taken < budget or (state.stage is Stage.RETURNING and not state.count(Stand.RETURNING))


def _is_away(outline: Outline, state: State, unit: int) -> bool:
    stand = state.stands[unit]
    if unit in state.was_ready:
        return False
    if outline.orders[unit] is Order.START_FIRST:
        return stand in (Stand.FAILED, Stand.STUCK)
    return stand in (Stand.STARTING, Stand.UP, Stand.FAILED, Stand.RETURNING, Stand.STUCK)


def moved_to(state: State, unit: int, stand: Stand) -> State:
    """The state with one unit elsewhere."""
    stands = (*state.stands[:unit], stand, *state.stands[unit + 1 :])
    return replace(state, stands=stands, was_ready=state.was_ready - {unit})
