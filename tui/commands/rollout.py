"""`patchdeck rollout`: moving a service to another image. `plan` shows it before anything is done."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tui.commands import options, recorded, rollout_ask, rollout_back, rollout_look, rollout_run
from tui.commands.rollout_common import REFUSED, one_target, planned
from tui.commands.rollout_options import ImageName, strategy_from, strategy_options

if TYPE_CHECKING:
    from patchdeck.rollout.planning.duration import Observed


@click.group(
    "rollout",
    short_help="Move a service to another image, replica by replica.",
    epilog="""\b
    Examples:
      patchdeck rollout plan shop/web --to shop/web:1.1     what it would do, and what speaks against it
      patchdeck rollout run shop/web --to shop/web:1.1      do it: canary, batches, gates, commit
      patchdeck rollout list                                all there are
      patchdeck rollout attach 1a2b                         follow one that runs elsewhere
      patchdeck rollout abort 1a2b                          back to the old containers
    """,
)
def command() -> None:
    """Move a service to another image: look at the plan, run it, and follow it from anywhere.

    A rollout is carried out by a worker of its own, which outlives this terminal. An ID may be given by its beginning.
    """


for _one in (
    rollout_run.command,
    rollout_look.listing,
    rollout_look.show,
    rollout_look.attach,
    rollout_ask.pause,
    rollout_ask.resume,
    rollout_ask.promote,
    rollout_ask.abort,
    rollout_back.command,
    rollout_look.export,
):
    command.add_command(_one)


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

    from tui import terminal
    from tui.headless.plan_lines import PlanText
    from tui.headless.plan_record import plan_record
    from tui.headless.records import json_document

    made = planned(target, service, image, strategy, settings, observed=seen)
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
