"""The ratio gate: startups of the new version against the old one's, as the watch saw them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from patchdeck.model import Snapshot, Startup, StartupKind
from patchdeck.rollout.gates.gate import Context, Judgement, Need, NotAsked
from patchdeck.rollout.gates.ratio import FAIL_ABOVE, LEAST, Ratio, Sampled, compare
from patchdeck.rollout.gates.ratio_value import PASS_BELOW

SURE: Final = 20
"""Matched startups on each side from which the interval is narrow enough to decide most cases. Of fewer the gate does
not judge by itself: of six equal ones it would hold four times in five, and a person learns to wave that through."""


class StartupRatio:
    """`required` judges whatever there is and holds where that is too little; else it judges from SURE on."""

    name = "ratio"
    needs = frozenset({Need.STARTUPS})

    def __init__(self, *, pass_below: float = PASS_BELOW, required: bool = False) -> None:
        self._pass_below = pass_below
        self._required = required

    @property
    def rule(self) -> str:
        least = LEAST if self._required else SURE
        return (
            f"startups take less than {self._pass_below:g}× the old version's, at equal starts in flight "
            f"(90 % interval, from {least} of each on)"
        )

    @property
    def source(self) -> str:
        return "startups observed on this engine"

    async def judge(self, context: Context) -> Judgement | NotAsked:
        told = self.compared(context)
        if not self._required and min(told.new_n, told.old_n) < SURE:
            matched = f"n {told.new_n} new and {told.old_n} old at equal starts in flight"
            return NotAsked(why=f"{matched}, it judges from {SURE} of each on")
        return Judgement(
            verdict=told.verdict,
            evidence=told.evidence,
            ratio=told.ratio,
            low=told.low,
            high=told.high,
            new_n=told.new_n,
            old_n=told.old_n,
        )

    def compared(self, context: Context) -> Ratio:
        plan = context.plan
        old = _of_version(context.snapshot, plan.engine, plan.service, plan.origin.image_id)
        new = _of_version(context.snapshot, plan.engine, plan.service, plan.to.image_id)
        ready = _all_expect_ready(old) and _all_expect_ready(new)
        # Both ends of the gap between pass and fail move with the limit that was asked for.
        fail_above = FAIL_ABOVE + (self._pass_below - PASS_BELOW)
        return compare(
            _sampled(new, ready=ready, after_pull=True),
            _sampled(old, ready=ready, after_pull=False),
            fail_above=max(1.0, fail_above),
            pass_below=self._pass_below,
        )


def _of_version(snapshot: Snapshot, engine: str, service: str, image_id: str) -> list[Startup]:
    return [
        one
        for one in snapshot.startups
        if one.kind is StartupKind.FIRST
        and one.image_id == image_id
        and one.service == service
        and one.engine == engine
    ]


def _all_expect_ready(startups: Sequence[Startup]) -> bool:
    return bool(startups) and all(one.expects_ready for one in startups)


def _sampled(startups: Sequence[Startup], *, ready: bool, after_pull: bool) -> list[Sampled]:
    """Until ready where both versions have a healthcheck, else until started: both sides by one measure.

    The first start `after_pull` reads its layers for the first time and has no match among the old ones.
    """
    made = []
    for number, one in enumerate(startups):
        seconds = one.ready_s if ready else one.latency_s
        if seconds is not None and one.in_flight is not None:
            made.append(Sampled(seconds=seconds, in_flight=one.in_flight, cold=after_pull and number == 0))
    return made
