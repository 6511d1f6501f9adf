"""A terminal that nobody reads, as of a hung SSH session, in the middle of a rollout that was begun in it."""

from __future__ import annotations

import time
from itertools import pairwise
from pathlib import Path

import pytest

from patchdeck.model import RolloutState, StepBegan
from tests.lab.engine import Engine
from tests.lab.images import Images
from tests.lab.services import start_service
from tests.live.sessions import CONFIG, Bastion, begin, workers_of
from tests.terminal import Terminal

ONE_BY_ONE = CONFIG.replace('batch = "100%"', 'batch = "1"')


def _stall(console: Terminal) -> None:
    """Nobody reads from now on; views drawn anew fill what the terminal holds, so that the screen is blocked."""
    console.stall()
    for key in "23121321231213":
        console.press(key)


def steps_s(bastion: Bastion, rollout: str) -> list[float]:
    """How long each step took, the commit left out."""
    began = [one.at_ns for one in bastion.entries(rollout) if isinstance(one, StepBegan)]
    return [(after - before) / 1e9 for before, after in pairwise(began)]


def _stalled(engine: Engine, images: Images, folder: Path, *, replicas: int, ready_after_s: int) -> float:
    """A rollout of which every step takes alike, with the terminal stalled from the second on; for how long it was."""
    bastion = Bastion(engine, folder, ONE_BY_ONE)
    start_service(engine, images.web("1.0"), replicas, env={"READY_AFTER": str(ready_after_s)})
    try:
        with bastion.console() as console:
            rollout = begin(console, bastion, images.web("1.3"))
            bastion.until(rollout, lambda told: told.step == 1)
            began = time.monotonic()
            _stall(console)
            bastion.until(rollout, lambda told: told.state.over, 60 + 4 * replicas * ready_after_s)
            stalled_s = time.monotonic() - began
            assert not console.ended
            # The row of the past rollout is on no screen that was drawn before.
            console.press("4")
            console.resume()
            took_s = console.wait_for(
                lambda text: rollout in text and "committed" in text, 30, "the present state"
            )
            assert took_s < 10
            console.press("q")
            assert console.wait() == 0, console.text
    finally:
        bastion.end_workers()
    assert bastion.told(rollout).state is RolloutState.COMMITTED
    assert len(workers_of(bastion, rollout)) == 1
    before_s, *stalled = steps_s(bastion, rollout)
    assert len(stalled) == replicas - 1
    assert max(stalled) < 1.5 * before_s + 1, (before_s, stalled)
    return stalled_s


@pytest.mark.timeout(240)
def test_the_rollout_does_not_notice_a_terminal_that_stalls(
    stock: Engine, stock_images: Images, tmp_path: Path
) -> None:
    assert _stalled(stock, stock_images, tmp_path, replicas=8, ready_after_s=1) > 5


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_nor_one_that_stalls_for_a_minute(engine: Engine, images: Images, tmp_path: Path) -> None:
    assert _stalled(engine, images, tmp_path, replicas=16, ready_after_s=4) > 60
