"""A queue whose knee is known: so many servers, and a service that slows a little as more wait beside it."""

from __future__ import annotations

import heapq
import math
import random
from collections.abc import Iterable, Sequence

from patchdeck.model import Evidence, Phase, Role, Startup, StartupKind, StartupOutcome

ENGINE = "lab"
EPOCH_NS = 1_767_225_600 * 10**9
SERVICE_S = 0.2

Herd = tuple[float, int, int]
"""When it begins (s), how many at once, how many in all."""


def serve(
    chance: random.Random,
    *,
    servers: int,
    arrivals_s: Iterable[float] = (),
    herds: Iterable[Herd] = (),
    slower: float = 0.04,
    spread: float = 0.3,
) -> list[tuple[float, float]]:
    """When each began and ended, in seconds, by when it began. Past the knee a doubling costs `slower` of the rate."""
    waiting: list[tuple[float, list[int]]] = []
    done: list[tuple[float, float]] = []
    events: list[tuple[float, int, bool, float, list[int]]] = []
    busy = number = 0

    def put(at_s: float, began_s: float, left: list[int], *, ends: bool) -> None:
        nonlocal number
        number += 1
        heapq.heappush(events, (at_s, number, ends, began_s, left))

    for at_s in arrivals_s:
        put(at_s, at_s, [0], ends=False)
    for at_s, at_once, count in herds:
        left = [max(0, count - at_once)]
        for _ in range(min(at_once, count)):
            put(at_s, at_s, left, ends=False)
    while events:
        now_s, _, ends, began_s, left = heapq.heappop(events)
        if ends:
            busy -= 1
            done.append((began_s, now_s))
            if left[0]:
                left[0] -= 1
                next_s = now_s + chance.uniform(0.001, 0.004)
                put(next_s, next_s, left, ends=False)
        else:
            waiting.append((now_s, left))
        while waiting and busy < servers:
            began_s, own = waiting.pop(0)
            busy += 1
            crowd = 1 + slower * math.log2(max(1.0, (busy + len(waiting)) / servers))
            put(now_s + SERVICE_S * crowd * chance.lognormvariate(0, spread), began_s, own, ends=True)
    return sorted(done)


def doubling_herds() -> list[Herd]:
    """64 starts with 1, 2, 4, … 64 at once."""
    return [(30.0 * power, 1 << power, 64) for power in range(7)]


def ordinary_day(chance: random.Random) -> tuple[list[float], list[Herd]]:
    """Single starts now and then, and herds of several sizes."""
    sizes = (2, 3, 4, 6, 8, 10, 12, 16, 24, 32)
    return (
        sorted(chance.uniform(0, 1500) for _ in range(300)),
        [(100.0 * turn, chance.choice(sizes), 40) for turn in range(14)],
    )


def waves(chance: random.Random, servers: int) -> list[float]:
    """Arrivals by chance, from hardly any to more than can be served."""
    arrivals, at_s = [], 0.0
    for _ in range(20):
        rate, end_s = chance.uniform(0.1, 1.15) * servers / SERVICE_S, at_s + 12
        while at_s < end_s:
            at_s += chance.expovariate(rate)
            arrivals.append(at_s)
        at_s += 8
    return arrivals


def startups(spans_s: Sequence[tuple[float, float]]) -> list[Startup]:
    return [
        startup(number, began_s, ended_s - began_s)
        for number, (began_s, ended_s) in enumerate(sorted(spans_s))
    ]


def startup(
    number: int,
    began_s: float,
    latency_s: float | None = 0.2,
    *,
    engine: str = ENGINE,
    service: str = "shop/web",
    version: str = "1.0",
    kind: StartupKind = StartupKind.FIRST,
    phases: dict[str, float] | None = None,
    in_flight: int | None = 0,
) -> Startup:
    began_ns = EPOCH_NS + round(began_s * 1e9)
    parts = phases or ({} if latency_s is None else {"start": latency_s})
    return Startup(
        engine=engine,
        container_id=f"{number:064x}",
        anchor_ns=0 if kind is StartupKind.FIRST else began_ns,
        name=f"web-{number}",
        service=service,
        role=Role.REPLICA,
        image=f"{service}:{version}",
        image_id=f"sha256:{version}",
        version=version,
        kind=kind,
        outcome=StartupOutcome.STARTING if latency_s is None else StartupOutcome.STARTED,
        settled=latency_s is not None,
        evidence=Evidence.CREATED,
        expects_ready=False,
        began_ns=began_ns,
        started_ns=None if latency_s is None else began_ns + round(latency_s * 1e9),
        phases=tuple(Phase(name=name, seconds=seconds) for name, seconds in parts.items()),
        in_flight=in_flight,
    )
