"""`patchdeck doctor`: what is there, what is not, and what to do about it."""

from __future__ import annotations

import os
from pathlib import Path

import click

from tui.commands import options


@click.command(
    "doctor",
    short_help="What is there, what is not, and what to do about it.",
    epilog="""\b
    Examples:
      patchdeck doctor
      patchdeck doctor --host ssh://ops@prod-a
      patchdeck doctor --prometheus http://prometheus:9090
      patchdeck doctor --format json | jq .engines

    \b
    Exit status: 0 if the console can watch an engine, 1 if not, 2 for a wrong use.
    """,
)
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@options.host
@options.prometheus
@options.config
def command(*, form: str, hosts: tuple[str, ...], prometheus: str | None, config: Path | None) -> int:
    """Tell whether an engine can be watched from here, and if not, why and what to do.

    Tries every address that Docker's own rules give, and looks at the engine, its clock, the sources of pressure, what
    Prometheus has of it, the terminal and the configuration. It changes nothing.
    """
    import asyncio

    from msgspec import to_builtins

    from patchdeck.doctor import examine
    from patchdeck.settings import Settings
    from tui import terminal
    from tui.headless.checks import check_lines, engine_section, prometheus_section
    from tui.headless.records import json_document
    from tui.headless.surroundings import program_section, surroundings, terminal_section

    mistake = ""
    try:
        settings = options.settings_from(config, (), prometheus=prometheus)
    except options.Unusable as error:
        settings, mistake = Settings(), error.message
    found = surroundings(config, mistake)
    report = asyncio.run(examine(settings, hosts, with_prometheus=True))
    usable = report.healthy and not mistake

    output = terminal.out()
    if form == "json":
        document = {"usable": usable, **to_builtins(report), **to_builtins(found)}
        output.write(json_document(document) + "\n")
    else:
        sections = [
            engine_section(report),
            prometheus_section(report),
            terminal_section(found.terminal),
            program_section(found),
        ]
        lines = check_lines(
            sections,
            colour=terminal.wants_colour(output, os.environ),
            ascii_only=not terminal.speaks_utf8(os.environ),
        )
        output.writelines(f"{line}\n" for line in lines)
    output.flush()
    return 0 if usable else 1
