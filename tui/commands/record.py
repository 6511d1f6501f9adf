"""`patchdeck record`: what a watch observes, into a file."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, NoReturn

import click

from tui.commands import options

if TYPE_CHECKING:
    from patchdeck.model import AnyObservation, Snapshot
    from patchdeck.recording.recorder import Recorder
    from patchdeck.settings import Settings
    from patchdeck.sources.targets import Target

SNAPSHOT_EVERY_S = 2.0
"""Nobody looks at them; they tell which engines are live."""
TOLD_EVERY_S = 30.0
"""Where standard error is no terminal."""


@click.command(
    "record",
    short_help="Record what the engines do, to be replayed.",
    epilog="""\b
    Examples:
      patchdeck record change.pdrec                      until Ctrl-C
      patchdeck record change.pdrec --for 2h --host prod-a --host prod-b
      patchdeck replay change.pdrec                      even while it is being recorded

    \b
    Exit status: 0, also after Ctrl-C or SIGTERM, 1 if no engine was reached or not all could be written,
    2 for a wrong use.
    """,
)
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--for",
    "for_s",
    type=options.Duration(),
    metavar="DURATION",
    help='Stop after this long, as in "90s" or "1h30m". Without it: at Ctrl-C.',
)
@click.option("--overwrite", is_flag=True, help="Replace FILE if it exists.")
@options.host
@options.prometheus
@options.config
def command(
    *,
    file: Path,
    for_s: float | None,
    overwrite: bool,
    hosts: tuple[str, ...],
    prometheus: str | None,
    config: Path | None,
) -> int:
    """Write all that is observed of the engines to FILE, which only its owner may read.

    Environment values, command arguments and what health checks print are not observed or not written; labels whose
    names look like secrets are written without their values ([recording] in the configuration). How far it is goes to
    standard error.
    """
    settings = options.settings_from(config, hosts, prometheus=prometheus)
    targets = options.targets_of(settings)

    from patchdeck.recording.recorder import Recorder
    from patchdeck.recording.values import RecordingError

    try:
        recorder = Recorder(file, settings, engines=[target.name for target in targets], overwrite=overwrite)
    except RecordingError as error:
        raise options.Unusable(str(error)) from error
    progress = _Progress(recorder)
    try:
        _follow(settings, targets, progress, for_s=for_s)
    finally:
        progress.end()
    return progress.status()


def _follow(
    settings: Settings,
    targets: tuple[Target, ...],
    progress: _Progress,
    *,
    for_s: float | None,
) -> None:
    from msgspec.structs import replace

    from tui.headless.live import WatchFailed, follow

    seldom = replace(settings, watch=replace(settings.watch, snapshots_per_s=1 / SNAPSHOT_EVERY_S))
    before = signal.signal(signal.SIGTERM, _interrupt)
    try:
        follow(seldom, targets, for_s=for_s, output=sys.stdout, take=progress.take, observe=progress.note)
    except KeyboardInterrupt:
        pass  # the way to end it
    except WatchFailed as error:
        raise click.ClickException(f"the watch ended by a fault in Patchdeck itself: {error}") from error
    finally:
        signal.signal(signal.SIGTERM, before)


def _interrupt(_number: int, _frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt


class _Progress:
    """What standard error is told: one line that is written over on a terminal, elsewhere a line now and then."""

    def __init__(self, recorder: Recorder) -> None:
        from tui import terminal
        from tui.headless.following import News

        self._recorder = recorder
        self._news = News()
        self._terminal = sys.stderr.isatty()
        self._ascii_only = not terminal.speaks_utf8(os.environ)
        self._began = time.monotonic()
        self._told_at = self._began
        self._detail = ""
        self._whole = True
        self._reached = False

    def note(self, observation: AnyObservation) -> None:
        """On the watch's thread. Snapshots are too seldom to tell whether an engine was there at all."""
        from patchdeck.model import SourceChanged, SourceState

        self._recorder.note(observation)
        if isinstance(observation, SourceChanged) and observation.source == "engine":
            self._reached |= observation.state is SourceState.LIVE

    def take(self, snapshot: Snapshot) -> None:
        from patchdeck.model import SourceState

        for line in self._news.of(snapshot):
            self._say(line)
        detail = self._recorder.status.detail
        if detail != self._detail:
            self._say(f"{self._recorder.status.path}: {detail}" if detail else "it is being written again")
            self._detail = detail
        now = time.monotonic()
        if self._terminal or now - self._told_at >= TOLD_EVERY_S:
            self._told_at = now
            live = sum(engine.state is SourceState.LIVE for engine in snapshot.engines)
            self._show(f"{self._holds()}; {live} of {len(snapshot.engines)} engines live")

    def end(self) -> None:
        from patchdeck.recording.recorder import RecorderState

        status = self._recorder.close()
        self._whole = status.state is RecorderState.ENDED
        if status.detail:
            self._say(f"{status.path}: {status.detail}")
        self._say(self._holds())

    def status(self) -> int:
        if not self._reached:
            self._say("no engine was reached; `patchdeck doctor` tells what to do")
            return 1
        return 0 if self._whole else 1

    def _holds(self) -> str:
        from tui.headless.recorded import length, size

        status = self._recorder.status
        skipped = f", {status.skipped} are missing" if status.skipped else ""
        return (
            f"{status.path} holds {status.lines} observations of {length(time.monotonic() - self._began)}, "
            f"{size(status.size_bytes)}{skipped}"
        )

    def _say(self, text: str) -> None:
        from tui.headless.table import sentence

        over = "\r\x1b[K" if self._terminal else ""
        click.echo(f"{over}patchdeck: {sentence(text, ascii_only=self._ascii_only)}", err=True)

    def _show(self, text: str) -> None:
        from tui.headless.table import sentence

        if not self._terminal:
            self._say(text)
            return
        click.echo(f"\r\x1b[K{sentence(text, ascii_only=self._ascii_only)}", err=True, nl=False)
