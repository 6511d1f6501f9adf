"""What of a snapshot is shown: the window and the filter applied to it.

Everything is computed when it is asked for and only once, so that a view which shows none of it costs nothing.
"""

from __future__ import annotations

import bisect
import math
from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import cached_property

from patchdeck import heat
from patchdeck.heat_memory import HeatMemory
from patchdeck.model import (
    Engine,
    FeedEntry,
    Gap,
    HeatGrid,
    Rollout,
    Service,
    Snapshot,
    SourceState,
    Startup,
    StartupKind,
    StartupOutcome,
)
from patchdeck.versions import latency_quantiles, over_window
from tui.looking import Looking
from tui.matching import Matcher

_SILENT = (SourceState.STALE, SourceState.LOST)


class Memory:
    """What was worked out for the snapshots before, and holds as long as what it rests on is the same."""

    def __init__(self) -> None:
        self.heat = HeatMemory()
        self._services: dict[tuple[str, str], tuple[Service, list[Startup], Service]] = {}

    def over_window(self, services: Iterable[Service], window: Iterable[Startup]) -> Iterator[Service]:
        """Each with its percentiles over those of its startups that are in the window."""
        startups: dict[tuple[str, str], list[Startup]] = defaultdict(list)
        for startup in window:
            startups[startup.engine, startup.service].append(startup)
        remembered = {}
        for service in services:
            key = (service.engine, service.name)
            known = self._services.get(key)
            # Startups that have not changed are the very same ones.
            if known is None or known[0] is not service or known[1] != startups[key]:
                known = (service, startups[key], over_window(service, startups[key]))
            remembered[key] = known
            yield known[2]
        self._services = remembered


