"""What works on this machine and what does not: every address that is tried, and what each engine can tell."""

from __future__ import annotations

import asyncio
import os
import statistics
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import msgspec

from patchdeck.settings import EngineSettings, Settings
from patchdeck.sources.attempts import Attempt, Outcome
from patchdeck.sources.engine.connection import Connection
from patchdeck.sources.engine.describe import describe
from patchdeck.sources.engine.faults import FAULTS, fault
from patchdeck.sources.engine.probe import attempt
from patchdeck.sources.host import HostReader
from patchdeck.sources.targets import Target, TargetError, choose, default_targets, falls_to_default_sockets

PINGS: Final = 5
PATIENCE_S: Final = 10.0


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """Whether one thing is there, and why not."""

    name: str
    available: bool
    detail: str = ""


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
    """Where pressure of its host may come from, the best first."""


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
) -> Report:
    """Try every engine that `hosts`, the settings or Docker's rules name. Raises nothing for what it finds."""
    environ = os.environ if environ is None else environ
    home = home or Path.home()
    engines = tuple(EngineSettings(host=host) for host in hosts) or settings.engines
    try:
        chosen = choose(engines, environ, home)
        tried = default_targets(environ, home) if falls_to_default_sockets(engines, environ, home) else chosen
    except TargetError as error:
        attempts = (_misconfigured(engines, environ, error),)
        return Report(attempts=attempts, engines=(), prometheus=_PROMETHEUS)
    found = await asyncio.gather(
        *(_examine_one(target, watched=target.host in _hosts(chosen)) for target in tried)
    )
    return Report(
        attempts=tuple(outcome for outcome, _ in found),
        engines=tuple(report for _, report in found if report is not None),
        prometheus=_PROMETHEUS,
    )


_PROMETHEUS = Finding(name="prometheus", available=False, detail="not configured")


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


async def _examine_one(target: Target, *, watched: bool) -> tuple[Attempt, EngineReport | None]:
    tried = await attempt(target)
    if tried.outcome is not Outcome.OK or not watched:
        return tried, None
    try:
        async with asyncio.timeout(PATIENCE_S), Connection(target) as connection:
            return tried, await _report(connection, target)
    except FAULTS as error:
        return fault(target, error), None


async def _report(connection: Connection, target: Target) -> EngineReport:
    described = await describe(connection)
    seen = described.observation
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
    return (
        Finding(name="/proc/pressure", available=not missing, detail=missing),
        Finding(name="the engine's metrics", available=False, detail="read through Prometheus"),
        Finding(name="prometheus", available=False, detail="not configured"),
    )
