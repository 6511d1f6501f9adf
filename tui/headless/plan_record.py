"""A plan as a JSON document. docs/plans.md has the table of its fields. The same input gives the same bytes."""

from __future__ import annotations

from patchdeck.model import Amount, Dependent, ImageChoice, Plan, PlannedUnit, Strategy
from tui.headless.records import Json, seconds


def plan_record(plan: Plan) -> dict[str, Json]:
    """Every field is there, also where nothing is known: then it is null or empty."""
    layers = plan.layers
    return {
        "id": plan.id,
        "service": plan.service,
        "engine": plan.engine,
        "engine_id": plan.engine_id,
        "host": plan.host,
        "from": choice_record(plan.origin),
        "to": choice_record(plan.to),
        "strategy": _strategy(plan.strategy),
        "steps": [{"index": step.index, "name": step.name, "units": list(step.units)} for step in plan.steps],
        "units": [_unit(unit) for unit in plan.units],
        "gates": [{"name": gate.name, "rule": gate.rule, "source": gate.source} for gate in plan.gates],
        "refusals": [{"rule": str(refusal.rule), "text": refusal.text} for refusal in plan.refusals],
        "changes": [
            {"what": change.what, "name": change.name, "old": change.old, "new": change.new}
            for change in plan.changes
        ],
        "unclear": list(plan.unclear),
        "layers": {
            "shared": layers.shared,
            "new": layers.new,
            "new_bytes": layers.new_bytes,
            "growth_bytes": layers.growth_bytes,
        },
        "has_healthcheck": plan.has_healthcheck,
        "predicted_s": seconds(plan.predicted_s),
        "predicted_from": plan.predicted_from,
        "max_unavailable": plan.max_unavailable,
        "worst_capacity": plan.worst_capacity,
        "notes": list(plan.notes),
    }


def choice_record(choice: ImageChoice) -> Json:
    """One side of a rollout."""
    return {
        "image": choice.image,
        "image_id": choice.image_id,
        "digest": choice.digest,
        "version": choice.version,
        "size_bytes": choice.size_bytes,
    }


def _strategy(strategy: Strategy) -> Json:
    return {
        "canary": _amount(strategy.canary),
        "batch": _amount(strategy.batch),
        "order": strategy.order.value if strategy.order else "auto",
        "max_unavailable": _amount(strategy.max_unavailable),
        "pace": "auto" if strategy.pace is None else str(strategy.pace),
        "bake_s": strategy.bake_s,
        "deadline_s": strategy.deadline_s,
        "hold_timeout_s": strategy.hold_timeout_s,
        "gates": dict(sorted(strategy.gates.items())),
        "pause_after": list(strategy.pause_after),
        "keep_image": strategy.keep_image,
    }


def _amount(amount: Amount | None) -> str:
    return "auto" if amount is None else str(amount)


def _unit(unit: PlannedUnit) -> Json:
    return {
        "index": unit.index,
        "step": unit.step,
        "container": unit.container,
        "container_id": unit.container_id,
        "started_at": unit.started_at,
        "order": unit.order.value,
        "reasons": list(unit.reasons),
        "dependents": [_dependent(dependent) for dependent in unit.dependents],
        "auto_remove": unit.auto_remove,
    }


def _dependent(dependent: Dependent) -> Json:
    return {
        "container": dependent.container,
        "container_id": dependent.container_id,
        "started_at": dependent.started_at,
        "service": dependent.service,
        "why": dependent.why,
        "recreate": dependent.recreate,
    }
