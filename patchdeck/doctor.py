"""What works on this machine and what does not: every address that is tried, and what each engine can tell."""

from __future__ import annotations

import asyncio
import importlib
import os
import statistics
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import msgspec

from patchdeck.model import EngineDescribed
from patchdeck.settings import EngineSettings, Settings
from patchdeck.sources.attempts import Attempt, Outcome
from patchdeck.sources.engine.connection import Connection
from patchdeck.sources.engine.describe import describe
from patchdeck.sources.engine.faults import FAULTS, fault
from patchdeck.sources.engine.probe import attempt
from patchdeck.sources.finding import Finding
from patchdeck.sources.host import HostReader
from patchdeck.sources.targets import (
    Target,
    TargetError,
    asked_for,
    choose,
    default_targets,
    falls_to_default_sockets,
)

__all__ = ["EngineReport", "Finding", "Report", "examine"]

PINGS: Final = 5
PATIENCE_S: Final = 10.0


class EngineReport(msgspec.Struct, frozen=True, kw_only=True):
    """One engine that answered."""

    name: str
    host: str
    version: str
    api_version: str
    storage_driver: str
    cgroup_version: str
    operating_system: str
    local: bool
    clock_offset_s: float
    """The engine's clock less this host's."""
    clock_error_s: float
    response_s: float
    """Median of a few pings."""
    events: Finding
    pressure: tuple[Finding, ...]
    """Where the pressure on its host may come from, the best first: itself, and what Prometheus has of it."""


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """All of it; `msgspec.json.encode` gives the document of `doctor --format json`."""

    attempts: tuple[Attempt, ...]
    """Everything that was tried, in the order of Docker's rules."""
    engines: tuple[EngineReport, ...]
    prometheus: Finding

    @property
    def healthy(self) -> bool:
        """There is an engine, and its events can be read."""
        return bool(self.engines) and all(engine.events.available for engine in self.engines)


async def examine(
    settings: Settings,
    hosts: Sequence[str] = (),
    *,
    environ: Mapping[str, str] | None = None,
    home: Path | None = None,
    with_prometheus: bool = False,
) -> Report:
    """Try every engine that `hosts`, the settings or Docker's rules name, and, where that is wished, Prometheus.

    Raises nothing for what it finds.
    """
    environ = os.environ if environ is None else environ
    home = home or Path.home()
    engines = asked_for(hosts, settings.engines)
    try:
        chosen = choose(engines, environ, home)
        tried = default_targets(environ, home) if falls_to_default_sockets(engines, environ, home) else chosen
    except TargetError as error:
        attempts = (_misconfigured(engines, environ, error),)
        return Report(attempts=attempts, engines=(), prometheus=_NOT_ASKED)
    found = await asyncio.gather(
        *(_examine_one(target, watched=target.host in _hosts(chosen)) for target in tried)
    )
    report = Report(
        attempts=tuple(tried.attempt for tried in found),
        engines=tuple(tried.report for tried in found if tried.report is not None),
        prometheus=_NOT_ASKED,
    )
    if not with_prometheus:
        return report
    described = {tried.described.engine: tried.described for tried in found if tried.described is not None}
    return await _with_prometheus(report, settings, chosen, described)


_NOT_ASKED = Finding(name="prometheus", available=False, detail="not asked")
_NOT_CONFIGURED = Finding(
    name="prometheus",
    available=False,
    detail="not configured",
    advice="Name it by --prometheus, PATCHDECK_PROMETHEUS or prometheus.url, for the network, throttling and the past.",
)


async def _with_prometheus(
    report: Report, settings: Settings, targets: Sequence[Target], described: Mapping[str, EngineDescribed]
) -> Report:
    """The report with what Prometheus has of its engines."""
    if not settings.prometheus.url:
        return msgspec.structs.replace(report, prometheus=_NOT_CONFIGURED)
    # Importing the client takes half a second, which a loop that does more than this has not.
    await asyncio.to_thread(importlib.import_module, "patchdeck.sources.prometheus.examine")
    from patchdeck.sources.prometheus import examine as prometheus  # noqa: PLC0415 - loads requests
    from patchdeck.sources.prometheus.source import wanted  # noqa: PLC0415 - as above

    examined = await prometheus.examine(
        settings, [wanted(target, settings, described.get(target.name)) for target in targets]
    )
    engines = tuple(
        msgspec.structs.replace(one, pressure=(*one.pressure, *examined.engines.get(one.name, ())))
        for one in report.engines
    )
    return msgspec.structs.replace(report, engines=engines, prometheus=examined.server)


class _Examined(msgspec.Struct, frozen=True, kw_only=True):
    """What was found of one address."""

    attempt: Attempt
    report: EngineReport | None = None
    described: EngineDescribed | None = None


def _hosts(targets: Sequence[Target]) -> set[str]:
    return {target.host for target in targets}


def _misconfigured(
    engines: Sequence[EngineSettings], environ: Mapping[str, str], error: TargetError
) -> Attempt:
    host = ", ".join(engine.host for engine in engines)
    return Attempt(
        host=host or environ.get("DOCKER_HOST") or environ.get("DOCKER_CONTEXT") or "",
        chosen="--host" if host else "Docker's configuration",
        outcome=Outcome.MISCONFIGURED,
        detail=str(error),
        advice="Correct the address, or unset what names it.",
    )


async def _examine_one(target: Target, *, watched: bool) -> _Examined:
    tried = await attempt(target)
    if tried.outcome is not Outcome.OK or not watched:
        return _Examined(attempt=tried)
    try:
        async with asyncio.timeout(PATIENCE_S), Connection(target) as connection:
            seen = (await describe(connection)).observation
            report = await _report(connection, target, seen)
            return _Examined(attempt=tried, report=report, described=seen)
    except FAULTS as error:
        return _Examined(attempt=fault(target, error))


async def _report(connection: Connection, target: Target, seen: EngineDescribed) -> EngineReport:
    return EngineReport(
        name=target.name,
        host=target.host,
        version=seen.version,
        api_version=seen.api_version,
        storage_driver=seen.storage_driver,
        cgroup_version=seen.cgroup_version,
        operating_system=seen.operating_system,
        local=seen.local,
        clock_offset_s=seen.clock_offset_s,
        clock_error_s=seen.clock_error_s,
        response_s=statistics.median([await _ping_s(connection) for _ in range(PINGS)]),
        events=await _events(connection),
        pressure=_pressure(local=seen.local),
    )


async def _ping_s(connection: Connection) -> float:
    asked_at = time.monotonic()
    await connection.get("_ping")
    return time.monotonic() - asked_at


async def _events(connection: Connection) -> Finding:
    """Whether the stream opens; an engine may allow the rest and not this (a filtering proxy does)."""
    try:
        async with connection.stream("events"):
            return Finding(name="events", available=True)
    except FAULTS as error:
        return Finding(name="events", available=False, detail=fault(connection.target, error).detail)


def _pressure(*, local: bool) -> tuple[Finding, ...]:
    missing = HostReader().missing() if local else "the engine is not on this host"
    return (Finding(name="/proc/pressure", available=not missing, detail=missing),)
