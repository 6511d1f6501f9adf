"""Enter what was refused into the journal: who asked for what, and which rules spoke against it."""

from __future__ import annotations

import secrets
import time
from collections.abc import Sequence
from typing import Final

from msgspec.structs import replace

from patchdeck.model.journal import Actor, ActRefused, Planned, RolloutState, StateEntered
from patchdeck.model.plan import Plan, Refusal
from patchdeck.rollout.journal import Journal
from patchdeck.rollout.submit import encode_target
from patchdeck.sources.targets import Target

RUN, ROLLBACK = "run", "rollback"
DISARMED: Final = "disarmed"
"""The rule that a console which is not armed does nothing."""


def enter_refused(
    journal: Journal,
    plan: Plan,
    target: Target,
    refusals: Sequence[Refusal],
    *,
    by: Actor,
    reason: str = "",
    act: str = RUN,
) -> str:
    """A rollout that was asked for and refused: it has failed, and nothing was done. Its ID. Raises JournalError."""
    rollout = secrets.token_hex(4)
    journal.open_rollout(
        Planned(rollout=rollout, at_ns=time.time_ns(), plan=replace(plan, id=rollout), by=by, reason=reason),
        engine_id=plan.engine_id,
        target=encode_target(target),
        ended_by=[
            ActRefused(rollout=rollout, act=act, by=by, refusals=tuple(refusals), reason=reason),
            StateEntered(rollout=rollout, state=RolloutState.FAILED, text=f"refused: {in_words(refusals)}"),
        ],
    )
    return rollout


def in_words(refusals: Sequence[Refusal]) -> str:
    """Each with its rule, in one line."""
    return "; ".join(f"{refusal.rule}: {refusal.text}" for refusal in refusals)
