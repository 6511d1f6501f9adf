"""What all refusals have in common: the generation that speaks."""

from __future__ import annotations

from patchdeck.simulator.errors import EngineFault
from patchdeck.simulator.generation import Generation


class Voice:
    """Knows in whose words to say it."""

    def __init__(self, generation: Generation) -> None:
        self._new = generation.since_24
        self._newest = generation.since_27

    def _either(self, status: int, old: str, new: str) -> EngineFault:
        return EngineFault(status, new if self._new else old)
