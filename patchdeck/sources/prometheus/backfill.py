"""Reading back the past, newest first, so that the first screen has it and older hours follow."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from patchdeck.sources.emitting import Emit
from patchdeck.sources.prometheus import promql
from patchdeck.sources.prometheus.asking import Asked
from patchdeck.sources.prometheus.client import Client, Series
from patchdeck.sources.prometheus.faults import BadQuery, Fault
from patchdeck.sources.prometheus.readings import past_readings
from patchdeck.sources.prometheus.timing import Windows

FINEST_S: Final = 10
"""Histories are kept in stretches of this length."""
MOST_POINTS: Final = 11_000
"""Of a series in one answer, Prometheus's own bound; and here of the whole past."""
CHUNK_POINTS: Final = 360
_SLICE: Final = 200
"""Readings that are emitted in one turn of the loop."""
_TRIES: Final = 3
_PAUSE_S: Final = 2.0


def step_s(span_s: float, scrape_s: float) -> int:
    """Between two points: no finer than there is data for, nor than is kept, nor than may be asked for."""
    most = -(-int(span_s) // MOST_POINTS)
    return max(FINEST_S, round(scrape_s), most)


def chunks(begin_s: float, end_s: float, step: int) -> Iterator[tuple[int, int]]:
    """Ranges, both ends included, newest first. All points are multiples of the step: who asks again gets the same."""
    first = -(-math.ceil(begin_s) // step) * step
    last = int(end_s) // step * step
    while last >= first:
        start = max(first, last - (CHUNK_POINTS - 1) * step)
        yield start, last
        last = start - step


async def fill(
    client: Client,
    asked: Sequence[Asked],
    begins_s: Mapping[str, float],
    end_s: float,
    *,
    scrape_s: float,
    windows: Windows,
    offset_ns: int,
    group_by: Sequence[str],
    emit: Emit,
) -> None:
    """Emit what Prometheus knows of each engine since its `begins_s`, by Prometheus's clock, until `end_s`.

    Services have no past: one query would bring as many series as there are services. One query at a time; a chunk
    that fails is tried again, and a question that is no good is left out.

    Raises: Fault after the last try.
    """
    wanted = [one for one in asked if one.expression.per == "engine"]
    if not begins_s or not wanted:
        return
    begin_s = min(begins_s.values())
    step = step_s(end_s - begin_s, scrape_s)
    engines = frozenset(begins_s)
    refused: set[str] = set()
    for start, end in chunks(begin_s, end_s, step):
        for one in wanted:
            if one.name in refused:
                continue
            query = promql.question(one.expression, one.engines, windows.short_s, windows.long_s, group_by)
            try:
                answer = await _patiently(client, query, start, end, step)
                reads = past_readings(one, answer, windows=windows, offset_ns=offset_ns, engines=engines)
            except BadQuery:  # told when the present is asked for
                refused.add(one.name)
                continue
            for index in range(0, len(reads), _SLICE):
                for read in reads[index : index + _SLICE]:
                    if read.at_ns >= (begins_s[read.engine] * 1e9 - offset_ns):
                        emit(read)
                await asyncio.sleep(0)


async def _patiently(client: Client, query: str, start: int, end: int, step: int) -> Sequence[Series]:
    """Raises: Fault."""
    for _ in range(_TRIES - 1):
        try:
            return (await client.between(query, start, end, step)).series
        except BadQuery:
            raise
        except Fault:
            await asyncio.sleep(_PAUSE_S)
    return (await client.between(query, start, end, step)).series
