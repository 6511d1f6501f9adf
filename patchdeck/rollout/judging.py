"""The end of a step: it bakes, its successors are looked at once more, and its gates judge."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from patchdeck.model.journal import GateJudged, Verdict
from patchdeck.model.plan import Plan
from patchdeck.rollout.crew import Crew
from patchdeck.rollout.looking import Eyes
from patchdeck.rollout.seams import Jury, Said, Step, worst
from patchdeck.rollout.signals import Judged


class Bench:
    """Judges the steps of one rollout."""

    def __init__(self, plan: Plan, jury: Jury, *, crew: Crew, eyes: Eyes) -> None:
        self._plan = plan
        self._jury = jury
        self._crew = crew
        self._eyes = eyes

    async def judge(self, rollout: str, step: int, *, again: bool = False) -> tuple[Judged, Sequence[Said]]:
        """The verdict on a step, and what its gates say; `again`: without baking anew.

        Whatever is wrong with a successor is told by its runner, before this returns. Raises NoAnswer, Refused.
        """
        await asyncio.sleep(0 if again else self._plan.strategy.bake_s)
        units = [unit for planned in self._plan.steps[: step + 1] for unit in planned.units]
        # What happens to one of them is told by the engine's events and looked at then. Before the last step lets the
        # old containers go, each is looked at whatever was told.
        last = step + 1 == len(self._plan.steps)
        await self._crew.verify(units if last else await self._eyes.doubtful(units))
        successors = self._eyes.successors(units)
        replicas = f"{len(successors)} new replica{'s' * (len(successors) != 1)}"
        health = GateJudged(
            rollout=rollout,
            step=step,
            gate="health",
            verdict=Verdict.PASS,
            evidence=f"{replicas} ready, none of them ended, unhealthy or restarted",
        )
        context = Step(plan=self._plan, step=self._plan.steps[step], successors=tuple(successors))
        said = [health, *await self._jury.judge(context)]
        against = [one for one in said if isinstance(one, GateJudged) and one.verdict is not Verdict.PASS]
        text = "; ".join(f"gate {one.gate}: {one.evidence}" for one in against)
        return Judged(step=step, verdict=worst(said), text=text), said


def gist(said: Said) -> tuple[str, str]:
    """What makes it news. Numbers that move in the evidence do not: a hold of an hour is not seven hundred entries."""
    return (said.gate, said.verdict) if isinstance(said, GateJudged) else ("", said.text)