class Shown:
    """One snapshot as one person looks at it."""

    def __init__(
        self, snapshot: Snapshot, looking: Looking, matcher: Matcher, memory: Memory | None = None
    ) -> None:
        self.snapshot = snapshot
        self.looking = looking
        self._matcher = matcher
        self._memory = memory or Memory()
        self._grids: dict[tuple[int, int], HeatGrid] = {}

    @cached_property
    def offsets_ns(self) -> dict[str, int]:
        return {engine.name: engine.clock_offset_ns for engine in self.snapshot.engines}

    @cached_property
    def in_window(self) -> tuple[Startup, ...]:
        """All startups of the window, the filter's or not, by the time they began."""
        begin_ns = self.snapshot.at_ns - round(self.looking.window_s * 1e9)
        offsets_ns = self.offsets_ns
        if len(offsets_ns) > 1:
            return tuple(
                startup
                for startup in self.snapshot.startups
                if startup.at_ns - offsets_ns.get(startup.engine, 0) >= begin_ns
            )
        # By one clock they are in order, and there may be many.
        begin_ns += next(iter(offsets_ns.values()), 0)
        first = bisect.bisect_left(self.snapshot.startups, begin_ns, key=lambda startup: startup.at_ns)
        return self.snapshot.startups[first:]

    @cached_property
    def startups(self) -> tuple[Startup, ...]:
        """Those of the window that the filter lets through, by the time they began."""
        found = self.in_window
        if not self._matcher.is_open:
            found = tuple(startup for startup in found if self._matcher.startup(startup))
        if self.looking.only_failed:
            found = tuple(startup for startup in found if startup.censored)
        if self.looking.only_slow:
            found = tuple(startup for startup in found if self.is_slow(startup))
        return found

    @property
    def filtered(self) -> bool:
        """Something is left out."""
        return not self._matcher.is_open or self.looking.only_failed or self.looking.only_slow

    @cached_property
    def stale(self) -> frozenset[str]:
        """The engines whose data are not being kept up to date."""
        return frozenset(one.name for one in self.snapshot.engines if one.state is not SourceState.LIVE)

    @property
    def simulated(self) -> bool:
        """Something of what is shown is of no real container."""
        return any(one.described is not None and one.described.simulated for one in self.snapshot.engines)

    @property
    def all_stale(self) -> bool:
        return bool(self.snapshot.engines) and len(self.stale) == len(self.snapshot.engines)

    @property
    def engines(self) -> tuple[Engine, ...]:
        """Those whose name the filter lets through; all where it lets through none."""
        return tuple(filter(self._matcher.engine, self.snapshot.engines)) or self.snapshot.engines

    @property
    def several_engines(self) -> bool:
        return len(self.snapshot.engines) > 1

    def empty(self, things: str) -> str:
        """What to say where nothing is shown."""
        if self.filtered:
            return f"no {things} match the filter; escape clears it"
        if self.all_stale:
            return "nothing is known: no engine answers"
        return f"no {things} yet"

    @cached_property
    def slow_from_s(self) -> float:
        """The p95 of the first starts in the window; nothing is slow where there is none."""
        first = (startup for startup in self.in_window if startup.kind is StartupKind.FIRST)
        return latency_quantiles(first).p95_s or math.inf

    def is_slow(self, startup: Startup) -> bool:
        if startup.latency_s is None:
            return startup.outcome is StartupOutcome.FAILED
        return startup.latency_s >= self.slow_from_s

    def service(self, key: str) -> Service | None:
        """One service with its percentiles over the window, whatever the filter says."""
        found = next((service for service in self.snapshot.services if service.key == key), None)
        if found is None:
            return None
        return over_window(
            found,
            [one for one in self.in_window if (one.engine, one.service) == (found.engine, found.name)],
        )

    @cached_property
    def _kept(self) -> frozenset[tuple[str, str]]:
        kept = filter(self._matcher.service, self.snapshot.services)
        return frozenset((service.engine, service.name) for service in kept)

    def keeps(self, engine: str, service: str) -> bool:
        """Whether the filter lets a service through that readings name."""
        return (engine, service) in self._kept or self._matcher.named(service, engine)

    @cached_property
    def services(self) -> tuple[Service, ...]:
        """Those that the filter lets through, with their percentiles over the window."""
        kept = filter(self._matcher.service, self.snapshot.services)
        return tuple(self._memory.over_window(kept, self.in_window))

    @cached_property
    def rollouts(self) -> tuple[Rollout, ...]:
        """Those of services that the filter lets through, by when they were planned."""
        return tuple(one for one in self.snapshot.rollouts if self._matcher.rollout(one))

    @cached_property
    def feed(self) -> tuple[FeedEntry, ...]:
        if self._matcher.is_open:
            return self.snapshot.feed
        return tuple(entry for entry in self.snapshot.feed if self._matcher.entry(entry))

    def grid(self, columns: int, rows: int) -> HeatGrid:
        if (columns, rows) not in self._grids:
            self._grids[columns, rows] = self._grid(columns, rows)
        return self._grids[columns, rows]

    def _grid(self, columns: int, rows: int) -> HeatGrid:
        looking = self.looking
        return heat.grid(
            self.snapshot.startups,
            now_ns=self.snapshot.at_ns,
            window_s=looking.window_s,
            columns=columns,
            rows=rows,
            mode=looking.mode,
            measure=looking.measure,
            keep=None if self._matcher.is_open else self._matcher.startup,
            gaps=(*self.snapshot.gaps, *self._open_gaps()),
            offsets_ns=self.offsets_ns,
            memory=self._memory.heat,
        )

    def _open_gaps(self) -> Iterator[Gap]:
        """Of engines that say nothing now: whether anything was missed is known only when they are back."""
        for engine in self.snapshot.engines:
            if engine.state in _SILENT and engine.heard_ns is not None:
                offset_ns = engine.clock_offset_ns
                yield Gap(
                    engine=engine.name,
                    began_ns=engine.heard_ns + offset_ns,
                    ended_ns=self.snapshot.at_ns + offset_ns,
                    reason=engine.detail,
                )

    def of_cell(self, grid: HeatGrid, column: int, row: int | None) -> tuple[Startup, ...]:
        """The startups that a cell counts."""
        return heat.cell_startups(
            self.snapshot.startups,
            grid,
            column,
            row,
            keep=None if self._matcher.is_open else self._matcher.startup,
            offsets_ns=self.offsets_ns,
        )
