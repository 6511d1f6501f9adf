"""`patchdeck contention`: what startups wait for, and `calibrate`: from which values on that is much."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tui.commands import options, recorded

if TYPE_CHECKING:
    from collections.abc import Callable

    from patchdeck.model import Snapshot
    from patchdeck.settings import Settings
    from patchdeck.sources.targets import Target

LOOK_S = 6.0
"""Without --for: three samples, so that there are rates."""


@click.group(
    "contention",
    invoke_without_command=True,
    short_help="What startups wait for, and how many at once the engine can take.",
    epilog="""\b
    Examples:
      patchdeck contention                              a table, after a few seconds
      patchdeck contention --for 10m --format json      one JSON object an engine, every refresh
      patchdeck contention --recording change.pdrec --at 'before the patch'
      patchdeck contention calibrate --for 30m --write  a host's own levels, from its quiet time

    \b
    Exit status: 0, 1 if no engine was reached, 2 for a wrong use, 130 after Ctrl-C.
    """,
)
@click.option(
    "--for",
    "for_s",
    type=options.Duration(),
    metavar="DURATION",
    help="table: look for this long and tell the end of it (6s); json: stop after this long.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "json"]),
    default="table",
    show_default=True,
    help="json: one object an engine and refresh, one a line.",
)
@recorded.recording
@recorded.at
@options.host
@options.prometheus
@options.config
@click.pass_context
def command(
    ctx: click.Context,
    *,
    for_s: float | None,
    form: str,
    file: str | None,
    moment: str | None,
    hosts: tuple[str, ...],
    prometheus: str | None,
    config: Path | None,
) -> int | None:
    """Tell what startups wait for: processors, memory, IO, the network, the engine and each other.

    Every indicator has a level, a reason in words, and who says so. What nobody tells is unknown, never calm.
    """
    if ctx.invoked_subcommand is not None:
        return None
    recorded.check(file, moment, for_s=for_s)
    settings = options.settings_from(config, hosts, prometheus=prometheus)
    if file is not None:
        (_tell_json if form == "json" else _tell_table)(_recorded(settings, file, moment))
        return 0
    watching = _Watching(settings, options.targets_of(settings))
    due = 0.0

    def stream(snapshot: Snapshot) -> None:
        nonlocal due
        now = time.monotonic()
        if now < due:
            return
        due = now + settings.watch.sample_s
        _tell_json(snapshot)

    if form == "json":
        watching.follow(for_s, stream)
    else:
        watching.follow(for_s or LOOK_S, lambda _: None)
        if watching.status():
            return 1
        _tell_table(watching.latest)
    return watching.status()


def _tell_json(snapshot: Snapshot) -> None:
    from tui import terminal
    from tui.headless.contention_lines import contention_record
    from tui.headless.records import json_line

    output = terminal.out()
    for engine in snapshot.engines:
        output.write(json_line(contention_record(engine, snapshot.at_ns)) + "\n")
    output.flush()


def _tell_table(snapshot: Snapshot) -> None:
    from tui import terminal
    from tui.headless.contention_lines import contention_lines

    output = terminal.out()
    lines = contention_lines(
        snapshot,
        width=terminal.width(output),
        colour=terminal.wants_colour(output, os.environ),
        ascii_only=not terminal.speaks_utf8(os.environ),
    )
    output.writelines(f"{line}\n" for line in lines)
    output.flush()


def _recorded(settings: Settings, file: str, moment: str | None) -> Snapshot:
    from patchdeck.recording.values import RecordingError
    from tui.headless.playing import snapshot_at

    try:
        with recorded.opened(file) as recording:
            return snapshot_at(recording, recorded.end_of(recording, moment, utc=settings.screen.utc))
    except RecordingError as error:
        raise options.Unusable(str(error)) from error


@command.command(
    "calibrate",
    short_help="Propose levels from the host's quiet time.",
    epilog="""\b
    Exit status: 0, 1 if it was no quiet time or no engine was reached, 2 for a wrong use or configuration.
    """,
)
@click.option(
    "--for",
    "for_s",
    type=options.Duration(),
    default="10m",
    show_default=True,
    metavar="DURATION",
    help="How long to watch.",
)
@click.option("--write", is_flag=True, help="Write them into [pressure] of the configuration file.")
@options.host
@options.prometheus
@options.config
def calibrate(
    *, for_s: float, write: bool, hosts: tuple[str, ...], prometheus: str | None, config: Path | None
) -> int:
    """Watch the host while nothing much goes on, and print levels that lie clear of what is usual then.

    Refuses if something was saturated or a herd started meanwhile. With --write the section [pressure] of the
    configuration file gets these levels; everything else in it stays as it is, comments too.
    """
    settings = options.settings_from(config, hosts, prometheus=prometheus)
    watching = _Watching(settings, options.targets_of(settings))

    from patchdeck.calibrate import NotQuietError, QuietTime
    from patchdeck.config import ConfigError, default_path
    from patchdeck.config_edit import write_section
    from patchdeck.contention.words import amount
    from patchdeck.settings import PressureLevels

    quiet = QuietTime()
    try:
        watching.follow(for_s, quiet.add)
        if watching.status():
            return 1
        proposals = quiet.proposals(PressureLevels())
    except NotQuietError as error:
        raise click.ClickException(f"this was no quiet time: {error}") from error
    values: dict[str, str] = {}
    click.echo("[pressure]")
    for one in proposals:
        click.echo(
            f"# {one.name}: {amount(one.usual, one.unit)} at most in 99 of 100 of {one.samples} samples"
        )
        for key, value in one.lines.items():
            click.echo(f'{key} = "{value}"')
        values |= one.lines
    if write:
        path = config or default_path()
        try:
            write_section(path, "pressure", values)
        except ConfigError as error:
            raise options.Unusable(str(error)) from error
        click.echo(f"patchdeck: written to {path}", err=True)
    return 0


class _Watching:
    """A watch for a while, and whether it was of anything."""

    def __init__(self, settings: Settings, targets: tuple[Target, ...]) -> None:
        from patchdeck.model import Snapshot
        from tui.headless.following import News

        self._settings = settings
        self._targets = targets
        self._news = News()
        self.latest = Snapshot()

    def follow(self, for_s: float | None, take: Callable[[Snapshot], None]) -> None:
        """Raises what `take` raises, and what `tui.headless.live.follow` does; Ctrl-C aborts."""
        from tui import terminal
        from tui.headless.live import WatchFailed, follow
        from tui.headless.table import sentence

        ascii_only = not terminal.speaks_utf8(os.environ)

        def taken(snapshot: Snapshot) -> None:
            self.latest = snapshot
            for line in self._news.of(snapshot):
                click.echo(f"patchdeck: {sentence(line, ascii_only=ascii_only)}", err=True)
            if self._news.connected:
                take(snapshot)

        try:
            follow(self._settings, self._targets, for_s=for_s, output=terminal.out(), take=taken)
        except KeyboardInterrupt as interrupt:
            raise click.Abort from interrupt
        except WatchFailed as error:
            raise click.ClickException(f"the watch ended by a fault in Patchdeck itself: {error}") from error

    def status(self) -> int:
        """The exit status; says it where no engine was reached."""
        if self._news.connected:
            return 0
        click.echo("patchdeck: no engine was reached; `patchdeck doctor` tells what to do", err=True)
        return 1
