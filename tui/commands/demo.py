"""`patchdeck demo`: the console on a simulated engine, which runs in a process of its own."""

from __future__ import annotations

from pathlib import Path

import click

from patchdeck.simulator.scenarios import DEFAULT, NAMES, load
from tui.commands import options


@click.command(
    "demo",
    short_help="Open the console on a simulated engine; needs no Docker.",
    epilog="""\b
    Examples:
      patchdeck demo
      patchdeck demo --list
      patchdeck demo --scenario calm               nothing happens by itself: for rehearsing rollouts
      patchdeck demo --scenario slow-disk --seed 7

    \b
    Exit status: 0, 1 for a failure, 2 for a wrong use or a mistake in the configuration.
    """,
)
@click.option("--scenario", "name", type=click.Choice(NAMES), default=DEFAULT, show_default=True)
@click.option("--seed", metavar="N", type=int, default=1, show_default=True, help="Chance's beginning.")
@click.option("--list", "listing", is_flag=True, help="Print the scenarios, a line each, and end.")
@options.theme
@options.config
@options.utc
def command(
    *,
    name: str,
    seed: int,
    listing: bool,
    theme: str | None,
    config: Path | None,
    utc: bool | None,
) -> int:
    """Open the console on an engine that is simulated: a fleet that is busy from the first second, and a guide to it.

    Nothing outside of this program is looked at or touched. What is simulated says so on every screen.
    """
    if listing:
        width = max(map(len, NAMES))
        for one in NAMES:
            click.echo(f"{one:{width}}  {load(one).about}")
        return 0
    settings = options.settings_from(config, (), theme=theme, utc=utc)

    from tui.demo import run

    return run(settings, name, seed)
