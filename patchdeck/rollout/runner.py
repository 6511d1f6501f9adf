"""Brings one unit to its goal: looks, does the next act, and looks again."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from typing import Final

from patchdeck.model.facts import Value
from patchdeck.model.journal import AnyEntry, UnitMoved, UnitPhase
from patchdeck.model.plan import Order
from patchdeck.rollout.acting import Actions
from patchdeck.rollout.advice import refused
from patchdeck.rollout.hands import NoAnswer
from patchdeck.rollout.ledger import Ledger
from patchdeck.rollout.link import Link
from patchdeck.rollout.looking import Eyes
from patchdeck.rollout.memory import Memory
from patchdeck.rollout.scribe import Scribe
from patchdeck.rollout.seen import Seen, Unit
from patchdeck.rollout.signals import (
    Signal,
    UnitCommitted,
    UnitFailed,
    UnitReady,
    UnitReturned,
    UnitServes,
    UnitStarted,
    UnitStuck,
)
from patchdeck.rollout.unit import Act, ActKind, Done, Failed, Goal, Wait, next_act
from patchdeck.sources.engine.connection import Refused

TRIES: Final = 4
"""Of one act, before it is given up: an engine that is busy refuses what it grants a second later."""
MISSES: Final = 20
"""Looks at a unit that came to nothing in a row, though the engine answers to others."""
PAUSE_S: Final = 0.3
POLL_S: Final = (0.05, 0.1, 0.2, 0.5, 1.0)
"""Between two looks while waiting; events come sooner."""

_FORWARD: Final = {
    Order.STOP_FIRST: (
        UnitPhase.CREATED,
        UnitPhase.FENCED,
        UnitPhase.STOPPED,
        UnitPhase.SWAPPED,
        UnitPhase.STARTED,
        UnitPhase.READY,
    ),
    Order.START_FIRST: (
        UnitPhase.CREATED,
        UnitPhase.STARTED,
        UnitPhase.READY,
        UnitPhase.FENCED,
        UnitPhase.STOPPED,
        UnitPhase.SWAPPED,
    ),
}


class Start(Value, frozen=True, kw_only=True):
    """One start that the rollout made, as the pace wants to know it."""

    unit: int
    took_s: float
    """From the request to the engine's answer."""
    ok: bool


class Tools(Value, frozen=True, kw_only=True):
    """What all runners of a worker share."""

    link: Link
    eyes: Eyes
    actions: Actions
    scribe: Scribe
    ledger: Ledger
    deadline_s: float
    tell: Callable[[Signal], None]
    on_start: Callable[[Start], None]


