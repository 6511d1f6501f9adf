"""What comes before a rollout's first unit and after its last: its lock, its preparation, and its end."""

from __future__ import annotations

import contextlib
from collections.abc import Callable

from patchdeck.model.facts import Value
from patchdeck.model.journal import Intended, Noted, RolloutState, StateEntered, Summary
from patchdeck.model.plan import Plan
from patchdeck.rollout.acting import Journalling
from patchdeck.rollout.descriptions import Descriptions
from patchdeck.rollout.hands import NoAnswer
from patchdeck.rollout.journal import Journal
from patchdeck.rollout.link import Link
from patchdeck.rollout.locking import Denied, Keeper
from patchdeck.rollout.prepare import NotReady, Preparation
from patchdeck.rollout.scribe import Scribe
from patchdeck.rollout.signals import LockDenied, Locked, NotPrepared, Signal, Terminated
from patchdeck.rollout.state import State
from patchdeck.settings import Settings
from patchdeck.sources.engine.connection import Refused
from patchdeck.sources.targets import Target


class Task(Value, frozen=True, kw_only=True):
    """What a worker is given."""

    rollout: str
    plan: Plan
    target: Target
    user: str
    take_over: bool = False
    """Take the service's lock from whoever holds it."""


class Formalities:
    """`tell` is told what came of each. All methods raise JournalError, and wait while the engine does not answer."""

    def __init__(
        self,
        task: Task,
        *,
        journal: Journal,
        link: Link,
        scribe: Scribe,
        settings: Settings,
        tell: Callable[[Signal], None],
    ) -> None:
        self._task = task
        self._link = link
        self._scribe = scribe
        self._tell = tell
        self._journalling = Journalling(link, scribe)
        self._preparation = Preparation(
            task.rollout, task.plan, link=link, journal=journal, scribe=scribe, settings=settings
        )
        self._keeper = Keeper(
            self._journalling,
            link,
            service=task.plan.service,
            rollout=task.rollout,
            user=task.user,
            take_over=task.take_over,
        )

    async def lock(self) -> None:
        try:
            await self._keeper.take()
        except Denied as error:
            self._tell(LockDenied(text=str(error)))
        else:
            self._tell(Locked())

    async def keep_lock(self) -> None:
        """Until cancelled."""
        try:
            await self._keeper.keep()
        except Denied as error:
            await self._scribe.write(Noted(rollout=self._task.rollout, text=str(error)))
            # Whoever took it over goes on from the journal: nothing more may be done here.
            self._tell(Terminated())
            self._tell(Terminated())

    async def prepare(self) -> Descriptions | None:
        """None where it cannot be carried out as planned, which is told."""
        while True:
            try:
                return await self._preparation.prepared()
            except NotReady as error:
                self._tell(NotPrepared(text=str(error)))
                return None
            except NoAnswer:
                await self._link.until_there()

    async def end(self, state: State, summary: Summary) -> None:
        """The rollout is in its last state; a person is needed, or the lock is given up."""
        assert state.end is not None
        if state.end is RolloutState.COMMITTED and not self._task.plan.strategy.keep_image:
            await self._remove_old_image()
        if state.locked and state.end.over:
            await self._keeper.release()
        await self._scribe.write(
            StateEntered(rollout=self._task.rollout, state=state.end, text=state.text, summary=summary)
        )

    async def _remove_old_image(self) -> None:
        """As asked for. An engine refuses while anything else is made of it, and that is as it should be."""
        old = self._task.plan.origin
        intent = Intended(rollout=self._task.rollout, act="remove image", detail=old.image)
        with contextlib.suppress(Refused, NoAnswer):
            await self._journalling.call(intent, lambda hands: hands.remove_image(old.image_id))
