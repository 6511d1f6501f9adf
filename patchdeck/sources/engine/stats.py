"""Sampling what containers use, for engines of which no cAdvisor tells: a few at a time, within a budget.

Half of a round goes to those that were not asked for longest, so that every container has its turn; the other half to
those that started last or used most, because those are what starts compete with.
"""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from patchdeck.model import ContainerFacts, IndicatorRead, SourceChanged, SourceState
from patchdeck.sources.emitting import Emit, significant
from patchdeck.sources.engine.connection import Connection, Refused, Unreadable
from patchdeck.sources.engine.describe import Described
from patchdeck.sources.engine.use import Counters, Use, counters, use_between
from patchdeck.versions import group

SOURCE: Final = "stats"
AT_ONCE: Final = 2
YOUNG_S: Final = 30.0
"""A container counts as just started for so long."""
IDLE_SAMPLES: Final = 2
"""Samples from one round to the next while nothing has started for long: who takes what then matters less."""
OLD_S: Final = 120.0
"""What a container used longer ago than this is not of the present."""
ELSEWHERE_S: Final = 60.0
"""After cAdvisor has told of this engine, for how long it is trusted to do so again."""
_LEAST_WINDOW_S: Final = 10.0
_ANSWER_S: Final = 5.0


class _Watched:
    """One running container."""

    __slots__ = ("asked_at", "before", "service", "started_at", "use", "used_at")

    def __init__(self, service: str) -> None:
        self.service = service
        self.started_at = time.monotonic()
        self.asked_at = 0.0
        self.before: Counters | None = None
        self.use: Use | None = None
        self.used_at = 0.0

    def greed(self, now: float) -> tuple[bool, float]:
        """The greatest is asked first."""
        return now - self.started_at < YOUNG_S, self.use.processors if self.use else 0.0


class Elsewhere:
    """Whether cAdvisor tells of this engine; outlives a connection."""

    def __init__(self) -> None:
        self._told_at: float | None = None

    def told(self) -> None:
        self._told_at = time.monotonic()

    @property
    def is_told(self) -> bool:
        return self._told_at is not None and time.monotonic() - self._told_at < ELSEWHERE_S


