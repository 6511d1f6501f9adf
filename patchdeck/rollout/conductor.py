"""Carries out one rollout: feeds its machine with what happens, and does what the machine asks for."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine
from typing import Any, Final

from patchdeck.model.facts import Value
from patchdeck.model.journal import (
    AnyEntry,
    Commanded,
    GateJudged,
    Noted,
    PaceChanged,
    RolloutState,
    StateEntered,
    Verdict,
)
from patchdeck.model.plan import Order, Plan
from patchdeck.rollout.acting import Actions, Journalling
from patchdeck.rollout.crew import Crew
from patchdeck.rollout.descriptions import Descriptions
from patchdeck.rollout.hands import NoAnswer
from patchdeck.rollout.journal import Journal
from patchdeck.rollout.journal import Order as Command
from patchdeck.rollout.keeping import kept_documents
from patchdeck.rollout.ledger import Ledger
from patchdeck.rollout.link import Link
from patchdeck.rollout.locking import Denied, Keeper
from patchdeck.rollout.looking import Eyes
from patchdeck.rollout.prepare import NotReady, Preparation
from patchdeck.rollout.restoring import outline, restored
from patchdeck.rollout.runner import Start, Tools
from patchdeck.rollout.scribe import Scribe
from patchdeck.rollout.seams import Jury, Pacer, StartSeen, Step, worst
from patchdeck.rollout.seen import SeenContainer
from patchdeck.rollout.sentry import follow_events, not_ready
from patchdeck.rollout.signals import (
    Answer,
    Asked,
    Commit,
    Effect,
    End,
    EngineBack,
    EngineLost,
    Go,
    HoldExpired,
    Judge,
    Judged,
    Leave,
    LockDenied,
    Locked,
    NotPrepared,
    Prepare,
    Prepared,
    Room,
    Signal,
    TakeLock,
    Terminated,
    Turn,
    WorkerReady,
)
from patchdeck.rollout.state import Stage, Stand, State, away
from patchdeck.rollout.steps import advance
from patchdeck.rollout.summing import summary
from patchdeck.rollout.telling import changes
from patchdeck.rollout.unit import Goal
from patchdeck.settings import Settings
from patchdeck.sources.engine.connection import Refused
from patchdeck.sources.targets import Target

ROOM_S: Final = 0.5
ORDERS_S: Final = 0.2
_ENDINGS: Final = ("die", "oom", "stop", "kill", "destroy", "health_status: unhealthy")


class Task(Value, frozen=True, kw_only=True):
    """What a worker is given."""

    rollout: str
    plan: Plan
    target: Target
    user: str
    take_over: bool = False
    """Take the service's lock from whoever holds it."""


