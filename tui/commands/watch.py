"""`patchdeck watch`: the console."""

from __future__ import annotations

from pathlib import Path

import click

from tui.cli import COMMANDS
from tui.commands import options


@click.command(
    "watch",
    short_help="Open the console; also without a command.",
    context_settings={"allow_extra_args": True},
    epilog="""\b
    Examples:
      patchdeck                                    on the engine that Docker's own rules select
      patchdeck --host ssh://ops@prod-a            over SSH
      patchdeck --host prod-a --host prod-b        on two Docker contexts
      patchdeck --prometheus http://prometheus:9090
      patchdeck --record change.pdrec              to be replayed: patchdeck replay change.pdrec
      patchdeck --theme colour-blind --utc
      patchdeck --armed --reason CVE-2026-1234

    \b
    Exit status: 0, 1 for a failure, 2 for a wrong use or a mistake in the configuration.
    """,
)
@options.host
@options.prometheus
@options.theme
@click.option(
    "--record",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Record everything that is seen into a new file, for `patchdeck replay`.",
)
@click.option("--armed", is_flag=True, help="Begin armed, once the engine answers; --reason says why.")
@click.option("--reason", metavar="TEXT", default="", help="Why it is armed; kept in the journal.")
@options.config
@options.utc
@click.pass_context
def command(
    ctx: click.Context,
    *,
    hosts: tuple[str, ...],
    prometheus: str | None,
    theme: str | None,
    record: Path | None,
    armed: bool,
    reason: str,
    config: Path | None,
    utc: bool | None,
) -> int:
    """Open the console: startup latency, versions in flight and contention, live.

    It only reads from the engines. This is what `patchdeck` does without a command.
    """
    if ctx.args:
        # Options before a command are taken for the console's.
        misplaced = ctx.args[0] in COMMANDS
        ctx.fail(
            f"options go after the command: patchdeck {ctx.args[0]} [OPTIONS]"
            if misplaced
            else f"expected no argument, found {ctx.args[0]!r}"
        )
    settings = options.settings_from(config, hosts, prometheus=prometheus, theme=theme, utc=utc)
    if armed and settings.arming.read_only:
        raise click.UsageError("--armed: arming.read_only is set in the configuration, which takes it away")
    if armed and settings.arming.reason_required and not reason.strip():
        raise click.UsageError("--armed needs --reason TEXT: why, which is kept in the journal")
    if reason and not armed:
        raise click.UsageError("--reason is why the console is armed: it goes with --armed")

    from tui.app import run_console

    return run_console(settings, hosts, record=record, armed=reason if armed else None)
