"""What a source is given to speak with."""

from __future__ import annotations

from collections.abc import Callable

from patchdeck.model import AnyObservation

Emit = Callable[[AnyObservation], None]
"""Takes one observation, on the watch loop, and returns at once."""