class Conductor:
    """One rollout, in one worker. `journal` is this object's alone."""

    def __init__(
        self, task: Task, journal: Journal, *, pacer: Pacer, jury: Jury, settings: Settings | None = None
    ) -> None:
        self._task = task
        self._plan = task.plan
        self._journal = journal
        self._pacer = pacer
        self._jury = jury
        self._settings = settings or Settings()
        self._outline = outline(task.plan)
        self._entries = journal.entries(task.rollout)
        self.state = restored(task.plan, self._entries)
        self._ledger: Ledger | None = None
        self._scribe = Scribe(journal, self._written)
        self._signals: asyncio.Queue[tuple[Signal, Command | None]] = asyncio.Queue()
        self._link = Link(
            task.target,
            on_lost=lambda: self.tell(EngineLost()),
            on_back=self._engine_is_back,
        )
        self._keeper = Keeper(
            Journalling(self._link, self._scribe),
            self._link,
            service=task.plan.service,
            rollout=task.rollout,
            user=task.user,
            take_over=task.take_over,
        )
        self._eyes: Eyes | None = None
        self._crew: Crew | None = None
        self._tasks: asyncio.TaskGroup | None = None
        self._beside: list[asyncio.Task[None]] = []
        self._down: frozenset[int] = frozenset()
        self._told_pace: tuple[int, object] | None = None
        self._fewest = len(task.plan.units)

    def tell(self, signal: Signal) -> None:
        """Something happened. Of the loop's own thread."""
        self._signals.put_nowait((signal, None))

    async def run(self) -> State:
        """Until the rollout is over, or the worker is to end. Raises JournalError, and NoAnswer at the very start."""
        async with self._link, asyncio.TaskGroup() as self._tasks:
            if (kept := kept_documents(self._journal, self._task.rollout)) is not None:
                self._equip(Descriptions(self._task.rollout, self._plan, kept))
            self._besides(self._follow_orders(), "orders")
            self._besides(self._follow_room(), "room")
            self._besides(self._follow_engine(), "events")
            self._besides(self._keep_lock(), "renew the lock")
            self._tell_room()
            self.tell(WorkerReady())
            try:
                while not self.state.left:
                    await self._take(*await self._signals.get())
            finally:
                for task in self._beside:
                    task.cancel()
            await self._scribe.finished()
        return self.state

    # --- the machine ------------------------------------------------------------------------------

    async def _take(self, signal: Signal, order: Command | None) -> None:
        before = self.state
        self.state, effects = advance(self._outline, before, signal)
        entries = list(changes(self._task.rollout, self._plan, before, self.state))
        entries += [
            self._answered(order, effect) for effect in effects if isinstance(effect, Answer) and order
        ]
        for written in [self._scribe.write(entry) for entry in entries]:
            await written
        self._fewest = min(self._fewest, len(self.state.stands) - away(self._outline, self.state))
        for effect in effects:
            await self._do(effect)
        if (
            RolloutState.HOLDING in (self.state.public, before.public)
            and self.state.public is not before.public
        ):
            self._watch_hold()
        self._tell_room()

    async def _do(self, effect: Effect) -> None:
        match effect:
            case TakeLock():
                self._besides(self._lock(), "lock")
            case Prepare():
                self._besides(self._prepare(), "prepare")
            case Go(unit=unit):
                self._crew_now().send(unit, Goal.FORWARD)
            case Turn(unit=unit):
                self._crew_now().send(unit, Goal.BACK)
            case Commit(unit=unit):
                self._crew_now().send(unit, Goal.COMMIT)
            case Judge(step=step):
                self._besides(self._judge(step), f"judge step {step}")
            case End():
                await self._end()
            case Leave() | Answer():
                pass

    def _answered(self, order: Command, answer: Answer) -> Commanded:
        return Commanded(
            rollout=self._task.rollout,
            command=order.command,
            by=order.by,
            reason=order.reason,
            asked_ns=order.asked_ns,
            accepted=answer.accepted,
            answer=answer.text,
        )

    # --- beginning and end ------------------------------------------------------------------------

    async def _lock(self) -> None:
        try:
            await self._keeper.take()
        except Denied as error:
            self.tell(LockDenied(text=str(error)))
        else:
            self.tell(Locked())

    async def _keep_lock(self) -> None:
        try:
            await self._keeper.keep()
        except Denied as error:
            await self._scribe.write(Noted(rollout=self._task.rollout, text=str(error)))
            # Whoever took it over goes on from the journal: nothing more may be done here.
            self.tell(Terminated())
            self.tell(Terminated())

    async def _prepare(self) -> None:
        preparation = Preparation(
            self._task.rollout,
            self._plan,
            link=self._link,
            journal=self._journal,
            scribe=self._scribe,
            settings=self._settings,
        )
        while True:
            try:
                descriptions = await preparation.prepared()
            except NotReady as error:
                self.tell(NotPrepared(text=str(error)))
                return
            except NoAnswer:
                await self._link.until_there()
                continue
            if self._crew is None:
                self._equip(descriptions)
            self.tell(Prepared())
            return

    def _equip(self, descriptions: Descriptions) -> None:
        self._ledger = ledger = Ledger(descriptions.units)
        for entry in self._entries:
            ledger.apply(entry)
        self._eyes = Eyes(self._link, ledger)
        tools = Tools(
            link=self._link,
            eyes=self._eyes,
            actions=Actions(Journalling(self._link, self._scribe), ledger, descriptions),
            scribe=self._scribe,
            ledger=ledger,
            deadline_s=self._plan.strategy.deadline_s,
            tell=self.tell,
            on_start=self._started,
        )
        self._crew = Crew(descriptions.units, tools, self._spawn)

    async def _end(self) -> None:
        state = self.state
        assert state.end is not None
        if state.locked and state.end.over:
            await self._keeper.release()
        await self._scribe.write(
            StateEntered(
                rollout=self._task.rollout,
                state=state.end,
                text=state.text,
                summary=summary(
                    self._entries, ended_ns=time.time_ns(), fewest_ready=self._fewest, pace=state.room
                ),
            )
        )
        await asyncio.to_thread(self._journal.set_over, self._task.rollout, over=state.end.over)

    # --- gates ------------------------------------------------------------------------------------

    async def _judge(self, step: int) -> None:
        await asyncio.sleep(self._plan.strategy.bake_s)
        units = [unit for planned in self._plan.steps[: step + 1] for unit in planned.units]
        await self._crew_now().verify(units)
        successors = await self._successors(units)
        health = GateJudged(
            rollout=self._task.rollout,
            step=step,
            gate="health",
            verdict=Verdict.PASS,
            evidence=f"{len(successors)} successors run, none of them ended, unhealthy or restarted",
        )
        if self.state.stage is not Stage.JUDGING:
            return  # one of them failed meanwhile: it goes back already
        judged = [
            health,
            *await self._jury.judge(
                Step(plan=self._plan, step=self._plan.steps[step], successors=tuple(successors))
            ),
        ]
        for verdict in judged:
            await self._scribe.write(verdict)
        text = "; ".join(
            f"gate {one.gate}: {one.evidence}" for one in judged if one.verdict is not Verdict.PASS
        )
        self.tell(Judged(step=step, verdict=worst(judged), text=text))

    async def _successors(self, units: list[int]) -> list[SeenContainer]:
        assert self._ledger is not None
        assert self._eyes is not None
        found = []
        for unit in units:
            container = await self._eyes.find(self._ledger.new_id(unit, 0))
            if container is not None:
                found.append(container)
        return found

    def _watch_hold(self) -> None:
        timeout_s = self._plan.strategy.hold_timeout_s

        async def expire() -> None:
            await asyncio.sleep(timeout_s)
            if self.state.public is RolloutState.HOLDING:
                self.tell(HoldExpired())

        if timeout_s and self.state.public is RolloutState.HOLDING:
            self._besides(expire(), "hold")

    # --- what happens meanwhile -------------------------------------------------------------------

    async def _follow_orders(self) -> None:
        """Commands of people, from the journal; on a connection of its own, for it waits for others' writes."""
        rollout = self._task.rollout
        with Journal(self._journal.folder) as journal:
            seen = -1
            while True:
                if (version := journal.data_version()) != seen:
                    seen = version
                    for order in await asyncio.to_thread(journal.orders, rollout):
                        await asyncio.to_thread(journal.take, order)
                        text = f"{order.by.user}@{order.by.host}{order.reason and ', '}{order.reason}"
                        self._signals.put_nowait((Asked(command=order.command, text=text), order))
                await asyncio.sleep(ORDERS_S)

    async def _follow_room(self) -> None:
        while True:
            await asyncio.sleep(ROOM_S)
            if Order.STOP_FIRST in self._outline.orders and self._ledger is not None:
                try:
                    self._down = await not_ready(self._link.hands, self._serving())
                except (NoAnswer, Refused):
                    continue  # whoever has something to do finds out why
            self._tell_room()

    def _serving(self) -> dict[int, str]:
        """The container of each unit that should be ready, as far as nothing is being done with it."""
        assert self._ledger is not None
        serving = {}
        for planned in self._plan.units:
            match self.state.stands[planned.index]:
                case Stand.WAITING | Stand.RETURNED:
                    serving[planned.index] = planned.container_id
                case Stand.READY:
                    serving[planned.index] = self._ledger.new_id(planned.index, 0)
        return serving

    def _tell_room(self) -> None:
        """Ask the pace; tell the machine and the journal what changed."""
        in_flight = self.state.count(Stand.STARTING)
        admitted = self._pacer.admit(time.monotonic(), in_flight)
        room = Room(starts=admitted.starts, binds=admitted.binds, down=self._down)
        if (room.starts, room.binds, room.down) != (self.state.room, self.state.room_binds, self.state.down):
            self.tell(room)
        if self._told_pace != (admitted.starts, self.state.binds):
            self._told_pace = admitted.starts, self.state.binds
            entry = PaceChanged(
                rollout=self._task.rollout,
                pace=admitted.starts,
                in_flight=in_flight,
                binds=self.state.binds,
                detail=admitted.detail,
                learned=self._pacer.learned,
            )
            self._besides(self._write(entry), "tell the pace")

    async def _write(self, entry: AnyEntry) -> None:
        await self._scribe.write(entry)

    def _started(self, start: Start) -> None:
        in_flight = self.state.count(Stand.STARTING)
        self._pacer.note(
            StartSeen(unit=start.unit, took_s=start.took_s, in_flight=max(1, in_flight), ok=start.ok)
        )

    async def _follow_engine(self) -> None:
        def happened(container_id: str, action: str) -> None:
            unit = self._ledger.unit_of(container_id) if self._ledger else None
            if unit is None or self._crew is None:
                return
            self._crew.wake(unit)
            if action in _ENDINGS and self.state.stands[unit] is Stand.READY:
                self._verify([unit])

        await follow_events(self._link, happened, self._events_missed)

    def _engine_is_back(self) -> None:
        self.tell(EngineBack())
        self._events_missed()

    def _events_missed(self) -> None:
        """Whatever happened in between shows in what is seen now."""
        if self._crew is not None:
            self._crew.wake_all()
            self._verify([unit for unit, stand in enumerate(self.state.stands) if stand is Stand.READY])

    def _verify(self, units: list[int]) -> None:
        if self.state.stage in (Stage.STEPPING, Stage.JUDGING):
            self._besides(self._crew_now().verify(units), "verify")

    # --- tasks ------------------------------------------------------------------------------------

    def _written(self, entry: AnyEntry) -> None:
        self._entries.append(entry)
        if self._ledger is not None:
            self._ledger.apply(entry)

    def _crew_now(self) -> Crew:
        if self._crew is None:
            raise RuntimeError("no unit can be under way before the rollout is prepared")
        return self._crew

    def _spawn(self, work: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
        assert self._tasks is not None
        task = self._tasks.create_task(work, name=name)
        self._beside.append(task)
        task.add_done_callback(self._beside.remove)
        return task

    def _besides(self, work: Coroutine[Any, Any, None], name: str) -> None:
        self._spawn(work, name)
