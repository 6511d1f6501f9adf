"""Startups as indicators over time, so that they stand above what they may have waited for."""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Sequence

import msgspec

from patchdeck.crowd import peaks
from patchdeck.model import Engine, Indicator, Level, Sample, Startup
from tui.shown import Shown

STRETCH_NS = 10_000_000_000


def with_startups(engine: Engine, shown: Shown) -> tuple[Indicator, ...]:
    """The engine's indicators; before them the latency of the window's startups, and their number in flight."""
    startups = [one for one in shown.in_window if one.engine == engine.name]
    offset_ns, now_ns = engine.clock_offset_ns, shown.snapshot.at_ns
    others = tuple(one for one in engine.indicators if one.name != "starts")
    crowd = tuple(
        msgspec.structs.replace(one, history=_in_flight(startups, offset_ns, now_ns))
        for one in engine.indicators
        if one.name == "starts"
    )
    return (_latency(startups, offset_ns), *crowd, *others)


def _latency(startups: Sequence[Startup], offset_ns: int) -> Indicator:
    """The median of those that were started in each stretch, where it was started."""
    by_stretch: dict[int, list[float]] = defaultdict(list)
    for one in startups:
        if one.latency_s is not None and one.started_ns is not None:
            by_stretch[(one.started_ns - offset_ns) // STRETCH_NS].append(one.latency_s)
    history = tuple(
        Sample(at_ns=stretch * STRETCH_NS, value=statistics.median(by_stretch[stretch]))
        for stretch in sorted(by_stretch)
    )
    count = sum(map(len, by_stretch.values()))
    return Indicator(
        name="latency",
        unit="s",
        value=history[-1].value if history else None,
        level=Level.UNKNOWN,
        reason=f"median of the startups in 10 s, {count} in this window" if count else "no startups yet",
        source="events",
        history=history,
    )


def _in_flight(startups: Sequence[Startup], offset_ns: int, now_ns: int) -> tuple[Sample, ...]:
    """The most at once in each stretch since the first of them; zero is known where none was starting."""
    spans = [
        (one.began_ns - offset_ns, (one.started_ns or one.ended_ns or now_ns + offset_ns) - offset_ns)
        for one in startups
        if one.began_ns is not None
    ]
    if not spans:
        return ()
    first = min(began for began, _ in spans) // STRETCH_NS
    edges = [stretch * STRETCH_NS for stretch in range(first, now_ns // STRETCH_NS + 2)]
    return tuple(
        Sample(at_ns=edge, value=float(peak)) for edge, peak in zip(edges, peaks(spans, edges), strict=False)
    )
