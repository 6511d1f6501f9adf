"""Keeps an eye on a rollout's containers: by the engine's events, and by its listing where none came."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from typing import Final

import msgspec

from patchdeck.rollout.hands import Document, Hands, NoAnswer
from patchdeck.rollout.link import Link
from patchdeck.sources.engine.connection import Refused

FILTERED: Final = 64


class _Actor(msgspec.Struct):
    ID: str = ""


class _Event(msgspec.Struct):
    Action: str = ""
    Actor: _Actor = msgspec.field(default_factory=_Actor)


async def follow_events(link: Link, happened: Callable[[str, str], None], missed: Callable[[], None]) -> None:
    """Until cancelled. `happened` gets a container's ID and the action; `missed` says that some may be."""
    while True:
        try:
            async with link.hands.events(time.time_ns()) as chunks:
                missed()
                rest = b""
                async for chunk in chunks:
                    *lines, rest = (rest + chunk).split(b"\n")
                    for line in lines:
                        if line.strip():
                            event = msgspec.json.decode(line, type=_Event)
                            happened(event.Actor.ID, event.Action)
        except (NoAnswer, Refused):
            pass
        await asyncio.sleep(0.1)  # an engine that ends the stream at once must not be asked without end
        await link.until_there()


async def not_ready(hands: Hands, replicas: Mapping[int, str]) -> frozenset[int]:
    """Of these containers by unit, the units whose is not running, or not healthy. Raises Refused or NoAnswer."""
    # A listing of thousands is dear, and so is a filter of hundreds.
    filters = {"id": list(replicas.values())} if len(replicas) <= FILTERED else None
    ready = {one["Id"] for one in await hands.containers(filters) if _is_ready(one)}
    return frozenset(unit for unit, container_id in replicas.items() if container_id not in ready)


def _is_ready(listed: Document) -> bool:
    """A listing tells health only in words: "Up 5 seconds (health: starting)"."""
    status = listed.get("Status", "")
    return listed["State"] == "running" and "(unhealthy)" not in status and "(health: " not in status
