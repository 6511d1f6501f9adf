"""How Prometheus stands, told when it changes: as a whole (engine "") and for each engine."""

from __future__ import annotations

import time
from collections.abc import Sequence

from patchdeck.model import SourceChanged, SourceState
from patchdeck.sources.emitting import Emit

SOURCE = "prometheus"
SERVER = ""


class Standing:
    """The one place that emits `SourceChanged` for Prometheus."""

    def __init__(self, engines: Sequence[str], emit: Emit) -> None:
        self._engines = engines
        self._emit = emit
        self._told: dict[str, tuple[SourceState, str]] = {}

    @property
    def was_live(self) -> bool:
        """Readings came, and those that are shown are from then."""
        return self._told.get(SERVER, (None, ""))[0] in (SourceState.LIVE, SourceState.STALE)

    def all(self, state: SourceState, detail: str = "") -> None:
        """Of Prometheus itself, and so of all that it tells."""
        for engine in (SERVER, *self._engines):
            self.of(engine, state, detail)

    def of(self, engine: str, state: SourceState, detail: str = "", *, but: str = "") -> None:
        """`but` goes on changing (an age); it is told along with the rest and is no change by itself."""
        if self._told.get(engine) == (state, detail):
            return
        self._told[engine] = (state, detail)
        self._emit(
            SourceChanged(
                engine=engine, at_ns=time.time_ns(), source=SOURCE, state=state, detail=f"{but}{detail}"
            )
        )
