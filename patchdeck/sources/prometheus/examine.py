"""What one Prometheus has of the engines that are watched, for telling it to a person."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from patchdeck.settings import Settings
from patchdeck.sources.finding import Finding
from patchdeck.sources.prometheus.client import Client
from patchdeck.sources.prometheus.discovery import NOTHING_OF_USE, Found, discover
from patchdeck.sources.prometheus.expressions import Role
from patchdeck.sources.prometheus.faults import Fault
from patchdeck.sources.prometheus.matching import Wanted
from patchdeck.sources.prometheus.source import warning

NAME: Final = "prometheus"

_LET_IT_SCRAPE: Final = {
    Role.NODE: "node_exporter on that host, with --collector.pressure",
    Role.CADVISOR: "cAdvisor on that host; until then a few containers at a time are asked themselves",
    Role.ENGINE: 'the engine, with "metrics-addr" set in its daemon.json',
}
_PRESSURE: Final = (
    "Give node_exporter --collector.pressure, and boot its host with psi=1: use is not waiting."
)
_MAP_IT: Final = "or name the instance in [prometheus.instances]"


class Examined(msgspec.Struct, frozen=True, kw_only=True):
    server: Finding
    engines: Mapping[str, tuple[Finding, ...]]
    """By engine: whether node metrics, cAdvisor and the engine's own metrics are read of it."""


async def examine(settings: Settings, wanted: Sequence[Wanted]) -> Examined:
    """Ask whether it is ready and what it has. Every way this can fail is a finding; nothing is raised for it."""
    client = Client(settings.prometheus)
    try:
        await client.ready()
        found, _ = await discover(client, settings, wanted)
    except Fault as fault:
        return Examined(server=_finding(settings, available=False, said=str(fault)), engines={})
    finally:
        client.close()
    return Examined(
        server=_server(settings, found),
        engines={one.name: tuple(_of_role(found, one.name, role) for role in Role) for one in wanted},
    )


def _server(settings: Settings, found: Found) -> Finding:
    if not found.instances:
        return _finding(settings, available=False, said=f"it answers; {NOTHING_OF_USE}")
    counted = Counter(one.role for one in found.instances)
    told = ", ".join(f"{counted[role]} of {role.value}" for role in Role if counted[role])
    return _finding(settings, available=True, said=f"it answers; instances: {told}")


def _finding(settings: Settings, *, available: bool, said: str) -> Finding:
    detail = "; ".join(filter(None, [f"{settings.prometheus.url}: {said}", warning(settings)]))
    return Finding(name=NAME, available=available, detail=detail, asked_for=True)


def _of_role(found: Found, engine: str, role: Role) -> Finding:
    """Which indicators are read of an engine's instance in one role."""
    match = found.matches[engine]
    instance = match.instances.get(role)
    doubt = next((one for one in match.doubts if f"its {role}:" in one), "")
    if instance is None:
        advice = f"Let Prometheus scrape {_LET_IT_SCRAPE[role]}, {_MAP_IT}."
        detail = doubt or "no instance is surely this engine's"
        return Finding(name=role.value, available=False, detail=detail, advice=advice)
    read = [
        one.expression
        for one in found.asked
        if one.expression.role is role and engine in one.engines.get(instance, ())
    ]
    if not read:
        advice = f"Let Prometheus scrape {_LET_IT_SCRAPE[role]}."
        return Finding(
            name=role.value,
            available=False,
            detail=f"{instance} has no metric that is read here",
            advice=advice,
        )
    names = dict.fromkeys(
        f"{one.indicator} of services" if one.per == "service" else one.indicator for one in read
    )
    in_use = [one.indicator for one in read if one.stand_in]
    said = f"; only what is in use of {', '.join(in_use)}" if in_use else ""
    return Finding(
        name=role.value,
        available=True,
        detail=f"{instance}: {', '.join(names)}{said}",
        advice=_PRESSURE if in_use else "",
    )
