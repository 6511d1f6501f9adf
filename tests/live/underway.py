"""A rollout under way: waiting for what it does, asking something of it, and how it ended."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from patchdeck.model import Actor, Command, RolloutState, UnitMoved, UnitPhase
from patchdeck.rollout.journal import Journal
from patchdeck.rollout.state import State
from patchdeck.rollout.worker import carry_out
from tests.lab.client import EngineClient
from tests.lab.services import Container
from tests.live.rollouts import entries, locks, service_now, told

ME = Actor(user="tester")

newer_in_full = pytest.mark.parametrize(
    "shared_engine", ["stock", pytest.param("newer", marks=pytest.mark.slow)], indirect=True
)
"""`engine` is the stock one always, and a newer one by `make test-full`."""


@contextlib.contextmanager
def running(rollout: str, folder: Path) -> Iterator[asyncio.Task[State]]:
    """A worker of this rollout, on the test's own loop; it is over when the test leaves."""
    task = asyncio.create_task(carry_out(rollout, folder))
    try:
        yield task
    finally:
        task.cancel()


async def until(condition: Callable[[], object], timeout_s: float = 60.0) -> None:
    async with asyncio.timeout(timeout_s):
        while not condition():  # noqa: ASYNC110 - another process brings it about
            await asyncio.sleep(0.05)


def stands(rollout: str, folder: Path, state: RolloutState) -> Callable[[], bool]:
    return lambda: told(rollout, folder).state is state


def reached(folder: Path, rollout: str, unit: int, phase: UnitPhase) -> bool:
    return any(
        isinstance(one, UnitMoved) and (one.unit, one.phase) == (unit, phase)
        for one in entries(rollout, folder)
    )


def ask(folder: Path, rollout: str, command: Command) -> None:
    with Journal(folder) as journal:
        journal.ask(rollout, command, ME)


def ended(state: State, expected: RolloutState, *words: str) -> None:
    """It ended so, and its text says these."""
    assert state.end is expected, state.text
    for word in words:
        assert word in state.text


def as_it_was(engine: EngineClient, old: Sequence[Container]) -> None:
    """The very same containers run, and nothing else is there."""
    now = service_now(engine)
    assert {one["Id"]: name for name, one in now.items()} == {one.id: one.name for one in old}
    assert all(one["State"]["Running"] for one in now.values())
    assert not locks(engine)
