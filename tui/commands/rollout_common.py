"""What rollout commands share: the plan, the journal, which rollout is meant, and the question before an act."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import click

from tui.commands import options

if TYPE_CHECKING:
    from patchdeck.model import Plan, Rollout, Strategy
    from patchdeck.rollout.journal import Journal
    from patchdeck.rollout.planning.duration import Observed
    from patchdeck.settings import Settings
    from patchdeck.sources.targets import Target

REFUSED = 5

yes = click.option(
    "--yes", is_flag=True, help="Do not ask. Without a terminal nothing is done unless it is given."
)

reason = click.option("--reason", metavar="TEXT", default="", help="Why; kept in the journal.")

identifier = click.argument("beginning", metavar="ID")

take_over = click.option(
    "--take-over",
    is_flag=True,
    help="Take the service's lock from whoever holds it. Only once you know that its holder is not going on.",
)


class Refused(click.ClickException):
    """It may not be, or was not confirmed; nothing was done."""

    exit_code = REFUSED


# --- plans ----------------------------------------------------------------------------------------


def one_target(settings: Settings) -> Target:
    """The engine that the service is on.

    Raises: Unusable where there are several to choose from.
    """
    targets = options.targets_of(settings)
    if len(targets) > 1:
        names = ", ".join(target.name for target in targets)
        raise options.Unusable(f"a rollout is on one engine, and there are {names}; name one with --host")
    return targets[0]


def planned(
    target: Target,
    service: str,
    image: str,
    strategy: Strategy,
    settings: Settings,
    *,
    observed: Observed | None = None,
) -> Plan:
    """Raises: Unusable for a gate that there is not; ClickException where the engine does not answer."""
    import asyncio

    from patchdeck.rollout.gates.choosing import GateError
    from patchdeck.rollout.planning.maker import make_plan
    from patchdeck.sources.engine.connection import Connection
    from patchdeck.sources.engine.faults import FAULTS, fault

    def told(what: str) -> None:
        if sys.stderr.isatty():
            click.echo(f"patchdeck: {what}", err=True)

    async def make() -> Plan:
        async with Connection(target) as connection:
            return await make_plan(
                connection, service, image, strategy, settings, observed=observed, progress=told
            )

    try:
        return asyncio.run(make())
    except GateError as error:
        raise options.Unusable(str(error)) from error
    except FAULTS as error:
        raise click.ClickException(fault(target, error).sentence) from error


# --- the journal ----------------------------------------------------------------------------------


@contextlib.contextmanager
def opened(*, read_only: bool = False) -> Iterator[Journal]:
    """The journal of this user. Raises: ClickException for whatever is wrong with it, at any time."""
    from patchdeck.rollout.database import JournalError
    from patchdeck.rollout.journal import Journal

    try:
        with Journal(read_only=read_only) as journal:
            yield journal
    except JournalError as error:
        raise click.ClickException(str(error)) from error


def found(journal: Journal, beginning: str) -> str:
    """The one rollout whose ID begins so. Raises: Unusable, with those that are spelled alike."""
    from difflib import get_close_matches

    known = [row.rollout for row in journal.rollouts()]
    alike = [one for one in known if one.startswith(beginning)]
    if len(alike) == 1:
        return alike[0]
    if alike:
        raise options.Unusable(f"{beginning} may be any of {', '.join(alike)}: give more of its ID")
    near = get_close_matches(beginning, known, n=3)
    hint = f"did you mean {' or '.join(near)}?" if near else "`patchdeck rollout list` shows them all"
    raise options.Unusable(f"there is no rollout {beginning}; {hint}")


def told_by(journal: Journal, rollout: str) -> Rollout:
    """What the journal tells of a rollout, and whether its worker is there."""
    from patchdeck.rollout.story import rollout_of

    told = rollout_of(journal.entries(rollout), alive=journal.has_worker(rollout))
    assert told is not None  # a rollout is entered together with its first entry
    return told


def holder(journal: Journal, rollout: str) -> str:
    """Who carries it out now; empty if no one does."""
    process = journal.worker(rollout) if journal.has_worker(rollout) else None
    return f"process {process.pid} on {process.host}" if process else ""


def tell_orphans(journal: Journal) -> None:
    """Say on standard error which open rollouts have no worker, and how they go on."""
    from tui.headless.rollout_lines import what_next

    for row in journal.rollouts():
        if not row.over and not journal.has_worker(row.rollout):
            told = told_by(journal, row.rollout)
            if told.open:
                text = f"rollout {row.rollout} of {row.service} is {told.state.value} and has no worker"
                complain(f"{text}: {what_next(told)}")


# --- asking ---------------------------------------------------------------------------------------


def clause(text: str) -> str:
    """What more there is to say, as the end of a sentence."""
    return f": {text}" if text else ""


def complain(text: str) -> None:
    """One line on standard error, made harmless."""
    import os

    from tui import terminal
    from tui.headless.table import sentence

    click.echo(f"patchdeck: {sentence(text, ascii_only=not terminal.speaks_utf8(os.environ))}", err=True)


def can_ask() -> bool:
    """There is someone at a terminal to read a question and to answer it."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def check_can_ask(*, given: bool) -> None:
    """Raises: Refused where --yes is not given and there is no terminal to ask at."""
    if not given and not can_ask():
        raise Refused("nothing was done: there is no terminal to ask at, and --yes was not given")


def confirm(lines: Sequence[str], question: str, *, given: bool, name: str = "") -> None:
    """Say what will happen and ask, unless --yes was given; the default is no. With `name`, that is to be typed.

    Raises: Refused.
    """
    check_can_ask(given=given)
    if given:
        return
    for line in lines:
        click.echo(line, err=True)
    if name:
        typed = click.prompt(f"Type {name} to {question}", default="", show_default=False, err=True)
        agreed = typed.strip() == name
    else:
        agreed = click.confirm(f"{question[:1].upper()}{question[1:]}?", default=False, err=True)
    if not agreed:
        raise Refused("nothing was done: it was not confirmed")
