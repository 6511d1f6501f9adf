"""`patchdeck rollout pause | resume | promote | abort`: what a person asks of a rollout's worker."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NoReturn

import click

from tui.commands import rollout_common

if TYPE_CHECKING:
    from patchdeck.model import Actor, Command, Commanded, Rollout
    from patchdeck.rollout.journal import Journal

PATIENCE_S: Final = 30.0
_LOOK_S: Final = 0.1

_STATUS = """
    \b
    Exit status: 0 accepted, 1 not answered, 2 for a wrong use, 5 refused.
    """


@click.command(
    "pause",
    short_help="Begin no further unit.",
    epilog="""\b
    Examples:
      patchdeck rollout pause 1a2b --reason 'checkout is slow'
    """
    + _STATUS,
)
@rollout_common.identifier
@rollout_common.reason
def pause(*, beginning: str, reason: str) -> int:
    """Let the units under way come to their end, and begin no other. ID may be the beginning of one."""
    from patchdeck.model import Command

    return _ask(beginning, Command.PAUSE, reason=reason, yes=True, take_over=False)


@click.command(
    "resume",
    short_help="Go on, also where the worker is gone.",
    epilog="""\b
    Examples:
      patchdeck rollout resume 1a2b
      patchdeck rollout resume 1a2b --yes && patchdeck rollout attach 1a2b
    """
    + _STATUS,
)
@rollout_common.identifier
@rollout_common.yes
@rollout_common.reason
@rollout_common.take_over
def resume(*, beginning: str, yes: bool, reason: str, take_over: bool) -> int:
    """Lift a pause, or have a gate that holds asked again. A rollout whose worker is gone gets another one.

    It goes on from what the engine says now, whatever the journal expected. ID may be the beginning of one.
    """
    from patchdeck.model import Command

    return _ask(beginning, Command.RESUME, reason=reason, yes=yes, take_over=take_over)


@click.command(
    "promote",
    short_help="Go past a gate that holds, or the end of a step.",
    epilog="""\b
    Examples:
      patchdeck rollout promote 1a2b --reason 'looked at the canary myself'
    """
    + _STATUS,
)
@rollout_common.identifier
@rollout_common.reason
@rollout_common.take_over
def promote(*, beginning: str, reason: str, take_over: bool) -> int:
    """Take a gate that holds for passed, by your word, or go on after a step. ID may be the beginning of one."""
    from patchdeck.model import Command

    return _ask(beginning, Command.PROMOTE, reason=reason, yes=True, take_over=take_over)


@click.command(
    "abort",
    short_help="Stop, and start the old containers again.",
    epilog="""\b
    Examples:
      patchdeck rollout abort 1a2b
      patchdeck rollout abort 1a2b --yes --reason 'errors since the canary'
    """
    + _STATUS,
)
@rollout_common.identifier
@rollout_common.yes
@rollout_common.reason
@rollout_common.take_over
def abort(*, beginning: str, yes: bool, reason: str, take_over: bool) -> int:
    """Go back: every unit's old container runs again, with its ID. One that is committed: `rollout rollback`.

    It returns once that has begun; `patchdeck rollout attach` follows it. ID may be the beginning of one.
    """
    from patchdeck.model import Command

    return _ask(beginning, Command.ABORT, reason=reason, yes=yes, take_over=take_over)


def _ask(beginning: str, command: Command, *, reason: str, yes: bool, take_over: bool) -> int:
    rollout_common.check_can_ask(given=yes)
    with rollout_common.opened() as journal:
        rollout = rollout_common.found(journal, beginning)
        answer = asked(journal, rollout, command, reason=reason, yes=yes, take_over=take_over)
    click.echo(f"rollout {rollout}: {answer}")
    return 0


def asked(
    journal: Journal, rollout: str, command: Command, *, reason: str, yes: bool, take_over: bool
) -> str:
    """Ask, and wait for the answer, which is returned in words.

    Raises: Refused, also where the worker refuses; ClickException where no answer comes; JournalError.
    """
    from patchdeck.rollout.processes import actor

    told = rollout_common.told_by(journal, rollout)
    by = actor("command line")
    if told.state.over:
        instead = "; `patchdeck rollout rollback` undoes it" if told.state.value == "committed" else ""
        _refuse(
            journal,
            rollout,
            command,
            by=by,
            reason=reason,
            rule="over",
            text=f"it is {told.state.value}{instead}",
        )
    lines = [f"{told.id} {told.service} on {told.engine} is {told.state.value}"]
    rollout_common.confirm(lines, f"{command.value} it", given=yes)
    number = journal.last_number()
    if journal.has_worker(rollout):
        journal.ask(rollout, command, by, reason)
    elif not _left_for_next(journal, told, command, by=by, reason=reason, take_over=take_over):
        return "it has a worker again and goes on"
    answer = _answer(journal, rollout, command, by=by, number=number)
    if not answer.accepted:
        raise rollout_common.Refused(f"rollout {rollout} does not {command.value}: {answer.answer}")
    return f"{command.value} accepted" + rollout_common.clause(answer.answer)


def _left_for_next(
    journal: Journal, told: Rollout, command: Command, *, by: Actor, reason: str, take_over: bool
) -> bool:
    """Start a worker; whether the command was left for it. Where nothing is paused, going on needs no command."""
    from patchdeck.model import Command, PauseKind
    from patchdeck.rollout.starting import NotStarted, started

    if command is Command.PAUSE:
        text = f"it has no worker, so nothing is done: {told.state.value}"
        _refuse(journal, told.id, command, by=by, reason=reason, rule="no-worker", text=text)
    by_person = {PauseKind.ASKED, PauseKind.GATE, PauseKind.STEP} & {pause.kind for pause in told.pauses}
    is_left = command is not Command.RESUME or bool(by_person)
    if is_left:
        journal.ask(told.id, command, by, reason)
    try:
        started(told.id, journal.folder, take_over=take_over)
    except NotStarted as error:
        raise click.ClickException(str(error)) from error
    return is_left


def _answer(journal: Journal, rollout: str, command: Command, *, by: Actor, number: int) -> Commanded:
    """What the worker said to it, as the journal tells."""
    import time

    from patchdeck.model import Commanded

    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        for one in journal.entries_after(number):
            number = one.number
            entry = one.entry
            if isinstance(entry, Commanded) and (entry.rollout, entry.command, entry.by) == (
                rollout,
                command,
                by,
            ):
                return entry
        time.sleep(_LOOK_S)
    raise click.ClickException(
        f"rollout {rollout} has not answered in {PATIENCE_S:.0f} s; the command stays asked:"
        f" `patchdeck rollout show {rollout}` tells when it was taken"
    )


def _refuse(
    journal: Journal, rollout: str, command: Command, *, by: Actor, reason: str, rule: str, text: str
) -> NoReturn:
    """Into the journal, and told. Raises: Refused."""
    from patchdeck.model import ActRefused, Refusal

    refusals = (Refusal(rule=rule, text=text),)
    journal.write(ActRefused(rollout=rollout, act=command.value, by=by, refusals=refusals, reason=reason))
    raise rollout_common.Refused(f"rollout {rollout} does not {command.value}: {text}")
