"""The knee of one engine, estimated anew only when what it rests on has changed.

An estimate looks at thousands of startups. It is made of what had happened up to the last full stretch of ten
seconds, so that it is the same however often snapshots are taken.
"""

from __future__ import annotations

import bisect
from collections.abc import Sequence
from typing import Final

import msgspec

from patchdeck.knee import NEWEST, estimate
from patchdeck.model import Knee, Startup, StartupKind, StartupOutcome

STRETCH_NS: Final = 10_000_000_000

_Span = tuple[int, int | None]


class Knees:
    def __init__(self, engine: str) -> None:
        self._engine = engine
        self._looked_at: tuple[int, tuple[Startup, ...]] | None = None
        self._rests_on: tuple[tuple[_Span, ...], int] | None = None
        self._knee: Knee | None = None

    def of(self, startups: tuple[Startup, ...], now_ns: int) -> Knee:
        """`startups` in the order they began; `now_ns` by the engine's clock."""
        until_ns = now_ns // STRETCH_NS * STRETCH_NS
        # Of thousands few change; those that have not are the very same ones.
        looked_at = (until_ns, startups[: bisect.bisect_left(startups, until_ns, key=_at_ns)])
        if self._knee is not None and self._looked_at == looked_at:
            return self._knee
        self._looked_at = looked_at
        _, past = looked_at
        known = [one for one in past if one.kind is StartupKind.FIRST and one.began_ns is not None][-NEWEST:]
        spans = tuple(_span(one, until_ns) for one in known)
        still_starting = any(ended is None for _, ended in spans)
        rests_on = (spans, until_ns if still_starting else 0)
        if self._knee is None or rests_on != self._rests_on:
            self._rests_on = rests_on
            self._knee = estimate(_up_to(known, until_ns), engine=self._engine, now_ns=until_ns)
        return self._knee


def _at_ns(one: Startup) -> int:
    return one.at_ns


def _span(one: Startup, until_ns: int) -> _Span:
    ended_ns = one.started_ns or one.ended_ns
    return one.began_ns or 0, ended_ns if ended_ns is not None and ended_ns < until_ns else None


def _up_to(known: Sequence[Startup], until_ns: int) -> list[Startup]:
    """What ended later was still starting then."""
    return [
        one
        if _span(one, until_ns)[1] is not None
        else msgspec.structs.replace(
            one, started_ns=None, ended_ns=None, ready_ns=None, outcome=StartupOutcome.STARTING
        )
        for one in known
    ]
