"""A state with everything in it that a screen has to cope with, made by hand.

Two engines, one of them stale; two services with two versions in flight, one of them in a herd; failures, a startup
that is never ready, a gap, a one-off, and names that attack the terminal.
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from typing import Any

from patchdeck.model import (
    Container,
    ContainerEvent,
    ContainerFacts,
    Engine,
    EngineDescribed,
    Evidence,
    FeedEntry,
    Gap,
    Grouping,
    Health,
    Healthcheck,
    Indicator,
    Knee,
    KneePoint,
    Level,
    Limits,
    Mount,
    Phase,
    Probe,
    Quantiles,
    Role,
    Sample,
    Service,
    Severity,
    Snapshot,
    SourceState,
    Startup,
    StartupKind,
    StartupOutcome,
    Version,
)

SECOND = 1_000_000_000
NOW_NS = 1_767_225_667 * SECOND
"""2026-01-01 00:01:07 UTC"""

HOSTILE = (
    "\x1b[31mred\x1b[0m",
    "two\nlines\tand\ra return",
    "[bold red]markup[/] [@click=app.quit]here[/]",
    "\u202egnp.exe\u202c",
    "x" * 10_000,
    "bad\udce4bytes",
    "wide 漢字 e\u0301\u0301 \U0001f469\u200d\U0001f4bb",
    "\x9b31m\x07\x00\x7f",
)
"""What names, labels, images and log lines may hold."""


def quantiles(values: list[float], censored: int = 0) -> Quantiles:
    if not values and not censored:
        return Quantiles()
    ranked = sorted(values) + [math.inf] * censored
    p50, p95, p99 = (ranked[max(0, math.ceil(len(ranked) * share) - 1)] for share in (0.5, 0.95, 0.99))
    return Quantiles(n=len(ranked), censored=censored, p50_s=p50, p95_s=p95, p99_s=p99)


def startup(
    number: int,
    *,
    service: str,
    version: str,
    began_ns: int,
    latency_s: float | None,
    ready_s: float | None = None,
    expects_ready: bool = False,
    kind: StartupKind = StartupKind.FIRST,
    reason: str = "",
    in_flight: int = 0,
    engine: str = "prod-a",
    name: str = "",
) -> Startup:
    """One startup with the phases of engine 28."""
    phases: list[Phase] = []
    started_ns = ready_ns = None
    outcome = StartupOutcome.STARTING
    if latency_s is not None:
        started_ns = began_ns + int(latency_s * 1e9)
        outcome = StartupOutcome.STARTED
        create_s, setup_s = latency_s * 0.35, latency_s * 0.40
        phases = [
            Phase(name="create", seconds=create_s),
            Phase(name="setup", seconds=setup_s),
            Phase(name="runtime+network", seconds=latency_s - create_s - setup_s),
        ]
        if ready_s is not None:
            ready_ns = began_ns + int(ready_s * 1e9)
            outcome = StartupOutcome.READY
            phases.append(Phase(name="ready", seconds=ready_s - latency_s))
    if reason:
        outcome = StartupOutcome.FAILED
    return Startup(
        engine=engine,
        container_id=f"{number:064x}",
        anchor_ns=0 if kind is StartupKind.FIRST else began_ns,
        name=name or f"{service.replace('/', '-')}-{number}",
        service=service,
        role=Role.REPLICA,
        image=f"registry.example/{service}:{version}",
        image_id=f"sha256:{version.replace('.', ''):0<64}",
        version=version,
        kind=kind,
        outcome=outcome,
        settled=outcome is not StartupOutcome.STARTING,
        evidence=Evidence.CREATED if kind is StartupKind.FIRST else Evidence.DIED,
        expects_ready=expects_ready,
        began_ns=began_ns,
        started_ns=started_ns,
        ready_ns=ready_ns,
        ready_error_s=0.5 if ready_ns else 0.0,
        ended_ns=began_ns + 4 * SECOND if reason else None,
        exit_code=137 if reason else None,
        reason=reason,
        phases=tuple(phases),
        in_flight=in_flight,
    )


def startups(now_ns: int = NOW_NS, texts: Sequence[str] = HOSTILE) -> tuple[Startup, ...]:
    """A calm quarter of an hour with a herd in it, some failures, and three that are starting now."""
    chance = random.Random(7)
    made: list[Startup] = []

    def add(ago_s: float, **fields: Any) -> None:
        made.append(startup(len(made) + 1, began_ns=now_ns - int(ago_s * 1e9), **fields))

    for _ in range(260):
        service, version = chance.choice(
            [("shop/web", "1.4.2"), ("shop/api", "2.0.1"), ("jobs/mailer", "7.1")]
        )
        latency_s = chance.lognormvariate(math.log(0.28), 0.35)
        add(chance.uniform(20, 890), service=service, version=version, latency_s=latency_s, in_flight=1)
    for turn in range(64):
        latency_s = 0.3 + turn * 0.055 + chance.uniform(0, 0.25)
        until_ready_s = latency_s + 2.0 + chance.uniform(0, 0.4)
        add(
            250 - turn * 1.1,
            service="shop/web",
            version="1.4.3",
            latency_s=latency_s,
            ready_s=until_ready_s,
            expects_ready=True,
            in_flight=min(turn, 63),
        )
    for failed_s, reason in (
        (228, "exited with 137 after 4.0 s: out of memory"),
        (210, "unhealthy: probe exited with 1"),
    ):
        add(
            failed_s,
            service="shop/web",
            version="1.4.3",
            latency_s=1.9,
            expects_ready=True,
            reason=reason,
            in_flight=30,
        )
    add(120, service="jobs/mailer", version="7.1", latency_s=0.8, kind=StartupKind.RESTART, in_flight=2)
    for ago_s in (4.0, 2.5, 1.2):
        add(ago_s, service="shop/api", version="2.1.0-rc1", latency_s=None, in_flight=2, expects_ready=True)
    for number, text in enumerate(texts):
        named = f"{number}{text}"
        add(60 + number * 11, service=f"lab{named}", version=named, latency_s=0.2, name=named, in_flight=1)
    return tuple(sorted(made, key=lambda one: one.at_ns))


def container(one: Startup, now_ns: int = NOW_NS) -> Container:
    running = one.outcome in (StartupOutcome.STARTED, StartupOutcome.READY)
    facts = ContainerFacts(
        container_id=one.container_id,
        name=one.name,
        image=one.image,
        image_id=one.image_id,
        created_ns=one.began_ns or now_ns,
        status="running" if running else "created" if one.outcome is StartupOutcome.STARTING else "exited",
        labels={
            "com.docker.compose.project": one.service.split("/")[0],
            "com.docker.compose.service": one.service.split("/")[-1],
            "org.opencontainers.image.version": one.version,
        },
        started_ns=one.started_ns,
        exit_code=one.exit_code,
        restart_policy="unless-stopped",
        health=Health(
            status="healthy" if one.ready_ns else "starting",
            probes=(
                Probe(began_ns=one.at_ns, ended_ns=one.at_ns + SECOND // 10, exit_code=1, output="not yet"),
                Probe(
                    began_ns=one.at_ns + 2 * SECOND, ended_ns=one.at_ns + 2 * SECOND, exit_code=0, output="ok"
                ),
            ),
        )
        if one.expects_ready
        else None,
        healthcheck=Healthcheck(test="CMD-SHELL wget", interval_s=5, timeout_s=2)
        if one.expects_ready
        else None,
        limits=Limits(cpus=0.5, memory_bytes=256 * 1024 * 1024, pids=200),
        networks=("shop_default",),
        mounts=(Mount(type="volume", source="shop_data", destination="/var/lib/data"),),
        ports=("127.0.0.1:8080 → 80/tcp",),
        environment_names=("DATABASE_URL", "PATH", "TOKEN"),
        program="/usr/bin/web",
        argument_count=3,
        log_driver="json-file",
    )
    events = tuple(
        ContainerEvent(
            engine=one.engine,
            at_ns=one.at_ns + offset,
            container_id=one.container_id,
            action=action,
            detail=detail,
        )
        for offset, action, detail in (
            (0, "create", ""),
            (SECOND // 5, "connect", "shop_default"),
            (SECOND // 3, "start", ""),
            (2 * SECOND, "health_status", "healthy"),
        )
    )
    return Container(
        engine=one.engine,
        service=one.service,
        role=one.role,
        version=one.version,
        facts=facts,
        events=events,
        startups=(one,),
    )


def service(name: str, every: tuple[Startup, ...], live: dict[str, int], engine: str = "prod-a") -> Service:
    mine = [one for one in every if one.service == name]

    def measured(chosen: list[Startup]) -> tuple[Quantiles, Quantiles]:
        first = [one for one in chosen if one.kind is StartupKind.FIRST]
        starts = quantiles([one.latency_s for one in first if one.latency_s is not None])
        ready = [one.ready_s for one in first if one.ready_s is not None]
        return starts, quantiles(ready, sum(one.censored for one in first))

    versions = []
    for position, (version, count) in enumerate(live.items()):
        of_version = [one for one in mine if one.version == version]
        starts, ready = measured(of_version)
        versions.append(
            Version(
                image_id=f"sha256:{version.replace('.', ''):0<64}",
                name=version,
                label=version,
                images=(f"registry.example/{name}:{version}",),
                since_ns=NOW_NS - (len(live) - position) * 3600 * SECOND,
                live=count,
                running=count,
                starts=starts,
                ready=ready,
                failed=sum(one.outcome is StartupOutcome.FAILED for one in of_version),
                size_bytes=41_000_000,
            )
        )
    starts, ready = measured(mine)
    return Service(
        engine=engine,
        name=name,
        grouping=Grouping.COMPOSE,
        versions=tuple(versions),
        live=sum(live.values()),
        running=sum(live.values()),
        starting=3 if name == "shop/api" else 0,
        restarting=1 if name == "jobs/mailer" else 0,
        unhealthy=2 if name == "shop/web" else 0,
        failed=sum(one.outcome is StartupOutcome.FAILED for one in mine),
        starts=starts,
        ready=ready,
        restarts=Quantiles(),
        last_start_ns=max((one.at_ns for one in mine), default=None),
        container_ids=tuple(one.container_id for one in mine[-sum(live.values()) :]),
        one_offs=1 if name == "shop/api" else 0,
    )


def indicator(name: str, unit: str, level: Level, reason: str, values: list[float]) -> Indicator:
    begin = NOW_NS - len(values) * 10 * SECOND
    return Indicator(
        name=name,
        unit=unit,
        value=values[-1] if values else None,
        level=level,
        reason=reason,
        source={"engine": "/_ping", "starts": "events"}.get(name, "/proc/pressure"),
        at_ns=NOW_NS if values else None,
        history=tuple(Sample(at_ns=begin + n * 10 * SECOND, value=value) for n, value in enumerate(values)),
    )


def knee() -> Knee:
    """Of prod-a: throughput stands still from four at once on."""
    points = tuple(
        KneePoint(
            in_flight=2**power,
            startups=40,
            seconds_observed=9.0,
            p50_s=0.1 * 1.7**power,
            p95_s=0.2 * 1.7**power,
            throughput_per_s=min(10.0, 4.0 * 2**power),
        )
        for power in range(6)
    )
    return Knee(engine="prod-a", at=4, low=3, high=6, startups=240, points=points)


def engines() -> tuple[Engine, ...]:
    wave = [0.05 + 0.6 * max(0.0, math.sin((n - 55) / 9)) for n in range(90)]
    first = Engine(
        name="prod-a",
        state=SourceState.LIVE,
        since_ns=NOW_NS - 4000 * SECOND,
        described=EngineDescribed(
            engine="prod-a",
            at_ns=NOW_NS,
            host="unix:///var/run/docker.sock",
            version="28.5.2",
            api_version="1.51",
            storage_driver="overlay2",
            cpus=2,
            memory_bytes=8_000_000_000,
            clock_offset_s=0.0,
            local=True,
        ),
        heard_ns=NOW_NS,
        response_s=0.041,
        containers=48,
        running=44,
        in_flight=3,
        indicators=(
            indicator("cpu", "share", Level.BUSY, "cpu some 38% over 10 s, 31% over 60 s", [*wave, 0.38]),
            indicator("memory", "share", Level.CALM, "memory full 0% over 10 s, 0% over 60 s", [0.0] * 90),
            indicator(
                "io",
                "share",
                Level.SATURATED,
                "io full 31% over 10 s, 24% over 60 s",
                [*(v / 2 for v in wave), 0.31],
            ),
            indicator(
                "engine",
                "s",
                Level.BUSY,
                "a ping took 41 ms over 10 s (medians)",
                [*(v / 10 for v in wave), 0.041],
            ),
            indicator(
                "starts", "starts", Level.UNKNOWN, "3 starts in flight", [*(round(v * 30) for v in wave), 3]
            ),
        ),
    )
    unknown = "the engine is not on this host: its pressure comes from Prometheus, which is not configured"
    second = Engine(
        name="prod-b",
        state=SourceState.STALE,
        detail="no answer for 12 s; trying again in 4 s",
        since_ns=NOW_NS - 12 * SECOND,
        heard_ns=NOW_NS - 12 * SECOND,
        response_s=None,
        containers=6,
        running=6,
        indicators=tuple(
            indicator(name, unit, Level.UNKNOWN, unknown, [])
            for name, unit in (("cpu", "share"), ("memory", "share"), ("io", "share"), ("engine", "s"))
        ),
    )
    return (first, second)


def feed(texts: Sequence[str] = HOSTILE) -> tuple[FeedEntry, ...]:
    entries = [
        FeedEntry(
            at_ns=NOW_NS - (90 - n * 2) * SECOND,
            engine="prod-a",
            severity=Severity.INFO,
            what="started",
            name=f"shop-web-{n}",
            service="shop/web",
            container_id=f"{n:064x}",
            detail="1.4.3 in 0.36s",
        )
        for n in range(30)
    ]
    entries += [
        FeedEntry(
            at_ns=NOW_NS - (28 - n * 3) * SECOND,
            engine="prod-a",
            severity=Severity.WARNING,
            what="died",
            name=f"{n}{text}",
            service=f"lab{n}{text}",
            detail=text,
        )
        for n, text in enumerate(texts)
    ]
    entries.append(
        FeedEntry(
            at_ns=NOW_NS - 2 * SECOND,
            engine="prod-a",
            severity=Severity.FAILURE,
            what="failed",
            name="shop-web-326",
            service="shop/web",
            container_id=f"{326:064x}",
            detail="unhealthy: probe exited with 1",
        )
    )
    return tuple(entries)


def snapshot(texts: Sequence[str] = HOSTILE) -> Snapshot:
    """The state; `texts` are what some names, versions and details are made of."""
    every = startups(texts=texts)
    services = [
        service("shop/web", every, {"1.4.2": 24, "1.4.3": 8}),
        service("shop/api", every, {"2.0.1": 12, "2.1.0-rc1": 3}),
        service("jobs/mailer", every, {"7.1": 4}),
        service("search/index", every, {"9.0": 6}, engine="prod-b"),
        *(service(f"lab{n}{text}", every, {f"{n}{text}": 1}) for n, text in enumerate(texts)),
    ]
    return Snapshot(
        at_ns=NOW_NS,
        engines=engines(),
        services=tuple(sorted(services, key=lambda one: (one.engine, one.name))),
        startups=every,
        containers={one.container_id: container(one) for one in every},
        feed=feed(texts),
        gaps=(
            Gap(
                engine="prod-a",
                began_ns=NOW_NS - 620 * SECOND,
                ended_ns=NOW_NS - 560 * SECOND,
                reason="the engine was restarted",
            ),
        ),
    )
