"""What a person is told before a rollout begins. Pure."""

from __future__ import annotations

from patchdeck.model import Plan, Severity
from themes.ramps import Glyphs
from widgets import rollout_words, units


def title(plan: Plan, glyphs: Glyphs) -> str:
    """`Roll out shop/web · 1.4.2 → 1.4.3`"""
    return f"Roll out {plan.service} {glyphs.dot} {rollout_words.way(plan, glyphs)}"


def lines(plan: Plan) -> list[tuple[str, Severity]]:
    """What will happen: to what, from where to where, in which order, with what left, for how long."""
    several = "replica" if len(plan.units) == 1 else "replicas"
    worst = plan.worst_capacity
    time = "not known" if plan.predicted_s is None else f"about {units.latency(plan.predicted_s)}"
    changes = len(plan.changes)
    told = [
        (f"{len(plan.units)} {several} of {plan.service} on {plan.engine} are replaced.", Severity.WARNING),
        (f"from {plan.origin.image}", Severity.INFO),
        (f"to   {plan.to.image}", Severity.INFO),
        (f"order: {rollout_words.in_orders(plan)}; steps: {rollout_words.in_steps(plan)}", Severity.INFO),
        (
            f"at the worst moment {worst or 'none'} ready; time: {time}",
            Severity.INFO if worst else Severity.WARNING,
        ),
    ]
    if changes:
        told.append((f"{changes} settings change with the image: look at them in the plan", Severity.INFO))
    return told
