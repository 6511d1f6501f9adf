"""What an engine says now of a unit's containers: values for deciding what to do next."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from patchdeck.model.facts import Value
from patchdeck.model.plan import Order

NEVER: Final = "0001-01-01T00:00:00Z"
"""How an engine writes a time that has not come."""


_AWAY: Final = re.compile(r".+--(?:old|new)-([0-9a-f]{8})", re.ASCII)
"""What `Member.parked` and `Member.temporary` make."""


def rollout_in(name: str) -> str:
    """Which rollout gave a container this name for the time that it is under way; empty: none did."""
    found = _AWAY.fullmatch(name)
    return found[1] if found else ""


class SeenContainer(Value, frozen=True, kw_only=True):
    container_id: str
    name: str
    """Without the leading slash."""
    status: str
    """created, running, paused, restarting, removing, exited or dead"""
    image_id: str = ""
    started_at: str = ""
    """As the engine wrote it; empty if it never started."""
    exit_code: int = 0
    oom_killed: bool = False
    error: str = ""
    health: str = ""
    """starting, healthy or unhealthy; empty without a healthcheck"""
    restart_count: int = 0
    policy: str = "no"
    auto_remove: bool = False
    networks: frozenset[str] = frozenset()
    """Names and IDs of those it is connected to."""

    @property
    def alive(self) -> bool:
        return self.status in ("running", "paused", "restarting")

    @property
    def started(self) -> bool:
        return bool(self.started_at)

    @property
    def ready(self) -> bool:
        return self.status == "running" and self.health in ("", "healthy")

    @property
    def ending(self) -> str:
        """How it ended, in words."""
        code = f"it ended with exit status {self.exit_code}"
        memory = ", killed for want of memory" if self.oom_killed else ""
        return f"{code}{memory}" + (f": {self.error}" if self.error else "")


class Member(Value, frozen=True, kw_only=True):
    """One container of a unit: the replica itself, or one that cannot outlive it."""

    name: str
    old_id: str
    policy: str = "no"
    """The old container's restart policy, to be restored when it comes back."""
    auto_remove: bool = False
    networks: tuple[str, ...] = ()
    """Those that the successor is to be connected to after it is created."""
    image_id: str = ""
    """What the successor has to be made of; empty: not known yet."""
    restart_only: bool = False
    """It is not replaced: it is restarted once the replica before it is ready."""

    def parked(self, rollout: str) -> str:
        """The old container's name once its successor has its own."""
        return f"{self.name}--old-{rollout}"

    def temporary(self, rollout: str) -> str:
        """The successor's name until then."""
        return f"{self.name}--new-{rollout}"


class Unit(Value, frozen=True, kw_only=True):
    rollout: str
    index: int
    order: Order
    members: tuple[Member, ...]
    """The replica first, then its dependents, each after what it needs."""


class SeenMember(Value, frozen=True, kw_only=True):
    old: SeenContainer | None = None
    """The container that was there before the rollout, or what was rebuilt of it."""
    new: SeenContainer | None = None
    """Its successor."""


class Seen(Value, frozen=True, kw_only=True):
    """A unit at this moment."""

    members: tuple[SeenMember, ...]
    disturbed: bool = False
    """The journal holds that an old container of it was fenced, stopped or renamed, or was about to be."""
    began: bool = False
    """The journal holds that anything of it was done, or was about to be."""
    ran: frozenset[str] = frozenset()
    """Successors that were seen running, by ID: of one that is gone since, nothing else would tell."""
    lost: frozenset[int] = frozenset()
    """Members whose successor was seen running and exists no longer."""
    excused: frozenset[str] = frozenset()
    """Containers whose end may be the engine's doing, which ended while no one watched: they get another start."""
    late: bool = False
    """The deadline for the unit's container is over."""


def seen_container(document: Mapping[str, Any]) -> SeenContainer:
    """From GET /containers/{id}/json."""
    state, config = document["State"], document["HostConfig"]
    networks = (document.get("NetworkSettings") or {}).get("Networks") or {}
    started_at = state.get("StartedAt") or ""
    health = (state.get("Health") or {}).get("Status", "")
    return SeenContainer(
        container_id=document["Id"],
        name=document["Name"].removeprefix("/"),
        status=state["Status"],
        image_id=document.get("Image", ""),
        started_at="" if started_at == NEVER else started_at,
        exit_code=state.get("ExitCode", 0),
        oom_killed=bool(state.get("OOMKilled")),
        error=state.get("Error") or "",
        health="" if health == "none" else health,
        restart_count=document.get("RestartCount", 0),
        policy=(config.get("RestartPolicy") or {}).get("Name") or "no",
        auto_remove=bool(config.get("AutoRemove")),
        networks=frozenset(networks)
        | {end["NetworkID"] for end in networks.values() if end and end.get("NetworkID")},
    )
