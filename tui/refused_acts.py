"""Which acts that this console refused are to be entered into the journal. Pure but for the clock."""

from __future__ import annotations

import time
from typing import Final

HELD_S: Final = 1.0
"""A key that comes again sooner than this is held down, and is one act."""


class RefusedActs:
    """What was refused last."""

    def __init__(self) -> None:
        self._refused_s: dict[tuple[str, str], float] = {}

    def is_new(self, rollout: str, act: str) -> bool:
        """False for the repeats of a key that is held down."""
        now_s = time.monotonic()
        before_s = self._refused_s.get((rollout, act))
        self._refused_s[rollout, act] = now_s
        return before_s is None or now_s - before_s >= HELD_S
