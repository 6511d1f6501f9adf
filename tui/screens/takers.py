"""Who takes the most while others start, and what may take without a bound: sections for the contention view."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from typing import NamedTuple

from patchdeck.contention.words import amount
from patchdeck.model import Engine, Level, Service, ServiceReading, Severity, Snapshot
from widgets import units
from widgets.details import Detail, Section

MOST = 5
_TAKEN = {"used-cpu": "processors", "used-memory": "memory", "used-io": "block IO"}
_WAITED = {"throttling": "throttled", "limits": "memory limit", "cpu": "cpu", "memory": "memory", "io": "io"}


class Unlimited(NamedTuple):
    service: str
    containers: int
    processors: int
    """How many of them have no limit of processors."""
    memory: int


def takers(engine: Engine, snapshot: Snapshot, keeps: Callable[[str], bool] | None = None) -> list[Section]:
    """The services that take most of each thing, those that wait for their limits, and containers without limits.

    With `keeps` only the services of which it is true, by name.
    """
    readings = [one for one in engine.of_services if keeps is None or keeps(one.service)]
    lacking = [one for one in unlimited(engine, snapshot) if keeps is None or keeps(one.service)]

    def empty(said: str) -> str:
        return said if keeps is None else "none that matches the filter"

    by_name: dict[str, list[ServiceReading]] = defaultdict(list)
    for one in readings:
        by_name[one.indicator].append(one)
    starting = f"{engine.in_flight} starting" if engine.in_flight else "nothing is starting"
    sections = [
        Section(
            title=f"Takes most {title} ({starting})",
            details=[
                Detail(key=one.service, text=_value(one))
                for one in sorted(by_name[name], key=lambda one: (-one.value, one.service))[:MOST]
                if one.value > 0
            ],
            empty=empty("no container was sampled, or none takes any"),
        )
        for name, title in _TAKEN.items()
    ]
    waiting = [
        Detail(
            key=one.service,
            text=f"{_WAITED[one.indicator]}: {one.reason}",
            severity=Severity.FAILURE if one.level is Level.SATURATED else Severity.WARNING,
        )
        for one in readings
        if one.indicator in _WAITED and one.level in (Level.BUSY, Level.SATURATED)
    ]
    sections.append(Section(title="Waits for its limits", counted=True, details=waiting, empty=empty("none")))
    sections.append(
        Section(
            title="Without limits",
            counted=True,
            details=[Detail(key=one.service, text=_lacking(one)) for one in lacking],
            empty=empty("every running container has limits of processors and memory"),
        )
    )
    return sections


def _value(one: ServiceReading) -> str:
    if one.unit == "bytes":
        return units.size(round(one.value))
    return amount(one.value, "" if one.unit == "processors" else one.unit)


_COUNTED: dict[str, tuple[Service, Unlimited]] = {}
"""What was counted of each service last. One of which nothing has changed is the very same value; thousands of
containers are not looked at anew for each snapshot."""


def unlimited(engine: Engine, snapshot: Snapshot) -> list[Unlimited]:
    """Services with running containers that may take all there is, those that lack most first."""
    counted = []
    for service in snapshot.services:
        if service.engine == engine.name:
            known = _COUNTED.get(service.key)
            if known is None or known[0] is not service:
                known = _COUNTED[service.key] = (service, _counted(service, snapshot))
            counted.append(known[1])
    lacking = [one for one in counted if one.processors or one.memory]
    return sorted(lacking, key=lambda one: (-(one.processors + one.memory), one.service))


def _counted(service: Service, snapshot: Snapshot) -> Unlimited:
    containers = (snapshot.containers[container_id] for container_id in service.container_ids)
    limits = [one.facts.limits for one in containers if one.facts.live]
    processors = sum(one.cpus is None for one in limits)
    return Unlimited(service.name, len(limits), processors, sum(one.memory_bytes is None for one in limits))


def _lacking(one: Unlimited) -> str:
    of = f"of {one.containers}" if one.containers > 1 else ""
    said = []
    if one.processors:
        said.append(f"{one.processors} {of} without a limit of processors")
    if one.memory:
        said.append(f"{one.memory} {of} without a limit of memory")
    return " ".join(", ".join(said).split())
