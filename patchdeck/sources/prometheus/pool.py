"""A few threads for calls that block."""

from __future__ import annotations

import asyncio
import concurrent.futures
import queue
import threading
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

_Job = Callable[[], None]


class Pool:
    """At most `size` calls at once; further ones wait their turn.

    The threads are daemons, unlike those of `concurrent.futures`: a call that hangs (a resolver may, for a minute)
    must not keep the program from ending.
    """

    def __init__(self, size: int, name: str) -> None:
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._size = size
        self._name = name
        self._threads = 0

    async def run(self, call: Callable[[], T], *, ended: Callable[[], None] | None = None) -> T:
        """The call's result, or its exception. Cancelled, it is not waited for; if it has not begun, it never does.

        `ended` is called, on any thread, when the call is over or will not be made.
        """
        future: concurrent.futures.Future[T] = concurrent.futures.Future()
        if ended is not None:
            future.add_done_callback(lambda _: ended())

        def job() -> None:
            if not future.set_running_or_notify_cancel():
                return
            try:
                future.set_result(call())
            except BaseException as error:  # noqa: BLE001 - handed to who asked
                future.set_exception(error)

        self._jobs.put(job)
        if self._threads < self._size:
            self._threads += 1
            name = f"{self._name} {self._threads}"
            threading.Thread(target=self._work, name=name, daemon=True).start()
        return await asyncio.wrap_future(future)

    def close(self) -> None:
        """The threads end after what they are at."""
        for _ in range(self._threads):
            self._jobs.put(None)

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            job()
