"""The columns of the heatmap: which startups fall into each, and what they come to."""

from __future__ import annotations

import bisect
import math
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Final, NamedTuple

from patchdeck.model import Gap, HeatMode, Measure, Startup, StartupKind, StartupOutcome

Keep = Callable[[Startup], bool]
Inside = tuple[Startup, ...]
"""The startups that began within one column."""

LONGEST_START_NS: Final = 3_600_000_000_000
"""Starts in flight are looked for this far back of the window."""
_NEVER_NS: Final = 2**63


class Look(NamedTuple):
    """What of the startups is looked at. Columns of another look are of no use."""

    mode: HeatMode
    measure: Measure
    kind: StartupKind
    keep: Keep | None
    offsets_ns: Mapping[str, int]
    """What the engines' clocks are ahead."""

    def at_ns(self, startup: Startup) -> int:
        """By this host's clock."""
        return startup.at_ns - self.offsets_ns.get(startup.engine, 0)

    def chooses(self, startup: Startup) -> bool:
        return startup.kind is self.kind and (self.keep is None or self.keep(startup))

    def value_s(self, startup: Startup) -> float | None:
        return startup.latency_s if self.measure is Measure.STARTED else startup.ready_s

    def is_unmeasured(self, startup: Startup) -> bool:
        """Of one without a value: it counts as longer than all of them."""
        if self.measure is Measure.READY:
            return startup.censored
        return startup.outcome is StartupOutcome.FAILED and startup.started_ns is None

    def parts(self, startup: Startup) -> list[tuple[str, float]]:
        """The rows that count it by their names, with what it adds to them: its service, or its phases.

        Rows of latencies have no names. A failed startup has its own row, outside of these.
        """
        if is_failed(startup):
            return []
        if self.mode is HeatMode.PHASE:
            return [(phase.name, phase.seconds) for phase in startup.phases]
        value_s = self.value_s(startup)
        if value_s is None:
            return []
        return [(startup.service if self.mode is HeatMode.SERVICE else "", value_s)]


def is_failed(startup: Startup) -> bool:
    """Failed, or never ready."""
    return startup.outcome is StartupOutcome.FAILED or startup.censored


class Window:
    """A stretch of time, cut into columns that are aligned to multiples of their width."""

    def __init__(self, now_ns: int, window_s: float, columns: int) -> None:
        self.step_ns = round(_step_s(window_s, columns) * 1e9)
        count = max(1, math.ceil(window_s * 1e9 / self.step_ns))
        first = now_ns // self.step_ns - count + 1
        self.edges_ns = [(first + index) * self.step_ns for index in range(count + 1)]

    def is_missing(self, index: int, gaps: Sequence[Gap], offsets_ns: Mapping[str, int]) -> bool:
        low_ns, high_ns = self.edges_ns[index], self.edges_ns[index + 1]
        for gap in gaps:
            offset_ns = offsets_ns.get(gap.engine, 0)
            if gap.began_ns - offset_ns < high_ns and gap.ended_ns - offset_ns > low_ns:
                return True
        return False


def _step_s(window_s: float, columns: int) -> float:
    """The width of a column: whole seconds, or halves below five, so that columns are aligned to round times."""
    least = window_s / max(1, columns)
    return max(0.5, math.ceil(least * 2) / 2 if least < 5 else math.ceil(least))


class Column(NamedTuple):
    """What the chosen startups of one column come to, however the rows are chosen."""

    failed: int
    starting: int
    values_s: Mapping[str, list[float]]
    """By service or phase; of rows of latencies all under the empty name."""
    services: Mapping[str, int]
    """How many startups, in mode SERVICE."""
    measured_s: list[float]
    unmeasured: int
    extremes_s: tuple[float, ...]
    """The least and the greatest that a startup measures; empty where none does."""

    @property
    def names(self) -> Collection[str]:
        """The rows that there is something for."""
        return self.values_s.keys()


class Crowd(NamedTuple):
    """Starts in flight while a column lasts."""

    most: int
    ends_ns: tuple[int, ...]
    """Of those that are still starting when it ends."""


def cut(startups: Sequence[Startup], edges_ns: Sequence[int], offsets_ns: Mapping[str, int]) -> list[Inside]:
    """The startups between each two edges. Each engine's are sorted by its own clock, and cut by that."""
    if not any(offsets_ns.values()):
        return _cut_by_one_clock(startups, edges_ns, 0)
    by_engine: dict[str, list[Startup]] = {}
    for startup in startups:
        by_engine.setdefault(startup.engine, []).append(startup)
    cuts = [
        _cut_by_one_clock(by_engine[engine], edges_ns, offsets_ns.get(engine, 0))
        for engine in sorted(by_engine)
    ]
    return [sum((cut[index] for cut in cuts), ()) for index in range(len(edges_ns) - 1)]


def _cut_by_one_clock(startups: Sequence[Startup], edges_ns: Sequence[int], offset_ns: int) -> list[Inside]:
    found = []
    start = bisect.bisect_left(startups, edges_ns[0] + offset_ns, key=_at_ns)
    for edge_ns in edges_ns[1:]:
        end = bisect.bisect_left(startups, edge_ns + offset_ns, start, key=_at_ns)
        found.append(tuple(startups[start:end]))
        start = end
    return found


def _at_ns(startup: Startup) -> int:
    return startup.at_ns


def column_of(startups: Sequence[Startup], look: Look) -> Column:
    """What those of one column come to."""
    chosen = [startup for startup in startups if look.chooses(startup)]
    values_s: dict[str, list[float]] = {}
    services: dict[str, int] = {}
    measured_s, unmeasured = [], 0
    for startup in chosen:
        for name, value_s in look.parts(startup):
            values_s.setdefault(name, []).append(value_s)
        if look.mode is HeatMode.SERVICE:
            services[startup.service] = services.get(startup.service, 0) + 1
        measured = look.value_s(startup)
        if measured is not None:
            measured_s.append(measured)
        else:
            unmeasured += look.is_unmeasured(startup)
    return Column(
        failed=sum(map(is_failed, chosen)),
        starting=sum(startup.outcome is StartupOutcome.STARTING for startup in chosen),
        values_s=values_s,
        services=services,
        measured_s=measured_s,
        unmeasured=unmeasured,
        extremes_s=(min(measured_s), max(measured_s)) if measured_s else (),
    )


def crowd_of(startups: Sequence[Startup], ends_ns: Sequence[int], until_ns: int, look: Look) -> Crowd:
    """`ends_ns` are those of starts that were in flight before; `until_ns` is when the column ends."""
    spans = [span for startup in startups if (span := _span(startup, look)) is not None]
    ends = sorted([*ends_ns, *(ended_ns for _, ended_ns in spans)])
    most = len(ends_ns)
    for count, began_ns in enumerate(sorted(began_ns for began_ns, _ in spans), len(ends_ns) + 1):
        most = max(most, count - bisect.bisect_right(ends, began_ns))
    return Crowd(most, tuple(ends[bisect.bisect_right(ends, until_ns) :]))


def _span(startup: Startup, look: Look) -> tuple[int, int] | None:
    """From when to when it was in flight; None if that is not known, or was no time."""
    if startup.began_ns is None:
        return None
    offset_ns = look.offsets_ns.get(startup.engine, 0)
    ended_ns = startup.started_ns if startup.started_ns is not None else startup.ended_ns
    until_ns = _NEVER_NS if ended_ns is None else ended_ns - offset_ns
    began_ns = startup.began_ns - offset_ns
    return (began_ns, until_ns) if until_ns > began_ns else None
