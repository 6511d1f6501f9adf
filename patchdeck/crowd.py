"""Starts in flight: how many startups of one engine overlap at a moment."""

from __future__ import annotations

import bisect
from collections.abc import Iterable, Sequence


class Crowd:
    """The spans during which startups were starting, each `[began, ended)`; an open span has no end."""

    def __init__(self) -> None:
        self._spans: dict[str, tuple[int, int | None]] = {}
        self._begins: list[int] = []
        self._ends: list[int] = []

    def set(self, key: str, began_ns: int, ended_ns: int | None) -> int | None:
        """Place or move a span. Returns the earliest time from which counts changed; None if it was there already."""
        span = (began_ns, ended_ns if ended_ns is None else max(began_ns, ended_ns))
        if self._spans.get(key) == span:
            return None
        earlier_ns = self.remove(key)
        self._spans[key] = span
        bisect.insort(self._begins, span[0])
        if span[1] is not None:
            bisect.insort(self._ends, span[1])
        return began_ns if earlier_ns is None else min(began_ns, earlier_ns)

    def remove(self, key: str) -> int | None:
        """Returns when the span began; None if there was none."""
        span = self._spans.pop(key, None)
        if span is None:
            return None
        del self._begins[bisect.bisect_left(self._begins, span[0])]
        if span[1] is not None:
            del self._ends[bisect.bisect_left(self._ends, span[1])]
        return span[0]

    def others_of(self, key: str) -> int:
        """How many others were starting when the span of `key` began."""
        began_ns, ended_ns = self._spans[key]
        starting = bisect.bisect_right(self._begins, began_ns) - bisect.bisect_right(self._ends, began_ns)
        return starting if ended_ns == began_ns else starting - 1

    def __len__(self) -> int:
        return len(self._spans)


def peaks(spans: Iterable[tuple[int, int]], edges_ns: Sequence[int]) -> list[int]:
    """The most spans that overlap at once within each of the stretches between `edges_ns` (ascending).

    A span is `(began, ended)`. Returns one number fewer than there are edges.
    """
    changes = []
    for began_ns, ended_ns in spans:
        if ended_ns > began_ns:
            changes.append((began_ns, 1))
            changes.append((ended_ns, -1))
    changes.sort()
    result = [0] * (len(edges_ns) - 1)
    index = level = 0
    for stretch in range(len(result)):
        while index < len(changes) and changes[index][0] <= edges_ns[stretch]:
            level += changes[index][1]
            index += 1
        top = level
        while index < len(changes) and changes[index][0] < edges_ns[stretch + 1]:
            level += changes[index][1]
            top = max(top, level)
            index += 1
        result[stretch] = top
    return result
