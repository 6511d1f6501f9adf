"""A rollout in sentences: each entry of the journal as one line, and what is said at the end. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from patchdeck.model import (
    Actor,
    ActRefused,
    Answered,
    AnyEntry,
    Commanded,
    GateJudged,
    Intended,
    LockReleased,
    LockTaken,
    Noted,
    PaceChanged,
    PauseAdded,
    PauseLifted,
    Plan,
    Planned,
    Predicted,
    PullProgressed,
    Rollout,
    RolloutState,
    StateEntered,
    StepBegan,
    UnitMoved,
    UnitPhase,
    WorkerBegan,
    WorkerEnded,
)
from widgets.rollout_summary import in_numbers
from widgets.units import clock, latency, size


def is_progress(entry: AnyEntry) -> bool:
    """Whether it is told to someone who watches; `rollout show` tells all."""
    match entry:
        case Intended() | LockTaken() | LockReleased() | PaceChanged() | Predicted() | WorkerEnded():
            return False
        case Answered():
            return not entry.ok
        case PullProgressed():
            return entry.done
        case UnitMoved():
            return entry.phase in (UnitPhase.READY, UnitPhase.COMMITTED, UnitPhase.RETURNED, UnitPhase.FAILED)
    return True


def sentence(entry: AnyEntry, plan: Plan, *, utc: bool) -> str:  # noqa: C901, PLR0912 - a case for each kind of entry
    """What happened, in one line. Text from outside is in it as it came."""
    match entry:
        case Planned():
            text = (
                f"{who(entry.by)} asked for {plan.service} to move {way(plan)}, {len(plan.units)} to replace"
            )
            return text + because(entry.reason)
        case WorkerBegan():
            return f"worker {entry.number} began: process {entry.worker.pid} on {entry.worker.host}"
        case WorkerEnded():
            return f"its worker ended: {entry.why}"
        case LockTaken():
            over = f", taken over from {entry.taken_over_from}" if entry.taken_over_from else ""
            return f"locked {plan.service} until {clock(entry.expires_ns, utc=utc)}{over}"
        case LockReleased():
            return f"unlocked {plan.service}"
        case PullProgressed():
            done = sum(done for done, _ in entry.layers.values())
            return f"{'pulled' if entry.done else 'pulling'} {entry.image}: {size(done)}"
        case StepBegan():
            return f"step {entry.name}"
        case Intended():
            detail = f" ({entry.detail})" if entry.detail and entry.detail != entry.container else ""
            return f"to {entry.act} {entry.container}".rstrip() + detail
        case Answered():
            return _answer(entry, plan)
        case UnitMoved():
            return _unit(entry, plan)
        case GateJudged():
            return f"gate {entry.gate}: {entry.verdict.value}, {entry.evidence}"
        case PauseAdded():
            return f"paused ({entry.kind.value}): {entry.text}"
        case PauseLifted():
            return f"pause lifted ({entry.kind.value})"
        case PaceChanged():
            return f"pace {entry.pace:g} at once, {entry.binds.value} binds{_after(entry.detail)}"
        case Predicted():
            return f"predicted to end at {clock(entry.ends_ns, utc=utc)}"
        case Commanded():
            answer = "accepted" if entry.accepted else "refused"
            text = f"{who(entry.by)} asked to {entry.command.value}{because(entry.reason)}: {answer}"
            return text + _after(entry.answer)
        case ActRefused():
            rules = "; ".join(f"{one.rule}: {one.text}" for one in entry.refusals)
            return f"{who(entry.by)} asked to {entry.act}{because(entry.reason)}: refused, {rules}"
        case Noted():
            return entry.text
        case StateEntered():
            return entry.state.value + _after(entry.text)


def who(actor: Actor) -> str:
    """With the host and, over SSH, where from."""
    where = f"{actor.user}@{actor.host}" if actor.host else actor.user
    return f"{where} (from {actor.ssh_client})" if actor.ssh_client else where


def because(reason: str) -> str:
    """The reason, as the end of a clause."""
    return f" ({reason})" if reason else ""


def way(plan: Plan) -> str:
    """From what to what, by the names of the versions where they tell them apart."""
    old, new = plan.origin, plan.to
    if old.version and new.version and old.version != new.version:
        return f"{old.version} → {new.version}"
    return f"{old.image or 'nothing'} → {new.image}"


def ending(rollout: Rollout) -> Iterator[str]:
    """What became of it, and what to do next where something is to be done."""
    yield f"{rollout.id} {rollout.service} {way(rollout.plan)}: {rollout.state.value}{_after(rollout.text)}"
    if rollout.summary:
        yield in_numbers(rollout.summary)
    if advice := what_next(rollout):
        yield advice


def what_next(rollout: Rollout) -> str:
    """What a person can do now; empty where nothing is to be done."""
    command = "`patchdeck rollout"
    match rollout.state:
        case RolloutState.COMMITTED:
            return f"{command} rollback {rollout.id}` makes the old version again"
        case RolloutState.HOLDING:
            return f"{command} promote {rollout.id}` goes on, `abort` goes back, `resume` asks the gate again"
        case RolloutState.PAUSED | RolloutState.LOST | RolloutState.PLANNED:
            return f"{command} resume {rollout.id}` goes on, `abort` goes back"
        case RolloutState.NEEDS_PERSON:
            return f"{command} show {rollout.id}` tells what was done; `resume` goes on, `abort` goes back"
    return ""


def _answer(entry: Answered, plan: Plan) -> str:
    name = "" if entry.unit is None else f" {plan.units[entry.unit].container}"
    status = "no answer" if entry.status is None else f"HTTP {entry.status}"
    said = "done" if entry.ok else f"refused ({status})"
    return f"{entry.act}{name}: {said} in {latency(entry.took_s)}{_after(entry.text)}"


def _unit(entry: UnitMoved, plan: Plan) -> str:
    took = "" if entry.latency_s is None else f" in {latency(entry.latency_s)}"
    return f"{plan.units[entry.unit].container} {entry.phase.value}{took}{_after(entry.detail)}"


def _after(text: str) -> str:
    return f": {text}" if text else ""
