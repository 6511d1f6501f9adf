"""The readings of one engine, by what is read and by source, and what they say at a moment."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from patchdeck.contention import words
from patchdeck.contention.happened import Happened
from patchdeck.contention.levels import Levels, level_of, levels_of
from patchdeck.contention.parts import BEFORE_PULLS, EVENTS, PING, PSI, RECEIVED, STAT, Made, listed, rank
from patchdeck.contention.pulls import Pulls
from patchdeck.contention.reading import LONG_S, SHORT_S, Channel, Reading, forgotten, preference
from patchdeck.contention.services import KEEP_NS, Services
from patchdeck.contention.starts import of_starts
from patchdeck.contention.state import Axes, ContentionState, restored, state_of
from patchdeck.model import (
    ContainerEvent,
    EngineAnswered,
    HostSampled,
    ImageEvent,
    Indicator,
    IndicatorRead,
    Knee,
    Level,
    Sample,
    ServiceReading,
    SourceChanged,
    SourceState,
)
from patchdeck.settings import Settings

_ORDER = (Level.UNKNOWN, Level.CALM, Level.BUSY, Level.SATURATED)
_PROMETHEUS = "Prometheus: "
_NO_TIME_NS = 2**63
"""A source may claim any time at all; nothing was read in the year 2262."""


class _Part(NamedTuple):
    """One part of an indicator as it stands."""

    name: str
    reading: Reading | None
    """None: nobody tells."""
    fresh: bool
    level: Level


class Contention:
    """Times are by this host's clock, but for those of `pulls` and `kills`, which engines tell."""

    def __init__(self, settings: Settings, state: ContentionState | None = None) -> None:
        """`state` is that of a fold that this one goes on from."""
        self._own = settings.indicators
        self._sample_s = settings.watch.sample_s
        self._levels: Mapping[str, Levels] = levels_of(settings.pressure, settings.indicators)
        self._channels: dict[str, dict[str, Channel]] = {}
        """By what is read, and by source."""
        self._services = Services(self._levels)
        self._keep_ns = round(settings.startups.keep_s * 1e9)
        state = state or ContentionState()
        self.pulls = Pulls(state.pulls)
        self.kills = Happened(state.kills)
        for one, channel in zip(state.channels, restored(state.channels, state.axes), strict=True):
            if one.service:
                self._services.channels[one.service, one.name, one.source] = channel
            else:
                self._channels.setdefault(one.name, {})[one.source] = channel

    def state(self) -> ContentionState:
        """All that is kept."""
        axes = Axes()
        channels = [
            state_of(channel, axes, name=name, source=source)
            for name, by_source in self._channels.items()
            for source, channel in by_source.items()
        ]
        channels += [
            state_of(channel, axes, name=name, source=source, service=service)
            for (service, name, source), channel in self._services.channels.items()
        ]
        return ContentionState(
            axes=axes.all(), channels=tuple(channels), pulls=self.pulls.moments, kills=self.kills.moments
        )

    # ------------------------------------------------------------------------------------------------ filing

    def note(
        self, observation: HostSampled | EngineAnswered | IndicatorRead | ContainerEvent | ImageEvent
    ) -> None:
        """File what an observation says of contention, if it says anything."""
        match observation:
            case HostSampled():
                self._note_sample(observation)
            case EngineAnswered():
                self._note_response(observation)
            case IndicatorRead():
                self._note_reading(observation)
            case ContainerEvent(action="oom"):
                self.kills.add(observation.at_ns, observation.container_id)
            case ImageEvent(action="pull"):
                self.pulls.add(observation.at_ns, observation.image)

    def _note_sample(self, sample: HostSampled) -> None:
        for name, kind, short, long in (
            ("cpu", "some", sample.cpu_some_10, sample.cpu_some_60),
            ("memory", "full", sample.memory_full_10, sample.memory_full_60),
            ("io", "full", sample.io_full_10, sample.io_full_60),
        ):
            if short is not None and long is not None:
                reading = Reading(
                    at_ns=sample.at_ns,
                    value=short,
                    sustained=long,
                    window_s=SHORT_S,
                    sustained_s=LONG_S,
                    words=f"{name} {kind}",
                    source=PSI,
                )
                self._channel(name, PSI).add(reading)
        if sample.cpu_busy is not None:
            said = "processors in use"
            in_use = Reading(
                at_ns=sample.at_ns, value=sample.cpu_busy, words=said, source=STAT, stand_in=True
            )
            self._channel("cpu", STAT).add(in_use)

    def _note_response(self, answered: EngineAnswered) -> None:
        reading = Reading(
            at_ns=answered.at_ns, value=answered.response_s, unit="s", words="a ping took", source=PING
        )
        self._channel("engine", PING, median=True).add(reading)

    def _note_reading(self, read: IndicatorRead) -> None:
        if not math.isfinite(read.value) or not 0 < read.at_ns < _NO_TIME_NS:
            return
        reading = Reading(
            at_ns=read.at_ns,
            value=read.value,
            sustained=read.sustained,
            window_s=read.window_s,
            sustained_s=read.sustained_s,
            unit=read.unit,
            words=read.detail or read.indicator,
            source=read.source,
            stand_in=read.stand_in,
        )
        if read.service:
            self._services.add(read.service, read.indicator, reading)
        else:
            self._channel(read.indicator, read.source).add(reading)

    def _channel(self, name: str, source: str, *, median: bool = False) -> Channel:
        by_source = self._channels.setdefault(name, {})
        if source not in by_source:
            by_source[source] = Channel(median=median)
        return by_source[source]

    def forget_before(self, horizon_ns: int, *, offset_ns: int = 0) -> None:
        for name, by_source in list(self._channels.items()):
            self._channels[name] = forgotten(by_source, horizon_ns)
        # What services take is of the present only.
        self._services.forget_before(max(horizon_ns, horizon_ns + self._keep_ns - KEEP_NS))
        self.pulls.forget_before(horizon_ns + offset_ns)
        self.kills.forget_before(horizon_ns + offset_ns)

    @property
    def size(self) -> int:
        """How many objects are kept, for tests of the bounds."""
        whole = sum(len(one) for by_source in self._channels.values() for one in by_source.values())
        return whole + len(self._services) + len(self.pulls) + len(self.kills)

    # ------------------------------------------------------------------------------------------------ what it says

    def response_s(self, now_ns: int) -> float | None:
        newest = self._channel("engine", PING, median=True).newest(now_ns)
        return newest.value if newest else None

    def indicators(
        self,
        *,
        now_ns: int,
        heard_ns: int | None,
        in_flight: int,
        knee: Knee | None,
        offset_ns: int = 0,
        sources: Mapping[str, SourceChanged],
    ) -> tuple[Indicator, ...]:
        """Those of every engine first, in the order of the panel, then users' own.

        What has no fresh reading is UNKNOWN and says why, never calm.
        """
        besides = {
            "engine": self._silence(now_ns, heard_ns),
            "memory": self._killed(now_ns, offset_ns),
        }
        made = [self._made(one, now_ns, _why(one, sources), besides.get(one.name)) for one in BEFORE_PULLS]
        made.append(self.pulls.indicator(now_ns, offset_ns, self._part(RECEIVED, now_ns).reading))
        made.append(of_starts(in_flight, knee))
        for own in self._own:
            if own.per == "engine":
                one = Made(own.name, (own.name,), own.unit, "Prometheus has not told it")
                made.append(self._made(one, now_ns, _why(one, sources)))
        return tuple(made)

    def of_services(self, now_ns: int) -> tuple[ServiceReading, ...]:
        """As `Services.now`."""
        return self._services.now(now_ns)

    def _made(self, made: Made, now_ns: int, why: str, besides: _Part | None = None) -> Indicator:
        parts = [self._part(name, now_ns) for name in made.parts]
        known = [part for part in parts if part.reading is not None and part.fresh]
        if besides is not None:
            known.append(besides)
        if not known:
            return self._unknown(made, [part.reading for part in parts if part.reading], now_ns, why)
        main = known[0]
        assert main.reading is not None
        # The part that decides speaks first.
        speaking = sorted(known, key=lambda part: -_ORDER.index(part.level))
        return Indicator(
            name=made.name,
            unit=main.reading.unit,
            value=main.reading.value,
            level=speaking[0].level,
            reason=listed([_sentence(part.reading) for part in speaking if part.reading]),
            source=", ".join(dict.fromkeys(part.reading.source for part in known if part.reading)),
            at_ns=main.reading.at_ns,
            history=self._history(main.name, main.reading),
            busy=_threshold(self._levels, main, saturated=False),
            saturated=_threshold(self._levels, main, saturated=True),
        )

    def _unknown(self, made: Made, stale: Sequence[Reading], now_ns: int, why: str) -> Indicator:
        newest = max(stale, key=lambda one: one.at_ns, default=None)
        before = (
            words.stale(newest, now_ns)
            if newest
            else ""
            if why and not why.startswith(_PROMETHEUS)
            else made.absent
        )
        return Indicator(
            name=made.name,
            unit=newest.unit if newest else made.unit,
            value=None,
            level=Level.UNKNOWN,
            reason=listed([before, why]),
            source=newest.source if newest else "",
            at_ns=newest.at_ns if newest else None,
            history=self._history(made.parts[0], newest) if newest else (),
        )

    def _part(self, name: str, now_ns: int) -> _Part:
        """The best fresh source speaks; without one, the newest of what was said."""
        read = [one for channel in self._channels.get(name, {}).values() if (one := channel.newest(now_ns))]
        if not read:
            return _Part(name, None, fresh=False, level=Level.UNKNOWN)
        best = min(read, key=lambda one: preference(one, now_ns))
        fresh = best.is_fresh(now_ns)
        level = level_of(name, best, self._levels) if fresh else Level.UNKNOWN
        return _Part(name, best, fresh=fresh, level=level)

    def _silence(self, now_ns: int, heard_ns: int | None) -> _Part | None:
        """An engine that is later than two pings with any sign of life."""
        silent_s = 0.0 if heard_ns is None else (now_ns - heard_ns) / 1e9
        late_s = silent_s - 2 * self._sample_s
        if late_s <= 0 or not self._part("engine", now_ns).fresh:
            return None
        reading = Reading(
            at_ns=now_ns,
            value=silent_s,
            words="nothing was heard of it for",
            unit="s",
            source=PING,
        )
        return _Part("events", reading, fresh=True, level=self._levels["events"].level(late_s, late_s))

    def _killed(self, now_ns: int, offset_ns: int) -> _Part | None:
        """Containers that the engine has said were out of memory."""
        count = self.kills.count(now_ns + offset_ns, LONG_S)
        if not count:
            return None
        reading = Reading(
            at_ns=now_ns,
            value=float(count),
            words="containers out of memory:",
            unit="kills",
            source=EVENTS,
            window_s=LONG_S,
        )
        return _Part("oom", reading, fresh=True, level=level_of("oom", reading, self._levels))

    def _history(self, name: str, speaking: Reading) -> tuple[Sample, ...]:
        """Of the source that speaks; before its first sample, of the next best that tells the same."""
        history: tuple[Sample, ...] = ()
        by_source = self._channels.get(name, {})
        for source in sorted(by_source, key=lambda one: (one != speaking.source, rank(one))):
            newest = by_source[source].newest(speaking.at_ns)
            if newest is None or (newest.unit, newest.stand_in) != (speaking.unit, speaking.stand_in):
                continue
            told = by_source[source].history()
            if not history:
                history = told
            elif told and told[0].at_ns < history[0].at_ns:
                history = (*(one for one in told if one.at_ns < history[0].at_ns), *history)
        return history


def _sentence(reading: Reading) -> str:
    told = words.over(reading)
    return f"{told}; this tells use, not waiting" if reading.stand_in and reading.source != "stats" else told


def _threshold(levels: Mapping[str, Levels], part: _Part, *, saturated: bool) -> float | None:
    if part.level is Level.UNKNOWN or part.reading is None or part.reading.stand_in:
        return None
    found = levels.get(part.name)
    value = None if found is None else found.saturated if saturated else found.busy
    return value if value is not None and math.isfinite(value) else None


def _why(made: Made, sources: Mapping[str, SourceChanged]) -> str:
    """What the sources say of why they tell nothing."""
    troubled = (SourceState.ABSENT, SourceState.LOST, SourceState.STALE, SourceState.MALFORMED)
    said = {name: one.detail for name, one in sources.items() if one.state in troubled and one.detail}
    # What this host says of itself needs no further word.
    if "host" in said and made.name in ("cpu", "memory", "io"):
        return said["host"]
    prometheus = f"{_PROMETHEUS}{said['prometheus']}" if "prometheus" in said else ""
    return "" if made.name == "engine" else prometheus
