"""A watch of real engines that a test can look into."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

import msgspec

from patchdeck.model import AnyObservation, Observation, Snapshot, SourceState
from patchdeck.settings import EngineSettings, Settings
from patchdeck.sources.targets import choose
from patchdeck.watch import WatchThread
from tests.lab.client import EngineClient
from tests.lab.processes import wait_until

Seen = TypeVar("Seen", bound=Observation)


class Watching:
    """`with Watching(engine) as watching`: observations as they come, and the newest snapshot."""

    def __init__(self, *engines: EngineClient, settings: Settings | None = None) -> None:
        hosts = [EngineSettings(host=engine.host) for engine in engines]
        self._lock = threading.Lock()
        self._observations: list[AnyObservation] = []
        self._latest = Snapshot()
        self.thread = WatchThread(
            settings or Settings(), choose(hosts, {}, Path("/nonexistent")), on_observation=self._add
        )

    def __enter__(self) -> Self:
        self.thread.start()
        assert self.until(self._live), self.snapshot.engines
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self.thread.stop(2.0), "the watch did not end in time"
        assert self.thread.failure is None

    def _add(self, observation: AnyObservation) -> None:
        with self._lock:
            self._observations.append(observation)

    def _live(self) -> bool:
        engines = self.snapshot.engines
        return bool(engines) and all(engine.state is SourceState.LIVE for engine in engines)

    @property
    def snapshot(self) -> Snapshot:
        self._latest = self.thread.mailbox.take() or self._latest
        return self._latest

    @property
    def mark(self) -> int:
        """A place in the observations, for `seen(..., since=mark)`."""
        with self._lock:
            return len(self._observations)

    def seen(self, kind: type[Seen], since: int = 0) -> list[Seen]:
        with self._lock:
            observations: Sequence[Observation] = self._observations[since:]
        return [one for one in observations if isinstance(one, kind)]

    def until(self, condition: Callable[[], object], timeout: float = 15.0) -> bool:
        return wait_until(condition, timeout)


def without_times(snapshot: Snapshot) -> Snapshot:
    """What of a snapshot two watches of one engine must agree on."""
    return msgspec.structs.replace(snapshot, at_ns=0, engines=(), feed=(), gaps=())
