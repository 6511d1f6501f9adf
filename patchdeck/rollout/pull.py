"""Getting the new image onto the engine, all layers, before anything is stopped."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from patchdeck.rollout.hands import Hands, PullLine

TELL_EVERY_S: Final = 1.0

Layers = dict[str, tuple[int, int]]
"""Short layer ID to (bytes done, bytes in all); 0 in all where it is not known yet."""


async def pull(hands: Hands, reference: str, auth: str, tell: Callable[[Layers], None]) -> Layers:
    """Pull an image, telling how far each layer is at most once in TELL_EVERY_S; the layers at the end.

    Raises Refused (also where the registry refuses, in its own words) or NoAnswer.
    """
    layers: Layers = {}
    told = time.monotonic()
    async for line in hands.pull(reference, auth):
        _note(layers, line)
        if time.monotonic() - told >= TELL_EVERY_S:
            told = time.monotonic()
            tell(dict(layers))
    return layers


def _note(layers: Layers, line: PullLine) -> None:
    done, total = layers.get(line.layer, (0, 0))
    match line.status:
        case "Pulling fs layer" | "Waiting":
            layers.setdefault(line.layer, (0, 0))
        case "Downloading":
            layers[line.layer] = (line.done_bytes, line.total_bytes or total)
        case "Download complete" | "Pull complete" | "Already exists":
            layers[line.layer] = (total or done, total or done)
