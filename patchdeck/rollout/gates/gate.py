"""What every gate takes and gives."""

from __future__ import annotations

from enum import Enum
from typing import Protocol

import msgspec

from patchdeck.model import Plan, PlannedStep, Snapshot, Verdict


class Need(Enum):
    """What it takes to ask a gate, besides the plan: whatever no gate needs is not gathered."""

    STARTUPS = "startups"
    """The watch has seen every successor start."""
    REPLICAS = "replicas"
    """Where each successor can be asked: `Context.replaced`."""


class Replaced(msgspec.Struct, frozen=True, kw_only=True):
    """A successor that is in place, as a probe needs it."""

    name: str
    container_id: str
    address: str = ""
    """On the first of its networks that gives it one; empty where it has none."""
    ports: tuple[tuple[int, str, int], ...] = ()
    """(container port, host address, host port) of those that are published."""


class Context(msgspec.Struct, frozen=True, kw_only=True):
    """What is known at the end of a step."""

    plan: Plan
    step: PlannedStep
    snapshot: Snapshot
    """Of a watch that has seen the rollout's own startups."""
    replaced: tuple[Replaced, ...] = ()
    """All successors so far, of earlier steps too."""


class Judgement(msgspec.Struct, frozen=True, kw_only=True):
    verdict: Verdict
    evidence: str
    """In words, with its numbers. Text that others wrote is made harmless where it is drawn."""
    ratio: float | None = None
    low: float | None = None
    high: float | None = None
    new_n: int | None = None
    old_n: int | None = None


class NotAsked(msgspec.Struct, frozen=True, kw_only=True):
    """The gate does not judge this step, and why."""

    why: str


class Gate(Protocol):
    """One check. `judge` raises nothing: what keeps it from judging is a hold, with the reason as its evidence."""

    @property
    def name(self) -> str: ...

    @property
    def rule(self) -> str:
        """What has to be true, in words."""

    @property
    def source(self) -> str:
        """Where its data come from."""

    @property
    def needs(self) -> frozenset[Need]: ...

    async def judge(self, context: Context) -> Judgement | NotAsked: ...


def hold(evidence: str) -> Judgement:
    """For want of evidence, and which."""
    return Judgement(verdict=Verdict.HOLD, evidence=evidence)
