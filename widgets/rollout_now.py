"""What a rollout does at this moment, what holds it up, or how it ended: one sentence. Text from outside is in it."""

from __future__ import annotations

from patchdeck.model import (
    Binding,
    Commanded,
    PauseKind,
    Rollout,
    RolloutState,
    RolloutUnit,
    UnitPhase,
    Verdict,
)
from widgets import rollout_words, units
from widgets.ink import Ink

_NAMES = 3
"""Replicas that are named; of more it is said how many."""
_AT_REST = frozenset({UnitPhase.WAITING, UnitPhase.RETURNED, UnitPhase.FAILED, *rollout_words.DONE})


def sentence(rollout: Rollout, now_ns: int) -> tuple[str, str]:
    """With its ink. `now_ns` is the snapshot's time, against which what is left is counted."""
    match rollout.state:
        case RolloutState.COMMITTED | RolloutState.ROLLED_BACK | RolloutState.FAILED:
            return _ended(rollout), Ink.TEXT
        case RolloutState.LOST:
            return "its worker is gone, nothing is being done: resume or abort", Ink.SATURATED
        case RolloutState.NEEDS_PERSON:
            return rollout.text, Ink.SATURATED
        case RolloutState.HOLDING:
            return _held(rollout), Ink.BUSY
        case RolloutState.PAUSED:
            return _paused(rollout), Ink.BUSY
        case RolloutState.PLANNED:
            return "its worker has not begun", Ink.MUTED
        case RolloutState.ROLLING_BACK:
            return _going_back(rollout), Ink.FAILED
    return _running(rollout, now_ns), Ink.TEXT


def _ended(rollout: Rollout) -> str:
    """What was done, and what is left of it."""
    if rollout.state is RolloutState.COMMITTED:
        new = rollout.plan.to.version or rollout.plan.to.image
        return f"{_replicas(len(rollout.units))} on {new}; the old containers are removed"
    if rollout.state is RolloutState.ROLLED_BACK:
        return f"{_why(rollout)}the old containers run as before, nothing is left of the new ones"
    return f"{_why(rollout)}nothing was changed"


def _why(rollout: Rollout) -> str:
    return f"{rollout.text}; " if rollout.text else ""


def _held(rollout: Rollout) -> str:
    at = rollout.step
    held = [gate for gate in rollout.gates if gate.step == at and gate.verdict is Verdict.HOLD]
    return "; ".join(f"{gate.gate} holds: {gate.evidence}" for gate in held) or rollout.text


def _paused(rollout: Rollout) -> str:
    if not rollout.worker_alive:
        return "its worker has ended: resume starts another"
    said = [_paused_by(rollout) if one.kind is PauseKind.ASKED else one.text for one in rollout.pauses]
    return "; ".join(said) or rollout.text


def _paused_by(rollout: Rollout) -> str:
    for entry in reversed(rollout.entries):
        if isinstance(entry, Commanded) and entry.accepted and entry.command.value == "pause":
            reason = f" ({entry.reason})" if entry.reason else ""
            return f"paused by {entry.by.user}@{entry.by.host}{reason}"
    return "paused by a person"


def _going_back(rollout: Rollout) -> str:
    touched = [unit for unit in rollout.units if unit.phase is not UnitPhase.WAITING]
    back = sum(unit.phase is UnitPhase.RETURNED for unit in touched)
    return f"{_why(rollout)}{back} of {len(touched)} old containers run again"


def _running(rollout: Rollout, now_ns: int) -> str:
    pulling = [layer for layer in rollout.layers if layer.total_bytes is not None]
    if pulling:
        done = sum(layer.done_bytes for layer in pulling)
        total = sum(layer.total_bytes or 0 for layer in pulling)
        return f"pulling {units.size(done)} of {units.size(total)}"
    if rollout.step is None:
        return "looking at the containers, and pulling what is missing"
    if rollout_words.is_committing(rollout):
        done = sum(unit.phase is UnitPhase.COMMITTED for unit in rollout.units)
        return f"removing the old containers, {done} of {len(rollout.units)} done; there is no abort any more"
    members = [unit for unit in rollout.units if unit.step == rollout.step]
    if members and all(unit.phase in rollout_words.DONE for unit in members):
        return _judging(rollout, members, now_ns)
    moving = [f"{unit.container} {unit.phase.value}" for unit in members if unit.phase not in _AT_REST]
    more = f" and {len(moving) - _NAMES} more" if len(moving) > _NAMES else ""
    binds = (
        f"{rollout.binds.value} binds{_after(rollout.binds_detail)}"
        if rollout.binds not in (Binding.NOTHING, Binding.STEP, Binding.DEADLINE)
        else ""
    )
    return "; ".join(part for part in (", ".join(moving[:_NAMES]) + more, binds) if part) or "begins"


def _judging(rollout: Rollout, members: list[RolloutUnit], now_ns: int) -> str:
    name = rollout_words.step_name(rollout)
    since_ns = max((unit.since_ns for unit in members if unit.since_ns is not None), default=now_ns)
    left_s = rollout.plan.strategy.bake_s - (now_ns - since_ns) / 1e9
    if left_s > 0:
        return f"{name} is ready and bakes: its gates judge in {units.latency(left_s)}"
    return f"{name} is ready: its gates judge"


def _replicas(count: int) -> str:
    return f"{count} replica runs" if count == 1 else f"{count} replicas run"


def _after(text: str) -> str:
    return f": {text}" if text else ""
