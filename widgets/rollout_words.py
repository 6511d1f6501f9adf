"""What is said of a rollout wherever it is shown: its state, its steps, what a person can do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from patchdeck.model import Order, PauseKind, Plan, Rollout, RolloutState, StepBegan, UnitPhase
from themes.ramps import Glyphs
from widgets import units
from widgets.ink import Ink
from widgets.line import Span

PAUSE, PROMOTE, ABORT, UNDO = "pause_rollout", "promote_rollout", "abort_rollout", "undo_rollout"
"""What a person can do, by the keymap's ids."""
ARM = "arm"
"""What a person has to do before, where the console is not armed."""
COMMIT = "commit"
JUST_NOW_S = 120.0

DONE = frozenset({UnitPhase.READY, UnitPhase.BAKED, UnitPhase.COMMITTED})
"""The replica runs the new version and is ready."""
_PERSONS = frozenset({PauseKind.ASKED, PauseKind.GATE, PauseKind.STEP})
"""Pauses that a person lifts."""
_INKS = {
    RolloutState.PLANNED: Ink.MUTED,
    RolloutState.RUNNING: Ink.NEW,
    RolloutState.PAUSED: Ink.BUSY,
    RolloutState.HOLDING: Ink.BUSY,
    RolloutState.ROLLING_BACK: Ink.FAILED,
    RolloutState.COMMITTED: Ink.CALM,
    RolloutState.ROLLED_BACK: Ink.BUSY,
    RolloutState.FAILED: Ink.FAILED,
    RolloutState.LOST: Ink.SATURATED,
    RolloutState.NEEDS_PERSON: Ink.SATURATED,
}


def share_done(rollout: Rollout) -> float:
    """0…1 of its replicas run the new version and are ready."""
    return units_done(rollout) / max(len(rollout.units), 1)


def units_done(rollout: Rollout) -> int:
    """Replicas that run the new version and are ready."""
    return sum(unit.phase in DONE for unit in rollout.units)


def is_committing(rollout: Rollout) -> bool:
    """The old containers are being removed: there is no way back until it is over."""
    return rollout.step is not None and rollout.step >= len(rollout.plan.steps)


def state_text(rollout: Rollout) -> str:
    """`rolling 25%`, `holding`, `rolling back`, …"""
    if rollout.state is RolloutState.RUNNING:
        return "committing" if is_committing(rollout) else f"rolling {units.share(share_done(rollout))}"
    return rollout.state.value


def calls(rollout: Rollout) -> bool:
    """Nothing goes on until a person decides, and none has paused it: that is to be seen from across the room."""
    if rollout.state in (RolloutState.HOLDING, RolloutState.LOST, RolloutState.NEEDS_PERSON):
        return True
    kinds = {pause.kind for pause in rollout.pauses}
    return rollout.state is RolloutState.PAUSED and PauseKind.ASKED not in kinds and PauseKind.STEP in kinds


def matters(rollout: Rollout, now_ns: int) -> bool:
    """It is open, or has ended just now: how it ended is not to be missed."""
    ended_ns = rollout.ended_ns
    return rollout.open or (ended_ns is not None and now_ns - ended_ns < JUST_NOW_S * 1e9)


def state_span(rollout: Rollout, glyphs: Glyphs) -> Span:
    """The state with its glyph; that of one that calls for a person stands out without colours too."""
    glyph = {
        RolloutState.PLANNED: glyphs.absent,
        RolloutState.RUNNING: glyphs.under_way,
        RolloutState.PAUSED: glyphs.paused,
        RolloutState.HOLDING: glyphs.warning,
        RolloutState.ROLLING_BACK: glyphs.returning,
        RolloutState.COMMITTED: glyphs.done,
        RolloutState.ROLLED_BACK: glyphs.returning,
    }.get(rollout.state, glyphs.failure)
    ink = Ink.CALLS if calls(rollout) else _INKS[rollout.state]
    return (f"{glyph} {state_text(rollout)}", ink, "")


def way(plan: Plan, glyphs: Glyphs) -> str:
    """From what to what, by the names of the versions where they tell them apart. Text from outside."""
    old, new = plan.origin, plan.to
    if old.version and new.version and old.version != new.version:
        return f"{old.version} {glyphs.arrow} {new.version}"
    return f"{old.image or old.image_id[:19]} {glyphs.arrow} {new.image}"


