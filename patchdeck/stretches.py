"""What was observed at each number of starts in flight, from when startups began and ended.

Counting what finishes while so many are in flight gives the throughput of that number only as long as starts follow
each other: of 64 asked for at once all finish near the end, when few are left, and a count would credit those few.
So time is cut into stretches. In a stretch much longer than a startup every number in flight is told by itself; one
that is not, a herd on its own, is told as a whole, by its mean number in flight.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from patchdeck.model import Startup

_LEAST_DONE = 8
"""Startups in a stretch that is cut off before everything in it has ended."""

_LENGTHS_STEADY = 3.0
"""A stretch that ends with as many in flight as it began with is this many usual startups long, or longer."""

_LENGTHS = 6.0
"""One that does not."""

_EDGES = 2.0
"""The end of a herd, with fewer done than so many times those that were in flight when it began, is all edge: what
was done in it and what before can not be told apart, and it is left out."""

_CAPPED = 0.7
_CAPPED_SHARE = 0.12
"""A stretch whose mean number in flight is this close to its greatest, absolute or relative, is one with so many at
once: that ends are close by when there is one fewer, just after an end, says nothing of one fewer."""

_CHUNK = 16
_STRAGGLES = 8.0
"""So many times the upper quartile of the startups that began around it: a straggler waits for something else."""


class Stretch(NamedTuple):
    """`work` startups were done in `seconds` during which `in_flight` were starting."""

    in_flight: float
    seconds: float
    work: float
    latencies_s: Sequence[float]
    """Of those that ended in it."""


def stretches(startups: Sequence[Startup], now_ns: int) -> list[Stretch]:
    """Of startups sorted by the time they began. What is still starting counts until `now_ns`, and as not done."""
    spans = []
    for one in startups:
        began_ns = one.began_ns
        if began_ns is None:
            continue
        ended_ns = one.started_ns or one.ended_ns or now_ns
        if ended_ns > began_ns:
            spans.append((began_ns, ended_ns))
    spans = _without_stragglers(spans)
    shortest = sorted(ended - began for began, ended in spans)
    spread_ns = shortest[len(shortest) // 10] if shortest else 0
    return [part for piece in _cut(spans, now_ns) for part in piece.parts(spread_ns)]


def _without_stragglers(spans: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    kept = []
    for index in range(0, len(spans), _CHUNK):
        around = spans[max(0, index - _CHUNK) : index + 2 * _CHUNK]
        lengths = sorted(ended - began for began, ended in around)
        longest = _STRAGGLES * lengths[len(lengths) * 3 // 4]
        kept += [span for span in spans[index : index + _CHUNK] if span[1] - span[0] <= longest]
    return kept


class _Piece:
    """A stretch while it grows."""

    __slots__ = ("after", "area", "before", "busy", "ends", "segments", "steady", "total")

    def __init__(self, before: int) -> None:
        self.before = before
        """In flight when it begins, and below when it ends."""
        self.after = before
        self.segments: list[tuple[int, int]] = []
        """Length and number in flight, in order."""
        self.ends: list[tuple[int, int]] = []
        """After how many segments one was done, and how long it took."""
        self.area = 0
        self.busy = 0
        self.total = 0
        self.steady = False

    def settle(self, level: int) -> bool:
        """Whether it may be cut here, with `level` left in flight."""
        done = len(self.ends)
        if not self.busy or (level and done < _LEAST_DONE):
            return False
        usual = self.total / done
        self.after = level
        moved = abs(level - self.before)
        balanced = self.before > 0 and moved <= max(1.0, self.area / self.busy / 4)
        self.steady = self.busy >= (_LENGTHS_STEADY if balanced else _LENGTHS) * usual
        return self.steady or not level

    def _is_capped(self, mean: float) -> bool:
        most = max(level for _, level in self.segments)
        return most - mean <= max(_CAPPED, _CAPPED_SHARE * most)

    def parts(self, spread_ns: int) -> Iterator[Stretch]:
        """Each end is spread over the last `spread_ns` of its startup."""
        if not self.steady and len(self.ends) < _EDGES * self.before:
            return
        mean = self.area / self.busy
        if not self.steady or self._is_capped(mean):
            latencies = [took / 1e9 for _, took in self.ends]
            # What is in flight at either edge is half done there, more or less.
            work = len(latencies) + (self.after - self.before) / 2
            yield Stretch(mean, self.busy / 1e9, work, latencies)
            return
        by_level: dict[int, _Share] = {}
        for length, level in self.segments:
            by_level.setdefault(level, _Share()).busy += length
        for after, took in self.ends:
            by_level[self.segments[after - 1][1]].latencies_s.append(took / 1e9)
            room = whole = min(took, spread_ns)
            for length, level in reversed(self.segments[:after]):
                used = min(length, room)
                by_level[level].work += used / whole
                room -= used
                if room <= 0:
                    break
        for level, share in by_level.items():
            yield Stretch(float(level), share.busy / 1e9, share.work, share.latencies_s)


class _Share:
    """Of one number in flight in a piece."""

    __slots__ = ("busy", "latencies_s", "work")

    def __init__(self) -> None:
        self.busy = 0
        self.work = 0.0
        self.latencies_s: list[float] = []


def _cut(spans: Sequence[tuple[int, int]], now_ns: int) -> Iterator[_Piece]:
    changes = [(began, 0, 0) for began, _ in spans]
    changes += [(ended, -1, ended - began) for began, ended in spans]
    changes.sort()
    level = 0
    last = 0
    piece = _Piece(0)
    for at, ends, took in changes:
        length = at - last
        last = at
        if level and length:
            piece.segments.append((length, level))
            piece.area += level * length
            piece.busy += length
        if not ends:
            level += 1
            continue
        level -= 1
        if at < now_ns:
            piece.ends.append((len(piece.segments), took))
            piece.total += took
            if piece.settle(level):
                yield piece
                piece = _Piece(level)
