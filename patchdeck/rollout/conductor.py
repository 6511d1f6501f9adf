"""Carries out one rollout: feeds its machine with what happens, and does what the machine asks for."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine, Iterator
from typing import Any, Final

from patchdeck.model.facts import Value
from patchdeck.model.journal import (
    AnyEntry,
    Commanded,
    PauseKind,
    Predicted,
    RolloutState,
    StepBegan,
    Verdict,
)
from patchdeck.rollout.acting import Actions, Journalling
from patchdeck.rollout.crew import Crew
from patchdeck.rollout.descriptions import Descriptions
from patchdeck.rollout.formalities import Formalities, Task
from patchdeck.rollout.hands import NoAnswer
from patchdeck.rollout.journal import Journal
from patchdeck.rollout.journal import Order as Command
from patchdeck.rollout.judging import Bench, gist
from patchdeck.rollout.keeping import kept_documents
from patchdeck.rollout.ledger import Ledger
from patchdeck.rollout.link import Link
from patchdeck.rollout.looking import Eyes
from patchdeck.rollout.orders import follow_orders
from patchdeck.rollout.restoring import outline, restored
from patchdeck.rollout.room import RoomTeller
from patchdeck.rollout.runner import Tools
from patchdeck.rollout.scribe import Scribe
from patchdeck.rollout.seams import Jury, Pacer
from patchdeck.rollout.sentry import follow_events
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
    Leave,
    Prepare,
    Prepared,
    Signal,
    TakeLock,
    Turn,
    WorkerReady,
)
from patchdeck.rollout.state import Stage, Stand, State, away
from patchdeck.rollout.steps import advance
from patchdeck.rollout.summing import remaining_s, summary
from patchdeck.rollout.telling import changes
from patchdeck.rollout.unit import Goal
from patchdeck.settings import Settings
from patchdeck.sources.engine.connection import Refused

AGAIN_S: Final = 5.0
"""Between two looks at what holds."""

_ENDINGS: Final = ("die", "oom", "stop", "kill", "destroy", "health_status: unhealthy")


class Equipment(Value, frozen=True, kw_only=True):
    """What there is once the rollout is prepared."""

    ledger: Ledger
    crew: Crew
    bench: Bench


class Conductor:
    """One rollout, in one worker. `journal` is this object's alone."""

    def __init__(
        self, task: Task, journal: Journal, *, pacer: Pacer, jury: Jury, settings: Settings | None = None
    ) -> None:
        self._task = task
        self._plan = task.plan
        self._journal = journal
        self._jury = jury
        self._settings = settings or Settings()
        self._outline = outline(task.plan)
        self._entries = journal.entries(task.rollout)
        self.state = restored(task.plan, self._entries)
        self._equipment: Equipment | None = None
        self._scribe = Scribe(journal, self._written)
        self._signals: asyncio.Queue[tuple[Signal, Command | None]] = asyncio.Queue()
        self._link = Link(
            task.target,
            # What is begun has to be brought to an end, however long the engine is away; what is not may be refused.
            patient=self.state.changed,
            on_lost=lambda: self.tell(EngineLost()),
            on_back=self._engine_is_back,
        )
        self._formalities = Formalities(
            task,
            journal=journal,
            link=self._link,
            scribe=self._scribe,
            settings=self._settings,
            tell=self.tell,
        )
        self._tasks: asyncio.TaskGroup | None = None
        self._beside: list[asyncio.Task[None]] = []
        self._holding: asyncio.Task[None] | None = None
        self._room = RoomTeller(
            task.rollout,
            task.plan,
            pacer,
            state=lambda: self.state,
            tell=self.tell,
            write=lambda entry: self._besides(self._write(entry), "tell the pace"),
        )
        self._fewest = len(task.plan.units)
        self._began: tuple[float, int] | None = None
        """When this worker began its first step, by the monotonic clock, and how many units were ready then."""

    def tell(self, signal: Signal) -> None:
        """Something happened. Of the loop's own thread."""
        self._signals.put_nowait((signal, None))

    async def run(self) -> State:
        """Until the rollout is over, or the worker is to end. Raises JournalError, and NoAnswer at the very start."""
        async with self._link, asyncio.TaskGroup() as self._tasks:
            if (kept := kept_documents(self._journal, self._task.rollout)) is not None:
                self._equip(Descriptions(self._task.rollout, self._plan, kept))
            orders = follow_orders(
                self._journal.folder, self._task.rollout, carried_out=self._carried_out, give=self._give
            )
            self._besides(orders, "orders")
            self._besides(self._room.follow(self._link, self._known_ledger), "room")
            self._besides(self._follow_engine(), "events")
            self._besides(self._formalities.keep_lock(), "renew the lock")
            self._room.look()
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
        if any(isinstance(entry, StepBegan) for entry in entries):
            entries += self._predicted()
        await self._write(*entries)
        self._fewest = min(self._fewest, len(self.state.stands) - away(self._outline, self.state))
        for effect in effects:
            await self._do(effect)
        if self.state.public is not before.public:
            self._watch_hold()
        self._room.look()

    def _predicted(self) -> Iterator[Predicted]:
        now_s, ready = time.monotonic(), self.state.count(Stand.READY)
        if self._began is None:
            self._began = now_s, ready
        began_s, ready_before = self._began
        left_s = remaining_s(self._plan, self.state, elapsed_s=now_s - began_s, ready_before=ready_before)
        if left_s is not None:
            yield Predicted(rollout=self._task.rollout, ends_ns=time.time_ns() + round(left_s * 1e9))

    async def _do(self, effect: Effect) -> None:
        match effect:
            case TakeLock():
                self._besides(self._formalities.lock(), "lock")
            case Prepare():
                self._besides(self._prepare(), "prepare")
            case Go(unit=unit):
                self._gear().crew.send(unit, Goal.FORWARD)
            case Turn(unit=unit):
                self._gear().crew.send(unit, Goal.BACK)
            case Commit(unit=unit):
                self._gear().crew.send(unit, Goal.COMMIT)
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

    def _equip(self, descriptions: Descriptions) -> None:
        ledger = Ledger(descriptions.units)
        for entry in self._entries:
            ledger.apply(entry)
        eyes = Eyes(self._link, ledger)
        tools = Tools(
            link=self._link,
            eyes=eyes,
            actions=Actions(Journalling(self._link, self._scribe), ledger, descriptions),
            scribe=self._scribe,
            ledger=ledger,
            deadline_s=self._plan.strategy.deadline_s,
            tell=self.tell,
            on_start=self._room.started,
        )
        crew = Crew(descriptions.units, tools, self._spawn)
        bench = Bench(self._plan, self._jury, crew=crew, eyes=eyes)
        self._equipment = Equipment(ledger=ledger, crew=crew, bench=bench)

    async def _end(self) -> None:
        told = summary(
            self._entries, ended_ns=time.time_ns(), fewest_ready=self._fewest, pace=self.state.room
        )
        await self._formalities.end(self.state, told)

    async def _prepare(self) -> None:
        descriptions = await self._formalities.prepare()
        if descriptions is not None:
            if self._equipment is None:
                self._equip(descriptions)
            self.tell(Prepared())

    # --- gates ------------------------------------------------------------------------------------

    async def _judge(self, step: int) -> None:
        """Until the gates decide. A hold is lifted by a person, or by what the gates see later."""
        told: set[tuple[str, str]] = set()
        while True:
            try:
                judged, said = await self._gear().bench.judge(self._task.rollout, step, again=bool(told))
            except (NoAnswer, Refused):
                await asyncio.sleep(1.0)
                await self._link.until_there()
                continue
            open_still = self.state.stage is Stage.JUDGING or PauseKind.GATE in self.state.pauses
            if self.state.step != step or not open_still:
                return  # one of them failed meanwhile and it goes back, or a person decided
            await self._write(*(one for one in said if gist(one) not in told))
            told |= {gist(one) for one in said}
            self.tell(judged)
            if judged.verdict is not Verdict.HOLD:
                return
            await asyncio.sleep(AGAIN_S)

    def _watch_hold(self) -> None:
        timeout_s = self._plan.strategy.hold_timeout_s

        async def expire() -> None:
            await asyncio.sleep(timeout_s)
            self.tell(HoldExpired())

        if self._holding is not None:
            self._holding.cancel()
            self._holding = None
        if timeout_s and self.state.public is RolloutState.HOLDING:
            self._holding = self._spawn(expire(), "hold")

    # --- what happens meanwhile -------------------------------------------------------------------

    def _carried_out(self, order: Command) -> bool:
        return any(isinstance(one, Commanded) and one.asked_ns == order.asked_ns for one in self._entries)

    def _give(self, order: Command) -> None:
        by = f"{order.by.user}@{order.by.host}".removesuffix("@")
        text = f"{by}, {order.reason}" if order.reason else by
        self._signals.put_nowait((Asked(command=order.command, text=text), order))

    async def _follow_engine(self) -> None:
        def happened(container_id: str, action: str) -> None:
            unit = self._equipment.ledger.unit_of(container_id) if self._equipment else None
            if unit is None:
                return
            self._gear().crew.happened(unit, container_id, action)
            # One that is up may just have told that it is ready.
            if action in _ENDINGS and self.state.stands[unit] in (Stand.UP, Stand.SERVES, Stand.READY):
                self._verify([unit])

        await follow_events(self._link, happened, self._events_missed)

    def _engine_is_back(self) -> None:
        self.tell(EngineBack())
        self._events_missed()

    def _events_missed(self) -> None:
        """Whatever happened in between shows in what is seen now."""
        if self._equipment is not None:
            self._equipment.crew.look_again()
            self._verify([unit for unit, stand in enumerate(self.state.stands) if stand is Stand.READY])

    def _verify(self, units: list[int]) -> None:
        if self.state.stage is not Stage.RETURNING and not self.state.committing:
            self._besides(self._gear().crew.verify(units), "verify")

    # --- tasks ------------------------------------------------------------------------------------

    def _written(self, entry: AnyEntry) -> None:
        self._entries.append(entry)
        if self._equipment is not None:
            self._equipment.ledger.apply(entry)

    async def _write(self, *entries: AnyEntry) -> None:
        """In this order, and on disk when this returns."""
        await asyncio.gather(*(self._scribe.write(entry) for entry in entries))

    def _known_ledger(self) -> Ledger | None:
        return self._equipment.ledger if self._equipment else None

    def _gear(self) -> Equipment:
        if self._equipment is None:
            raise RuntimeError("no unit can be under way before the rollout is prepared")
        return self._equipment

    def _spawn(self, work: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
        assert self._tasks is not None
        task = self._tasks.create_task(work, name=name)
        self._beside.append(task)
        task.add_done_callback(self._beside.remove)
        return task

    def _besides(self, work: Coroutine[Any, Any, None], name: str) -> None:
        self._spawn(work, name)