def in_steps(plan: Plan) -> str:
    """`canary 1, then 1, 1, 2`: how many replicas each step has."""
    sizes = [str(len(step.units)) for step in plan.steps]
    first = f"{plan.steps[0].name} {sizes[0]}" if sizes else ""
    return ", then ".join(part for part in (first, ", ".join(sizes[1:])) if part)


def in_orders(plan: Plan) -> str:
    """`3 start-first, 1 stop-first`"""
    counted = Counter(unit.order for unit in plan.units)
    return ", ".join(f"{counted[order]} {order.value}" for order in Order if counted[order])


def steps(rollout: Rollout, glyphs: Glyphs) -> tuple[tuple[str, Span], ...]:
    """The name of each step, the commit last, and the mark of how far it is."""
    names = [*(step.name for step in rollout.plan.steps), COMMIT]
    at = len(names) if rollout.state is RolloutState.COMMITTED else rollout.step
    return tuple((name, _step_mark(rollout, index, at, glyphs)) for index, name in enumerate(names))


def step_name(rollout: Rollout) -> str:
    """Of the step that it is in; empty before the first."""
    if rollout.step is None:
        return ""
    return COMMIT if is_committing(rollout) else rollout.plan.steps[rollout.step].name


def _step_mark(rollout: Rollout, index: int, at: int | None, glyphs: Glyphs) -> Span:
    if at is None or index > at:
        return (glyphs.dot, Ink.MUTED, "")
    if index < at:
        return (glyphs.done, Ink.CALM, "")
    text, ink, _ = state_span(rollout, glyphs)
    return (text[0], ink, "")


def possible(rollout: Rollout) -> dict[str, str]:
    """What a person can do now: the keymap's id to its word."""
    state = rollout.state
    if state.over or (state is RolloutState.PLANNED and rollout.worker_alive):
        return {UNDO: "roll back"} if state is RolloutState.COMMITTED else {}
    back = {} if is_committing(rollout) else {ABORT: "abort"}
    kinds = {pause.kind for pause in rollout.pauses}
    if not rollout.worker_alive or state in (RolloutState.LOST, RolloutState.NEEDS_PERSON):
        return {PAUSE: "resume", **({} if _was_going_back(rollout) else back)}
    if state is RolloutState.ROLLING_BACK:
        return {}
    if not kinds & _PERSONS:
        return {PAUSE: "pause", **back}
    promote = {PROMOTE: "promote"} if kinds & {PauseKind.GATE, PauseKind.STEP} else {}
    again = "resume" if kinds & {PauseKind.ASKED, PauseKind.STEP} else "ask again"
    return {**promote, PAUSE: again, **back}


def _was_going_back(rollout: Rollout) -> bool:
    return any(unit.phase in (UnitPhase.RETURNING, UnitPhase.RETURNED) for unit in rollout.units)


def keys_of(rollout: Rollout, keys: Mapping[str, str]) -> list[Span]:
    """`space pause  a abort`: what can be done now. `keys` are the keymap's ids to keys; those left out do not work."""
    spans: list[Span] = []
    for action, word in possible(rollout).items():
        if action in keys:
            spans += [("  ", Ink.TEXT, "")] if spans else []
            spans += [(keys[action], Ink.ACCENT, ""), (f" {word}", Ink.MUTED, "")]
    if spans and ARM in keys:
        spans = [(keys[ARM], Ink.ACCENT, ""), (" arm, then  ", Ink.MUTED, ""), *spans]
    return spans


def ends_in(rollout: Rollout, now_ns: int) -> str:
    """`eta 1m10`; empty where nothing is foretold."""
    ends_ns = rollout.predicted_end_ns
    if ends_ns is None or rollout.state.over or rollout.pauses:
        # As long as it waits, its end goes on moving.
        return ""
    return f"eta {units.latency(max(ends_ns - now_ns, 0) / 1e9)}"


def step_times(rollout: Rollout) -> dict[int, tuple[int, int | None]]:
    """When each step began, and ended; of a step that the kept entries do not tell of nothing is said."""
    began: dict[int, int] = {}
    for entry in rollout.entries:
        if isinstance(entry, StepBegan):
            began.setdefault(entry.step, entry.at_ns)
    return {step: (at_ns, began.get(step + 1, rollout.ended_ns)) for step, at_ns in began.items()}
