"""What the evidence says of why some startups took long, from what a snapshot holds."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

import msgspec

from patchdeck.attribution import attribute
from patchdeck.meanwhile import Watched
from patchdeck.model import Attribution, Engine, Indicator, Snapshot, Startup

_WORDS = {"cpu": "cpu some", "memory": "memory full", "io": "io full", "engine": "a ping"}
_JUDGED_ELSEWHERE = ("starts", "pulls")
"""Starts in flight are told of every startup by themselves; pulls have no level."""


def evidence(chosen: Sequence[Startup], snapshot: Snapshot) -> Attribution:
    """Of the engine that most of `chosen` are of: clocks and indicators of several are not mixed."""
    if not chosen:
        return Attribution(sentence="no startup is chosen")
    name, _ = Counter(one.engine for one in chosen).most_common(1)[0]
    engine = snapshot.engine(name)
    offset_ns = engine.clock_offset_ns if engine else 0
    return attribute(
        [one for one in chosen if one.engine == name],
        snapshot.startups,
        watched(engine) if engine else {},
        now_ns=snapshot.at_ns + offset_ns,
    )


def watched(engine: Engine) -> dict[str, Watched]:
    """The indicators that have levels, by the engine's own clock."""
    return {
        one.name: _watched(one, one.busy, engine.clock_offset_ns)
        for one in engine.indicators
        if one.busy is not None and one.name not in _JUDGED_ELSEWHERE
    }


def _watched(one: Indicator, busy: float, offset_ns: int) -> Watched:
    samples = one.history
    if offset_ns:
        samples = tuple(msgspec.structs.replace(each, at_ns=each.at_ns + offset_ns) for each in samples)
    saturated = math.inf if one.saturated is None else one.saturated
    return Watched(samples, busy, saturated, unit=one.unit, words=_WORDS.get(one.name, one.name))
