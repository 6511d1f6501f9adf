"""Health probes, on the schedule and by the rules of a real engine."""

from __future__ import annotations

from typing import Any, Final

from patchdeck.simulator.container import Container, Health, Probe
from patchdeck.simulator.world import World

INTERVAL_S: Final = 30.0
START_INTERVAL_S: Final = 5.0
RETRIES: Final = 3
_NS: Final = 1e9


class Probing:
    def __init__(self, world: World) -> None:
        self._world = world

    async def watch(self, container: Container) -> None:
        """Until cancelled, which is when the container ends."""
        check = container.config["Healthcheck"]
        health = container.health
        assert health is not None
        interval_s = (check.get("Interval") or INTERVAL_S * _NS) / _NS
        start_period_s = (check.get("StartPeriod") or 0) / _NS
        start_interval_s = (check.get("StartInterval") or START_INTERVAL_S * _NS) / _NS
        while True:
            starting = health.status == "starting" and self._age_s(container) < start_period_s
            quick = starting and self._world.generation.since_24
            await self._world.clock.sleep(min(start_interval_s, interval_s) if quick else interval_s)
            if not container.paused:
                self._probe(container, health, check, _command(check["Test"]), start_period_s)

    def _age_s(self, container: Container) -> float:
        return (self._world.clock.now_ns() - (container.started_ns or 0)) / _NS

    def _probe(
        self, container: Container, health: Health, check: dict[str, Any], command: str, start_period_s: float
    ) -> None:
        world = self._world
        exec_id = world.ids.new()
        began_ns = world.clock.now_ns()
        world.tell(container, f"exec_create: {command}", execID=exec_id)
        world.tell(container, f"exec_start: {command}", execID=exec_id)
        well = container.behaviour.is_healthy(self._age_s(container)) and not world.faults.probes_fail
        exit_code = 0 if well else 1
        world.tell(container, "exec_die", execID=exec_id, exitCode=str(exit_code))
        health.log.append(Probe(began_ns, world.clock.now_ns(), exit_code, "" if well else "not ready\n"))
        before = health.status
        if well:
            health.status, health.streak = "healthy", 0
        elif before != "starting" or self._age_s(container) >= start_period_s:
            # In the start period failures do not count, as long as it has never been healthy.
            health.streak += 1
            if health.streak >= (check.get("Retries") or RETRIES):
                health.status = "unhealthy"
        if health.status != before:
            world.tell(container, f"health_status: {health.status}")


def _command(test: list[str]) -> str:
    """As it is told in the events of a probe: the program, a space, its arguments."""
    kind, *words = test
    program, *arguments = ["/bin/sh", "-c", *words] if kind == "CMD-SHELL" else words or [""]
    return f"{program} {' '.join(arguments)}"
