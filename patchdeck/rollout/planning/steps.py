"""Canary and batches: how many replicas go in which step."""

from __future__ import annotations

import math
from typing import Final

from patchdeck.model import Amount, PlannedStep

CANARY: Final = Amount(share=0.05)
"""Of a service so large that this is more than one."""
GROWTH: Final = (0.10, 0.25, 0.50, 1.0)
"""How much of the service has been replaced after each batch, as long as gates pass."""


def sizes(units: int, canary: Amount | None, batch: Amount | None) -> tuple[int, ...]:
    """How many units each step has, in turn. None is auto."""
    if not units:
        return ()
    made = [(canary or CANARY).of(units)]
    done = made[0]
    ends = (
        range(done + batch.of(units), units + batch.of(units), batch.of(units))
        if batch is not None
        else [math.ceil(share * units) for share in GROWTH]
    )
    for end in ends:
        if done < min(end, units):
            made.append(min(end, units) - done)
            done = min(end, units)
    return tuple(made)


def steps(units: int, canary: Amount | None, batch: Amount | None) -> tuple[PlannedStep, ...]:
    """The steps with their units, which are numbered in the order in which they go."""
    made = []
    first = 0
    for index, size in enumerate(sizes(units, canary, batch)):
        name = f"batch {index}" if index else "canary"
        made.append(PlannedStep(index=index, name=name, units=tuple(range(first, first + size))))
        first += size
    return tuple(made)
