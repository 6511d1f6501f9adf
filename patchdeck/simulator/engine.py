"""A simulated engine: what it knows, and everything that can be done to it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from patchdeck.simulator.changing import Changing
from patchdeck.simulator.connecting import Connecting
from patchdeck.simulator.creating import Creating
from patchdeck.simulator.life import Life
from patchdeck.simulator.listing import Listing
from patchdeck.simulator.pulling import Pulling
from patchdeck.simulator.untagging import Untagging
from patchdeck.simulator.world import World


class Engine:
    """One world and those who change it. To be made and used on one running loop.

    `away` is set by the server: it cuts every connection and takes no new one for as long as what it is given lasts.
    """

    def __init__(self, world: World) -> None:
        self.world = world
        self.creating = Creating(world)
        self.life = Life(world)
        self.changing = Changing(world, self.life)
        self.connecting = Connecting(world)
        self.pulling = Pulling(world)
        self.untagging = Untagging(world)
        self.listing = Listing(world)
        self.away: Callable[[Callable[[], Awaitable[None]]], Awaitable[None]] | None = None

    async def restart(self, down_s: float) -> None:
        """The engine ends with all its containers, is away, and comes back with those whose policy says so."""

        async def down() -> None:
            await self.life.shut_down()
            self.world.events.forget()
            await self.world.clock.sleep(down_s)
            await self.life.come_back()

        if self.away is None:
            await down()
        else:
            await self.away(down)
