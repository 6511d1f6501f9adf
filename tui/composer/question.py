"""What a person is told before a rollout begins. Pure."""

from __future__ import annotations

from patchdeck.model import Order, Plan, Severity
from themes.ramps import Glyphs
from widgets import rollout_words, units


def title(plan: Plan, glyphs: Glyphs) -> str:
    """`Roll out shop/web · 1.4.2 → 1.4.3`"""
    return f"Roll out {plan.service} {glyphs.dot} {rollout_words.way(plan, glyphs)}"


def lines(plan: Plan) -> list[tuple[str, Severity]]:
    """What will happen: to what, from where to where, in which order, with what left, for how long."""
    several = "replica" if len(plan.units) == 1 else "replicas"
    stop_first = sum(unit.order is Order.STOP_FIRST for unit in plan.units)
    orders = [
        f"{count} {order.value}"
        for order, count in (
            (Order.START_FIRST, len(plan.units) - stop_first),
            (Order.STOP_FIRST, stop_first),
        )
        if count
    ]
    steps = ", ".join(f"{step.name} {len(step.units)}" for step in plan.steps)
    worst = plan.worst_capacity
    time = "not known" if plan.predicted_s is None else f"about {units.latency(plan.predicted_s)}"
    changes = len(plan.changes)
    told = [
        (f"{len(plan.units)} {several} of {plan.service} on {plan.engine} are replaced.", Severity.WARNING),
        (f"from {plan.origin.image}", Severity.INFO),
        (f"to   {plan.to.image}", Severity.INFO),
        (f"order: {', '.join(orders)}; steps: {steps}", Severity.INFO),
        (
            f"at the worst moment {worst or 'none'} ready; time: {time}",
            Severity.INFO if worst else Severity.WARNING,
        ),
    ]
    if changes:
        told.append((f"{changes} settings change with the image: look at them in the plan", Severity.INFO))
    return told
