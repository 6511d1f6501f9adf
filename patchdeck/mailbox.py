"""A one-slot mailbox between two threads: the newest value wins, the writer never waits."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Mailbox(Generic[T]):
    """Carries values from the watch thread to the screen thread.

    A reader that has stopped reading costs the writer nothing and holds up to one value.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._value: T | None = None
        self._notify: Callable[[], None] | None = None

    def on_arrival(self, notify: Callable[[], None] | None) -> None:
        """Call `notify`, from the writer's thread, when a value arrives in the empty slot: once until it is taken."""
        with self._lock:
            self._notify = notify
            waiting = self._value is not None
        if waiting and notify is not None:
            notify()

    def put(self, value: T) -> None:
        with self._lock:
            was_empty = self._value is None
            self._value = value
            notify = self._notify if was_empty else None
        if notify is not None:
            notify()

    def take(self) -> T | None:
        """The newest value, or None if there was none since the last take."""
        with self._lock:
            value, self._value = self._value, None
            return value
