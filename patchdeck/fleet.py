"""The state: a fold over observations, by their own timestamps.

`Fleet.apply` files one observation; `Fleet.snapshot` tells the state. Live, replay, tests and demo are one path. The
same set of observations gives the same snapshot in whatever order it came, with duplicates or without.
"""

from __future__ import annotations

from patchdeck.engine_files import is_newer
from patchdeck.engine_state import AHEAD_NS, EngineState
from patchdeck.feed import order
from patchdeck.model import (
    AnyObservation,
    Container,
    EngineAnswered,
    EngineDescribed,
    FeedEntry,
    Gap,
    HostSampled,
    IndicatorRead,
    Service,
    Snapshot,
    SourceChanged,
    Startup,
    Ticked,
)
from patchdeck.settings import Settings

_BY_THIS_HOST = (EngineAnswered, HostSampled, SourceChanged, Ticked)
"""Observations whose times are by this host's clock. All others are by the engine host's, and move no time here as
long as this host's clock does: one event that claims to be from 2200 must not make the present forgotten."""


class Fleet:
    """Every engine that is watched."""

    def __init__(self, settings: Settings | None = None) -> None:
        self._settings = settings or Settings()
        self._engines: dict[str, EngineState] = {}
        self._host_ns = 0
        self._engine_ns: dict[str, int] = {}
        self._besides: dict[str, SourceChanged] = {}
        """What sources that are no single engine's say of themselves."""

    def apply(self, observation: AnyObservation) -> None:
        by_this_host = isinstance(observation, _BY_THIS_HOST)
        if by_this_host:
            self._host_ns = max(self._host_ns, observation.at_ns)
        if isinstance(observation, SourceChanged) and not observation.engine:
            known = self._besides.get(observation.source)
            if known is None or is_newer(observation, known):
                self._besides[observation.source] = observation
        if isinstance(observation, Ticked) or not observation.engine:
            return
        state = self._engines.get(observation.engine)
        if state is None:
            state = self._engines[observation.engine] = EngineState(observation.engine, self._settings)
        if by_this_host:
            state.apply(observation)
            return
        # A reading's time is by this host's clock too, but told by another: it moves no time.
        told_elsewhere = isinstance(observation, IndicatorRead)
        offset_ns = 0 if told_elsewhere else state.clock_offset_ns
        if not told_elsewhere:
            newest = self._engine_ns.get(observation.engine, 0)
            self._engine_ns[observation.engine] = max(newest, observation.at_ns)
        told_of_clock = isinstance(observation, EngineDescribed)
        ahead_ns = observation.at_ns - offset_ns - self._host_ns
        if ahead_ns > AHEAD_NS and not told_of_clock:
            state.hold_back(observation)
        else:
            state.apply(observation)

    @property
    def now_ns(self) -> int:
        """By this host's clock, as far as it was observed; by the engines' where it was not."""
        if self._host_ns:
            return self._host_ns
        return max(
            (at_ns - self._engines[name].clock_offset_ns for name, at_ns in self._engine_ns.items()),
            default=0,
        )

    def snapshot(self) -> Snapshot:
        now_ns = self.now_ns
        states = [self._engines[name] for name in sorted(self._engines)]
        for state in states:
            state.refresh(now_ns)
        if len(states) == 1:
            (state,) = states
            return Snapshot(
                at_ns=now_ns,
                engines=(state.engine(self._besides),),
                services=state.services,
                startups=state.startups,
                containers=state.containers,
                feed=state.feed,
                gaps=tuple(state.gaps),
            )
        containers: dict[str, Container] = {}
        services: list[Service] = []
        startups: list[Startup] = []
        feed: list[FeedEntry] = []
        gaps: list[Gap] = []
        for state in states:
            containers.update(state.containers)
            services += state.services
            startups += state.startups
            feed += state.feed
            gaps += state.gaps
        startups.sort(key=lambda startup: (startup.at_ns, startup.startup_id))
        feed.sort(key=order)
        return Snapshot(
            at_ns=now_ns,
            engines=tuple(state.engine(self._besides) for state in states),
            services=tuple(services),
            startups=tuple(startups),
            containers=containers,
            feed=tuple(feed),
            gaps=tuple(gaps),
        )

    @property
    def size(self) -> int:
        """How many objects are kept, for tests of the bounds."""
        return sum(state.size for state in self._engines.values())
