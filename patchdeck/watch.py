"""The watch: every source's observations in, snapshots of the state out, on a thread and a loop of its own.

A terminal that stops reading blocks the screen's loop within a second; nothing that matters runs there. Importing this
module loads no engine client: that happens on the watch thread, while the first frame is being drawn.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import logging
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Final, TypeVar

import msgspec

from patchdeck.fleet import Fleet
from patchdeck.mailbox import Mailbox
from patchdeck.model import (
    AnyObservation,
    EngineAnswered,
    EngineDescribed,
    FeedEntry,
    HostSampled,
    IndicatorRead,
    Marked,
    Severity,
    Snapshot,
    SourceChanged,
    SourceState,
    Ticked,
)
from patchdeck.settings import Settings
from patchdeck.sources.errors import LogsUnavailable, NotWatching
from patchdeck.sources.host import PROC, HostSource
from patchdeck.sources.targets import Target

if TYPE_CHECKING:
    from patchdeck.doctor import Report
    from patchdeck.sources.engine.source import EngineSource
    from patchdeck.sources.prometheus.source import PrometheusSource

__all__ = ["LogsUnavailable", "Watch", "WatchThread"]

T = TypeVar("T")

BEAT_S: Final = 0.1
TICK_S: Final = 1.0
RESTART_S: Final = 3.0
SNAPSHOT_SHARE: Final = 0.2
"""Of the loop's time that making snapshots may take: a fleet too large for the wished rate gets fewer of them."""

_SOON_ENOUGH: Final = (HostSampled, IndicatorRead, EngineAnswered)
"""Observations that come all the time: the next tick brings them along, so that idling costs one snapshot a second."""

_log = logging.getLogger(__name__)


