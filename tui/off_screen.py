"""Work that may block, off the screen's thread."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

T = TypeVar("T")


async def off_screen(work: Callable[[], T]) -> T:
    """What `work` returns or raises, from a thread of its own.

    Not one of asyncio's: those are waited for when the program ends, and a disk that hangs would hold it up.
    """
    future: Future[T] = Future()

    # From here on it cannot be cancelled: what it says after no one waits any more is dropped, not an error.
    future.set_running_or_notify_cancel()

    def run() -> None:
        try:
            result = work()
        except BaseException as error:  # noqa: BLE001 - raised where it is awaited
            future.set_exception(error)
        else:
            future.set_result(result)

    threading.Thread(target=run, name="off screen", daemon=True).start()
    return await asyncio.wrap_future(future)
