"""Run a plan: judged, confirmed, entered into the journal, given to a worker, and followed until it ends."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from tui.commands.rollout_common import REFUSED, Refused, can_ask, complain, confirm

if TYPE_CHECKING:
    from subprocess import Popen

    from patchdeck.model import Plan, Refusal
    from patchdeck.rollout.journal import Journal
    from patchdeck.rollout.keeping import Back
    from patchdeck.settings import Settings
    from patchdeck.sources.targets import Target
    from tui.headless.rollout_output import Output, Override


class Wish(NamedTuple):
    """How someone wants it to be run."""

    act: str
    """run or rollback"""
    question: str
    """What it will do, to be confirmed."""
    reason: str
    yes: bool
    detach: bool
    take_over: bool
    form: str
    write_override: Path | None = None


def carry(
    journal: Journal,
    plan: Plan,
    target: Target,
    settings: Settings,
    wish: Wish,
    *,
    against: Callable[[], Sequence[Refusal]],
    back: Back | None = None,
) -> int:
    """The exit status. `against` tells what speaks against it now; `back` comes with a plan that undoes a rollout.

    Raises: Refused where it was not confirmed; ClickException, JournalError.
    """
    from patchdeck.model import Refusal
    from patchdeck.policy.rules import asks_for_name
    from patchdeck.rollout.processes import actor
    from patchdeck.rollout.starting import NotStarted, started
    from patchdeck.rollout.submit import NotSubmitted, submit

    output = output_for(wish.form, settings)
    by = actor("command line")
    if refusals := against():
        return _refused(journal, plan, target, refusals, wish=wish, output=output)
    name = plan.service if asks_for_name(settings.policy, plan.engine) else ""
    confirm(_plan_lines(plan), wish.question, given=wish.yes, name=name)
    if refusals := against():  # a question may stand for hours
        return _refused(journal, plan, target, refusals, wish=wish, output=output)
    try:
        rollout = submit(journal, plan, target, by, wish.reason, back=back, settings=settings).rollout
    except NotSubmitted as error:
        refusal = Refusal(rule="open-rollout", text=str(error))
        return _refused(journal, plan, target, (refusal,), wish=wish, output=output)
    try:
        worker = started(rollout, journal.folder, take_over=wish.take_over)
    except NotStarted as error:
        raise click.ClickException(f"{error}; `patchdeck rollout resume {rollout}` tries again") from error
    if wish.detach:
        click.echo(rollout)
        return 0
    return watch(journal, rollout, output, worker=worker, write_override=wish.write_override)


def output_for(form: str, settings: Settings) -> Output:
    """By the format, and by what standard output is."""
    from tui import terminal
    from tui.headless.rollout_output import JsonOutput, LineOutput, LiveOutput

    stream = terminal.out()
    if form == "json":
        return JsonOutput(stream)
    ascii_only, utc = not terminal.speaks_utf8(os.environ), settings.screen.utc
    if stream.isatty() and os.environ.get("TERM") != "dumb":
        colour = terminal.wants_colour(stream, os.environ)
        return LiveOutput(stream, colour=colour, ascii_only=ascii_only, utc=utc)
    return LineOutput(stream, ascii_only=ascii_only, utc=utc)


def watch(
    journal: Journal,
    rollout: str,
    output: Output,
    *,
    worker: Popen[bytes] | None = None,
    write_override: Path | None = None,
) -> int:
    """Follow a rollout to its end; the exit status.

    With its `worker`, which this command started, Ctrl-C asks what is to become of it; without, it is left alone.
    """
    from contextlib import nullcontext

    from tui.headless.keys import no_keys, single_keys
    from tui.headless.rollout_following import follow
    from tui.headless.rollout_status import exit_status

    on_signal = _leave if worker is None else _Foreground(journal, rollout, worker).signalled
    try:
        # Where Ctrl-C asks, the terminal stays as it is: the answer is typed and seen.
        with single_keys() if worker is None else nullcontext(no_keys) as wait:
            follower = follow(journal, rollout, output, on_signal=on_signal, wait=wait)
    except BrokenPipeError:
        _goes_on(rollout)
        raise
    if follower is None:
        _goes_on(rollout)
        return 0
    if worker is not None:
        worker.wait()
    told = follower.rollout()
    status = exit_status(told, follower.entries)
    override = _override(journal, follower.rollout().id, write_override)
    output.end(told, status, override)
    return status


class _Foreground:
    """What signals do to a rollout whose worker this command started."""

    def __init__(self, journal: Journal, rollout: str, worker: Popen[bytes]) -> None:
        self._journal = journal
        self._rollout = rollout
        self._worker = worker
        self._pausing = False

    def signalled(self, number: int) -> bool:
        """Whether to go on following."""
        import signal

        from patchdeck.model import Command
        from patchdeck.rollout.processes import actor

        answer = self._ask() if number == signal.SIGINT and can_ask() else "pause"
        if answer == "leave":
            return False
        if answer == "abort":
            self._journal.ask(self._rollout, Command.ABORT, actor("command line"), "asked after Ctrl-C")
        elif answer == "pause" and not self._pausing:
            # A second one would end the worker within a unit: it gets one only.
            self._pausing = True
            complain("it pauses once the units under way have come to their end")
            self._worker.terminate()
        return True

    def _ask(self) -> str:
        words = {"w": "watch", "l": "leave", "p": "pause", "a": "abort"}
        click.echo("\nThe rollout goes on meanwhile.", err=True)
        try:
            answer = click.prompt(
                "w: go on watching, l: leave it running, p: pause it after the units under way, a: abort and roll back",
                type=click.Choice(list(words)),
                default="w",
                show_choices=False,
                err=True,
            )
        except click.Abort:
            return "pause"
        return words[answer]


def _leave(_: int) -> bool:
    return False


def _goes_on(rollout: str) -> None:
    complain(
        f"rollout {rollout} goes on without this terminal: `patchdeck rollout attach {rollout}` follows it"
    )


def _override(journal: Journal, rollout: str, path: Path | None) -> Override:
    from patchdeck.rollout.compose_override import compose_override
    from tui.commands.rollout_common import told_by
    from tui.headless.rollout_output import Override

    text = compose_override(journal, told_by(journal, rollout))
    if not text or path is None:
        return Override(text)
    path.write_text(text, encoding="utf-8")
    return Override(text, str(path))


def _plan_lines(plan: Plan) -> list[str]:
    import sys

    from tui import terminal
    from tui.headless.plan_lines import PlanText

    text = PlanText(
        plan,
        width=terminal.width(sys.stderr),
        colour=terminal.wants_colour(sys.stderr, os.environ),
        ascii_only=not terminal.speaks_utf8(os.environ),
    )
    return [*text.lines(), ""]


def _refused(
    journal: Journal, plan: Plan, target: Target, refusals: Sequence[Refusal], *, wish: Wish, output: Output
) -> int:
    """Into the journal, and told."""
    from patchdeck.rollout.processes import actor
    from patchdeck.rollout.refusing import enter_refused
    from tui.commands.rollout_common import told_by
    from tui.headless.rollout_output import Override

    rollout = enter_refused(
        journal, plan, target, refusals, by=actor("command line"), reason=wish.reason, act=wish.act
    )
    told = told_by(journal, rollout)
    if wish.form == "json":
        output.tell(journal.entries(rollout), told)
        output.end(told, REFUSED, Override())
        return REFUSED
    for refusal in refusals:
        complain(f"refused, {refusal.rule}: {refusal.text}")
    raise Refused(f"nothing was done; the journal has it as {rollout}")