class Watch:
    """Watches engines from within a running loop.

    `on_observation` gets every observation before it counts; `on_snapshot` gets the state after something changed, at
    most `settings.watch.snapshots_per_s` times a second. Both are called on the loop and must return at once.
    `rollouts`: the journal of rollouts is watched too.
    """

    def __init__(
        self,
        settings: Settings,
        targets: Sequence[Target],
        *,
        on_snapshot: Callable[[Snapshot], None] | None = None,
        on_observation: Callable[[AnyObservation], None] | None = None,
        rollouts: bool = True,
    ) -> None:
        self._settings = settings
        self._targets = tuple(targets)
        self._rollouts = rollouts
        self._on_snapshot = on_snapshot
        self._on_observation = on_observation
        self._fleet = Fleet(settings)
        self._changed = asyncio.Event()
        self._waiting: list[AnyObservation] | None = None
        """What was observed while the state stands still; None while it does not."""
        self._one_at_a_time = asyncio.Lock()
        self._sources: dict[str, EngineSource] = {}
        self._prometheus: PrometheusSource | None = None
        self._described: dict[str, EngineDescribed] = {}
        self._hosts: dict[str, asyncio.Task[None]] = {}
        self._tasks: asyncio.TaskGroup | None = None
        self.beat_at = time.monotonic()
        """The time of the loop's newest turn, by the monotonic clock."""

    async def run(self) -> None:
        """Until cancelled."""
        from patchdeck.sources.engine.source import EngineSource  # noqa: PLC0415 - loads aiohttp

        self._sources = {
            target.name: EngineSource(target, self._settings, self._emit) for target in self._targets
        }
        try:
            async with asyncio.TaskGroup() as self._tasks:
                for name, source in self._sources.items():
                    self._tasks.create_task(
                        self._kept_up("engine", (name,), source.run), name=f"watch {name}"
                    )
                self._tasks.create_task(self._watch_prometheus(), name="watch prometheus")
                self._tasks.create_task(self._watch_journal(), name="watch the journal")
                self._tasks.create_task(self._beat(), name="beat")
                self._tasks.create_task(self._tick(), name="tick")
                self._tasks.create_task(self._publish(), name="publish")
        finally:
            self._tasks = None

    async def logs(self, engine: str, container_id: str, lines: int = 100) -> tuple[str, ...]:
        """The last lines a container wrote, oldest first, at most 256 KiB of them.

        Raises: LogsUnavailable.
        """
        source = self._sources.get(engine)
        if source is None:
            raise LogsUnavailable(f"there is no engine {engine!r}")
        return await source.logs(container_id, lines)

    def target(self, engine: str) -> Target | None:
        """How the engine of this name is reached; None where there is none."""
        return next((target for target in self._targets if target.name == engine), None)

    def mark(self, name: str, *, at_ns: int, by: str) -> None:
        """Name a moment, by this host's clock."""
        self._emit(Marked(engine="", at_ns=at_ns, name=name, by=by))

    def _emit(self, observation: AnyObservation) -> None:
        if self._on_observation is not None:
            self._on_observation(observation)
        self._apply(observation)
        if not isinstance(observation, _SOON_ENOUGH):
            self._changed.set()
        if isinstance(observation, IndicatorRead):
            by_cadvisor = observation.source == "prometheus" and observation.indicator == "throttling"
            if by_cadvisor and observation.engine in self._sources:
                self._sources[observation.engine].told_elsewhere()
        if isinstance(observation, EngineDescribed):
            self._watch_host_of(observation)
            self._described[observation.engine] = observation
            if self._prometheus is not None:
                self._prometheus.note(observation)

    def _apply(self, observation: AnyObservation) -> None:
        if self._waiting is None:
            self._fleet.apply(observation)
        else:
            self._waiting.append(observation)

    @asynccontextmanager
    async def standing_still(self) -> AsyncIterator[Fleet]:
        """The state, for use on another thread: what is observed meanwhile waits, and is applied afterwards."""
        async with self._one_at_a_time:
            self._waiting = []
            try:
                yield self._fleet
            finally:
                waiting, self._waiting = self._waiting, None
                for observation in waiting:
                    self._fleet.apply(observation)

    async def snapshot(self) -> Snapshot:
        """Of all that was observed until now.

        Made on another thread, so that a large fleet's does not keep the loop from reading events.
        """
        async with self.standing_still() as fleet:
            return await asyncio.to_thread(fleet.snapshot)

    def _watch_host_of(self, described: EngineDescribed) -> None:
        engine = described.engine
        told = next((target.proc for target in self._targets if target.name == engine), None)
        proc = told or (PROC if described.local else None)
        if proc is not None and engine not in self._hosts and self._tasks is not None:
            source = HostSource(engine, self._settings.watch.sample_s, self._emit, proc)
            self._hosts[engine] = self._tasks.create_task(source.run(), name=f"host of {engine}")

    async def _watch_prometheus(self) -> None:
        if not self._settings.prometheus.url:
            detail = "not configured: name it by --prometheus, PATCHDECK_PROMETHEUS or prometheus.url"
            self._tell("prometheus", "", SourceState.ABSENT, detail)
            return
        # Importing the client takes half a second, which the loop has not.
        source = await asyncio.to_thread(_prometheus_source)
        self._prometheus = source(self._settings, self._targets, self._emit)
        for described in self._described.values():
            self._prometheus.note(described)
        everywhere = ("", *(target.name for target in self._targets))
        await self._kept_up("prometheus", everywhere, self._prometheus.run)

    async def _watch_journal(self) -> None:
        if not self._rollouts:
            return
        from patchdeck.sources.journal import JournalSource  # noqa: PLC0415 - loads sqlite3

        source = JournalSource(self._settings.startups.keep_s, self._emit)
        await self._kept_up("journal", ("",), source.run)

    async def _kept_up(self, kind: str, engines: Sequence[str], run: Callable[[], Awaitable[None]]) -> None:
        """A source deals with every loss of what it watches; what it does not deal with is a bug, told and survived."""
        while True:
            try:
                await run()
            except Exception as error:  # noqa: BLE001 - told on screen and in the log
                _log.exception("watching %s %s failed", kind, " ".join(engines))
                for engine in engines:
                    self._tell(
                        kind, engine, SourceState.LOST, f"a fault in Patchdeck itself: {_words(error)}"
                    )
            await asyncio.sleep(RESTART_S)

    def _tell(self, source: str, engine: str, state: SourceState, detail: str) -> None:
        self._emit(
            SourceChanged(engine=engine, at_ns=time.time_ns(), source=source, state=state, detail=detail)
        )

    async def _beat(self) -> None:
        while True:
            self.beat_at = time.monotonic()
            await asyncio.sleep(BEAT_S)

    async def _tick(self) -> None:
        while True:
            self._emit(Ticked(engine="", at_ns=time.time_ns()))
            await asyncio.sleep(TICK_S)

    async def _publish(self) -> None:
        least_s = 1 / self._settings.watch.snapshots_per_s
        while self._on_snapshot is not None:
            await self._changed.wait()
            self._changed.clear()
            began = time.monotonic()
            self._on_snapshot(await self.snapshot())
            took_s = time.monotonic() - began
            await asyncio.sleep(max(least_s, took_s / SNAPSHOT_SHARE) - took_s)


