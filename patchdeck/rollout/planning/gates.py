"""Which gates a rollout will have, in words, and whether there is anything for them to judge by."""

from __future__ import annotations

from patchdeck import durations
from patchdeck.model import PlannedGate, Strategy
from patchdeck.rollout.planning.world import EngineSeen
from patchdeck.settings import Settings

HEALTH, RATIO, CONTENTION = "health", "ratio", "contention"


def planned_gates(
    strategy: Strategy, engine: EngineSeen, settings: Settings, old: int
) -> tuple[PlannedGate, ...]:
    """The built-in ones, then those that were asked for. `old` counts the running containers of the old version."""
    given = dict(strategy.gates)
    ready = f"ready within {durations.written(strategy.deadline_s)}"
    steady = f"and for {durations.written(strategy.bake_s)} no exit, no restart, not unhealthy, not killed for memory"
    built_in = (
        PlannedGate(
            name=HEALTH, rule=_with(f"{ready}, {steady}", given.pop(HEALTH, "")), source="the engine"
        ),
        PlannedGate(
            name=RATIO,
            rule=_with("startups against the old version's, at equal starts in flight", given.pop(RATIO, "")),
            source=f"startups that are watched, and those of {old} running containers",
        ),
        PlannedGate(
            name=CONTENTION,
            rule=_with("no new starts while something is saturated", given.pop(CONTENTION, "")),
            source=_pressure(engine, settings),
        ),
    )
    asked = tuple(
        PlannedGate(name=name, rule=value, source="as given") for name, value in sorted(given.items())
    )
    return (*built_in, *asked)


def _with(rule: str, value: str) -> str:
    return f"{rule} ({value})" if value else rule


def _pressure(engine: EngineSeen, settings: Settings) -> str:
    if engine.local:
        return "/proc/pressure of this host"
    if settings.prometheus.url:
        return "Prometheus"
    return "nobody: the engine is on another host and there is no Prometheus"
