"""Values for the tests of the headless commands."""

from __future__ import annotations

from typing import Any

import msgspec

from patchdeck.model import (
    NEVER,
    Engine,
    Evidence,
    Grouping,
    Phase,
    Quantiles,
    Role,
    Service,
    Snapshot,
    SourceState,
    Startup,
    StartupKind,
    StartupOutcome,
    Version,
)

SECOND = 1_000_000_000
AT = 1_767_225_600 * SECOND
"""2026-01-01T00:00:00Z."""


def startup(**changes: Any) -> Startup:
    """A first start of 0.3 s at AT, ready a second after that."""
    return msgspec.structs.replace(
        Startup(
            engine="prod-a",
            container_id="c" * 64,
            anchor_ns=0,
            name="web-1",
            service="shop/web",
            role=Role.REPLICA,
            image="web:1.4.3",
            image_id="sha256:" + "a" * 64,
            version="1.4.3",
            kind=StartupKind.FIRST,
            outcome=StartupOutcome.READY,
            settled=True,
            evidence=Evidence.CREATED,
            expects_ready=True,
            began_ns=AT,
            started_ns=AT + 300_000_001,
            ready_ns=AT + SECOND + 300_000_001,
            ready_error_s=0.5,
            phases=(
                Phase(name="create", seconds=0.1),
                Phase(name="setup+network", seconds=0.15),
                Phase(name="runtime", seconds=0.050000001),
                Phase(name="ready", seconds=1.0),
            ),
            in_flight=17,
        ),
        **changes,
    )


def failed(**changes: Any) -> Startup:
    """Never started: the runtime refused it."""
    return startup(
        **{
            "outcome": StartupOutcome.FAILED,
            "started_ns": None,
            "ready_ns": None,
            "exit_code": 127,
            "reason": "no such program",
            "phases": (),
            **changes,
        }
    )


def service(**changes: Any) -> Service:
    """Two versions are live; one of four starts of each never got there."""
    known: dict[str, Any] = {
        "starts": Quantiles(n=4, censored=1, p50_s=0.3, p95_s=NEVER, p99_s=NEVER),
        "ready": Quantiles(),
        "restarts": Quantiles(),
    }
    versions = tuple(
        Version(
            image_id=f"sha256:{name}", name=name, label=name, live=live, running=live, failed=bad, **known
        )
        for name, live, bad in (("1.4.2", 2, 0), ("1.4.3", 1, 1))
    )
    whole = Service(
        engine="prod-a",
        name="shop/web",
        grouping=Grouping.COMPOSE,
        versions=versions,
        live=3,
        running=3,
        starting=0,
        restarting=0,
        unhealthy=0,
        failed=1,
        **known,
    )
    return msgspec.structs.replace(whole, **changes)


def snapshot(*startups: Startup, state: SourceState = SourceState.LIVE, **changes: Any) -> Snapshot:
    engine = Engine(name="prod-a", state=state)
    return msgspec.structs.replace(Snapshot(at_ns=AT, engines=(engine,), startups=startups), **changes)
