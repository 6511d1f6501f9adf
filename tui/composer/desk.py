"""What the composer asks of engines and registries. All of it runs on the watch's loop, and only reads."""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import Future
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeVar, runtime_checkable

from patchdeck.model import Plan, Strategy
from patchdeck.model.facts import Value
from patchdeck.settings import Settings
from patchdeck.sources.errors import NotWatching
from patchdeck.sources.targets import Target

if TYPE_CHECKING:
    from patchdeck.rollout.planning.duration import Observed
    from patchdeck.rollout.planning.offers import Offers
    from patchdeck.sources.engine.connection import Connection
    from patchdeck.watch import Watch

T = TypeVar("T")

OFFERS_S: Final = 60.0
"""For so long what a registry told is as good as asking it again."""


class CannotAsk(Exception):
    """Nobody answered, or what was asked for is none: in one line, with what to do."""


class Wish(Value, frozen=True, kw_only=True):
    """What is to be planned."""

    engine: str
    service: str
    image: str
    strategy: Strategy


@runtime_checkable
class Asked(Protocol):
    """What the desk needs of `patchdeck.watch.WatchThread`."""

    def ask(self, work: Callable[[Watch], Coroutine[Any, Any, T]]) -> Future[T]: ...


class Desk:
    """Asks by way of a watch. Cancelling what waits for an answer ends the asking too."""

    def __init__(self, watch: object, settings: Settings) -> None:
        self._watch = watch
        self._settings = settings
        self._offers: dict[tuple[str, str], tuple[float, Offers]] = {}

    async def plan(
        self, wish: Wish, observed: Observed | None, told: Callable[[str], object]
    ) -> tuple[Plan, Target]:
        """A plan, and how its engine is reached. `told` hears on the caller's loop what is waited for.

        Raises: CannotAsk.
        """
        here = asyncio.get_running_loop()

        def tell(text: str) -> None:
            # The screen may be gone before the watch is: then nobody wants to know.
            with contextlib.suppress(RuntimeError):
                here.call_soon_threadsafe(told, text)

        async def made(connection: Connection) -> Plan:
            maker = await asyncio.to_thread(_maker)
            return await maker(
                connection,
                wish.service,
                wish.image,
                wish.strategy,
                self._settings,
                observed=observed,
                progress=tell,
            )

        return await self._asked(wish.engine, made)

    async def offers(self, engine: str, image: str) -> Offers:
        """Images on the engine, and the tags of this one's repository. Raises: CannotAsk."""
        repository = image.partition("@")[0].rpartition(":")[0] or image
        known = self._offers.get((engine, repository))
        if known is not None and time.monotonic() - known[0] < OFFERS_S:
            return known[1]

        async def read(connection: Connection) -> Offers:
            read_offers = await asyncio.to_thread(_read_offers)
            return await read_offers(connection, image, environ=os.environ, home=Path.home())

        offers, _ = await self._asked(engine, read)
        self._offers[engine, repository] = (time.monotonic(), offers)
        return offers

    async def _asked(self, engine: str, work: Callable[[Connection], Awaitable[T]]) -> tuple[T, Target]:
        async def on_watch(watch: Watch) -> tuple[T, Target]:
            from patchdeck.sources.engine.connection import Connection  # noqa: PLC0415 - the watch has loaded it
            from patchdeck.sources.engine.faults import FAULTS, fault  # noqa: PLC0415 - as above

            target = watch.target(engine)
            if target is None:
                raise CannotAsk(f"there is no engine {engine}")
            try:
                async with Connection(target) as connection:
                    return await work(connection), target
            except FAULTS as error:
                raise CannotAsk(fault(target, error).sentence) from error
            except ValueError as error:  # a reference or a gate that is none, told in one line
                raise CannotAsk(str(error)) from error

        if not isinstance(self._watch, Asked):
            raise CannotAsk("there is no engine to ask")
        try:
            return await asyncio.wrap_future(self._watch.ask(on_watch))
        except NotWatching as error:
            raise CannotAsk(str(error)) from error


def _maker() -> Callable[..., Awaitable[Plan]]:
    """Loading it takes longer than the watch's loop may stand still."""
    from patchdeck.rollout.planning.maker import make_plan  # noqa: PLC0415

    return make_plan


def _read_offers() -> Callable[..., Awaitable[Offers]]:
    from patchdeck.rollout.planning.offers import read_offers  # noqa: PLC0415 - as above

    return read_offers
