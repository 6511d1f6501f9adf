"""What a rollout asks of its pace and of its gates: whoever provides them fits here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from patchdeck.model.facts import Value
from patchdeck.model.journal import Binding, GateJudged, Noted, Verdict
from patchdeck.model.plan import Plan, PlannedStep
from patchdeck.rollout.seen import SeenContainer


class Admitted(Value, frozen=True, kw_only=True):
    """How many starts may be in flight at once, now."""

    starts: int
    binds: Binding = Binding.PACE
    """What keeps it from being more."""
    detail: str = ""


class StartSeen(Value, frozen=True, kw_only=True):
    """One start that the rollout made, once it is over."""

    unit: int
    took_s: float
    """From the request to the engine's answer; 0 where there was none."""
    in_flight: int
    """Starts of this rollout in flight when it ended, itself included."""
    ok: bool
    """False: the engine could not serve it, or ran out of time."""


class Pacer(Protocol):
    """How many starts at once."""

    def admit(self, now_s: float, in_flight: int) -> Admitted:
        """`now_s` is by the monotonic clock. Asked a few times a second and whenever a start ended."""

    def note(self, start: StartSeen) -> None: ...

    @property
    def learned(self) -> Mapping[str, float]:
        """What a worker that resumes goes on from."""


class Step(Value, frozen=True, kw_only=True):
    """What is known of a step at its end, when all its replicas are ready and it has baked."""

    plan: Plan
    step: PlannedStep
    successors: tuple[SeenContainer, ...]
    """Of this step and those before it."""


Said = GateJudged | Noted
"""What a gate has to say: its judgement, or why it does not judge this step."""


class Jury(Protocol):
    """All gates of a rollout but health, which the worker sees to itself."""

    async def judge(self, step: Step) -> Sequence[Said]:
        """Raises nothing: what keeps a gate from judging is a hold, with the reason as its evidence."""


class FixedPacer:
    """As `--pace N` asks."""

    def __init__(self, starts: int) -> None:
        self._starts = starts

    def admit(self, now_s: float, in_flight: int) -> Admitted:
        return Admitted(starts=self._starts, detail=f"{self._starts} at once, as asked")

    def note(self, start: StartSeen) -> None:
        """It is fixed."""

    @property
    def learned(self) -> Mapping[str, float]:
        return {"limit": float(self._starts)}


class NoGates:
    """Health alone decides."""

    async def judge(self, step: Step) -> Sequence[Said]:
        return ()


def worst(said: Sequence[Said]) -> Verdict:
    """One failure fails, and else one hold holds."""
    verdicts = {one.verdict for one in said if isinstance(one, GateJudged)}
    return next((one for one in (Verdict.FAIL, Verdict.HOLD) if one in verdicts), Verdict.PASS)
