"""A composed rollout on its way into the journal. Any of it may wait for a disk; none of it speaks to an engine."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import NoReturn

from patchdeck.model import Actor, Plan, Refusal
from patchdeck.policy.rules import Request, against
from patchdeck.rollout.database import JournalError
from patchdeck.rollout.journal import Journal
from patchdeck.rollout.refusing import DISARMED, enter_refused, in_words
from patchdeck.rollout.starting import NotStarted, started
from patchdeck.rollout.submit import NotSubmitted, submit
from patchdeck.settings import Settings
from patchdeck.sources.targets import Target


class NotBegun(Exception):
    """No rollout began: why, and what to do."""


def begin(plan: Plan, target: Target, request: Request, by: Actor, settings: Settings) -> str:
    """Judge it once more, enter it, and start its worker, which looks again before it acts; the rollout's ID.

    What is refused has its place in the journal too. Raises: NotBegun.
    """
    try:
        with Journal() as journal:
            refusals = against(settings, plan, request, time.time_ns())
            if refusals:
                _refuse(journal, plan, target, refusals, by=by, request=request)
            try:
                entered = submit(journal, plan, target, by, _reason(request), settings=settings)
            except NotSubmitted as error:
                open_one = Refusal(rule="open-rollout", text=str(error))
                _refuse(journal, plan, target, (open_one,), by=by, request=request)
            rollout = entered.rollout
            try:
                started(rollout, journal.folder)
            except NotStarted as error:
                raise NotBegun(f"{error}; `patchdeck rollout resume {rollout}` tries again") from error
            return rollout
    except JournalError as error:
        raise NotBegun(str(error)) from error


def enter_disarmed(plan: Plan, target: Target, request: Request, by: Actor, why: str) -> None:
    """What was asked for while the console was not armed has its place in the journal. Raises: NotBegun."""
    try:
        with Journal() as journal:
            disarmed = Refusal(rule=DISARMED, text=why)
            enter_refused(journal, plan, target, (disarmed,), by=by, reason=_reason(request))
    except JournalError as error:
        raise NotBegun(str(error)) from error


def _refuse(
    journal: Journal, plan: Plan, target: Target, refusals: Sequence[Refusal], *, by: Actor, request: Request
) -> NoReturn:
    """Into the journal, and told. Raises: NotBegun, JournalError."""
    enter_refused(journal, plan, target, refusals, by=by, reason=_reason(request))
    raise NotBegun(f"refused: {in_words(refusals)}")


def _reason(request: Request) -> str:
    override = f"override: {request.override}" if request.override else ""
    return "; ".join(part for part in (request.reason, override) if part)
