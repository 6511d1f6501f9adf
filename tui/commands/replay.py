"""`patchdeck replay`: the console on a recording."""

from __future__ import annotations

import math
from pathlib import Path

import click

from tui.commands import options, recorded
from tui.commands.options import Unusable


@click.command(
    "replay",
    short_help="Open the console on a recording.",
    epilog="""\b
    Examples:
      patchdeck replay --list                              recordings that came with the program
      patchdeck replay all-at-once
      patchdeck replay change.pdrec --at 23:41 --speed 4
      patchdeck replay change.pdrec --at 'before the patch'
      patchdeck replay running.pdrec --at -0s              the end of one that is still being written: follow it

    \b
    Exit status: 0, 1 for a failure, 2 for a wrong use, a mistake in the configuration or what is no recording.
    """,
)
@click.argument("file", required=False)
@click.option(
    "--speed",
    type=click.FloatRange(0.25, 64),
    default=1.0,
    show_default=True,
    help="Seconds of the recording a second; keys go from a quarter to 64.",
)
@click.option(
    "--at",
    "moment",
    metavar="TIME",
    help="Where to begin: a time of day, a date with one, +5m from the beginning, -30s from the end, or a mark's name.",
)
@click.option(
    "--list", "listing", is_flag=True, help="Print the recordings that came with the program, and end."
)
@options.theme
@options.config
@options.utc
def command(
    *,
    file: str | None,
    speed: float,
    moment: str | None,
    listing: bool,
    theme: str | None,
    config: Path | None,
    utc: bool | None,
) -> int:
    """Open the console on FILE: what a watch saw, at a pace of one's own.

    FILE is what --record or `patchdeck record` wrote, or the name of a recording that came with the program. It is only
    read; it may still be being written. `?` tells the keys.
    """
    if listing:
        return _list()
    if file is None:
        raise click.UsageError("expected a FILE, or --list for those that came with the program")
    if math.isnan(speed):
        raise click.UsageError("--speed: expected a number from 0.25 to 64")
    settings = options.settings_from(config, (), theme=theme, utc=utc)

    from patchdeck.recording.values import RecordingError

    try:
        with recorded.opened(file) as recording:
            at_ns = None if moment is None else recorded.moment_of(moment, recording, utc=settings.screen.utc)

            from tui.console import run_replay

            return run_replay(settings, recording, at_ns=at_ns, speed=speed)
    except RecordingError as error:
        raise Unusable(str(error)) from error


def _list() -> int:
    from recordings import SHIPPED

    width = max(map(len, SHIPPED))
    for name, shows in SHIPPED.items():
        click.echo(f"{name:{width}}  {shows}")
    return 0
