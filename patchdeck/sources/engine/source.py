"""Watching one engine for as long as the console runs, through every loss of it."""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from collections.abc import Iterator
from typing import Final

from patchdeck.model import GapSeen
from patchdeck.settings import Settings
from patchdeck.sources.emitting import Emit
from patchdeck.sources.engine.connection import Connection
from patchdeck.sources.engine.describe import Clock, describe
from patchdeck.sources.engine.faults import FAULTS, fault
from patchdeck.sources.engine.logs import last_lines
from patchdeck.sources.engine.session import OVERLAP_NS, Progress, Session
from patchdeck.sources.engine.standing import Standing
from patchdeck.sources.targets import Target

BACK_OFF_S: Final = (0.1, 0.25, 0.5, 1.0, 2.0, 3.0)
STEADY_S: Final = 10.0
"""A connection that held for this long was a good one: the next loss of it begins the back-off anew."""


class EngineSource:
    """Emits everything that is seen of one engine.

    Sources: /version, /info, /events, /containers/json, /containers/{id}/json and /stats, /images/{id}/json and
    /history, /_ping.
    """

    def __init__(self, target: Target, settings: Settings, emit: Emit) -> None:
        self.target = target
        self._settings = settings
        self._emit = emit
        self._standing = Standing(target.name, emit)
        self._progress = Progress()
        self._clock = Clock()
        self._connection: Connection | None = None

    async def run(self) -> None:
        """Until cancelled: connect, watch, and connect again."""
        self._standing.connecting()
        failures = 0
        while True:
            began = time.monotonic()
            try:
                await self._watch_once()
            except (*FAULTS, ExceptionGroup) as error:
                self._standing.lost(fault(self.target, _fault_in(error)).sentence)
            if time.monotonic() - began > STEADY_S:
                failures = 0
            await asyncio.sleep(back_off_s(failures))
            failures += 1

    def told_elsewhere(self) -> None:
        """cAdvisor tells what the containers use: they need not be asked."""
        self._progress.elsewhere.told()

    async def logs(self, container_id: str, lines: int) -> tuple[str, ...]:
        """The last lines of a container's output.

        Raises: LogsUnavailable, in words for the screen.
        """
        return await last_lines(self._connection, self.target, container_id, lines)

    async def _watch_once(self) -> None:
        at_once = self._settings.watch.inspects_at_once
        async with Connection(self.target, inspects_at_once=at_once) as connection:
            described = await describe(connection)
            self._clock = described.clock
            session = Session(
                connection,
                described,
                settings=self._settings,
                emit=self._emit,
                standing=self._standing,
                progress=self._progress,
            )
            since_ns = self._since_ns()
            async with connection.stream("events", params=session.event_params(since_ns)) as chunks:
                self._emit(described.observation)
                self._tell_gap()
                self._standing.live()
                with self._reachable_by(connection):
                    await session.run(chunks)

    def _since_ns(self) -> int:
        """Where to read on: a little before the last event that is known, or as far back as is wanted."""
        known_ns = self._progress.last_event_ns
        if known_ns:
            return known_ns - OVERLAP_NS
        return self._clock.now_ns() - round(self.target.look_back_s * 1e9)

    def _tell_gap(self) -> None:
        progress, now_ns = self._progress, self._clock.now_ns()
        whole_until_ns = max(progress.heard_ns, progress.last_event_ns)
        if whole_until_ns:
            self._emit(
                GapSeen(
                    engine=self.target.name,
                    at_ns=now_ns,
                    began_ns=min(whole_until_ns, now_ns),
                    ended_ns=now_ns,
                    reason="the connection to the engine was lost",
                )
            )
        progress.heard_ns = now_ns

    @contextlib.contextmanager
    def _reachable_by(self, connection: Connection) -> Iterator[None]:
        self._connection = connection
        try:
            yield
        finally:
            self._connection = None


def back_off_s(failures: int) -> float:
    """How long to wait after that many losses in a row, with jitter: a hundred consoles must not come back as one."""
    return BACK_OFF_S[min(failures, len(BACK_OFF_S) - 1)] * random.uniform(0.8, 1.0)


def _fault_in(error: BaseException) -> BaseException:
    """The first fault of a group. Raises the group if there is anything else in it: that is a bug, not a loss."""
    if not isinstance(error, BaseExceptionGroup):
        return error
    faults, others = error.split(FAULTS)
    if others is not None or faults is None:
        raise error
    first: BaseException = faults
    while isinstance(first, BaseExceptionGroup):
        first = first.exceptions[0]
    return first
