"""`patchdeck rollout run`: move a service to another image."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from tui.commands import options, rollout_common
from tui.commands.rollout_options import ImageName, strategy_from, strategy_options


@click.command(
    "run",
    short_help="Move a service to another image.",
    epilog="""\b
    Examples:
      patchdeck rollout run shop/web --to shop/web:1.1
      patchdeck rollout run shop/web --to shop/web:1.1 --yes --hold-timeout 10m --format json
      patchdeck rollout run shop/web --to shop/web:1.1 --canary 2 --pause-after canary --reason CVE-2026-1234
      patchdeck rollout run shop/web --to shop/web:1.1 --write-override compose.patched.yaml

    \b
    Exit status: 0 committed, 1 failed before anything was changed, 2 for a wrong use, 3 rolled back,
    4 a person is needed (paused, lost, held too long, not brought back), 5 refused.
    """,
)
@click.argument("service")
@click.option("--to", "image", metavar="IMAGE", type=ImageName(), required=True, help="The image to move to.")
@strategy_options
@rollout_common.yes
@rollout_common.reason
@click.option("--override", metavar="REASON", default="", help="Why it may not wait for a change window.")
@click.option("--detach", is_flag=True, help="Print the rollout's ID and leave it running.")
@rollout_common.take_over
@click.option(
    "--write-override",
    "write_override",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Where to write the Compose file that keeps `compose up` from going back.",
)
@click.option("--force", is_flag=True, help="With --write-override: replace a file that exists.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@options.host
@options.config
@options.utc
def command(
    *,
    service: str,
    image: str,
    yes: bool,
    reason: str,
    override: str,
    detach: bool,
    take_over: bool,
    write_override: Path | None,
    force: bool,
    form: str,
    hosts: tuple[str, ...],
    config: Path | None,
    utc: bool | None,
    **given: Any,
) -> int:
    """Move SERVICE to IMAGE: plan, confirm, pull, replace replica by replica, check, commit.

    A worker of its own carries it out, so that nothing that happens to this terminal touches it. Ctrl-C asks what is to
    become of it; SIGTERM, and Ctrl-C where there is no terminal to ask at, pause it after the units under way.
    """
    settings = options.settings_from(config, hosts, utc=utc)
    strategy = strategy_from(settings.rollout, given)
    target = rollout_common.one_target(settings)
    rollout_common.check_can_ask(given=yes)
    if write_override is not None:
        if detach:
            raise click.UsageError("--write-override needs the end of the rollout: leave --detach out")
        if write_override.exists() and not force:
            raise click.UsageError(f"{write_override} exists: name another file, or replace it with --force")

    import time

    from patchdeck.policy.person import this_person
    from patchdeck.policy.rules import Request, against
    from tui.commands.rollout_carry import Wish, carry

    with rollout_common.opened() as journal:
        rollout_common.tell_orphans(journal)
        plan = rollout_common.planned(target, service, image, strategy, settings)
        request = Request(
            person=this_person(), reason=reason, override=override, has_healthcheck=plan.has_healthcheck
        )
        wish = Wish(
            act="run",
            question=f"replace {len(plan.units)} containers of {plan.service} on {plan.engine}",
            reason="; ".join(part for part in (reason, override and f"override: {override}") if part),
            yes=yes,
            detach=detach,
            take_over=take_over,
            form=form,
            write_override=write_override,
        )
        return carry(
            journal,
            plan,
            target,
            settings,
            wish,
            against=lambda: against(settings, plan, request, time.time_ns()),
        )
