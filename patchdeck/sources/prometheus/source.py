"""Watching one Prometheus for as long as the console runs, through every loss of it."""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from collections.abc import Sequence
from typing import Final

from patchdeck.model import EngineDescribed, SourceState
from patchdeck.settings import Settings
from patchdeck.sources.emitting import Emit
from patchdeck.sources.prometheus.address import host_of, is_loopback
from patchdeck.sources.prometheus.client import Client
from patchdeck.sources.prometheus.faults import Fault, TimedOut
from patchdeck.sources.prometheus.matching import Wanted
from patchdeck.sources.prometheus.session import Progress, Session
from patchdeck.sources.prometheus.standing import Standing
from patchdeck.sources.targets import Target

BACK_OFF_S: Final = (0.5, 1.0, 2.0, 3.0, 5.0)
STEADY_S: Final = 30.0
"""A session that held for this long was a good one: the next loss begins the back-off anew."""


class PrometheusSource:
    """Emits what Prometheus tells of each engine as `IndicatorRead`, and how it stands as `SourceChanged`.

    Source: /-/ready, /api/v1/query and /api/v1/query_range.
    """

    def __init__(self, settings: Settings, targets: Sequence[Target], emit: Emit) -> None:
        self._settings = settings
        self._targets = tuple(targets)
        self._emit = emit
        self._standing = Standing([target.name for target in targets], emit)
        self._described: dict[str, EngineDescribed] = {}
        self._progress = Progress()

    def note(self, described: EngineDescribed) -> None:
        """What is known of an engine tells which instances speak of it."""
        before = self._described.get(described.engine)
        self._described[described.engine] = described
        if before is None or _identity(before) != _identity(described):
            self._progress.engines_changed.set()

    async def run(self) -> None:
        """Until cancelled: connect, watch, and connect again."""
        self._standing.all(SourceState.CONNECTING)
        client = Client(self._settings.prometheus)
        failures = 0
        try:
            while True:
                began = time.monotonic()
                try:
                    await client.ready()
                    session = Session(
                        client,
                        self._settings,
                        wanted=self._wanted,
                        emit=self._emit,
                        standing=self._standing,
                        progress=self._progress,
                        warning=warning(self._settings),
                    )
                    with contextlib.closing(session):
                        await session.run()
                except Fault as fault:
                    self._tell(fault)
                if time.monotonic() - began > STEADY_S:
                    failures = 0
                await asyncio.sleep(back_off_s(failures))
                failures += 1
        finally:
            client.close()

    def _tell(self, fault: Fault) -> None:
        silent = isinstance(fault, TimedOut) and self._standing.was_live
        self._standing.all(SourceState.STALE if silent else fault.state, str(fault))

    def _wanted(self) -> list[Wanted]:
        return [wanted(target, self._settings, self._described.get(target.name)) for target in self._targets]


def wanted(target: Target, settings: Settings, described: EngineDescribed | None) -> Wanted:
    """What is known of an engine by which its instances are found."""
    mapped = settings.prometheus.instances.get(target.name, "")
    return Wanted(
        name=target.name,
        address=(target.parts.hostname or "") if target.socket_path is None else "",
        described=described,
        mapped=tuple(one.strip() for one in mapped.split(",") if one.strip()),
    )


def back_off_s(failures: int) -> float:
    """With jitter: a hundred consoles must not come back as one."""
    return BACK_OFF_S[min(failures, len(BACK_OFF_S) - 1)] * random.uniform(0.7, 1.0)


def warning(settings: Settings) -> str:
    """What is not safe about the way to Prometheus, for as long as it is so; empty if nothing is."""
    prometheus = settings.prometheus
    if prometheus.url.startswith("https:"):
        return "" if prometheus.verify else "its certificate is not verified (prometheus.verify = false)"
    secret = "password" if prometheus.user else "token"
    has_secret = prometheus.user or prometheus.token_file or prometheus.token_command
    if has_secret and not is_loopback(host_of(prometheus.url)):
        return f"the {secret} crosses the network unencrypted: use https://"
    return ""


def _identity(described: EngineDescribed) -> tuple[str, str, bool]:
    return described.engine_id, described.host_name, described.local
