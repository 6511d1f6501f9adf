"""Holds the lock of a rollout's service for as long as its worker is there."""

from __future__ import annotations

import asyncio
from typing import Final

from patchdeck.model.journal import Intended, LockReleased, LockTaken
from patchdeck.rollout import lock
from patchdeck.rollout.acting import Journalling
from patchdeck.rollout.hands import NoAnswer
from patchdeck.rollout.link import Link
from patchdeck.rollout.processes import this_process
from patchdeck.sources.engine.connection import Refused

RENEW_S: Final = lock.LEASE_S / 2


class Denied(Exception):
    """The lock is someone else's, or the engine has none to give; what to do."""


class Keeper:
    """All methods raise JournalError, and wait while the engine does not answer."""

    def __init__(
        self, journalling: Journalling, link: Link, *, service: str, rollout: str, user: str, take_over: bool
    ) -> None:
        self._journalling = journalling
        self._link = link
        self._service = service
        self._rollout = rollout
        self._user = user
        self._take_over = take_over
        self._has = asyncio.Event()

    async def take(self) -> None:
        """Raises Denied."""
        process = this_process()
        intent = Intended(rollout=self._rollout, act="lock", detail=self._service)
        while True:
            try:
                held, _ = await self._journalling.call(
                    intent,
                    lambda hands: lock.take(
                        hands,
                        self._service,
                        rollout=self._rollout,
                        user=self._user,
                        process=process,
                        take_over=self._take_over,
                    ),
                )
            except lock.Held as error:
                raise Denied(str(error)) from error
            except Refused as error:
                raise Denied(f"the engine refused the lock of {self._service}: {error}") from error
            except NoAnswer:
                await self._link.until_there()
                continue
            await self._journalling.scribe.write(
                LockTaken(
                    rollout=self._rollout,
                    lock=held.name,
                    expires_ns=held.holder.expires_ns,
                    taken_over_from=held.taken_over_from,
                )
            )
            self._has.set()
            return

    async def keep(self) -> None:
        """Renew it in time, until cancelled. Raises Denied once someone else has taken it over."""
        await self._has.wait()
        self._take_over = False
        while True:
            await asyncio.sleep(RENEW_S)
            await self.take()

    async def release(self) -> None:
        """Give it up. Where the engine refuses, it is in the journal, and the lock is stale once the worker is gone."""
        intent = Intended(rollout=self._rollout, act="unlock", detail=self._service)
        while True:
            try:
                await self._journalling.call(
                    intent, lambda hands: lock.release(hands, self._service, self._rollout)
                )
            except NoAnswer:
                await self._link.until_there()
                continue
            except Refused:
                return
            await self._journalling.scribe.write(LockReleased(rollout=self._rollout, lock=self._service))
            return
