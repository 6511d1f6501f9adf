"""`patchdeck policy`: what the rules of the configuration say, before anything is done."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from tui.commands import options, rollout_common
from tui.commands.rollout_options import ImageName, strategy_from, strategy_options


@click.group(
    "policy",
    short_help="What the rules of the configuration say to a rollout.",
    epilog="""\b
    Examples:
      patchdeck policy check shop/web --to shop/web:1.1     whether it may run now, and if not, by which rule
    """,
)
def command() -> None:
    """Ask the policy of the configuration."""


@command.command(
    "check",
    short_help="Whether a rollout may run now.",
    epilog="""\b
    Examples:
      patchdeck policy check shop/web --to shop/web:1.1
      patchdeck policy check shop/web --to shop/web:1.1 --reason CVE-2026-1234 --override 'exploited already'
      patchdeck policy check shop/web --to shop/web:1.1 --format json | jq -r '.refusals[].rule'

    \b
    Exit status: 0 if it may run, 1 if the engine was not reached, 2 for a wrong use, 5 if it would be refused.
    """,
)
@click.argument("service")
@click.option("--to", "image", metavar="IMAGE", type=ImageName(), required=True, help="The image to move to.")
@strategy_options
@rollout_common.reason
@click.option("--override", metavar="REASON", default="", help="Why it may not wait for a change window.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@options.host
@options.config
def check(
    *,
    service: str,
    image: str,
    reason: str,
    override: str,
    form: str,
    hosts: tuple[str, ...],
    config: Path | None,
    **given: Any,
) -> int:
    """Judge moving SERVICE to IMAGE as `patchdeck rollout run` and the console would, now and by who you are.

    Every refusal names its rule. Nothing is changed, and nothing is written into the journal.
    """
    settings = options.settings_from(config, hosts)
    strategy = strategy_from(settings.rollout, given)
    target = rollout_common.one_target(settings)

    import os
    import time

    from patchdeck.policy.person import this_person
    from patchdeck.policy.rules import Request, against
    from tui import terminal
    from tui.headless.policy_report import policy_lines, policy_record
    from tui.headless.records import json_document

    plan = rollout_common.planned(target, service, image, strategy, settings)
    request = Request(
        person=this_person(), reason=reason, override=override, has_healthcheck=plan.has_healthcheck
    )
    refusals = against(settings, plan, request, time.time_ns())
    output = terminal.out()
    if form == "json":
        output.write(json_document(policy_record(plan, request, refusals)) + "\n")
    else:
        lines = policy_lines(
            plan,
            refusals,
            width=terminal.width(output),
            colour=terminal.wants_colour(output, os.environ),
            ascii_only=not terminal.speaks_utf8(os.environ),
        )
        output.writelines(f"{line}\n" for line in lines)
    output.flush()
    return rollout_common.REFUSED if refusals else 0
