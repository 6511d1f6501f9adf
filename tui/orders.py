"""What a person asks of a rollout, on its way into the journal. Any of it may wait for a disk or an engine."""

from __future__ import annotations

import asyncio
import time

import msgspec

from patchdeck.model import Actor, ActRefused, Command, Plan, Refusal
from patchdeck.policy.person import this_person
from patchdeck.policy.rules import Request, against_going_back
from patchdeck.rollout.database import JournalError
from patchdeck.rollout.journal import Journal
from patchdeck.rollout.keeping import Back
from patchdeck.rollout.refusing import DISARMED, ROLLBACK, enter_refused
from patchdeck.rollout.starting import NotStarted, started
from patchdeck.rollout.submit import NotSubmitted, decode_target, submit
from patchdeck.rollout.way_back import NoWayBack, plan_back
from patchdeck.settings import Settings
from patchdeck.sources.engine.connection import Connection
from patchdeck.sources.engine.faults import FAULTS, fault
from patchdeck.sources.targets import Target


class NotAsked(Exception):
    """Nothing was asked for: why, and what to do."""


class WayBack(msgspec.Struct, frozen=True, kw_only=True):
    """What undoing a committed rollout would do."""

    of: str
    plan: Plan
    back: Back
    target: Target
    refusals: tuple[Refusal, ...]
    """The plan's and the policy's."""


def ask(rollout: str, command: Command | None, by: Actor, reason: str) -> None:
    """Leave a command in the journal, and start a worker where there is none. None: only the worker.

    Raises NotAsked.
    """
    try:
        with Journal() as journal:
            alive = journal.has_worker(rollout)
            if command is Command.PAUSE and not alive:
                raise NotAsked(f"rollout {rollout} has no worker: there is nothing to pause")
            if command is not None:
                journal.ask(rollout, command, by, reason)
            if not alive:
                started(rollout, journal.folder)
    except (JournalError, NotStarted) as error:
        raise NotAsked(str(error)) from error


def plan_way_back(rollout: str, reason: str, settings: Settings) -> WayBack:
    """Reads the journal and the engine, and changes nothing. Raises NotAsked."""
    try:
        with Journal(read_only=True) as journal:
            target = decode_target(journal.target(rollout))
            plan, back = asyncio.run(_planned(journal, rollout, target, settings))
    except (JournalError, NoWayBack) as error:
        raise NotAsked(str(error)) from error
    request = Request(person=this_person(), reason=reason)
    refusals = against_going_back(settings, plan, request, time.time_ns())
    return WayBack(of=rollout, plan=plan, back=back, target=target, refusals=refusals)


async def _planned(journal: Journal, rollout: str, target: Target, settings: Settings) -> tuple[Plan, Back]:
    try:
        async with Connection(target) as connection:
            return await plan_back(connection, journal, rollout, settings)
    except FAULTS as error:
        raise NotAsked(fault(target, error).sentence) from error


def go_back(way: WayBack, by: Actor, reason: str, settings: Settings) -> str:
    """Submit it and start its worker; the ID of the rollout that undoes the other one. Raises NotAsked."""
    reason = f"undo {way.of}: {reason}" if reason else f"undo {way.of}"
    try:
        with Journal() as journal:
            entered = submit(journal, way.plan, way.target, by, reason, back=way.back, settings=settings)
            started(entered.rollout, journal.folder)
            return entered.rollout
    except (JournalError, NotSubmitted, NotStarted) as error:
        raise NotAsked(str(error)) from error


def enter_disarmed(rollout: str, act: str, by: Actor, why: str) -> None:
    """What was asked for while the console was disarmed has its place in the journal. Raises NotAsked."""
    refusals = (Refusal(rule=DISARMED, text=why),)
    try:
        with Journal() as journal:
            journal.write(ActRefused(rollout=rollout, act=act, by=by, refusals=refusals))
    except JournalError as error:
        raise NotAsked(str(error)) from error


def enter_refusal(way: WayBack, by: Actor, reason: str) -> None:
    """What was asked for and refused has its place in the journal. Raises NotAsked."""
    try:
        with Journal() as journal:
            enter_refused(journal, way.plan, way.target, way.refusals, by=by, reason=reason, act=ROLLBACK)
    except JournalError as error:
        raise NotAsked(str(error)) from error
