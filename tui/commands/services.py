"""`patchdeck services`: which versions are running, once."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tui.commands import options, recorded

if TYPE_CHECKING:
    from patchdeck.settings import Settings
    from tui.headless.one_look import Look


@click.command(
    "services",
    short_help="Which versions are running, and how long they take to start.",
    epilog="""\b
    Examples:
      patchdeck services
      patchdeck services --host prod-a --host prod-b
      patchdeck services --recording change.pdrec --at 23:41
      patchdeck services --format json | jq '.[] | select(.in_flight) | .service'

    \b
    Exit status: 0, 1 if an engine was not reached or not seen completely, 2 for a wrong use.
    """,
)
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True)
@click.option(
    "--wait",
    "wait_s",
    type=options.Duration(),
    default="10s",
    show_default=True,
    metavar="DURATION",
    help="How long the engines may take to tell everything.",
)
@recorded.recording
@recorded.at
@options.host
@options.config
def command(
    *,
    form: str,
    wait_s: float,
    file: str | None,
    moment: str | None,
    hosts: tuple[str, ...],
    config: Path | None,
) -> int:
    """Print the services, their versions, and how long these take to start, and leave.

    What is known of startups is what the engine still tells: containers that began before are judged by their newest
    start alone. `patchdeck startups` and the console see every start from then on.
    """
    recorded.check(file, moment)
    settings = options.settings_from(config, hosts)

    from tui import terminal
    from tui.headless.records import json_document, service_record
    from tui.headless.service_table import service_lines
    from tui.headless.table import sentence

    seen = _recorded(settings, file, moment) if file is not None else _looked(settings, wait_s)
    output = terminal.out()
    ascii_only = not terminal.speaks_utf8(os.environ)
    for missing in seen.missing:
        click.echo(f"patchdeck: {sentence(missing, ascii_only=ascii_only)}", err=True)
    if not seen.connected:
        click.echo("patchdeck: no engine was reached; `patchdeck doctor` tells what to do", err=True)
        return 1
    services = seen.snapshot.services
    if form == "json":
        output.write(json_document([service_record(service) for service in services]) + "\n")
    else:
        lines = service_lines(
            services,
            width=terminal.width(output),
            colour=terminal.wants_colour(output, os.environ),
            ascii_only=ascii_only,
        )
        output.writelines(f"{line}\n" for line in lines)
    output.flush()
    return 1 if seen.missing else 0


def _looked(settings: Settings, wait_s: float) -> Look:
    import asyncio

    from tui.headless.one_look import look

    return asyncio.run(look(settings, options.targets_of(settings), patience_s=wait_s))


def _recorded(settings: Settings, file: str, moment: str | None) -> Look:
    from patchdeck.recording.values import RecordingError
    from tui.headless.one_look import Look
    from tui.headless.playing import snapshot_at

    try:
        with recorded.opened(file) as recording:
            at_ns = recorded.end_of(recording, moment, utc=settings.screen.utc)
            return Look(snapshot=snapshot_at(recording, at_ns), missing=(), connected=True)
    except RecordingError as error:
        raise options.Unusable(str(error)) from error
