"""How many replicas may be missing, and how many are ready at the worst moment."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from patchdeck.model import Amount, Order, PlannedStep


def budget(wanted: Amount | None, orders: Iterable[Order], replicas: int) -> int:
    """How many replicas may be missing at once. Auto (None): none where every unit goes start-first, else one."""
    if wanted is None:
        return 1 if Order.STOP_FIRST in orders else 0
    if not (wanted.count or wanted.share):
        return 0
    return wanted.of(replicas)


def worst(
    ready: int, orders: Sequence[Order], steps: Iterable[PlannedStep], budget: int, pace: int | None
) -> int:
    """Ready replicas at the worst moment, of those that are `ready` before it begins.

    A unit that goes stop-first is missing until its successor is ready. Of a step's units at most `budget` are, and
    with a fixed pace no more than are started at once; one that goes start-first never is.
    """
    missing = 0
    for step in steps:
        stopped_first = sum(1 for unit in step.units if orders[unit] is Order.STOP_FIRST)
        missing = max(missing, min(stopped_first, budget, pace or stopped_first))
    return max(0, ready - missing)
