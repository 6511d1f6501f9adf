"""`patchdeck replay`: the console on a recording."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from tui.cli import nearest
from tui.commands import options
from tui.commands.options import Unusable

if TYPE_CHECKING:
    from patchdeck.recording.reader import Recording


@click.command(
    "replay",
    short_help="Open the console on a recording.",
    epilog="""\b
    Examples:
      patchdeck replay --list                              recordings that came with the program
      patchdeck replay all-at-once
      patchdeck replay change.pdrec --at 23:41 --speed 4
      patchdeck replay change.pdrec --at 'before the patch'
      patchdeck replay running.pdrec --at +7d              the end of one that is still being written: follow it

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
    help="Where to begin: a time of day, a date with one, +5m from the beginning, or a mark's name.",
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
    settings = options.settings_from(config, (), theme=theme, utc=utc)

    from patchdeck.recording.reader import Recording
    from patchdeck.recording.values import RecordingError

    try:
        with Recording.open(_path_of(file)) as recording:
            at_ns = None if moment is None else _moment(moment, recording, utc=settings.screen.utc)

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


def _path_of(file: str) -> Path:
    """A file goes before a recording of that name; what is neither is told with the nearest name."""
    from recordings import SHIPPED, path_of

    path = Path(file)
    if path.exists() or "/" in file:
        return path
    if file in SHIPPED:
        return path_of(file)
    known = tuple(SHIPPED)
    raise Unusable(
        f"there is no file {file}, and no recording of this name came with the program{nearest(file, known=known)}"
    )


def _moment(text: str, recording: Recording, *, utc: bool) -> int:
    from datetime import UTC

    from patchdeck.replay.moment import MomentError, parse
    from patchdeck.replay.position import Position, ReplayState

    beginning = Position(
        at_ns=recording.began_ns,
        began_ns=recording.began_ns,
        ended_ns=recording.ended_ns,
        state=ReplayState.PAUSED,
        landmarks=recording.landmarks,
    )
    try:
        return parse(text, beginning, UTC if utc else None)
    except MomentError as error:
        raise click.UsageError(f"--at: {error}") from error
