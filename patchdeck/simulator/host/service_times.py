"""How much work creating, starting, stopping and removing a container is.

Calibrated by 64 creates and starts on a real engine of two processors, so many at once, of which
tests/unit/test_simulated_host_herd.py holds the table. The split between stations is a choice that fits it; the
spread is that of the engine's single starts.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Final

from patchdeck.simulator.host.model import CPU, DISK, NETWORK, Step

SPREAD: Final = 0.3
"""Of each step, as the standard deviation of the logarithm."""

CREATE: Final = (Step(CPU, 0.016), Step(DISK, 0.037))
"""The container's files, and its read-write layer."""
MOUNTS: Final = (Step(DISK, 0.015),)
SANDBOX: Final = (Step(NETWORK, 0.020),)
"""The network namespace, under the lock that all network changes share."""
ENDPOINT: Final = (Step(NETWORK, 0.012),)
"""On each network, under the same lock. Not in the table, which was measured without a network."""
RUNTIME: Final = (Step(CPU, 0.018),)
STOP: Final = (Step(CPU, 0.008), Step(NETWORK, 0.006))
REMOVE: Final = (Step(CPU, 0.006), Step(DISK, 0.012))
ANSWER: Final = (Step(CPU, 0.0005),)
"""Of the engine, to whatever it is asked."""

PIECE_BYTES: Final = 4_000_000
"""Of a layer that are fetched or unpacked at once."""
UNPACKED_BYTES_PER_S: Final = 250e6


def drawn(chance: random.Random, steps: Sequence[Step]) -> list[Step]:
    """One container's own times, whose means are these."""
    return [
        Step(step.station, step.work * chance.lognormvariate(-SPREAD * SPREAD / 2, SPREAD)) for step in steps
    ]
