"""Reading from a Prometheus that answers: what it has, how fresh that is, and what it says."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from patchdeck.model import IndicatorRead, SourceState
from patchdeck.settings import Settings
from patchdeck.sources.emitting import Emit
from patchdeck.sources.prometheus import backfill, promql, timing
from patchdeck.sources.prometheus.asking import Asked
from patchdeck.sources.prometheus.client import Client
from patchdeck.sources.prometheus.discovery import NOTHING_OF_USE, Found, discover
from patchdeck.sources.prometheus.expressions import MARKERS
from patchdeck.sources.prometheus.faults import BadQuery, Fault, TimedOut
from patchdeck.sources.prometheus.matching import Wanted, listed
from patchdeck.sources.prometheus.readings import readings
from patchdeck.sources.prometheus.standing import SERVER, Standing
from patchdeck.sources.prometheus.timing import Windows

REDISCOVER_S: Final = 180.0
LOOK_AGAIN_S: Final = 15.0
"""While an engine has no readings: its exporter may just be coming up."""
LEAST_S, MOST_S = 2.0, 15.0
"""Bounds of the time between two readings where it follows the scrape interval."""


class Progress:
    """What outlives a session: how far each engine's past is known, and how often it is scraped."""

    def __init__(self) -> None:
        self.engines_changed = asyncio.Event()
        self.scrape_s: float | None = None
        self.read_s: dict[str, float] = {}
        """The newest sample of each engine that was read, by Prometheus's clock."""
        self.unknown_since_s: dict[str, float] = {}
        """From when on, by Prometheus's clock, an engine's past is still to be read back."""
        self.told_s: dict[tuple[str, str, str], float] = {}
        """The sample each (engine, indicator, service) was last emitted for."""

    def forget_before(self, moment_s: float) -> None:
        """Services come and go; what Prometheus no longer tells of needs no remembering."""
        self.told_s = {key: told_s for key, told_s in self.told_s.items() if told_s >= moment_s}


