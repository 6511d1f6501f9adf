"""What policy says to a rollout, for a person and for a script."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from patchdeck.model import Plan, Refusal
from patchdeck.policy.rules import Request
from tui.headless.plan_record import choice_record
from tui.headless.records import Json
from tui.headless.rollout_lines import way
from tui.headless.table import RESET, Colour
from tui.headless.wrapping import wrapped
from widgets.cells import clean


def policy_record(plan: Plan, request: Request, refusals: Sequence[Refusal]) -> dict[str, Json]:
    """docs/policy.md has the table of its fields."""
    return {
        "allowed": not refusals,
        "service": plan.service,
        "engine": plan.engine,
        "from": choice_record(plan.origin),
        "to": choice_record(plan.to),
        "user": request.person.user,
        "groups": list(request.person.groups),
        "reason": request.reason,
        "override": request.override,
        "has_healthcheck": request.has_healthcheck,
        "refusals": [{"rule": str(refusal.rule), "text": refusal.text} for refusal in refusals],
    }


def policy_lines(
    plan: Plan, refusals: Sequence[Refusal], *, width: int, colour: bool, ascii_only: bool
) -> Iterator[str]:
    """The verdict first, then each refusal with its rule."""
    verdict = "would be refused" if refusals else "may run now"
    tint = Colour.BAD if refusals else Colour.GOOD
    head = f"{plan.service} on {plan.engine}, {way(plan)}: {verdict}"
    for line in wrapped(clean(head, ascii_only=ascii_only), width):
        yield f"{tint}{line}{RESET}" if colour else line
    for refusal in refusals:
        text = clean(f"{refusal.rule}: {refusal.text}", ascii_only=ascii_only)
        yield from wrapped(text, width, first="  ", rest="    ")
