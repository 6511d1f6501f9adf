"""What a simulated container does once it is started: its image says so, and its labels may say otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

LABELS: Final = "patchdeck.simulator."
"""`patchdeck.simulator.exits_after_s=0.5` and so on: a label for each field below."""


class Behaviour(msgspec.Struct, frozen=True, kw_only=True):
    """By default it runs for ever, is healthy at once and stops when it is told to."""

    exits_after_s: float | None = None
    exit_code: int = 0
    """With which it exits by itself."""
    out_of_memory: bool = False
    """Its end is the kernel's doing."""
    healthy_after_s: float | None = 0.0
    """From when on its probes pass; None: never."""
    flaps_every_s: float | None = None
    """So often its probes begin to fail, and so often they pass again."""
    stops_after_s: float = 0.0
    """That it takes to end once it is told to."""
    stop_code: int = 0
    ignores_signals: bool = False
    """It ends by SIGKILL only."""
    missing_program: bool = False
    """It can not be started."""

    def is_healthy(self, age_s: float) -> bool:
        """What a probe finds so long after the start."""
        if self.healthy_after_s is None or age_s < self.healthy_after_s:
            return False
        if self.flaps_every_s is None:
            return True
        return int((age_s - self.healthy_after_s) / self.flaps_every_s) % 2 == 0


def with_labels(behaviour: Behaviour, labels: Mapping[str, str]) -> Behaviour:
    """The behaviour as a container's labels change it; `none` as a value is None.

    Raises: msgspec.ValidationError for a label that can not be.
    """
    said = {name.removeprefix(LABELS): value for name, value in labels.items() if name.startswith(LABELS)}
    if not said:
        return behaviour
    changes = {name: None if value == "none" else value for name, value in said.items()}
    kept = msgspec.structs.asdict(behaviour)
    return msgspec.convert(kept | changes, Behaviour, strict=False)
