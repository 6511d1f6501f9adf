"""Begins and ends recordings of a watch while it goes on."""

from __future__ import annotations

import asyncio
import concurrent.futures
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from patchdeck.recording.values import RecordingError
from patchdeck.sources.errors import NotWatching

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from pathlib import Path

    from patchdeck.fleet import Fleet
    from patchdeck.model import AnyObservation
    from patchdeck.recording.recorder import Recorder, RecorderStatus
    from patchdeck.settings import Settings
    from patchdeck.watch import Watch

T = TypeVar("T")


class Watching(Protocol):
    """What is needed of a `patchdeck.watch.WatchThread`."""

    def ask(self, work: Callable[[Watch], Coroutine[Any, Any, T]]) -> concurrent.futures.Future[T]: ...


class Switch:
    """At most one recording at a time. It outlives a watch that is opened anew.

    Give `note` to the watch as its `on_observation`, and set `watching` to the watch. What a recorder needs is imported
    when there is one.
    """

    def __init__(self, settings: Settings, engines: Sequence[str]) -> None:
        self.watching: Watching | None = None
        self._settings = settings
        self._engines = tuple(engines)
        self._recorder: Recorder | None = None
        self._early: list[AnyObservation] | None = None
        """What is observed while a recording is being begun; None while none is."""

    @property
    def status(self) -> RecorderStatus | None:
        """Of the recording that is on; None where none is."""
        return None if self._recorder is None else self._recorder.status

    def note(self, observation: AnyObservation) -> None:
        if self._early is not None:
            self._early.append(observation)
        elif self._recorder is not None:
            self._recorder.note(observation)

    def mark(self, name: str, *, at_ns: int, by: str) -> concurrent.futures.Future[None]:
        """Name a moment, by this host's clock. The future fails with NotWatching."""

        async def marked(watch: Watch) -> None:
            watch.mark(name, at_ns=at_ns, by=by)

        return self._ask(marked)

    def begin(self, path: Path) -> None:
        """Before anything is watched. Raises: RecordingError."""
        from patchdeck.recording.recorder import Recorder  # noqa: PLC0415

        self._recorder = Recorder(path, self._settings, engines=self._engines)

    def begin_late(self, path: Path) -> concurrent.futures.Future[None]:
        """From now on, with what is known by now. The future fails with RecordingError, or NotWatching."""
        return self._ask(lambda watch: self._begin_on_loop(path, watch))

    def end(self) -> RecorderStatus | None:
        """Write what is left; how it came out, or None where nothing was recorded. Not for the watch's loop."""
        recorder, self._recorder = self._recorder, None
        return None if recorder is None else recorder.close()

    def _ask(self, work: Callable[[Watch], Coroutine[Any, Any, T]]) -> concurrent.futures.Future[T]:
        if self.watching is not None:
            return self.watching.ask(work)
        future: concurrent.futures.Future[T] = concurrent.futures.Future()
        future.set_exception(NotWatching("the watch is not running"))
        return future

    async def _begin_on_loop(self, path: Path, watch: Watch) -> None:
        if self._recorder is not None or self._early is not None:
            raise RecordingError("a recording is on already: end it first")
        async with watch.standing_still() as fleet:
            # From here on every observation comes after the state that the file begins with.
            self._early = []
            try:
                recorder = await asyncio.to_thread(self._made, path, fleet)
                for observation in self._early:
                    recorder.note(observation)
                self._recorder = recorder
            finally:
                self._early = None

    def _made(self, path: Path, fleet: Fleet) -> Recorder:
        from patchdeck.recording.recorder import Recorder  # noqa: PLC0415

        described = [engine.described for engine in fleet.snapshot().engines]
        return Recorder(
            path,
            self._settings,
            engines=self._engines,
            simulated=any(one is not None and one.simulated for one in described),
            state=fleet.state(),
        )
