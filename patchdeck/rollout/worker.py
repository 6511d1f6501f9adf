"""The worker: one process that carries out one rollout, from the journal, and may be killed at any moment.

    python -m patchdeck.rollout.worker ROLLOUT [--take-over]

Detached (`submit.start`) it outlives the terminal: a session of its own, its output in a log beside the journal. In the
foreground it is `carry_out` on the loop of a command.

SIGTERM lets the units under way come to their end, leaves the rollout paused and ends the worker; a second one ends it
at once. SIGHUP changes nothing. SIGINT is the business of the command in the foreground; else it is as SIGTERM.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Final

from msgspec.structs import replace

from patchdeck.model.journal import (
    AnyEntry,
    Planned,
    RolloutState,
    StateEntered,
    WorkerBegan,
    WorkerEnded,
)
from patchdeck.rollout.conductor import Conductor
from patchdeck.rollout.controlled import Controlled
from patchdeck.rollout.database import JournalError
from patchdeck.rollout.formalities import Task
from patchdeck.rollout.gates.choosing import GateError, chosen
from patchdeck.rollout.handed_on import settings_of
from patchdeck.rollout.hands import NoAnswer
from patchdeck.rollout.journal import BEAT_S, Journal
from patchdeck.rollout.processes import actor, this_process
from patchdeck.rollout.seams import FixedPacer, Jury, NoGates, Pacer
from patchdeck.rollout.senses import GateJury, Senses
from patchdeck.rollout.signals import Terminated
from patchdeck.rollout.state import State
from patchdeck.rollout.submit import decode_target
from patchdeck.settings import Settings

FAILED, ROLLED_BACK, NEEDS_PERSON, REFUSED = 1, 3, 4, 5
"""Exit statuses; 0 is committed."""

_log: Final = logging.getLogger(__name__)


async def carry_out(
    rollout: str,
    folder: Path | None = None,
    *,
    detached: bool = False,
    take_over: bool = False,
    began: Callable[[Conductor], None] = lambda _: None,
) -> State:
    """Carry out a rollout, from wherever it stands, until it is over or the worker was told to end.

    `began` is given the conductor, by whose `tell` a command in the foreground sends signals.
    Raises JournalError (WorkerThere while another worker carries it out), perhaps within a group.
    """
    with Journal(folder) as journal:
        journal.claim(rollout, this_process())
        loop, kept = asyncio.get_running_loop(), asyncio.timeout(None)
        try:
            async with kept:
                gone = partial(loop.call_soon_threadsafe, kept.reschedule, loop.time())
                with _beating(journal.folder, rollout, gone):
                    state = await _carried_out(
                        journal, _task(journal, rollout, take_over=take_over), detached, began
                    )
                    journal.write(WorkerEnded(rollout=rollout, why=state.public.value))
                    return state
        except TimeoutError as error:
            if not kept.expired():
                raise
            raise JournalError(f"the journal {journal.path} is gone, and nobody could follow") from error
        finally:
            journal.leave(rollout)


def _task(journal: Journal, rollout: str, *, take_over: bool) -> Task:
    entries = journal.entries(rollout)
    planned = next(entry for entry in entries if isinstance(entry, Planned))
    return Task(
        rollout=rollout,
        plan=planned.plan,
        target=decode_target(journal.target(rollout)),
        user=planned.by.user,
        take_over=take_over,
    )


async def _carried_out(
    journal: Journal,
    task: Task,
    detached: bool,  # noqa: FBT001 - the one call of this is above
    began: Callable[[Conductor], None],
) -> State:
    rollout = task.rollout
    entries = journal.entries(rollout)
    number = 1 + sum(isinstance(entry, WorkerBegan) for entry in entries)
    journal.write(WorkerBegan(rollout=rollout, worker=actor("worker"), number=number, detached=detached))
    settings = settings_of(journal, rollout)
    state = None
    try:
        with _judging(task, settings, entries) as (pacer, jury):
            conductor = Conductor(task, journal, pacer=pacer, jury=jury, settings=settings)
            state = conductor.state
            journal.write(StateEntered(rollout=rollout, state=state.public, text=state.text))
            began(conductor)
            return await conductor.run()
    except (NoAnswer, GateError) as error:
        if state is None or state.changed:
            raise JournalError(f"rollout {rollout} can not go on: {error}") from error
        journal.write(StateEntered(rollout=rollout, state=RolloutState.FAILED, text=str(error)))
        return replace(state, end=RolloutState.FAILED, text=str(error), locked=True)


@contextlib.contextmanager
def _judging(task: Task, settings: Settings, entries: Sequence[AnyEntry]) -> Iterator[tuple[Pacer, Jury]]:
    """The pace and the gates that the strategy asks for, with a watch of the engine where they need one.

    Raises GateError.
    """
    plan, strategy = task.plan, task.plan.strategy
    gates = chosen(settings, plan.service, strategy.gates)
    if strategy.pace and not gates:
        yield FixedPacer(strategy.pace), NoGates()
        return
    with Senses(settings, task.target) as senses:
        # Who turns the gate off wants no brake by the same pressure either.
        brake = any(gate.name == "contention" for gate in gates)
        pacer: Pacer = Controlled(senses, plan.engine, entries, brake=brake)
        if strategy.pace:
            pacer = FixedPacer(strategy.pace)
        yield pacer, GateJury(task.rollout, gates, senses, task.target)


def exit_status(state: State) -> int:
    """Of a command that carried out a rollout in the foreground."""
    match state.end:
        case RolloutState.COMMITTED:
            return 0
        case RolloutState.ROLLED_BACK:
            return ROLLED_BACK
        case RolloutState.FAILED:
            return FAILED if state.locked else REFUSED
    return NEEDS_PERSON


@contextlib.contextmanager
def _beating(folder: Path, rollout: str, gone: Callable[[], object]) -> Iterator[None]:
    """A sign of life each second, on a thread of its own: a loop that hangs is no process that is gone.

    Calls `gone` once the journal's file is not there any more, as that of a demo which has been left.
    """
    over = threading.Event()

    def beat() -> None:
        with Journal(folder) as journal:
            while not over.wait(BEAT_S):
                if not journal.path.exists():
                    gone()
                    return
                try:
                    journal.beat(rollout)
                except JournalError as error:
                    _log.warning("no sign of life could be written: %s", error)

    thread = threading.Thread(target=beat, name="heartbeat", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


async def _alone(rollout: str, folder: Path | None, *, take_over: bool) -> State:
    def listen(conductor: Conductor) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, conductor.tell, Terminated())

    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    return await carry_out(rollout, folder, detached=True, take_over=take_over, began=listen)


def _stand_alone() -> None:
    """Leave behind what the session gave to it that is not the worker's business."""
    os.umask(0o077)
    if sys.platform != "linux":
        return
    # Sessions of a desktop or a service manager are made likely victims when memory runs out. The worker is none.
    score = Path("/proc/self/oom_score_adj")
    try:
        if int(score.read_text(encoding="ascii")) > 0:
            score.write_text("0", encoding="ascii")
    except OSError as error:
        _log.info("it stays as likely to be ended for want of memory as the session was: %s", error)


def main(arguments: list[str]) -> int:
    """`python -m patchdeck.rollout.worker ROLLOUT [--take-over]`; the exit status."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    rollout, *flags = arguments
    _stand_alone()
    status = NEEDS_PERSON
    try:
        state = asyncio.run(_alone(rollout, None, take_over="--take-over" in flags))
        _log.info("rollout %s: %s %s", rollout, state.public.value, state.text)
        status = exit_status(state)
    except* JournalError as errors:
        _log.error("the worker of %s ends: %s", rollout, errors.exceptions[0])
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
