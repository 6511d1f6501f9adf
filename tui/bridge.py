"""What joins the watch thread to the screen thread.

Snapshots come one way, through a mailbox with one slot; nothing of the watch ever runs on the screen's loop. When a
terminal stops reading, that loop stands still: the watch goes on, the slot holds the newest snapshot, and the screen
shows that one when it moves again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from typing import TYPE_CHECKING, Protocol

from patchdeck.mailbox import Mailbox
from patchdeck.model import Snapshot

if TYPE_CHECKING:
    from patchdeck.doctor import Report


class Watch(Protocol):
    """What the screen needs of `patchdeck.watch.WatchThread`."""

    mailbox: Mailbox[Snapshot]

    def start(self) -> None: ...

    def stop(self) -> bool: ...

    def logs(self, engine: str, container_id: str, lines: int) -> Future[tuple[str, ...]]: ...

    def examine(self) -> Future[Report]: ...


class Bridge:
    """Hands the newest snapshot to `receive`, on the loop on which the bridge was opened."""

    def __init__(self, watch: Watch, receive: Callable[[Snapshot], object]) -> None:
        self._watch = watch
        self._receive = receive
        self._loop = asyncio.get_running_loop()
        self._resting_until = 0.0

    def open(self) -> None:
        self._watch.mailbox.on_arrival(self._arrived)

    def close(self) -> None:
        self._watch.mailbox.on_arrival(None)

    def _arrived(self) -> None:
        """Runs on the watch thread; must neither block nor fail there."""
        try:
            self._loop.call_soon_threadsafe(self._take)
        except RuntimeError:
            # The loop was closed between two instructions of the watch: the screen is gone, and with it the need.
            self.close()

    def rest(self, seconds: float) -> None:
        """Take nothing for so long: drawing a large state must leave the loop time for keys."""
        self._resting_until = self._loop.time() + seconds

    def _take(self) -> None:
        left_s = self._resting_until - self._loop.time()
        if left_s > 0:
            # The mailbox tells of one arrival until it is emptied, so that only one of these waits at a time.
            self._loop.call_later(left_s, self._take)
            return
        snapshot = self._watch.mailbox.take()
        if snapshot is not None:
            self._receive(snapshot)
