"""Removing, renaming and updating containers."""

from __future__ import annotations

import re
from typing import Any, Final

from patchdeck.simulator.container import MANUAL_POLICIES, Container
from patchdeck.simulator.creating import check_limits, check_policy
from patchdeck.simulator.life import Life
from patchdeck.simulator.world import World

_NAME: Final = re.compile(r"/?[a-zA-Z0-9][a-zA-Z0-9_.-]+", re.ASCII)
RESOURCES: Final = (
    "BlkioWeight", "CpuPeriod", "CpuQuota", "CpuRealtimePeriod", "CpuRealtimeRuntime", "CpuShares", "CpusetCpus",
    "CpusetMems", "Memory", "MemoryReservation", "MemorySwap", "NanoCpus", "PidsLimit",
)  # fmt: skip


class Changing:
    """Every call raises EngineFault as the engine would answer."""

    def __init__(self, world: World, life: Life) -> None:
        self._world = world
        self._words = world.words
        self._life = life

    async def remove(self, container: Container, *, force: bool, volumes: bool) -> None:
        async with container.lock:
            if container.removing:
                raise self._words.being_removed(container.id)
            if container.running and not force:
                raise self._words.alive_to_remove(container.name, container.id, container.status)
            container.removing = True
        auto_remove, container.host["AutoRemove"] = container.host["AutoRemove"], False
        try:
            await self._life.kill_to_remove(container)
            await self._world.costs.remove(container.id)
        except BaseException:
            container.removing, container.host["AutoRemove"] = False, auto_remove
            raise
        self._world.mounting.let_go(container, remove_anonymous=volumes)
        self._world.containers.remove(container)
        self._world.tell(container, "destroy")

    def rename(self, container: Container, name: str) -> None:
        new = name.removeprefix("/")
        if not new:
            raise self._words.no_name()
        if new == container.name:
            raise self._words.same_name()
        if not _NAME.fullmatch(new):
            raise self._words.bad_name(new)
        owner = self._world.containers.owner(new)
        if owner is not None:
            raise self._words.new_name_taken(new, owner)
        old = container.name
        self._world.containers.reserve(new, container.id)
        self._world.containers.release(old)
        container.name = new
        self._world.networks.rename(container)
        self._world.tell(container, "rename", oldName=f"/{old}")

    def update(self, container: Container, body: dict[str, Any]) -> None:
        policy = body.get("RestartPolicy") or {}
        check_policy(policy, self._world)
        check_limits(body, self._world)
        name = policy.get("Name") or ""
        if name:
            if container.host["AutoRemove"] and name not in MANUAL_POLICIES:
                raise self._words.cannot_update(container.id)
            count = policy.get("MaximumRetryCount") or 0
            container.host["RestartPolicy"] = {"Name": name, "MaximumRetryCount": count}
        for key in RESOURCES:
            if body.get(key):
                container.host[key] = body[key]
        self._world.tell(container, "update")
