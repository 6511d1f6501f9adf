"""When the fleet that is there at the beginning was started: wave by wave, through the same model of the host. Pure."""

from __future__ import annotations

import heapq
import itertools
import math
import random
from collections import deque
from dataclasses import dataclass
from typing import Final, NamedTuple

from patchdeck.simulator.host.model import HostModel
from patchdeck.simulator.host.service_times import CREATE, MOUNTS, RUNTIME, SANDBOX, drawn
from patchdeck.simulator.scenarios.script import Scenario, Service

AT_ONCE: Final = 4
QUIET_S: Final = 5.0
"""Nothing was started in the last moments before the beginning."""


class PastStart(NamedTuple):
    """Times in seconds from the beginning, so all of them are negative."""

    service: Service
    number: int
    began_s: float
    created_s: float
    started_s: float


@dataclass
class _Worker:
    """Starts the replicas of a wave one after another, beside others that do."""

    service: Service
    left: deque[int]
    number: int = 0
    began_s: float = 0.0
    created_s: float | None = None


def past_starts(scenario: Scenario, chance: random.Random) -> list[PastStart]:
    """One for every replica, by when it was started. Each service came up in a wave of its own, a few at once."""
    host = HostModel(chance)
    order = itertools.count()
    idle = [(at_s, next(order), worker) for at_s, worker in _workers(scenario, chance)]
    heapq.heapify(idle)
    busy: dict[int, _Worker] = {}
    done: list[PastStart] = []
    while idle or busy:
        now_s = min(idle[0][0] if idle else math.inf, host.next_s())
        for at_s, errand in host.advance(now_s):
            worker = busy.pop(errand)
            if worker.created_s is None:
                worker.created_s = at_s
                busy[host.begin(at_s, drawn(chance, (*MOUNTS, *SANDBOX, *RUNTIME)))] = worker
            else:
                times = (worker.began_s, worker.created_s, at_s)
                done.append(PastStart(worker.service, worker.number, *times))
                heapq.heappush(idle, (at_s, next(order), worker))
        while idle and idle[0][0] <= now_s:
            worker = heapq.heappop(idle)[2]
            if worker.left:
                worker.number, worker.began_s, worker.created_s = worker.left.popleft(), now_s, None
                busy[host.begin(now_s, drawn(chance, CREATE))] = worker
    end_s = QUIET_S + max((one.started_s for one in done), default=0.0)
    return [
        one._replace(
            began_s=one.began_s - end_s, created_s=one.created_s - end_s, started_s=one.started_s - end_s
        )
        for one in done
    ]


def _workers(scenario: Scenario, chance: random.Random) -> list[tuple[float, _Worker]]:
    """Each with the time at which it begins."""
    apart_s = scenario.past_s / max(1, len(scenario.services))
    found = []
    for index, service in enumerate(scenario.services):
        at_s = apart_s * (index + chance.uniform(0.0, 0.7))
        left = deque(range(1, service.replicas + 1))
        found += [(at_s, _Worker(service, left)) for _ in range(AT_ONCE)]
    return found
