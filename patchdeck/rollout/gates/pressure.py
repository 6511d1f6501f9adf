"""The host's contention: a gate between steps, and a brake for the pace."""

from __future__ import annotations

from typing import Final

from patchdeck.model import Indicator, Level, Snapshot, Verdict
from patchdeck.rollout.gates.gate import Context, Judgement, Need, hold
from patchdeck.rollout.pace import Pressure

HOST: Final = ("cpu", "memory", "io", "network", "throttling")
"""The indicators that speak of the host. How the engine answers, pulls and starts in flight are the rollout's own
doing, and the pace sees them by how long starts take."""


def host_indicators(snapshot: Snapshot, engine: str) -> tuple[Indicator, ...]:
    """Those that have a level now; empty where nothing tells."""
    found = snapshot.engine(engine)
    indicators = found.indicators if found else ()
    return tuple(one for one in indicators if one.name in HOST and one.level is not Level.UNKNOWN)


def pressure_of(snapshot: Snapshot, engine: str, *, without: str = "") -> Pressure:
    """For the pace; `without` one of the indicators. Levels look at two windows already: saturated is what lasts."""
    levels = {one.level for one in host_indicators(snapshot, engine) if one.name != without}
    lasting = 1.0 if Level.SATURATED in levels else 0.5 if Level.BUSY in levels else 0.0
    return Pressure(short=lasting, long=lasting)


class Contention:
    name = "contention"
    needs: frozenset[Need] = frozenset()
    rule = "nothing on the host is saturated"
    source = "pressure of the engine's host, from Prometheus or /proc/pressure"

    async def judge(self, context: Context) -> Judgement:
        indicators = host_indicators(context.snapshot, context.plan.engine)
        if not indicators:
            return hold(
                "nothing tells the pressure of this engine's host: name a Prometheus, or --gate contention=off"
            )
        saturated = [f"{one.name}: {one.reason}" for one in indicators if one.level is Level.SATURATED]
        if saturated:
            return hold("; ".join(saturated))
        told = ", ".join(f"{one.name} {one.level}" for one in indicators)
        return Judgement(verdict=Verdict.PASS, evidence=told)
