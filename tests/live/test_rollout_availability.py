"""Whoever asks all replicas while a rollout runs finds as many ready as was promised."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from patchdeck.model import Amount, Binding, Order, PaceChanged, RolloutState, Strategy
from patchdeck.rollout.worker import carry_out
from tests.lab.client import EngineClient
from tests.lab.engine import Engine
from tests.lab.images import Images
from tests.lab.processes import wait_until
from tests.lab.services import start_service
from tests.live.rollouts import entries, submitted

REPLICAS, MAY_BE_MISSING = 12, 2
POLL_S = 0.02


def ready(engine: EngineClient) -> int:
    """Replicas that run, and are healthy where that is checked, by the engine's listing."""
    listed = engine.containers(everything=False)
    return sum("(health: " not in one["Status"] and "(unhealthy)" not in one["Status"] for one in listed)


@contextmanager
def polled(engine: EngineClient) -> Iterator[list[int]]:
    """How many were ready, each time that was asked."""
    counts: list[int] = []
    over = threading.Event()

    def poll() -> None:
        while not over.wait(POLL_S):
            counts.append(ready(engine))

    client = threading.Thread(target=poll, name="client")
    client.start()
    try:
        yield counts
    finally:
        over.set()
        client.join()


@pytest.mark.parametrize(
    "check", ["", pytest.param("-health", marks=pytest.mark.slow)], ids=["running", "healthy"]
)
@pytest.mark.parametrize(
    ("order", "fewest"), [(Order.START_FIRST, REPLICAS), (Order.STOP_FIRST, REPLICAS - MAY_BE_MISSING)]
)
async def test_never_are_fewer_ready_than_the_budget_allows_and_all_of_it_is_used(
    stock: Engine, stock_images: Images, tmp_path: Path, order: Order, fewest: int, *, check: str
) -> None:
    start_service(stock, stock_images.web(f"1.0{check}"), REPLICAS)
    assert wait_until(lambda: ready(stock) == REPLICAS, 60)
    strategy = Strategy(
        order=order,
        max_unavailable=Amount(count=MAY_BE_MISSING),
        pace=4,
        batch=Amount(share=1.0),
        bake_s=0.0,
        gates={"ratio": "off", "contention": "off"},
    )
    rollout = await submitted(stock, tmp_path, stock_images.web(f"1.1{check}"), strategy)
    with polled(stock) as counts:
        state = await asyncio.wait_for(carry_out(rollout, tmp_path), 100)
    assert state.end is RolloutState.COMMITTED, state.text
    assert min(counts) == fewest
    told = {(one.binds, one.detail) for one in entries(rollout, tmp_path) if isinstance(one, PaceChanged)}
    if order is Order.START_FIRST:
        assert (Binding.PACE, "4 at once, as asked") in told
    else:
        assert (Binding.AVAILABILITY, "2 may be missing at once") in told
        assert (Binding.STEP, "canary is to pass its gates first") in told
    assert ready(stock) == REPLICAS
    if order is Order.START_FIRST:
        assert max(counts) > REPLICAS
