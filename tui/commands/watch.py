"""`patchdeck watch`: the console."""

from __future__ import annotations

from pathlib import Path

import click

from patchdeck.settings import THEMES
from tui.commands import options


@click.command(
    "watch",
    epilog="""\b
    Examples:
      patchdeck                                    on the engine that Docker's own rules select
      patchdeck --host ssh://ops@prod-a            over SSH
      patchdeck --host prod-a --host prod-b        on two Docker contexts
      patchdeck --theme colour-blind --utc

    \b
    Exit status: 0, 1 for a failure, 2 for a wrong use or a mistake in the configuration.
    """,
)
@options.host
@click.option(
    "--theme",
    type=click.Choice(["auto", *THEMES]),
    envvar="PATCHDECK_THEME",
    show_envvar=True,
    help="auto: by the terminal.",
)
@options.config
@options.utc
def command(*, hosts: tuple[str, ...], theme: str | None, config: Path | None, utc: bool | None) -> int:
    """Open the console: startup latency, versions in flight and contention, live.

    It only reads from the engines. This is what `patchdeck` does without a command.
    """
    settings = options.settings_from(config, hosts, theme=theme, utc=utc)

    from tui.app import run_console

    return run_console(settings, hosts)
