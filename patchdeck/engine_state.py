"""What is known of one engine: the fold over its observations, and the views made from it.

Applying an observation only files it and marks what it touches; views are made, for what was touched, when a snapshot
is taken. Nothing here depends on the order in which observations came, nor on when snapshots were taken.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from patchdeck.contention.fold import Contention
from patchdeck.contention.state import ContentionState
from patchdeck.engine_files import EngineFiles, FilesState, is_newer
from patchdeck.engine_views import EngineViews, Moment
from patchdeck.feed import Feed, FeedSource
from patchdeck.knees import Knees
from patchdeck.model import (
    AnyObservation,
    Container,
    ContainerEvent,
    ContainerInspected,
    ContainersListed,
    ContainerVanished,
    Engine,
    EngineAnswered,
    EngineDescribed,
    FeedEntry,
    Gap,
    GapSeen,
    HostSampled,
    ImageEvent,
    ImageInspected,
    IndicatorRead,
    Service,
    SourceChanged,
    SourceState,
    Startup,
)
from patchdeck.model.facts import Value
from patchdeck.settings import Settings

AHEAD_NS: Final = 86_400_000_000_000
"""What an engine says of times further ahead of its clock than this is not believed until they have come."""

_MOST_AHEAD: Final = 10_000
_MINUTE_NS: Final = 60_000_000_000


class FullEngineState(Value, frozen=True, kw_only=True):
    """All that is kept of one engine; views are made from it."""

    name: str
    described: EngineDescribed | None = None
    sources: tuple[SourceChanged, ...] = ()
    gaps: tuple[GapSeen, ...] = ()
    files: FilesState = FilesState()
    feed: tuple[FeedSource, ...] = ()
    contention: ContentionState = ContentionState()
    event_ns: int | None = None
    answered_ns: int | None = None
    horizon_ns: int = 0
    ahead: tuple[AnyObservation, ...] = ()


class EngineState:
    """Times of its views are by the engine's clock, except for those of `Engine` and of the feed.

    `state` is that of another which this one goes on from.
    """

    def __init__(self, name: str, settings: Settings, state: FullEngineState | None = None) -> None:
        state = state or FullEngineState(name=name)
        self.name = name
        self._settings = settings
        self._described = state.described
        self._sources = {one.source: one for one in state.sources}
        self._gaps = {(one.began_ns, one.ended_ns, one.reason): one for one in state.gaps}
        self._contention = Contention(settings, state.contention)
        self._knees = Knees(name)
        self._files = EngineFiles(state.files)
        self._views = EngineViews(name, settings, self._files)
        self._feed = Feed(settings.watch.feed_lines, state.feed)
        self._event_ns = state.event_ns
        """The newest event, by the engine's clock."""
        self._answered_ns = state.answered_ns
        """The newest ping, by this host's clock."""
        self._horizon_ns = state.horizon_ns
        self._now_ns = 0
        self._ahead = {repr(one): one for one in state.ahead}

    def state(self) -> FullEngineState:
        return FullEngineState(
            name=self.name,
            described=self._described,
            sources=tuple(self._sources.values()),
            gaps=tuple(self._gaps.values()),
            files=self._files.state(self._views.settled),
            feed=self._feed.notes,
            contention=self._contention.state(),
            event_ns=self._event_ns,
            answered_ns=self._answered_ns,
            horizon_ns=self._horizon_ns,
            ahead=tuple(self._ahead.values()),
        )

    # ------------------------------------------------------------------------------------------------ filing

    def hold_back(self, observation: AnyObservation) -> None:
        """Keep one that is too far ahead until its time has come."""
        self._ahead[repr(observation)] = observation

    def _take_held_back(self, engine_now_ns: int) -> None:
        for key, observation in sorted(self._ahead.items(), key=lambda item: (item[1].at_ns, item[0])):
            if observation.at_ns <= engine_now_ns + AHEAD_NS:
                self.apply(observation)
                del self._ahead[key]
            elif len(self._ahead) > _MOST_AHEAD:
                del self._ahead[key]

    def apply(self, observation: AnyObservation) -> None:
        match observation:
            case ContainerEvent():
                self._event_ns = max(self._event_ns or 0, observation.at_ns)
                self._contention.note(observation)
                self._files.file(observation)
                self._feed.note(observation)
            case ContainerInspected() | ContainersListed() | ContainerVanished() | ImageInspected():
                self._files.file(observation)
            case ImageEvent():
                self._event_ns = max(self._event_ns or 0, observation.at_ns)
                self._contention.note(observation)
                self._feed.note(observation)
            case GapSeen():
                self._gaps[observation.began_ns, observation.ended_ns, observation.reason] = observation
                self._feed.note(observation)
            case EngineDescribed():
                self._describe(observation)
            case SourceChanged():
                known = self._sources.get(observation.source)
                if known is None or is_newer(observation, known):
                    self._sources[observation.source] = observation
                self._feed.note(observation)
            case HostSampled() | IndicatorRead():
                self._contention.note(observation)
            case EngineAnswered():
                self._answered_ns = max(self._answered_ns or 0, observation.at_ns)
                self._contention.note(observation)

    def _describe(self, described: EngineDescribed) -> None:
        known = self._described
        if known is not None and not is_newer(described, known):
            return
        if known is None or known.stamps_before_start != described.stamps_before_start:
            self._files.all_changed()
        self._described = described

    # ------------------------------------------------------------------------------------------------ times

    @property
    def clock_offset_ns(self) -> int:
        return round(self._described.clock_offset_s * 1e9) if self._described else 0

    @property
    def heard_ns(self) -> int | None:
        """The newest sign of life, by this host's clock."""
        event_ns = None if self._event_ns is None else self._event_ns - self.clock_offset_ns
        return max(
            (moment for moment in (event_ns, self._answered_ns) if moment is not None),
            default=None,
        )

    def _told_ns(self, now_ns: int) -> int:
        """Up to when the engine has told everything: while it is silent, what is missing may still come.

        By this host's clock. An engine that is not pinged counts as always heard.
        """
        heard_ns = self.heard_ns
        return now_ns if self._answered_ns is None or heard_ns is None else min(now_ns, heard_ns)

    # ------------------------------------------------------------------------------------------------ making views

    def refresh(self, now_ns: int) -> None:
        """Bring all views up to date, once it is settled. `now_ns` is by this host's clock."""
        offset_ns = self.clock_offset_ns
        self._now_ns = now_ns
        changed = self._views.refresh(
            Moment(
                told_ns=self._told_ns(now_ns) + offset_ns,
                until_ns=now_ns + offset_ns + AHEAD_NS,
                horizon_ns=self._horizon_ns,
                stamps_before_start=self._described.stamps_before_start if self._described else True,
            )
        )
        self._feed.refresh(self._views.startups, who=self._who, offset_ns=offset_ns, startups_changed=changed)

    def settle(self, now_ns: int) -> None:
        """Take in what has been held back until now, and forget what is too old. `now_ns` is by this host's clock."""
        self._take_held_back(now_ns + self.clock_offset_ns)
        self._forget(now_ns)

    def _forget(self, now_ns: int) -> None:
        """Once a minute by the observations' time: what is kept may not hang on when a snapshot was taken."""
        keep_ns = round(self._settings.startups.keep_s * 1e9)
        host_horizon_ns = (now_ns - keep_ns) // _MINUTE_NS * _MINUTE_NS
        horizon_ns = host_horizon_ns + self.clock_offset_ns
        if horizon_ns == self._horizon_ns:
            return
        self._horizon_ns = horizon_ns
        self._files.forget_before(horizon_ns)
        self._views.drop_before(horizon_ns)
        for key in [key for key in self._gaps if key[1] < horizon_ns]:
            del self._gaps[key]
        self._contention.forget_before(host_horizon_ns, offset_ns=self.clock_offset_ns)

    def _who(self, container_id: str) -> tuple[str, str]:
        timeline = self._files.timelines.get(container_id)
        return (timeline.name, self._views.service_of(timeline)[0]) if timeline else ("", "")

    # ------------------------------------------------------------------------------------------------ views

    @property
    def containers(self) -> Mapping[str, Container]:
        return self._views.containers

    @property
    def startups(self) -> tuple[Startup, ...]:
        """In the order they began."""
        return self._views.startups

    @property
    def services(self) -> tuple[Service, ...]:
        return self._views.services

    @property
    def feed(self) -> tuple[FeedEntry, ...]:
        return self._feed.entries

    @property
    def gaps(self) -> list[Gap]:
        return [
            Gap(engine=self.name, began_ns=gap.began_ns, ended_ns=gap.ended_ns, reason=gap.reason)
            for key, gap in sorted(self._gaps.items(), key=lambda item: item[0])
            if key[1] >= self._horizon_ns
        ]

    def engine(self, besides: Mapping[str, SourceChanged] | None = None) -> Engine:
        """`besides`: what sources that are no single engine's say of themselves."""
        sources = {**(besides or {}), **self._sources}
        source = self._sources.get("engine")
        in_flight, now_ns = self._views.in_flight, self._now_ns
        knee = self._knees.of(self._views.startups, now_ns + self.clock_offset_ns)
        return Engine(
            name=self.name,
            state=source.state if source else SourceState.CONNECTING,
            detail=source.detail if source else "",
            since_ns=source.at_ns if source else None,
            described=self._described,
            heard_ns=self.heard_ns,
            response_s=self._contention.response_s(now_ns),
            containers=self._views.present,
            running=self._views.live,
            in_flight=in_flight,
            indicators=self._contention.indicators(
                now_ns=now_ns,
                heard_ns=self.heard_ns,
                in_flight=in_flight,
                knee=knee,
                offset_ns=self.clock_offset_ns,
                sources=sources,
            ),
            knee=knee,
            of_services=self._contention.of_services(now_ns),
        )

    @property
    def size(self) -> int:
        """How many objects are kept, for tests of the bounds."""
        parts = self._files.size + self._views.size + self._feed.size + self._contention.size
        return parts + len(self._gaps) + len(self._sources) + len(self._ahead)
