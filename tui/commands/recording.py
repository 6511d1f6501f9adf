"""`patchdeck recording`: what a recording holds, parts of it, and two in one."""

from __future__ import annotations

import os
from pathlib import Path

import click

from tui.commands import options, recorded


@click.group(
    "recording",
    short_help="What a recording holds; cut one, or merge two.",
    epilog="""\b
    Examples:
      patchdeck recording info change.pdrec
      patchdeck recording cut change.pdrec incident.pdrec --from 23:41 --to 23:55
      patchdeck recording merge prod-a.pdrec prod-b.pdrec both.pdrec
    """,
)
def command() -> None:
    """Look into recordings, and make others from them. No recording is ever changed."""


_overwrite = click.option("--overwrite", is_flag=True, help="Replace OUT if it exists.")


@command.command(
    "info",
    short_help="When, how long, of which engines, with which marks.",
    epilog="""\b
    Examples:
      patchdeck recording info change.pdrec
      patchdeck recording info change.pdrec --format json | jq '.landmarks[] | select(.kind == "mark")'

    \b
    Exit status: 0, 2 for what is no recording.
    """,
)
@click.argument("file")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@options.utc
def info(*, file: str, form: str, utc: bool | None) -> int:
    """Tell what FILE holds: times, engines, sizes, marks, rollouts, failures and gaps."""
    from patchdeck.recording.values import RecordingError
    from tui import terminal
    from tui.headless.recorded import info_lines, info_record
    from tui.headless.records import json_document
    from tui.headless.table import sentence

    output = terminal.out()
    ascii_only = not terminal.speaks_utf8(os.environ)
    path = recorded.path_of(file)
    try:
        with recorded.opened(file) as recording:
            if form == "json":
                output.write(json_document(info_record(path, recording)) + "\n")
            else:
                lines = info_lines(path, recording, utc=bool(utc))
                output.writelines(f"{sentence(line, ascii_only=ascii_only)}\n" for line in lines)
    except RecordingError as error:
        raise options.Unusable(str(error)) from error
    return 0


@command.command(
    "cut",
    short_help="A part of a recording, as a new one.",
    epilog="""\b
    Examples:
      patchdeck recording cut change.pdrec incident.pdrec --from 23:41 --to 23:55
      patchdeck recording cut change.pdrec after.pdrec --from 'before the patch'
      patchdeck recording cut change.pdrec end.pdrec --from -10m

    \b
    Exit status: 0, 1 if OUT can not be written, 2 for a wrong use or what is no recording.
    """,
)
@click.argument("file")
@click.argument("out", type=click.Path(path_type=Path))
@click.option(
    "--from", "begin", metavar="TIME", help="A time, +5m, -30s or a mark's name. Without it: the beginning."
)
@click.option("--to", "end", metavar="TIME", help="As --from. Without it: the end.")
@_overwrite
@options.config
@options.utc
def cut(
    *,
    file: str,
    out: Path,
    begin: str | None,
    end: str | None,
    overwrite: bool,
    config: Path | None,
    utc: bool | None,
) -> int:
    """Write what FILE holds between two moments to OUT, with all that was known before.

    A recording that was cut short gets an end. Times of day are local unless --utc is given.
    """
    settings = options.settings_from(config, (), utc=utc)

    from patchdeck.recording import excerpt
    from patchdeck.recording.values import RecordingError

    with recorded.opened(file) as recording:
        zone = settings.screen.utc
        from_ns = (
            recorded.moment_of(begin, recording, utc=zone, option="--from") if begin else recording.began_ns
        )
        to_ns = recorded.moment_of(end, recording, utc=zone, option="--to") if end else recording.ended_ns
        try:
            count = excerpt.cut(
                recording, out, from_ns=from_ns, to_ns=to_ns, settings=settings, overwrite=overwrite
            )
        except RecordingError as error:
            raise click.ClickException(str(error)) from error
    click.echo(f"patchdeck: {out} holds {count} observations", err=True)
    return 0


@command.command(
    "merge",
    short_help="Two engines' recordings in one, by time.",
    epilog="""\b
    Example:
      patchdeck recording merge prod-a.pdrec prod-b.pdrec both.pdrec

    \b
    Exit status: 0, 1 if they can not be merged or OUT can not be written, 2 for a wrong use or what is no recording.
    """,
)
@click.argument("one")
@click.argument("other")
@click.argument("out", type=click.Path(path_type=Path))
@_overwrite
@options.config
def merge(*, one: str, other: str, out: Path, overwrite: bool, config: Path | None) -> int:
    """Write what ONE and OTHER hold to OUT, by time, as if both had been watched by one console.

    Their engines need names of their own, and the clocks of the hosts that they were recorded on should agree.
    """
    settings = options.settings_from(config, ())

    from patchdeck.recording import excerpt
    from patchdeck.recording.values import RecordingError

    with recorded.opened(one) as first, recorded.opened(other) as second:
        try:
            count = excerpt.merge(first, second, out, settings=settings, overwrite=overwrite)
        except RecordingError as error:
            raise click.ClickException(str(error)) from error
    click.echo(f"patchdeck: {out} holds {count} observations", err=True)
    return 0
