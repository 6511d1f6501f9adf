"""`patchdeck rollout list | show | attach | export`: what the journal tells. None of them changes anything."""

from __future__ import annotations

import os
from pathlib import Path

import click

from tui.commands import options, rollout_common

_form = click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True
)


@click.command(
    "list",
    short_help="All rollouts in the journal, open and past.",
    epilog="""\b
    Examples:
      patchdeck rollout list
      patchdeck rollout list --open
      patchdeck rollout list --format json | jq -r '.[] | select(.state == "lost") | .id'
    """,
)
@click.option("--open", "only_open", is_flag=True, help="Only those that are not over.")
@_form
@options.config
@options.utc
def listing(*, only_open: bool, form: str, config: Path | None, utc: bool | None) -> int:
    """Print the rollouts of this user, oldest first. One that is open and has no worker is told on standard error."""
    settings = options.settings_from(config, (), utc=utc)

    from tui import terminal
    from tui.headless.records import json_document
    from tui.headless.rollout_list import list_lines
    from tui.headless.rollout_records import rollout_record

    with rollout_common.opened(read_only=True) as journal:
        rollouts = [
            (rollout_common.told_by(journal, row.rollout), rollout_common.holder(journal, row.rollout))
            for row in journal.rollouts()
            if not (only_open and row.over)
        ]
        rollout_common.tell_orphans(journal)
    output = terminal.out()
    if form == "json":
        output.write(json_document([rollout_record(*one) for one in rollouts]) + "\n")
    else:
        lines = list_lines(
            rollouts,
            width=terminal.width(output),
            colour=terminal.wants_colour(output, os.environ),
            ascii_only=not terminal.speaks_utf8(os.environ),
            utc=settings.screen.utc,
        )
        output.writelines(f"{line}\n" for line in lines)
    output.flush()
    return 0


@click.command(
    "show",
    short_help="One rollout: steps, units, gates, and its whole journal.",
    epilog="""\b
    Examples:
      patchdeck rollout show 1a2b
      patchdeck rollout show 1a2b --format json | jq '.gates[] | [.gate, .verdict, .evidence]'
    """,
)
@rollout_common.identifier
@_form
@options.config
@options.utc
def show(*, beginning: str, form: str, config: Path | None, utc: bool | None) -> int:
    """Print all there is to know of one rollout: who asked for what and why, every act and the engine's answer.

    Secrets are in no entry of the journal. ID may be the beginning of one.
    """
    settings = options.settings_from(config, (), utc=utc)

    from tui import terminal
    from tui.headless.records import json_document
    from tui.headless.rollout_records import full_record
    from tui.headless.rollout_text import RolloutText

    with rollout_common.opened(read_only=True) as journal:
        rollout = rollout_common.found(journal, beginning)
        entries = journal.entries(rollout)
        told = rollout_common.told_by(journal, rollout)
        held_by = rollout_common.holder(journal, rollout)
    output = terminal.out()
    if form == "json":
        output.write(json_document(full_record(told, entries, held_by)) + "\n")
    else:
        text = RolloutText(
            told,
            entries,
            held_by=held_by,
            width=terminal.width(output),
            colour=terminal.wants_colour(output, os.environ),
            ascii_only=not terminal.speaks_utf8(os.environ),
            utc=settings.screen.utc,
        )
        output.writelines(f"{line}\n" for line in text.lines())
    output.flush()
    return 0


@click.command(
    "attach",
    short_help="Follow a rollout until it ends.",
    epilog="""\b
    Examples:
      patchdeck rollout attach 1a2b
      patchdeck rollout attach 1a2b --format json | jq -r 'select(.event == "gate") | .evidence'

    \b
    Exit status: as of `patchdeck rollout run` once it ends; 0 if it is left before.
    """,
)
@rollout_common.identifier
@_form
@options.config
@options.utc
def attach(*, beginning: str, form: str, config: Path | None, utc: bool | None) -> int:
    """Show what a rollout does, from its beginning on, until it ends. q or Ctrl-C leaves it running.

    ID may be the beginning of one.
    """
    settings = options.settings_from(config, (), utc=utc)

    from tui.commands.rollout_carry import output_for, watch

    with rollout_common.opened(read_only=True) as journal:
        rollout = rollout_common.found(journal, beginning)
        return watch(journal, rollout, output_for(form, settings))


@click.command(
    "export",
    short_help="The audit trail, as JSON lines in Elastic Common Schema.",
    epilog="""\b
    Examples:
      patchdeck rollout export > audit.jsonl
      patchdeck rollout export 1a2b 77c0 | jq 'select(.event.outcome == "failure")'
    """,
)
@click.argument("beginnings", metavar="[ID]...", nargs=-1)
def export(*, beginnings: tuple[str, ...]) -> int:
    """Write every act of these rollouts, or of all: who did what from where and why, and what came of it.

    Refused acts are among them. An ID may be the beginning of one.
    """
    from patchdeck.rollout.audit import audit_events
    from tui import terminal
    from tui.headless.records import json_line

    output = terminal.out()
    with rollout_common.opened(read_only=True) as journal:
        wanted = [rollout_common.found(journal, one) for one in beginnings]
        for rollout in wanted or [row.rollout for row in journal.rollouts()]:
            for event in audit_events(journal.entries(rollout)):
                output.write(json_line(event) + "\n")
    output.flush()
    return 0
