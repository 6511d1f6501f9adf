"""How much room there is now: asks the pace, and looks which replicas are not ready by themselves."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Final

from patchdeck import durations
from patchdeck.model.journal import Binding, PaceChanged
from patchdeck.model.plan import Order, Plan
from patchdeck.rollout.hands import NoAnswer
from patchdeck.rollout.ledger import Ledger
from patchdeck.rollout.link import Link
from patchdeck.rollout.restoring import outline
from patchdeck.rollout.runner import Start
from patchdeck.rollout.seams import Pacer, StartSeen
from patchdeck.rollout.sentry import not_ready
from patchdeck.rollout.signals import Room
from patchdeck.rollout.state import Stand, State
from patchdeck.sources.engine.connection import Refused

LOOK_S: Final = 0.5


class RoomTeller:
    """`tell` takes what the machine should know, `write` what the journal should; `state` is the machine's, now."""

    def __init__(
        self,
        rollout: str,
        plan: Plan,
        pacer: Pacer,
        *,
        state: Callable[[], State],
        tell: Callable[[Room], None],
        write: Callable[[PaceChanged], None],
    ) -> None:
        self._rollout = rollout
        self._plan = plan
        self._pacer = pacer
        self._state = state
        self._tell = tell
        self._write = write
        self._down: frozenset[int] = frozenset()
        self._told: tuple[int, object] | None = None
        self._budget = outline(plan).budget
        self._takes_down = any(unit.order is Order.STOP_FIRST for unit in plan.units)

    async def follow(self, link: Link, ledger: Callable[[], Ledger | None]) -> None:
        """Until cancelled."""
        while True:
            await asyncio.sleep(LOOK_S)
            if self._takes_down and (known := ledger()) is not None:
                try:
                    self._down = await not_ready(link.hands, self._serving(known))
                except (NoAnswer, Refused):
                    continue  # whoever has something to do finds out why
            self.look()

    def look(self) -> None:
        """Ask the pace; tell the machine and the journal what changed."""
        state = self._state()
        in_flight = state.count(Stand.STARTING)
        admitted = self._pacer.admit(time.monotonic(), in_flight)
        room = Room(starts=admitted.starts, binds=admitted.binds, down=self._down)
        if (room.starts, room.binds, room.down) != (state.room, state.room_binds, state.down):
            self._tell(room)
        if self._told != (admitted.starts, state.binds):
            self._told = admitted.starts, state.binds
            self._write(
                PaceChanged(
                    rollout=self._rollout,
                    pace=admitted.starts,
                    in_flight=in_flight,
                    binds=state.binds,
                    detail=self._in_words(state, admitted.detail),
                    learned=self._pacer.learned,
                )
            )

    def _in_words(self, state: State, of_pace: str) -> str:
        """What the limit that binds is about."""
        match state.binds:
            case Binding.PACE | Binding.PRESSURE:
                return of_pace
            case Binding.AVAILABILITY:
                return f"{self._budget} may be missing at once"
            case Binding.PORTS:
                return "host ports out of a range are taken one after the other"
            case Binding.DEADLINE:
                return f"each has {durations.written(self._plan.strategy.deadline_s)} to be ready"
            case Binding.STEP:
                return f"{self._plan.steps[state.step].name} is to pass its gates first"
        return ""

    def started(self, start: Start) -> None:
        """A start is over: the pace learns from it."""
        in_flight = max(1, self._state().count(Stand.STARTING))
        self._pacer.note(StartSeen(unit=start.unit, took_s=start.took_s, in_flight=in_flight, ok=start.ok))

    def _serving(self, ledger: Ledger) -> dict[int, str]:
        """The container of each unit that should be ready, as far as nothing is being done with it."""
        serving = {}
        for planned in self._plan.units:
            match self._state().stands[planned.index]:
                case Stand.WAITING | Stand.RETURNED:
                    serving[planned.index] = planned.container_id
                case Stand.SERVES | Stand.READY:
                    serving[planned.index] = ledger.new_id(planned.index, 0)
        return serving