class Session:
    """Emits readings until Prometheus fails; `run` ends with that Fault. To be closed after it."""

    def __init__(
        self,
        client: Client,
        settings: Settings,
        *,
        wanted: Callable[[], Sequence[Wanted]],
        emit: Emit,
        standing: Standing,
        progress: Progress,
        warning: str,
    ) -> None:
        self._client = client
        self._settings = settings
        self._wanted = wanted
        self._emit = emit
        self._standing = standing
        self._progress = progress
        self._warning = warning
        self._troubles: dict[str, str] = {}
        """Why a question has no answer, by its name; it is not asked again until the next discovery."""
        self._slow: list[str] = []
        self._past_trouble = ""
        self._samples: dict[str, list[float]] = {}
        self._offset_ns = 0
        self._filling: asyncio.Task[None] | None = None

    def close(self) -> None:
        if self._filling is not None:
            self._filling.cancel()

    async def run(self) -> None:
        """Raises: Fault."""
        # What was read last may be followed by a stretch that Prometheus saw and we did not.
        for engine, read_s in self._progress.read_s.items():
            self._progress.unknown_since_s.setdefault(engine, read_s)
        while True:
            found, until = await self._discover()
            while time.monotonic() < until and not self._progress.engines_changed.is_set():
                asked_at = time.monotonic()
                await self._refresh(found)
                await self._pause(asked_at + self._refresh_s)

    @property
    def _scrape_s(self) -> float:
        return self._settings.prometheus.scrape_s or self._progress.scrape_s or timing.ASSUMED_SCRAPE_S

    @property
    def _refresh_s(self) -> float:
        known_s = self._settings.prometheus.scrape_s or self._progress.scrape_s or LEAST_S
        return self._settings.prometheus.refresh_s or min(MOST_S, max(LEAST_S, known_s))

    @property
    def _now_s(self) -> float:
        """By Prometheus's clock."""
        return (time.time_ns() + self._offset_ns) / 1e9

    async def _discover(self) -> tuple[Found, float]:
        self._progress.engines_changed.clear()
        found, offset_ns = await discover(self._client, self._settings, self._wanted())
        self._offset_ns = self._offset_ns if offset_ns is None else offset_ns
        self._troubles.clear()
        self._progress.forget_before(self._now_s - timing.SPAN_S)
        names = self._progress.unknown_since_s
        for engine in found.matches:
            if found.has_readings(engine) and engine not in self._progress.read_s:
                names.setdefault(engine, self._now_s - self._settings.startups.keep_s)
        complete = all(found.has_readings(engine) for engine in found.matches)
        return found, time.monotonic() + (REDISCOVER_S if complete else LOOK_AGAIN_S)

    async def _pause(self, until: float) -> None:
        """Or until more is known of an engine."""
        try:
            async with asyncio.timeout(max(0.0, until - time.monotonic())):
                await self._progress.engines_changed.wait()
        except TimeoutError:
            return

    async def _refresh(self, found: Found) -> None:
        """One round: the same number of questions, however many targets there are."""
        if not found.asked:
            await self._client.ready()
            self._tell(found)
            return
        await self._look_at_samples(found)
        windows = Windows.of(self._scrape_s)
        asked = [one for one in found.asked if one.name not in self._troubles]
        answers = await asyncio.gather(*(self._ask(one, windows) for one in asked))
        faults = {
            one.name: answer for one, answer in zip(asked, answers, strict=True) if isinstance(answer, Fault)
        }
        serious = [fault for fault in faults.values() if not isinstance(fault, TimedOut)]
        if serious or (faults and len(faults) == len(asked)):
            raise (serious or list(faults.values()))[0]
        self._slow = sorted(faults)
        self._tell(found)
        for answer in answers:
            if not isinstance(answer, Fault):
                for read, moment in answer:
                    self._emit_new(read, moment)
        self._fill(found, windows)

    async def _look_at_samples(self, found: Found) -> None:
        instances = {instance for one in found.asked for instance in one.engines}
        names = {name for instance in instances for name in _markers(found, instance)}
        span_s = timing.span_s(self._scrape_s)
        answer = await self._client.instant(promql.samples_of(names, instances, span_s))
        self._samples = {}
        for series in answer.series:
            moments = self._samples.setdefault(series.metric.get("instance", ""), [])
            moments += [moment for moment, _ in series.values]
        scrape_s = timing.scrape_s(self._samples.values())
        self._progress.scrape_s = scrape_s or self._progress.scrape_s

    async def _ask(self, asked: Asked, windows: Windows) -> list[tuple[IndicatorRead, float]] | Fault:
        """Readings, each with the time of the sample it is from. A question that is no good is noted and has none."""
        group_by = self._settings.services.group_by
        query = promql.question(asked.expression, asked.engines, windows.short_s, windows.long_s, group_by)
        newest = timing.newest(self._samples)
        at_ns = {instance: self._at_ns(moment) for instance, moment in newest.items()}
        try:
            answer = await self._client.instant(query)
            found = readings(asked, answer.series, windows=windows, at_ns=at_ns, group_by=group_by)
        except BadQuery as fault:
            self._troubles[asked.name] = str(fault)
            return []
        except Fault as fault:
            return fault
        moments = {
            engine: newest.get(instance, 0.0) for instance, names in asked.engines.items() for engine in names
        }
        return [(read, moments[read.engine]) for read in found]

    def _emit_new(self, read: IndicatorRead, moment: float) -> None:
        """A sample that was told is not told again."""
        key = (read.engine, read.indicator, read.service)
        if self._progress.told_s.get(key, 0.0) < moment:
            self._progress.told_s[key] = moment
            self._progress.read_s[read.engine] = moment
            self._emit(read)

    def _at_ns(self, moment: float) -> int:
        """By this host's clock."""
        return min(time.time_ns(), round(moment * 1e9) - self._offset_ns)

    # ------------------------------------------------------------------------------------------------ telling

    def _tell(self, found: Found) -> None:
        troubles = [f"indicator {name}: {trouble}" for name, trouble in sorted(self._troubles.items())]
        if self._slow:
            troubles.append(f"no answer in time for {listed(self._slow)}")
        if self._past_trouble:
            troubles.append(self._past_trouble)
        notes = [self._warning, *troubles] if self._warning else troubles
        if found.instances or found.asked:
            self._standing.of(SERVER, SourceState.LIVE, "; ".join(notes))
        else:
            self._standing.of(SERVER, SourceState.ABSENT, "; ".join([NOTHING_OF_USE, *notes]))
        for engine in found.matches:
            self._tell_of(engine, found, troubles)

    def _tell_of(self, engine: str, found: Found, troubles: Sequence[str]) -> None:
        sentence = found.sentence(engine)
        if not found.has_readings(engine):
            self._standing.of(engine, SourceState.ABSENT, sentence)
            return
        ages_s = self._ages_s(engine, found)
        old = sorted(one for one, age_s in ages_s.items() if timing.is_stale(age_s, self._scrape_s))
        where = f"{listed(old)} is not scraped: look at that exporter, and at Prometheus's page of targets"
        if len(old) == len(ages_s):
            age = f"the newest sample is {_age(min(ages_s.values()))} old: "
            self._standing.of(engine, SourceState.STALE, where, but=age)
            return
        details = [where] if old else []
        self._standing.of(engine, SourceState.LIVE, "; ".join(filter(None, [sentence, *details, *troubles])))

    def _ages_s(self, engine: str, found: Found) -> dict[str, float]:
        newest = timing.newest(self._samples)
        instances = {
            instance for one in found.asked for instance, names in one.engines.items() if engine in names
        }
        return {one: self._now_s - newest.get(one, self._now_s - timing.SPAN_S - 1) for one in instances}

    # ------------------------------------------------------------------------------------------------ the past

    def _fill(self, found: Found, windows: Windows) -> None:
        """Begin to read back what is not known, once it is known how often there are samples."""
        progress = self._progress
        begins_s = {one: at for one, at in progress.unknown_since_s.items() if found.has_readings(one)}
        if not begins_s or progress.scrape_s is None or (self._filling and not self._filling.done()):
            return
        for engine in begins_s:
            del progress.unknown_since_s[engine]
        self._filling = asyncio.create_task(self._fill_from(begins_s, found, windows), name="past")

    async def _fill_from(self, begins_s: Mapping[str, float], found: Found, windows: Windows) -> None:
        whole = False
        try:
            await backfill.fill(
                self._client,
                found.asked,
                begins_s,
                self._now_s,
                scrape_s=self._scrape_s,
                windows=windows,
                offset_ns=self._offset_ns,
                group_by=self._settings.services.group_by,
                emit=self._emit,
            )
            whole = True
            self._past_trouble = ""
        except Fault as fault:
            self._past_trouble = f"the past could not be read: {fault}"
        finally:
            if not whole:
                for engine, begin_s in begins_s.items():
                    self._progress.unknown_since_s.setdefault(engine, begin_s)


def _markers(found: Found, instance: str) -> set[str]:
    """One metric for each role of an instance, by which its samples are dated."""
    names = found.metrics.get(instance, frozenset())
    first = {next((name for name in markers if name in names), "") for markers in MARKERS.values()}
    return first - {""} or set(sorted(names)[:1])


def _age(seconds: float) -> str:
    return f"more than {timing.SPAN_S / 60:g} min" if seconds > timing.SPAN_S else f"{seconds:.0f} s"
