"""Recordings as they are named on the command line, and moments in them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from tui.cli import nearest
from tui.commands.options import Unusable

if TYPE_CHECKING:
    from patchdeck.recording.reader import Recording

recording = click.option(
    "--recording",
    "file",
    metavar="FILE",
    help="Tell what a recording holds in place of engines. FILE as for `patchdeck replay`.",
)

at = click.option(
    "--at",
    "moment",
    metavar="TIME",
    help="With --recording, the moment to tell of: a time of day, a date with one, +5m from the beginning, -30s from "
    "the end, or a mark's name. Without it: the end.",
)


def check(file: str | None, moment: str | None, *, for_s: float | None = None) -> None:
    """Raises: UsageError for options that do not go together."""
    if moment is not None and file is None:
        raise click.UsageError("--at is a moment of a recording: name it by --recording")
    if for_s is not None and file is not None:
        raise click.UsageError("--for is for engines; a recording is told up to its end, or up to --at")
    given = click.get_current_context().get_parameter_source
    for parameter, option in (("hosts", "--host"), ("prometheus", "--prometheus")):
        # In the environment it stands for every command.
        if file is not None and given(parameter) is ParameterSource.COMMANDLINE:
            raise click.UsageError(f"{option} is for engines; a recording tells of its own")


def end_of(recording: Recording, moment: str | None, *, utc: bool) -> int:
    """The moment to tell of."""
    return recording.ended_ns if moment is None else moment_of(moment, recording, utc=utc)


def opened(file: str) -> Recording:
    """Raises: Unusable."""
    from patchdeck.recording.reader import Recording
    from patchdeck.recording.values import RecordingError

    try:
        return Recording.open(path_of(file))
    except RecordingError as error:
        raise Unusable(str(error)) from error


def path_of(file: str) -> Path:
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


def moment_of(text: str, recording: Recording, *, utc: bool, option: str = "--at") -> int:
    """`-30s` is from the end, `+5m` from the beginning. Raises: UsageError, which names the option."""
    from datetime import UTC

    from patchdeck.replay.moment import MomentError, parse
    from patchdeck.replay.position import Position, ReplayState

    from_end = text.strip().startswith("-")
    edge = Position(
        at_ns=recording.ended_ns if from_end else recording.began_ns,
        began_ns=recording.began_ns,
        ended_ns=recording.ended_ns,
        state=ReplayState.PAUSED,
        landmarks=recording.landmarks,
    )
    try:
        return parse(text, edge, UTC if utc else None)
    except MomentError as error:
        raise click.UsageError(f"{option}: {error}") from error