class Sampler:
    """GET /containers/{id}/stats, `budget` in `sample_s`. Raises as `Connection` does, but for single refusals."""

    def __init__(
        self,
        connection: Connection,
        described: Described,
        *,
        budget: int,
        sample_s: float,
        group_by: Sequence[str],
        elsewhere: Elsewhere,
        emit: Emit,
    ) -> None:
        self._connection = connection
        self._engine = connection.target.name
        self._host_bytes = described.observation.memory_bytes
        self._cpus = described.observation.cpus
        self._params = {"stream": "false"}
        if _at_least(described.observation.api_version, (1, 41)):
            self._params["one-shot"] = "true"
        self._budget = budget
        self._sample_s = sample_s
        self._group_by = group_by
        self._elsewhere = elsewhere
        self._emit = emit
        self._watched: dict[str, _Watched] = {}

    def note(self, facts: ContainerFacts) -> None:
        """What was inspected tells which containers run, and of which services."""
        if facts.status != "running":
            self.forget(facts.container_id)
        elif facts.container_id not in self._watched:
            service, _ = group(facts.name, facts.labels, self._group_by)
            self._watched[facts.container_id] = _Watched(service)

    def forget(self, container_id: str) -> None:
        """It does not run any more."""
        self._watched.pop(container_id, None)

    async def run(self) -> None:
        """Until cancelled, or until an answer makes no sense."""
        while self._budget:
            began = time.monotonic()
            if self._watched and not self._elsewhere.is_told:
                try:
                    await self._round()
                except Unreadable as error:
                    # Starts and versions are seen without it: only this much is given up, and said so.
                    self._tell_malformed(str(error))
                    return
            now = time.monotonic()
            young = any(now - one.started_at < YOUNG_S for one in self._watched.values())
            pause_s = self._sample_s * (1 if young else IDLE_SAMPLES)
            await asyncio.sleep(max(0.0, began + pause_s - now))

    def _tell_malformed(self, detail: str) -> None:
        self._emit(
            SourceChanged(
                engine=self._engine,
                at_ns=time.time_ns(),
                source=SOURCE,
                state=SourceState.MALFORMED,
                detail=f"{detail}; the containers are not asked again",
            )
        )

    async def _round(self) -> None:
        chosen = self._chosen()
        slots = asyncio.Semaphore(AT_ONCE)

        async def ask(container_id: str) -> str | None:
            async with slots:
                return await self._ask(container_id)

        services = {service for service in await asyncio.gather(*map(ask, chosen)) if service is not None}
        at_ns = time.time_ns()
        for read in self._readings(services):
            told = msgspec.structs.replace(
                read,
                engine=self._engine,
                at_ns=at_ns,
                source=SOURCE,
                value=significant(read.value),
                window_s=significant(read.window_s),
            )
            self._emit(told)

    def _chosen(self) -> list[str]:
        now = time.monotonic()
        waiting = sorted(self._watched, key=lambda one: self._watched[one].asked_at)
        turn = waiting[: max(1, self._budget // 2)]
        greedy = sorted(waiting[len(turn) :], key=lambda one: self._watched[one].greed(now), reverse=True)
        return [*turn, *greedy[: self._budget - len(turn)]]

    async def _ask(self, container_id: str) -> str | None:
        """The service that there is something new of."""
        watched = self._watched.get(container_id)
        if watched is None:
            return None
        watched.asked_at = time.monotonic()
        try:
            body = await self._connection.get(
                "containers", container_id, "stats", params=self._params, timeout_s=_ANSWER_S
            )
            # An engine that has begun to remove a container answers with nothing.
            after = counters(body, host_bytes=self._host_bytes) if body.strip() else None
        except Refused:
            self.forget(container_id)  # gone meanwhile; an event says the same
            return None
        except TimeoutError:
            return None  # a herd comes before this, and the ping tells how the engine is
        except ValueError as error:
            raise Unreadable(f"what a container uses is not told as an engine does: {error}") from error
        if after is None:
            return None
        before, watched.before = watched.before, after
        use = use_between(before, after) if before is not None else None
        if use is None:
            return None
        watched.use, watched.used_at = use, time.monotonic()
        return watched.service

    # ------------------------------------------------------------------------------------------------ summing up

    def _readings(self, services: set[str]) -> Iterator[IndicatorRead]:
        """Of the services that were asked, and of the engine as a whole."""
        now = time.monotonic()
        by_service: dict[str, list[_Watched]] = defaultdict(list)
        for one in self._watched.values():
            if one.use is not None and now - one.used_at <= OLD_S:
                by_service[one.service].append(one)
        for service in sorted(services):
            uses = by_service[service]
            for read in _of_uses(uses, now):
                yield msgspec.structs.replace(read, service=service)
        everyone = [one for uses in by_service.values() for one in uses]
        if not everyone or not services:
            return
        counted = f"of {len(everyone)} of {len(self._watched)} containers"
        for read in _of_uses(everyone, now):
            if read.indicator == "throttling":
                yield msgspec.structs.replace(read, detail=f"{read.detail} {counted}")
            elif read.indicator == "limits":
                fullest = max(everyone, key=lambda one: (one.use and one.use.limit_share) or 0.0)
                yield msgspec.structs.replace(
                    read, detail=f"the memory limit of {fullest.service} is used by"
                )
            elif read.indicator == "used-io":
                yield msgspec.structs.replace(read, indicator="io", detail=f"block IO {counted}")
            elif read.indicator == "used-cpu" and self._cpus and len(everyone) == len(self._watched):
                yield msgspec.structs.replace(
                    read,
                    indicator="cpu",
                    value=min(1.0, read.value / self._cpus),
                    unit="share",
                    detail="processors in use by containers",
                    stand_in=True,
                )


def _of_uses(watched: Sequence[_Watched], now: float) -> Iterator[IndicatorRead]:
    """What these containers take and wait for together."""
    uses = [one.use for one in watched if one.use is not None]
    if not uses:
        return
    oldest_s = max(now - one.used_at for one in watched)
    window_s = max(_LEAST_WINDOW_S, oldest_s, *(use.seconds for use in uses))
    periods = sum(use.periods for use in uses)
    shares = [use.limit_share for use in uses if use.limit_share is not None]
    if periods:
        throttled = sum(use.throttled for use in uses) / periods
        yield _read("throttling", throttled, "share", "throttled periods", window_s)
    if shares:
        yield _read("limits", max(shares), "share", "its memory limit is used by", window_s)
    processors = sum(use.processors for use in uses)
    yield _read("used-cpu", processors, "processors", "processors in use", window_s)
    memory_bytes = float(sum(use.memory_bytes for use in uses))
    yield _read("used-memory", memory_bytes, "bytes", "memory in use", window_s)
    block = sum(use.block_bytes_per_s for use in uses)
    yield _read("used-io", block, "bytes/s", "block IO", window_s)


def _read(indicator: str, value: float, unit: str, detail: str, window_s: float) -> IndicatorRead:
    return IndicatorRead(
        engine="",
        at_ns=0,
        indicator=indicator,
        source=SOURCE,
        value=value,
        window_s=window_s,
        detail=detail,
        unit=unit,
    )


def _at_least(api_version: str, least: tuple[int, int]) -> bool:
    major, _, minor = api_version.partition(".")
    return (int(major), int(minor)) >= least if major.isdigit() and minor.isdigit() else False
