"""The lock of a service, on the engine itself: so it holds between hosts and users.

A lock is a volume whose name ends in a number, its generation; its labels say who holds it, and until when. To make a
volume of a name that exists gives the one that is there: of several who try the same generation, one gets it, and the
others see whose it is. Labels never change, so a lock is renewed, or taken over, by the next generation; the highest
one counts. A holder that finds a higher one of someone else has lost it.

`docker volume prune` removes volumes that no container uses. A lock that went so is taken again when it is renewed.
"""

from __future__ import annotations

import hashlib
import time
from typing import Final

import msgspec

from patchdeck.model.facts import Value
from patchdeck.rollout.hands import Document, Hands
from patchdeck.rollout.processes import Process, host_name, is_alive
from patchdeck.sources.engine.connection import Refused

LEASE_S: Final = 3600.0
PREFIX: Final = "patchdeck-lock-"
LABEL: Final = "patchdeck.lock"


class Holder(Value, frozen=True, kw_only=True):
    """Who holds a lock, as its labels say."""

    rollout: str
    service: str
    user: str
    process: Process
    taken_ns: int
    expires_ns: int
    """By the holder's clock."""

    @property
    def stale(self) -> bool:
        """Its worker is gone, or it has run out."""
        if self.process.host == host_name():
            return not is_alive(self.process)
        return time.time_ns() > self.expires_ns

    def __str__(self) -> str:
        return f"rollout {self.rollout} of {self.user}@{self.process.host} (process {self.process.pid})"


class Held(Exception):
    """Someone else holds the lock."""

    def __init__(self, holder: Holder) -> None:
        super().__init__(
            f"{holder.service} is locked by {holder}: wait for it, or take the lock over with --take-over"
            " once you know that it is not going on"
        )
        self.holder = holder


class Lock(Value, frozen=True, kw_only=True):
    """A lock that is held."""

    name: str
    holder: Holder
    taken_over_from: str = ""


async def take(
    hands: Hands, service: str, *, rollout: str, user: str, process: Process, take_over: bool = False
) -> Lock:
    """Take the lock of a service, or renew it for the same rollout. Raises Held, Refused, NoAnswer.

    A stale lock is taken over without a word; with `take_over`, any.
    """
    known = await _generations(hands, service)
    highest, current = max(known.items(), default=(0, None))
    from_other = ""
    if current is not None and current.rollout != rollout:
        if not current.stale and not take_over:
            raise Held(current)
        from_other = str(current)
    mine = _holder(service, rollout, user, process)
    name = f"{_prefix(service)}{highest + 1}"
    got = _read(await hands.create_volume(name, _labels(mine)))
    if got is None or got != mine:
        raise Held(got or mine)
    # One who saw the lock before it was released and taken anew is behind those who came later.
    others = await _generations(hands, service)
    for generation, other in sorted(others.items()):
        if generation not in known and other != mine and not other.stale:
            await _remove(hands, name)
            raise Held(other)
    for generation in others:
        if generation <= highest:
            await _remove(hands, f"{_prefix(service)}{generation}")
    return Lock(name=name, holder=mine, taken_over_from=from_other)


async def release(hands: Hands, service: str, rollout: str) -> None:
    """Give it up: every generation that the rollout has of it. Raises Refused, NoAnswer."""
    for generation, one in (await _generations(hands, service)).items():
        if one.rollout == rollout:
            await _remove(hands, f"{_prefix(service)}{generation}")


async def holder(hands: Hands, service: str) -> Holder | None:
    """Who holds the lock of a service now, stale or not."""
    known = await _generations(hands, service)
    return known[max(known)] if known else None


def _prefix(service: str) -> str:
    """Services are named by whoever made them; volumes only so."""
    return f"{PREFIX}{hashlib.sha256(service.encode()).hexdigest()[:16]}-"


def _holder(service: str, rollout: str, user: str, process: Process) -> Holder:
    now_ns = time.time_ns()
    return Holder(
        rollout=rollout,
        service=service,
        user=user,
        process=process,
        taken_ns=now_ns,
        expires_ns=now_ns + round(LEASE_S * 1e9),
    )


def _labels(holder: Holder) -> dict[str, str]:
    return {LABEL: msgspec.json.encode(holder).decode()}


def _read(volume: Document) -> Holder | None:
    try:
        return msgspec.json.decode((volume.get("Labels") or {}).get(LABEL, ""), type=Holder)
    except msgspec.DecodeError:
        return None


async def _generations(hands: Hands, service: str) -> dict[int, Holder]:
    prefix = _prefix(service)
    found = {}
    for volume in await hands.volumes(prefix):
        number = volume["Name"].removeprefix(prefix)
        if number.isdecimal() and (holder := _read(volume)) is not None:
            found[int(number)] = holder
    return found


async def _remove(hands: Hands, name: str) -> None:
    try:
        await hands.remove_volume(name)
    except Refused as error:
        if error.status != 404:
            raise
