"""What happens to a rollout (signals), and what its machine asks of the worker (effects)."""

from __future__ import annotations

from patchdeck.model.facts import Value
from patchdeck.model.journal import Binding, Command, Verdict


class Signal(Value, frozen=True, kw_only=True):
    """Something that happened."""


class WorkerReady(Signal, frozen=True, kw_only=True):
    """A worker has begun, the first or one that resumes."""


class Locked(Signal, frozen=True, kw_only=True):
    pass


class LockDenied(Signal, frozen=True, kw_only=True):
    text: str


class Prepared(Signal, frozen=True, kw_only=True):
    """The image is there and every successor is described."""


class NotPrepared(Signal, frozen=True, kw_only=True):
    text: str


class Room(Signal, frozen=True, kw_only=True):
    """How much the pace allows now, and which replicas are not ready by themselves."""

    starts: int
    binds: Binding = Binding.PACE
    down: frozenset[int] = frozenset()


class UnitStarted(Signal, frozen=True, kw_only=True):
    unit: int


class UnitServes(Signal, frozen=True, kw_only=True):
    """Its successor is ready beside its old container."""

    unit: int


class UnitReady(Signal, frozen=True, kw_only=True):
    unit: int


class UnitFailed(Signal, frozen=True, kw_only=True):
    """Before it was ready, or at any time after."""

    unit: int
    text: str


class UnitReturned(Signal, frozen=True, kw_only=True):
    unit: int


class UnitStuck(Signal, frozen=True, kw_only=True):
    unit: int
    text: str


class UnitCommitted(Signal, frozen=True, kw_only=True):
    unit: int


class Judged(Signal, frozen=True, kw_only=True):
    """All gates of a step: the worst of their verdicts."""

    step: int
    verdict: Verdict
    text: str = ""


class HoldExpired(Signal, frozen=True, kw_only=True):
    pass


class Asked(Signal, frozen=True, kw_only=True):
    command: Command
    text: str = ""
    """Who, and why."""


class Terminated(Signal, frozen=True, kw_only=True):
    """SIGTERM."""


class EngineLost(Signal, frozen=True, kw_only=True):
    pass


class EngineBack(Signal, frozen=True, kw_only=True):
    pass


class Effect(Value, frozen=True, kw_only=True):
    """Something for the worker to do."""


class TakeLock(Effect, frozen=True, kw_only=True):
    pass


class Prepare(Effect, frozen=True, kw_only=True):
    """Pull, verify, and describe every successor."""


class Go(Effect, frozen=True, kw_only=True):
    unit: int


class Judge(Effect, frozen=True, kw_only=True):
    """Let the step bake, then ask its gates."""

    step: int


class Turn(Effect, frozen=True, kw_only=True):
    """Bring the unit back, whatever is being done with it."""

    unit: int


class Commit(Effect, frozen=True, kw_only=True):
    unit: int


class Answer(Effect, frozen=True, kw_only=True):
    """To the command that was asked last."""

    accepted: bool
    text: str = ""


class End(Effect, frozen=True, kw_only=True):
    """The rollout is over: release the lock, tell its state and end."""


class Leave(Effect, frozen=True, kw_only=True):
    """End the worker; the rollout stays open."""
