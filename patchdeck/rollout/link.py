"""The worker's connection to its engine, which outlives the engine's absence."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from types import TracebackType
from typing import Final, Self

from patchdeck.rollout.hands import Hands, NoAnswer
from patchdeck.sources.engine.connection import Refused
from patchdeck.sources.targets import Target

FIRST_PAUSE_S: Final = 0.2
LONGEST_PAUSE_S: Final = 5.0


class Link:
    """Open by `async with`; raises NoAnswer if the engine is not there, unless it is `patient`.

    `on_lost` and `on_back` are called when the engine is lost and when it answers again.
    """

    def __init__(
        self,
        target: Target,
        *,
        patient: bool = False,
        on_lost: Callable[[], None],
        on_back: Callable[[], None],
    ) -> None:
        self._target = target
        self._patient = patient
        self._on_lost = on_lost
        self._on_back = on_back
        self._hands: Hands | None = None
        self._coming_back: asyncio.Task[None] | None = None
        self.outages = 0
        """How often the engine was lost."""

    @property
    def hands(self) -> Hands:
        if self._hands is None:
            raise RuntimeError("the link is not open")
        return self._hands

    async def __aenter__(self) -> Self:
        if self._patient:
            self._hands = await self._connected()
        else:
            self._hands = await Hands(self._target).__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._coming_back is not None:
            self._coming_back.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._coming_back
        await self.hands.__aexit__(kind, error, trace)

    async def until_there(self) -> None:
        """After a call without an answer: returns once the engine answers, at once if it does all the while."""
        if self._coming_back is None:
            try:
                await self.hands.ping()
            except NoAnswer:
                pass
            except Refused:
                return  # it answers
            else:
                return
        if self._coming_back is None:
            self.outages += 1
            self._on_lost()
            self._coming_back = asyncio.create_task(self._reconnect(), name="reconnect")
        await asyncio.shield(self._coming_back)

    async def _reconnect(self) -> None:
        """A new connection: a tunnel may be gone with the old one, and an engine may come back as another version."""
        old, self._hands = self.hands, await self._connected()
        await old.__aexit__(None, None, None)
        self._coming_back = None
        self._on_back()

    async def _connected(self) -> Hands:
        """Tries until the engine answers."""
        pause_s = FIRST_PAUSE_S
        while True:
            try:
                return await Hands(self._target).__aenter__()
            except (NoAnswer, Refused):
                await asyncio.sleep(pause_s)
                pause_s = min(LONGEST_PAUSE_S, pause_s * 1.5)
