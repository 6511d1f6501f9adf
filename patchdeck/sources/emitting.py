"""What a source is given to speak with."""

from __future__ import annotations

from collections.abc import Callable

from patchdeck.model import AnyObservation

Emit = Callable[[AnyObservation], None]
"""Takes one observation, on the watch loop, and returns at once."""


def significant(value: float) -> float:
    """To six digits. No measurement here is finer, and in a recording the other ten would take most of the room."""
    return float(f"{value:.6g}")
