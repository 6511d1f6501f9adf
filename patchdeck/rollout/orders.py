"""Commands of people, from the journal to the worker."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Final

from patchdeck.rollout.journal import Journal, Order

LOOK_S: Final = 0.2


async def follow_orders(
    folder: Path, rollout: str, *, carried_out: Callable[[Order], bool], give: Callable[[Order], None]
) -> None:
    """Until cancelled: give each command once. A worker that was killed before a command was marked as taken finds it
    again; `carried_out` tells by the entries whether it was done.
    """
    given: set[int] = set()
    seen = -1
    # On a connection of its own, for it waits for others' writes.
    with Journal(folder) as journal:
        while True:
            if (version := journal.data_version()) != seen:
                seen = version
                for order in await asyncio.to_thread(journal.orders, rollout):
                    if carried_out(order):
                        await asyncio.to_thread(journal.take, order)
                    elif order.number not in given:
                        given.add(order.number)
                        give(order)
            await asyncio.sleep(LOOK_S)
