"""`patchdeck startups`: each startup as a line, when it is settled."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import click

from tui.commands import options, recorded

if TYPE_CHECKING:
    from patchdeck.model import Snapshot, Startup
    from patchdeck.recording.reader import Recording
    from patchdeck.settings import Settings
    from tui.headless.startup_lines import Lines


@click.command(
    "startups",
    short_help="Each startup as a line, as it happens.",
    epilog="""\b
    Examples:
      patchdeck startups                                        until Ctrl-C, as a table
      patchdeck startups --for 10m --format json > herd.jsonl   one JSON object a line
      patchdeck startups --format json | jq .latency_s          how long each took
      patchdeck startups --recording change.pdrec --format csv  those that were recorded
      patchdeck startups --for 1h --format csv > starts.csv     for a spreadsheet

    \b
    Exit status: 0, 1 if no engine was reached, 2 for a wrong use, 130 after Ctrl-C.
    """,
)
@click.option(
    "--for",
    "for_s",
    type=options.Duration(),
    metavar="DURATION",
    help='Stop after this long, as in "90s" or "1h30m". Without it: at Ctrl-C.',
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "json", "csv"]),
    default="table",
    show_default=True,
    help="json: one object a line; csv: with a header.",
)
@recorded.recording
@recorded.at
@options.host
@options.config
@options.utc
def command(
    *,
    for_s: float | None,
    form: str,
    file: str | None,
    moment: str | None,
    hosts: tuple[str, ...],
    config: Path | None,
    utc: bool | None,
) -> int:
    """Write each startup that begins from now on, once, when it is settled: when its outcome stands.

    At the end those are written too whose outcome might still have changed. What began before is history and is left
    out; of a recording, what began before it. Lines go to standard output; what happens to the engines, and a summary
    after a table, to standard error.
    """
    began_ns = time.time_ns()
    recorded.check(file, moment, for_s=for_s)
    settings = options.settings_from(config, hosts, utc=utc)

    from tui import terminal
    from tui.headless.startup_lines import lines

    output = terminal.out()
    ascii_only = not terminal.speaks_utf8(os.environ)
    shape = lines(
        form,
        width=terminal.width(output),
        colour=terminal.wants_colour(output, os.environ),
        ascii_only=ascii_only,
        utc=settings.screen.utc,
    )
    if file is not None:
        with recorded.opened(file) as recording:
            report = _Report(output, shape, began_ns=recording.began_ns, ascii_only=ascii_only)
            _play(recording, recorded.end_of(recording, moment, utc=settings.screen.utc), report)
        report.end(summary=form == "table")
        return 0
    report = _Report(output, shape, began_ns=began_ns, ascii_only=ascii_only)
    interrupted = _follow(settings, for_s, output, report)
    report.end(summary=form == "table")
    if interrupted:
        raise click.Abort
    if not report.connected:
        report.say(f"no engine was reached in {for_s:g} s; `patchdeck doctor` tells what to do")
        return 1
    return 0


def _follow(settings: Settings, for_s: float | None, output: TextIO, report: _Report) -> bool:
    """Returns whether it was interrupted."""
    from tui.headless.live import WatchFailed, follow

    targets = options.targets_of(settings)
    try:
        report.begin()
        follow(settings, targets, for_s=for_s, output=output, take=report.take)
    except KeyboardInterrupt:
        return True
    except WatchFailed as error:
        raise click.ClickException(f"the watch ended by a fault in Patchdeck itself: {error}") from error
    return False


def _play(recording: Recording, until_ns: int, report: _Report) -> None:
    from patchdeck.recording.values import RecordingError
    from tui.headless.playing import snapshots_until

    report.begin()
    try:
        for snapshot in snapshots_until(recording, until_ns):
            report.take(snapshot)
    except RecordingError as error:
        raise options.Unusable(str(error)) from error


class _Report:
    """Writes what is new in each snapshot."""

    def __init__(self, output: TextIO, shape: Lines, *, began_ns: int, ascii_only: bool) -> None:
        from tui.headless.following import Follower, News
        from tui.headless.tally import Tally

        self._output = output
        self._shape = shape
        self._ascii_only = ascii_only
        self._follower = Follower(began_ns)
        self._news = News()
        self._tally = Tally()
        self._latest: Snapshot | None = None

    @property
    def connected(self) -> bool:
        return bool(self._news.connected)

    def begin(self) -> None:
        if self._shape.header is not None:
            self._write(self._shape.header)

    def take(self, snapshot: Snapshot) -> None:
        self._latest = snapshot
        for sentence in self._news.of(snapshot):
            self.say(sentence)
        for startup in self._follower.settled(snapshot):
            self._tell(startup)

    def end(self, *, summary: bool) -> None:
        """The startups that are not settled, and what it all came to."""
        if self._latest is not None:
            rest, starting = self._follower.rest(self._latest)
            for startup in rest:
                self._tell(startup)
            if starting:
                self.say(f"{starting} still starting, left out")
        if summary:
            for sentence in self._tally.sentences():
                self.say(sentence)

    def say(self, sentence: str) -> None:
        from tui.headless.table import sentence as harmless

        click.echo(f"patchdeck: {harmless(sentence, ascii_only=self._ascii_only)}", err=True)

    def _tell(self, startup: Startup) -> None:
        self._tally.add(startup)
        self._write(self._shape.line(startup))

    def _write(self, line: str) -> None:
        self._output.write(f"{line}\n")
        self._output.flush()
