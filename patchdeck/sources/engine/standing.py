"""How a source stands, told when it changes: connecting, live, stale or lost, and with what doubts."""

from __future__ import annotations

import asyncio
import time

from patchdeck.model import GapSeen, SourceChanged, SourceState
from patchdeck.sources.emitting import Emit
from patchdeck.sources.engine.describe import Clock


class Standing:
    """The one place that emits `SourceChanged` for an engine."""

    def __init__(self, engine: str, emit: Emit) -> None:
        self._engine = engine
        self._emit = emit
        self._state: SourceState | None = None
        self._detail = ""
        self._doubts = 0
        self._first_doubt = ""
        self._doubted = asyncio.Event()

    @property
    def is_stale(self) -> bool:
        return self._state is SourceState.STALE

    @property
    def is_live(self) -> bool:
        return self._state is SourceState.LIVE

    def connecting(self) -> None:
        self._tell(SourceState.CONNECTING, "")

    def live(self) -> None:
        """Back from stale, or for the first time; a detail that is told of a live source stays."""
        if not self.is_live:
            self._tell(SourceState.LIVE, "")

    def stale(self) -> None:
        """Told once: how long ago that was is for the screen to count."""
        self._tell(SourceState.STALE, "it does not answer; what is shown is from before")

    def lost(self, detail: str) -> None:
        self._tell(SourceState.LOST, detail)

    def doubt(self, reason: str) -> None:
        """Something that the engine said was lost here: it is counted, and told soon."""
        self._first_doubt = self._first_doubt or reason
        self._doubts += 1
        self._doubted.set()

    async def doubted(self) -> None:
        """Wait for a doubt that is not told yet."""
        await self._doubted.wait()

    def tell_doubts(self, whole_until_ns: int, clock: Clock) -> None:
        """As one gap since observations were known to be whole."""
        self._doubted.clear()
        count, self._doubts = self._doubts, 0
        reason, self._first_doubt = self._first_doubt, ""
        more = f" (and {count - 1} more)" if count > 1 else ""
        detail = f"{reason}{more}"
        now_ns = clock.now_ns()
        self._emit(
            GapSeen(
                engine=self._engine,
                began_ns=min(whole_until_ns or now_ns, now_ns),
                ended_ns=now_ns,
                at_ns=now_ns,
                reason=detail,
            )
        )
        if self.is_live:
            self._tell(SourceState.LIVE, detail)

    def _tell(self, state: SourceState, detail: str) -> None:
        if (state, detail) == (self._state, self._detail):
            return
        self._state, self._detail = state, detail
        self._emit(
            SourceChanged(
                engine=self._engine, at_ns=time.time_ns(), source="engine", state=state, detail=detail
            )
        )
