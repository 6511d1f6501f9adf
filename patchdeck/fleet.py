"""The state: a fold over observations, by their own timestamps.

`Fleet.apply` files one observation; `Fleet.snapshot` tells the state. Live, replay, tests and demo are one path. The
same set of observations gives the same snapshot in whatever order it came, with duplicates or without.
"""

from __future__ import annotations

from collections.abc import Mapping

from patchdeck.engine_files import is_newer
from patchdeck.engine_state import AHEAD_NS, EngineState, FullEngineState
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
    JournalEntered,
    Mark,
    Marked,
    Service,
    Snapshot,
    SourceChanged,
    SourceState,
    Startup,
    Ticked,
    WorkerSeen,
)
from patchdeck.model.facts import Value
from patchdeck.rollout.stories import FullStories, Stories
from patchdeck.settings import Settings

_BY_THIS_HOST = (EngineAnswered, HostSampled, Marked, SourceChanged, Ticked)
"""Observations whose times are by this host's clock. All others are by the engine host's, and move no time here as
long as this host's clock does: one event that claims to be from 2200 must not make the present forgotten."""


class FullState(Value, frozen=True, kw_only=True):
    """All that is kept: a fleet made from it goes on as if it had applied every observation itself."""

    host_ns: int = 0
    engine_ns: Mapping[str, int] = {}
    besides: tuple[SourceChanged, ...] = ()
    marks: tuple[Marked, ...] = ()
    engines: tuple[FullEngineState, ...] = ()
    rollouts: FullStories = FullStories()


class Fleet:
    """Every engine that is watched. `state` is that of a fleet which this one goes on from."""

    def __init__(self, settings: Settings | None = None, state: FullState | None = None) -> None:
        state = state or FullState()
        self._settings = settings or Settings()
        self._engines = {one.name: EngineState(one.name, self._settings, one) for one in state.engines}
        self._host_ns = state.host_ns
        self._engine_ns = dict(state.engine_ns)
        self._besides = {one.source: one for one in state.besides}
        """What sources that are no single engine's say of themselves."""
        self._marks = {(one.at_ns, one.name, one.by): one for one in state.marks}
        self._stories = Stories(state.rollouts)

    def state(self) -> FullState:
        """As of the last `settle` or `snapshot`, with what was applied since."""
        return FullState(
            host_ns=self._host_ns,
            engine_ns=self._engine_ns,
            besides=tuple(self._besides.values()),
            marks=tuple(self._marks.values()),
            engines=tuple(state.state() for state in self._engines.values()),
            rollouts=self._stories.state(),
        )

    def settle(self) -> None:
        """Forget what is too old, as every snapshot does."""
        now_ns = self.now_ns
        for state in self._engines.values():
            state.settle(now_ns)
        horizon_ns = now_ns - round(self._settings.startups.keep_s * 1e9)
        for key in [key for key in self._marks if key[0] < horizon_ns]:
            del self._marks[key]
        self._stories.forget(horizon_ns)

    def derive(self) -> None:
        """Work out what follows from all that is known, as every snapshot does: `state` then holds it, too."""
        for state in self._engines.values():
            state.refresh(self.now_ns)

    def apply(self, observation: AnyObservation) -> None:
        by_this_host = isinstance(observation, _BY_THIS_HOST)
        if by_this_host:
            self._host_ns = max(self._host_ns, observation.at_ns)
        if isinstance(observation, SourceChanged) and not observation.engine:
            known = self._besides.get(observation.source)
            if known is None or is_newer(observation, known):
                self._besides[observation.source] = observation
        if isinstance(observation, Marked):
            self._marks[observation.at_ns, observation.name, observation.by] = observation
            return
        if isinstance(observation, JournalEntered | WorkerSeen):
            self._stories.apply(observation)
            return
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
        self.settle()
        now_ns = self.now_ns
        marks = tuple(Mark(at_ns=at_ns, name=name, by=by) for at_ns, name, by in sorted(self._marks))
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
                marks=marks,
                rollouts=self._stories.rollouts(),
                journal_trouble=self._journal_trouble,
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
            marks=marks,
            rollouts=self._stories.rollouts(),
            journal_trouble=self._journal_trouble,
        )

    @property
    def _journal_trouble(self) -> str:
        told = self._besides.get("journal")
        return told.detail if told is not None and told.state is not SourceState.LIVE else ""

    @property
    def size(self) -> int:
        """How many objects are kept, for tests of the bounds."""
        return sum(state.size for state in self._engines.values()) + len(self._marks) + self._stories.size
