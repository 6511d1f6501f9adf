"""`patchdeck rollout`: moving a service to another image. `plan` shows it before anything is done."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tui.commands import options, recorded
from tui.commands.rollout_options import ImageName, strategy_from, strategy_options

if TYPE_CHECKING:
    from patchdeck.model import Plan, Strategy
    from patchdeck.rollout.planning.duration import Observed
    from patchdeck.settings import Settings
    from patchdeck.sources.targets import Target

REFUSED = 5


@click.group(
    "rollout",
    short_help="Move a service to another image, replica by replica.",
    epilog="""\b
    Examples:
      patchdeck rollout plan shop/web --to shop/web:1.1     what it would do, and what speaks against it
    """,
)
def command() -> None:
    """Move a service to another image: look at the plan, and run it."""


@command.command(
    "plan",
    short_help="What a rollout would do, before anything is done.",
    epilog="""\b
    Examples:
      patchdeck rollout plan shop/web --to shop/web:1.1
      patchdeck rollout plan shop/web --to shop/web:1.1 --canary 2 --batch 25% --max-unavailable 1
      patchdeck rollout plan shop/web --to shop/web:1.1 --format json | jq .refusals

    \b
    Exit status: 0, 1 if the engine was not reached, 2 for a wrong use, 5 if it would be refused.
    """,
)
@click.argument("service")
@click.option("--to", "image", metavar="IMAGE", type=ImageName(), required=True, help="The image to move to.")
@strategy_options
@click.option(
    "--recording",
    "file",
    metavar="FILE",
    help="Foretell the duration by the startups and the knee of a recording. FILE as for `patchdeck replay`.",
)
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@options.host
@options.config
def plan(
    *,
    service: str,
    image: str,
    file: str | None,
    form: str,
    hosts: tuple[str, ...],
    config: Path | None,
    **given: Any,
) -> int:
    """Show what moving SERVICE to IMAGE would do, container by container. Nothing is changed.

    SERVICE is as `patchdeck services` names it. IMAGE is taken from the engine where it is there, else looked up in its
    registry with the credentials of `docker login`.
    """
    settings = options.settings_from(config, hosts)
    strategy = strategy_from(settings.rollout, given)
    target = one_target(settings)
    seen = None if file is None else _recorded(file, service, target.name)

    import asyncio

    from tui import terminal
    from tui.headless.plan_lines import PlanText
    from tui.headless.plan_record import plan_record
    from tui.headless.records import json_document

    made = asyncio.run(_made(target, service, image, strategy, settings, observed=seen))
    output = terminal.out()
    if form == "json":
        output.write(json_document(plan_record(made)) + "\n")
    else:
        text = PlanText(
            made,
            width=terminal.width(output),
            colour=terminal.wants_colour(output, os.environ),
            ascii_only=not terminal.speaks_utf8(os.environ),
        )
        output.writelines(f"{line}\n" for line in text.lines())
    output.flush()
    return REFUSED if made.refusals else 0


def one_target(settings: Settings) -> Target:
    """The engine that the service is on.

    Raises: Unusable where there are several to choose from.
    """
    targets = options.targets_of(settings)
    if len(targets) > 1:
        names = ", ".join(target.name for target in targets)
        raise options.Unusable(f"a rollout is on one engine, and there are {names}; name one with --host")
    return targets[0]


def _recorded(file: str, service: str, engine: str) -> Observed:
    """What a recording tells of the service at its end, on this engine if several have one of the name.

    Raises: Unusable.
    """
    from patchdeck.recording.values import RecordingError
    from patchdeck.rollout.planning.duration import watched
    from tui.headless.playing import snapshot_at

    try:
        with recorded.opened(file) as recording:
            snapshot = snapshot_at(recording, recording.ended_ns)
    except RecordingError as error:
        raise options.Unusable(str(error)) from error
    alike = [one for one in snapshot.services if one.name == service]
    found = next((one for one in alike if one.engine == engine), alike[0] if len(alike) == 1 else None)
    told = snapshot.engine(found.engine) if found else None
    seen = watched(found, told.knee if told else None)
    if seen is None:
        raise options.Unusable(f"{file} tells of no startups of {service} on {engine}; leave --recording out")
    return seen


async def _made(
    target: Target,
    service: str,
    image: str,
    strategy: Strategy,
    settings: Settings,
    *,
    observed: Observed | None,
) -> Plan:
    from patchdeck.rollout.gates.choosing import GateError
    from patchdeck.rollout.planning.maker import make_plan
    from patchdeck.sources.engine.connection import Connection
    from patchdeck.sources.engine.faults import FAULTS, fault

    def told(what: str) -> None:
        if sys.stderr.isatty():
            click.echo(f"patchdeck: {what}", err=True)

    try:
        async with Connection(target) as connection:
            return await make_plan(
                connection, service, image, strategy, settings, observed=observed, progress=told
            )
    except GateError as error:
        raise options.Unusable(str(error)) from error
    except FAULTS as error:
        raise click.ClickException(fault(target, error).sentence) from error
