"""A watch on its own thread, and its snapshots here, where a write that blocks keeps nothing but itself waiting."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from typing import TextIO

from patchdeck.model import AnyObservation, Snapshot
from patchdeck.settings import Settings
from patchdeck.sources.targets import Target
from patchdeck.watch import WatchThread
from tui.terminal import reader_gone

_LOOK_S = 1.0
"""How often to look whether anyone still reads what is written."""


class WatchFailed(Exception):
    """The watch ended by an error, which it has logged."""


def follow(
    settings: Settings,
    targets: Sequence[Target],
    *,
    for_s: float | None,
    output: TextIO,
    take: Callable[[Snapshot], None],
    observe: Callable[[AnyObservation], None] | None = None,
) -> None:
    """Hand the newest snapshot to `take` whenever there is one: for so long, or until interrupted.

    `observe` gets every observation, on the watch's thread, and must return at once.
    Raises: BrokenPipeError once nobody reads `output`; WatchFailed; KeyboardInterrupt.
    """
    arrived = threading.Event()
    watch = WatchThread(settings, targets, on_observation=observe)
    watch.mailbox.on_arrival(arrived.set)
    ends_at = None if for_s is None else time.monotonic() + for_s
    watch.start()
    try:
        while True:
            left_s = _LOOK_S if ends_at is None else min(_LOOK_S, ends_at - time.monotonic())
            if left_s <= 0:
                return
            arrived.wait(left_s)
            arrived.clear()
            if (snapshot := watch.mailbox.take()) is not None:
                take(snapshot)
            if watch.failure is not None:
                raise WatchFailed(str(watch.failure)) from watch.failure
            if reader_gone(output):
                raise BrokenPipeError
    finally:
        watch.stop()
