"""Follow a rollout on this terminal until it ends. The worker is another process: whatever happens here, it goes on."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final

from patchdeck.rollout.following import Follower
from patchdeck.rollout.journal import Journal
from tui.headless.keys import Waiting, no_keys
from tui.headless.rollout_output import Output

LOOK_S: Final = 0.2
LEAVE_KEY: Final = "q"


def follow(
    journal: Journal,
    rollout: str,
    output: Output,
    *,
    on_signal: Callable[[int], bool],
    wait: Waiting = no_keys,
) -> Follower | None:
    """Tells all of it, from its beginning, until it has no worker any more; None if it was left before.

    `on_signal` is called for each SIGINT and SIGTERM, and says whether to go on following. Raises JournalError.
    """
    follower = Follower(journal, rollout)
    with _signals_noted() as noted:
        while True:
            output.tell(follower.news(), follower.rollout())
            if not follower.has_worker:
                return follower
            if wait(LOOK_S) == LEAVE_KEY:
                output.pause()
                return None
            while noted:
                number = noted.pop(0)
                output.pause()
                with _default_interrupt():
                    goes_on = on_signal(number)
                if not goes_on:
                    return None


@contextmanager
def _signals_noted() -> Iterator[list[int]]:
    """They are only noted as they come: half an entry is told to no one."""
    noted: list[int] = []

    def note(number: int, _: FrameType | None) -> None:
        noted.append(number)

    before = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield noted
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _default_interrupt() -> Iterator[None]:
    """While a question is asked, Ctrl-C is an answer."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
