"""Making plans on an engine of the lab."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from patchdeck.model import Plan, Strategy
from patchdeck.rollout.planning.maker import make_plan
from patchdeck.settings import Settings
from patchdeck.sources.engine.connection import Connection
from patchdeck.sources.targets import Target
from tests.lab.engine import Engine


def connection(engine: Engine) -> Connection:
    return Connection(Target(name="lab", host=engine.host, chosen="test"))


async def planned(
    engine: Engine,
    service: str,
    image: str,
    strategy: Strategy | None = None,
    *,
    environ: Mapping[str, str] | None = None,
    told: list[str] | None = None,
) -> Plan:
    """With the credentials that `environ` names, and nobody's where it names none."""
    async with connection(engine) as opened:
        return await make_plan(
            opened,
            service,
            image,
            strategy or Strategy(),
            Settings(),
            environ=environ or {},
            home=Path("/nowhere"),
            progress=(told if told is not None else []).append,
        )


def rules(plan: Plan) -> list[str]:
    return [str(refusal.rule) for refusal in plan.refusals]
