"""`patchdeck rollout rollback`: back to the old version, whatever has become of the rollout."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from tui.commands import options, rollout_common

if TYPE_CHECKING:
    from patchdeck.model import Plan
    from patchdeck.rollout.journal import Journal
    from patchdeck.rollout.keeping import Back
    from patchdeck.settings import Settings
    from patchdeck.sources.targets import Target


@click.command(
    "rollback",
    short_help="Go back to the old version, also after commit.",
    epilog="""\b
    Examples:
      patchdeck rollout rollback 1a2b
      patchdeck rollout rollback 1a2b --yes --reason 'orders fail' --format json

    \b
    Exit status: as of `patchdeck rollout run`; 0: undone; one that was open ends with 3.
    """,
)
@rollout_common.identifier
@rollout_common.yes
@rollout_common.reason
@click.option("--override", metavar="REASON", default="", help="Why it may not wait for a change window.")
@click.option(
    "--detach", is_flag=True, help="Print the ID of the rollout that goes back, and leave it running."
)
@rollout_common.take_over
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@options.config
@options.utc
def command(
    *,
    beginning: str,
    yes: bool,
    reason: str,
    override: str,
    detach: bool,
    take_over: bool,
    form: str,
    config: Path | None,
    utc: bool | None,
) -> int:
    """Undo a committed rollout: its old containers are made anew from the journal, by a rollout of its own.

    Configuration, names, networks and volumes are as they were. One that is still open is aborted, as `rollout abort`
    does, and this follows it back. ID may be the beginning of one.
    """
    settings = options.settings_from(config, (), utc=utc)
    rollout_common.check_can_ask(given=yes)

    import time

    from patchdeck.model import RolloutState
    from patchdeck.policy.person import this_person
    from patchdeck.policy.rules import Request, against_going_back
    from patchdeck.rollout.submit import decode_target
    from tui.commands.rollout_carry import Wish, carry

    with rollout_common.opened() as journal:
        rollout = rollout_common.found(journal, beginning)
        told = rollout_common.told_by(journal, rollout)
        if told.open:
            return _aborted(
                journal, rollout, settings, yes=yes, reason=reason, take_over=take_over, form=form
            )
        if told.state is not RolloutState.COMMITTED:
            raise rollout_common.Refused(
                f"rollout {rollout} is {told.state.value}: the old version runs already"
            )
        target = decode_target(journal.target(rollout))
        plan, back = _planned(journal, rollout, target, settings)
        request = Request(person=this_person(), reason=reason, override=override)
        words = f"undo {rollout}{rollout_common.clause(reason)}"
        wish = Wish(
            act="rollback",
            question=f"make {len(plan.units)} containers of {plan.service} on {plan.engine} again as they were",
            reason=words,
            yes=yes,
            detach=detach,
            take_over=take_over,
            form=form,
        )
        return carry(
            journal,
            plan,
            target,
            settings,
            wish,
            against=lambda: against_going_back(settings, plan, request, time.time_ns()),
            back=back,
        )


def _planned(journal: Journal, rollout: str, target: Target, settings: Settings) -> tuple[Plan, Back]:
    import asyncio

    from msgspec.structs import replace

    from patchdeck.rollout.way_back import NoWayBack, plan_back
    from patchdeck.sources.engine.connection import Connection
    from patchdeck.sources.engine.faults import FAULTS, fault

    async def plan() -> tuple[Plan, Back]:
        async with Connection(target) as connection:
            made, back = await plan_back(connection, journal, rollout, settings)
            # Whoever goes back wants to get there: it does not wait for a person on the way.
            return replace(made, strategy=replace(made.strategy, pause_after=())), back

    try:
        return asyncio.run(plan())
    except NoWayBack as error:
        raise rollout_common.Refused(str(error)) from error
    except FAULTS as error:
        raise click.ClickException(fault(target, error).sentence) from error


def _aborted(
    journal: Journal, rollout: str, settings: Settings, *, yes: bool, reason: str, take_over: bool, form: str
) -> int:
    from patchdeck.model import Command
    from tui.commands.rollout_ask import asked
    from tui.commands.rollout_carry import output_for, watch

    asked(journal, rollout, Command.ABORT, reason=reason, yes=yes, take_over=take_over)
    return watch(journal, rollout, output_for(form, settings))
