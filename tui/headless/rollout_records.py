"""Rollouts as JSON objects. docs/rollout-commands.md has the tables of their fields."""

from __future__ import annotations

from collections.abc import Sequence

from patchdeck.model import AnyEntry, Rollout
from tui.headless.plan_record import choice_record, plan_record
from tui.headless.records import Json, seconds
from tui.headless.rollout_events import END, event_record, struct_record
from tui.headless.times import rfc3339


def rollout_record(rollout: Rollout, held_by: str = "") -> dict[str, Json]:
    """One of `rollout list`. `held_by` names the worker that is carrying it out, if any."""
    plan = rollout.plan
    return {
        "id": rollout.id,
        "service": rollout.service,
        "engine": rollout.engine,
        "from": choice_record(plan.origin),
        "to": choice_record(plan.to),
        "state": rollout.state.value,
        "step": step_name(rollout),
        "started_at": rfc3339(rollout.began_ns),
        "ended_at": rfc3339(rollout.ended_ns),
        "held_by": held_by or None,
        "text": rollout.text,
        "by": struct_record(rollout.by) if rollout.by else None,
        "reason": rollout.reason,
    }


def step_name(rollout: Rollout) -> str | None:
    """Of the step it is in, or was in when it ended; after the last it is the commit. None before the first."""
    if rollout.step is None:
        return None
    steps = rollout.plan.steps
    return steps[rollout.step].name if rollout.step < len(steps) else "commit"


def full_record(rollout: Rollout, entries: Sequence[AnyEntry], held_by: str = "") -> dict[str, Json]:
    """All there is to know: what `rollout show` tells. `entries` are all of its journal."""
    return {
        **rollout_record(rollout, held_by),
        "workers": rollout.workers,
        "pace": seconds(rollout.pace),
        "in_flight": rollout.in_flight,
        "binds": rollout.binds.value,
        "binds_detail": rollout.binds_detail,
        "predicted_end_at": rfc3339(rollout.predicted_end_ns),
        "units": [struct_record(unit) for unit in rollout.units],
        "pauses": [struct_record(pause) for pause in rollout.pauses],
        "gates": [event_record(gate) for gate in rollout.gates],
        "layers": [struct_record(layer) for layer in rollout.layers],
        "summary": struct_record(rollout.summary) if rollout.summary else None,
        "plan": plan_record(rollout.plan),
        "journal": [event_record(entry) for entry in entries],
    }


def end_record(rollout: Rollout, at_ns: int, status: int, override: str) -> dict[str, Json]:
    """The last line of a rollout that was followed. `override` is a Compose file, where one is wanted."""
    return {
        "at": rfc3339(at_ns),
        "id": rollout.id,
        "event": END,
        "state": rollout.state.value,
        "text": rollout.text,
        "exit_status": status,
        "summary": struct_record(rollout.summary) if rollout.summary else None,
        "compose_override": override or None,
    }