class Runner:
    """One unit. `turn` gives it another goal while it runs; what it is doing at that moment is still finished."""

    def __init__(self, unit: Unit, goal: Goal, tools: Tools, memory: Memory) -> None:
        self.unit = unit
        self.goal = goal
        self._tools = tools
        self._wake = asyncio.Event()
        self._tries: Counter[Act] = Counter()
        self._since = time.monotonic()
        self._memory = memory
        self._started = False
        self._serves = False
        self._start_asked: float | None = None
        self._start_took_s: float | None = None
        self._looks = 0
        self._misses = 0

    def turn(self, goal: Goal) -> None:
        self.goal = goal
        self._tries.clear()
        self._misses = 0
        self._since = time.monotonic()
        self._memory.forget_all()
        self.wake()

    def wake(self) -> None:
        """Something happened to its containers: it waits no longer to look at them."""
        self._wake.set()

    async def run(self) -> None:
        """Until the goal is reached or given up, which is told. Raises JournalError."""
        while True:
            goal, outages = self.goal, self._tools.link.outages
            try:
                if await self._turned(goal):
                    continue
                over = await self._once(goal)
                self._misses = 0
            except (NoAnswer, Refused) as error:
                over = await self._missed(error, outages)
            if over is not None and goal is self.goal:
                ended = await self._end(goal, over)
                if ended and goal is self.goal:
                    return

    async def _missed(self, error: NoAnswer | Refused, outages: int) -> Failed | None:
        """A look, or an act, that came to nothing: is it the engine, or the container?"""
        self._memory.forget_all()
        if isinstance(error, NoAnswer):
            await self._tools.link.until_there()
        if self._tools.link.outages != outages:
            self._since = time.monotonic()  # the engine's absence is not the container's fault
            self._misses = 0
            return None
        self._misses += 1
        if self._misses >= MISSES:
            name = self.unit.members[0].name
            return Failed(text=f"the engine is there, and has no answer about {name}: {error}")
        await self._sleep(PAUSE_S)
        return None

    async def _turned(self, goal: Goal) -> bool:
        """Tell once that the unit goes back."""
        told = self._tools.ledger.told(self.unit.index)
        if goal is Goal.BACK and (not told or told[-1] is not UnitPhase.RETURNING):
            await self._move(UnitPhase.RETURNING)
            return True
        return False

    async def _once(self, goal: Goal) -> Done | Failed | None:
        """One look and what follows from it; the end, if this is it."""
        late = time.monotonic() - self._since > self._tools.deadline_s
        seen = await self._tools.eyes.look(self.unit, self._memory, late=late)
        # The disk is waited for once, with the intent of what follows.
        told = self._tell_progress(seen) if goal is Goal.FORWARD else []
        following = next_act(self.unit, seen, goal)
        try:
            match following:
                case Act():
                    self._looks = 0
                    return await self._act(following)
                case Wait():
                    await self._sleep(POLL_S[min(self._looks, len(POLL_S) - 1)])
                    self._looks += 1
                    self._memory.forget(following.container_id)
                    return None
                case Done() | Failed():
                    return following
        finally:
            await asyncio.gather(*map(asyncio.shield, told))

    async def _act(self, act: Act) -> Failed | None:
        self._tries[act] += 1
        if self._tries[act] > TRIES:
            what = f"{act.kind.value} of {self.unit.members[act.member].name}"
            return Failed(text=f"{what} was tried {TRIES} times and did not last")
        starts = act.kind is ActKind.START and not act.old
        if act.kind is ActKind.START:
            self._since = time.monotonic()
            self._start_asked = self._since
        self._memory.begin(act)
        try:
            took_s = await self._tools.actions.perform(self.unit, act)
        except Refused as error:
            self._memory.forget_all()
            if starts:
                self._tools.on_start(Start(unit=self.unit.index, took_s=0.0, ok=error.status < 500))
            if self._tries[act] >= TRIES or error.status in (400, 403):
                name = self.unit.members[act.member].name
                text = refused(
                    act.kind.value, name, act.container_id, status=error.status, message=error.message
                )
                return Failed(text=text)
            await self._sleep(PAUSE_S * self._tries[act])
            return None
        except NoAnswer:
            if starts:
                self._tools.on_start(Start(unit=self.unit.index, took_s=0.0, ok=False))
            raise
        self._memory.did(act)
        if act.kind is ActKind.START:
            self._tools.eyes.forgive_no_more(act.container_id)
        if starts:
            self._start_took_s = self._start_took_s or took_s
            self._tools.on_start(Start(unit=self.unit.index, took_s=took_s, ok=True))
            if act.member == 0:
                self._tell_started()
        return None

    async def _sleep(self, longest_s: float) -> None:
        try:
            async with asyncio.timeout(longest_s):
                await self._wake.wait()
        except TimeoutError:
            return
        self._wake.clear()

    # --- telling ----------------------------------------------------------------------------------

    def _tell_started(self) -> None:
        """At once: another start has room from now on."""
        if not self._started:
            self._started = True
            self._tools.tell(UnitStarted(unit=self.unit.index))

    def _tell_progress(self, seen: Seen) -> list[asyncio.Future[AnyEntry]]:
        """The phases that what is seen shows to be reached, each once and in their order; done once on disk."""
        facts = _facts(self.unit, seen)
        known = self._tools.ledger.told(self.unit.index)
        new = seen.members[0].new
        if new is not None and new.started:
            self._tell_started()
        # Its dependents may still have to come.
        alone = len(self.unit.members) == 1
        if self.unit.order is Order.START_FIRST and alone and facts[UnitPhase.READY] and not self._serves:
            self._serves = True
            self._tools.tell(UnitServes(unit=self.unit.index))
        told = []
        for phase in _FORWARD[self.unit.order]:
            if not facts[phase]:
                break
            if phase in known:
                continue
            latency_s = None
            if phase is UnitPhase.STARTED:
                latency_s = self._start_took_s
            elif phase is UnitPhase.READY and self._start_asked is not None:
                latency_s = time.monotonic() - self._start_asked
            moved = self._moved(phase, new.container_id if new else "", latency_s=latency_s)
            told.append(self._tools.scribe.enter(moved))
        return told

    async def _end(self, goal: Goal, over: Done | Failed) -> bool:
        """Tell it, unless something happened meanwhile: then it is to be looked at again, and False."""
        index = self.unit.index
        reached = isinstance(over, Done)
        happenings = self._memory.happenings
        phase: UnitPhase
        signal: Signal
        match goal:
            case Goal.FORWARD if reached:
                phase, signal = UnitPhase.READY, UnitReady(unit=index)
            case Goal.FORWARD:
                phase, signal = UnitPhase.FAILED, UnitFailed(unit=index, text=over.text)
            case Goal.BACK if reached:
                phase, signal = UnitPhase.RETURNED, UnitReturned(unit=index)
            case Goal.COMMIT if reached:
                phase, signal = UnitPhase.COMMITTED, UnitCommitted(unit=index)
            case _:
                phase, signal = UnitPhase.FAILED, UnitStuck(unit=index, text=over.text)
        told = self._tools.ledger.told(index)
        served = bool(told) and told[-1] in (UnitPhase.READY, UnitPhase.BAKED)
        if phase is not UnitPhase.READY or not served:
            await self._move(phase, over.text)
        if phase is UnitPhase.READY and self._memory.happenings != happenings:
            return False
        self._tools.tell(signal)
        return True

    async def _move(self, phase: UnitPhase, detail: str = "") -> None:
        await self._tools.scribe.write(self._moved(phase, detail=detail))

    def _moved(
        self, phase: UnitPhase, container_id: str = "", *, detail: str = "", latency_s: float | None = None
    ) -> UnitMoved:
        return UnitMoved(
            rollout=self.unit.rollout,
            unit=self.unit.index,
            phase=phase,
            container_id=container_id,
            detail=detail,
            latency_s=None if latency_s is None else round(latency_s, 6),
        )


def _facts(unit: Unit, seen: Seen) -> dict[UnitPhase, bool]:
    member, one = unit.members[0], seen.members[0]
    old, new = one.old, one.new
    return {
        UnitPhase.CREATED: new is not None,
        UnitPhase.STARTED: new is not None and new.started,
        UnitPhase.READY: new is not None and new.started and new.ready,
        UnitPhase.FENCED: old is None or old.policy == "no",
        UnitPhase.STOPPED: old is None or not old.alive,
        UnitPhase.SWAPPED: new is not None and new.name == member.name,
    }
