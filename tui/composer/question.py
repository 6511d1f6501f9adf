"""What a person is told before a rollout begins. Pure."""

from __future__ import annotations

from patchdeck.model import Plan, Severity
from themes.ramps import Glyphs
from widgets import rollout_words, units


def title(plan: Plan, glyphs: Glyphs) -> str:
    """`Roll out shop/web · 1.4.2 → 1.4.3`"""
    return f"Roll out {plan.service} {glyphs.dot} {rollout_words.way(plan, glyphs)}"


def lines(plan: Plan, override: str) -> list[tuple[str, Severity]]:
    """What will happen: to what, from where to where, in which order, with what left, for how long; against what."""
    of = f"of {plan.service} on {plan.engine}"
    replicas = f"1 replica {of} is" if len(plan.units) == 1 else f"{len(plan.units)} replicas {of} are"
    worst = plan.worst_capacity
    time = "not known" if plan.predicted_s is None else f"about {units.latency(plan.predicted_s)}"
    changes = len(plan.changes)
    told = [
        (f"{replicas} replaced.", Severity.WARNING),
        (f"from {plan.origin.image}", Severity.INFO),
        (f"to   {plan.to.image}", Severity.INFO),
        (f"order: {rollout_words.in_orders(plan)}; steps: {rollout_words.in_steps(plan)}", Severity.INFO),
        (
            f"at the worst moment {worst or 'none'} ready; time: {time}",
            Severity.INFO if worst else Severity.WARNING,
        ),
    ]
    if changes:
        settings = "1 setting changes" if changes == 1 else f"{changes} settings change"
        told.append((f"{settings} with the image: look at them in the plan", Severity.INFO))
    if override:
        told.append((f"override of the change window: {override}", Severity.WARNING))
    return told