class WatchThread:
    """A `Watch` on a thread of its own, with a mailbox for its snapshots.

    If the watch ends by an error, the last snapshot arrives once more, with every engine lost and the error in its
    feed; `failure` holds the error itself.
    """

    def __init__(
        self,
        settings: Settings,
        targets: Sequence[Target],
        *,
        on_observation: Callable[[AnyObservation], None] | None = None,
        rollouts: bool = True,
    ) -> None:
        self.mailbox: Mailbox[Snapshot] = Mailbox()
        self.failure: BaseException | None = None
        self._settings = settings
        self._targets = tuple(targets)
        self._on_observation = on_observation
        self._rollouts = rollouts
        self._latest = Snapshot()
        self._watch: Watch | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._running: asyncio.Task[None] | None = None
        self._lock = threading.Lock()
        self._stopping = False
        # A daemon: whatever it waits for at the end, the terminal is given back.
        self._thread = threading.Thread(target=self._main, name="watch", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self, timeout_s: float = 2.0) -> bool:
        """End the watch, closing every connection. False if it has not ended in time; safe to call again."""
        with self._lock:
            self._stopping = True
            if self._loop is not None and self._running is not None:
                self._loop.call_soon_threadsafe(self._running.cancel)
        if self._thread.ident is not None:
            self._thread.join(timeout_s)
        return not self._thread.is_alive()

    @property
    def beat_age_s(self) -> float | None:
        """How long ago the watch's loop last turned; None as long as it has not."""
        return None if self._watch is None else time.monotonic() - self._watch.beat_at

    def logs(
        self, engine: str, container_id: str, lines: int = 100
    ) -> concurrent.futures.Future[tuple[str, ...]]:
        """As `Watch.logs`. The future fails with LogsUnavailable also where the watch is not running."""
        watch = self._watch
        if watch is None:
            return _failed(NotWatching("the watch is not running"))
        return self._on_loop(watch.logs(engine, container_id, lines))

    def ask(self, work: Callable[[Watch], Coroutine[Any, Any, T]]) -> concurrent.futures.Future[T]:
        """Have something done with the watch, on its loop. Fails with NotWatching where it is not running."""
        watch = self._watch
        if watch is None:
            return _failed(NotWatching("the watch is not running"))
        return self._on_loop(work(watch))

    def examine(self, hosts: Sequence[str] = ()) -> concurrent.futures.Future[Report]:
        """As `patchdeck.doctor.examine`, on the watch thread."""

        async def examined() -> Report:
            from patchdeck.doctor import examine  # noqa: PLC0415 - loads aiohttp

            return await examine(self._settings, hosts)

        return self._on_loop(examined())

    def _on_loop(self, work: Coroutine[Any, Any, T]) -> concurrent.futures.Future[T]:
        with self._lock:
            if self._loop is None or self._stopping:
                work.close()
                return _failed(NotWatching("the watch is not running"))
            return asyncio.run_coroutine_threadsafe(work, self._loop)

    def _main(self) -> None:
        try:
            asyncio.run(self._run())
        except BaseException as error:  # noqa: BLE001 - a thread has no one above it: told on screen instead
            self._fail(error)
        finally:
            with self._lock:
                self._loop = None

    async def _run(self) -> None:
        self._watch = Watch(
            self._settings,
            self._targets,
            on_snapshot=self._put,
            on_observation=self._on_observation,
            rollouts=self._rollouts,
        )
        with self._lock:
            if self._stopping:
                return
            self._loop = asyncio.get_running_loop()
            self._running = asyncio.create_task(self._watch.run(), name="watch")
        try:
            await self._running
        except asyncio.CancelledError:
            if not self._stopping:
                raise

    def _put(self, snapshot: Snapshot) -> None:
        self._latest = snapshot
        self.mailbox.put(snapshot)

    def _fail(self, error: BaseException) -> None:
        _log.error("the watch ended", exc_info=error)
        self.failure = error
        self.mailbox.put(_ended_by(error, self._latest))


def _prometheus_source() -> type[PrometheusSource]:
    from patchdeck.sources.prometheus.source import PrometheusSource  # noqa: PLC0415 - loads requests

    return PrometheusSource


def _ended_by(error: BaseException, snapshot: Snapshot) -> Snapshot:
    """What was known last, and that it will not change any more."""
    detail = f"watching ended by a fault in Patchdeck itself: {_words(error)}"
    at_ns = time.time_ns()
    engines = tuple(
        msgspec.structs.replace(engine, state=SourceState.LOST, detail=detail, since_ns=at_ns)
        for engine in snapshot.engines
    )
    entry = FeedEntry(at_ns=at_ns, engine="", severity=Severity.FAILURE, what="failed", detail=detail)
    return msgspec.structs.replace(snapshot, at_ns=at_ns, engines=engines, feed=(*snapshot.feed, entry))


def _words(error: BaseException) -> str:
    """The first error within a group of them, in one line."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return f"{type(error).__name__}: {error}".split("\n", 1)[0].rstrip(": ")


def _failed(error: Exception) -> concurrent.futures.Future[Any]:
    future: concurrent.futures.Future[Any] = concurrent.futures.Future()
    future.set_exception(error)
    return future
