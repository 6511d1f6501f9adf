"""Entries of the rollout journal: what was asked, decided, done and answered, in order.

An entry holds no secret: whole container configurations are kept apart from the entries. `at_ns` is by the clock of the
host that the worker runs on; `sequence` orders the entries of one rollout, whatever the clock does.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

import msgspec

from patchdeck.model.plan import Plan, Refusal


class RolloutState(StrEnum):
    PLANNED = "planned"
    RUNNING = "running"
    PAUSED = "paused"
    HOLDING = "holding"
    """A gate has not enough evidence: a person decides."""
    ROLLING_BACK = "rolling back"
    COMMITTED = "committed"
    ROLLED_BACK = "rolled back"
    FAILED = "failed"
    """Before anything was changed."""
    LOST = "lost"
    """Its worker is gone. Never written to the journal: it is what a reader finds."""
    NEEDS_PERSON = "needs a person"

    @property
    def over(self) -> bool:
        """Nothing more will happen by itself, and nothing has to."""
        return self in (RolloutState.COMMITTED, RolloutState.ROLLED_BACK, RolloutState.FAILED)


class UnitPhase(StrEnum):
    """How far one unit has come. A start-first unit is started and ready before its old container is fenced."""

    WAITING = "waiting"
    CREATED = "created"
    FENCED = "fenced"
    STOPPED = "old stopped"
    SWAPPED = "swapped"
    STARTED = "started"
    READY = "ready"
    BAKED = "baked"
    COMMITTED = "committed"
    RETURNING = "returning"
    RETURNED = "returned"
    """The old container runs again, under its name."""
    FAILED = "failed"


class Verdict(StrEnum):
    PASS = "pass"  # noqa: S105 - a gate's verdict
    FAIL = "fail"
    HOLD = "hold"


class PauseKind(StrEnum):
    ASKED = "asked"
    """A person paused it."""
    GATE = "gate"
    """A gate holds."""
    STEP = "step"
    """`--pause-after`"""
    SIGNAL = "signal"
    """The worker was told to end after the unit."""
    ENGINE = "engine"
    """The engine does not answer."""


class Binding(StrEnum):
    """The limit that keeps more from being started now."""

    NOTHING = "nothing"
    PACE = "pace"
    AVAILABILITY = "availability"
    PORTS = "ports"
    PRESSURE = "pressure"
    STEP = "step"
    DEADLINE = "deadline"
    PAUSE = "pause"


class Command(StrEnum):
    """What a person may ask of a worker."""

    PAUSE = "pause"
    RESUME = "resume"
    PROMOTE = "promote"
    ABORT = "abort"


class Actor(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Who, and from where."""

    user: str
    host: str = ""
    ssh_client: str = ""
    """The address at the other end of SSH_CONNECTION."""
    tty: str = ""
    program: str = ""
    """console, command line, worker"""
    pid: int = 0


class Entry(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="entry", tag=str.lower):
    """Base of all entries."""

    rollout: str
    sequence: int = 0
    """From 1; given by the journal when the entry is written."""
    at_ns: int = 0


class Planned(Entry, frozen=True, kw_only=True):
    plan: Plan
    by: Actor
    reason: str = ""


class WorkerBegan(Entry, frozen=True, kw_only=True):
    worker: Actor
    number: int = 1
    """How many workers this rollout has had."""
    detached: bool = True


class WorkerEnded(Entry, frozen=True, kw_only=True):
    why: str


class LockTaken(Entry, frozen=True, kw_only=True):
    lock: str
    expires_ns: int
    taken_over_from: str = ""


class LockReleased(Entry, frozen=True, kw_only=True):
    lock: str


class PullProgressed(Entry, frozen=True, kw_only=True):
    """Told at most once a second, and at the end."""

    image: str
    layers: Mapping[str, tuple[int, int]] = {}
    """Short layer ID to (bytes done, bytes in all); 0 in all where it is not known yet."""
    done: bool = False


class StepBegan(Entry, frozen=True, kw_only=True):
    step: int
    name: str


class Intended(Entry, frozen=True, kw_only=True):
    """Written, and on disk, before an engine call is made."""

    act: str
    """create, fence, stop, rename, connect, start, remove, unfence, pull, lock, unlock, …"""
    unit: int | None = None
    container: str = ""
    container_id: str = ""
    detail: str = ""


class Answered(Entry, frozen=True, kw_only=True):
    """The engine's answer to the call intended at `intent`."""

    intent: int
    act: str
    ok: bool
    unit: int | None = None
    container_id: str = ""
    status: int | None = None
    """HTTP; None where no answer came."""
    text: str = ""
    """The engine's own words, or its warnings."""
    took_s: float = 0.0


class UnitMoved(Entry, frozen=True, kw_only=True):
    unit: int
    phase: UnitPhase
    container_id: str = ""
    """The successor's, once it exists."""
    detail: str = ""
    latency_s: float | None = None
    """With STARTED: how long the engine took; with READY: until ready."""
    in_flight: int | None = None


class GateJudged(Entry, frozen=True, kw_only=True):
    step: int
    gate: str
    verdict: Verdict
    evidence: str
    """In words, with its numbers: "1.12× [0.98, 1.31], n 6 new, 24 old"."""
    ratio: float | None = None
    low: float | None = None
    high: float | None = None
    new_n: int | None = None
    old_n: int | None = None


class PauseAdded(Entry, frozen=True, kw_only=True):
    kind: PauseKind
    text: str = ""


class PauseLifted(Entry, frozen=True, kw_only=True):
    kind: PauseKind
    text: str = ""


class PaceChanged(Entry, frozen=True, kw_only=True):
    pace: float
    in_flight: int
    binds: Binding
    detail: str = ""
    learned: Mapping[str, float] = {}
    """The controller's state, so that a resumed worker goes on from there."""


class Predicted(Entry, frozen=True, kw_only=True):
    ends_ns: int


class Commanded(Entry, frozen=True, kw_only=True):
    """A person's command reached the worker, which did what it says or says why not."""

    command: Command
    by: Actor
    reason: str = ""
    asked_ns: int = 0
    accepted: bool = True
    answer: str = ""


class ActRefused(Entry, frozen=True, kw_only=True):
    """Someone asked for something that may not be: nothing was done."""

    act: str
    """run, rollback, pause, resume, promote, abort"""
    by: Actor
    refusals: tuple[Refusal, ...]
    reason: str = ""


class Noted(Entry, frozen=True, kw_only=True):
    """Something worth telling that changes nothing."""

    text: str


class Summary(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Told with the final state."""

    seconds: float
    old_p50_s: float | None = None
    old_p95_s: float | None = None
    new_p50_s: float | None = None
    new_p95_s: float | None = None
    startups: int = 0
    pace: float | None = None
    worker_restarts: int = 0
    fewest_ready: int | None = None


class StateEntered(Entry, frozen=True, kw_only=True):
    state: RolloutState
    text: str = ""
    """Why, and where a person is needed what to do."""
    summary: Summary | None = None


AnyEntry = (
    Planned
    | WorkerBegan
    | WorkerEnded
    | LockTaken
    | LockReleased
    | PullProgressed
    | StepBegan
    | Intended
    | Answered
    | UnitMoved
    | GateJudged
    | PauseAdded
    | PauseLifted
    | PaceChanged
    | Predicted
    | Commanded
    | ActRefused
    | Noted
    | StateEntered
)
"""Every entry there is; msgspec decodes a row of the journal into one of these by its tag."""
