"""Which containers GET /containers/json tells of. What was written of one is kept until it changes."""

from __future__ import annotations

from typing import Final

import msgspec

from patchdeck.simulator.container import Container
from patchdeck.simulator.documents.containers import listed, status_text
from patchdeck.simulator.filters import Filters, check, matches_labels
from patchdeck.simulator.world import World

STATES: Final = ("created", "running", "paused", "restarting", "removing", "exited", "dead")
KNOWN: Final = (
    "ancestor", "before", "expose", "exited", "health", "id", "is-task", "isolation", "label", "name", "network",
    "publish", "since", "status", "volume",
)  # fmt: skip


class Listing:
    def __init__(self, world: World) -> None:
        self._world = world
        self._written: dict[str, tuple[int, str, msgspec.Raw]] = {}

    def encode(self, filters: Filters, *, everything: bool, most: int = 0) -> bytes:
        """The newest first, as JSON. Raises: EngineFault."""
        check(filters, KNOWN, self._world.words)
        for state in filters.get("status", ()):
            if state not in STATES:
                raise self._world.words.unknown_state(state)
        everything = everything or "status" in filters or most > 0
        chosen = [
            one
            for one in self._world.containers
            if (everything or one.running) and self._matches(one, filters)
        ]
        chosen.sort(key=lambda one: one.created_ns, reverse=True)
        now_ns = self._world.clock.now_ns()
        return msgspec.json.encode([self._entry(one, now_ns) for one in chosen[: most or None]])

    def _entry(self, one: Container, now_ns: int) -> msgspec.Raw:
        status = status_text(one, now_ns)
        known = self._written.get(one.id)
        if known is not None and known[:2] == (one.changed, status):
            return known[2]
        raw = msgspec.Raw(msgspec.json.encode(listed(one, self._world.generation, status)))
        if len(self._written) > 2 * len(self._world.containers) + 100:
            self._written.clear()
        self._written[one.id] = (one.changed, status, raw)
        return raw

    def _matches(self, one: Container, filters: Filters) -> bool:
        for name, wanted in filters.items():
            match name:
                case "label":
                    fits = matches_labels(one.labels, wanted)
                case "status":
                    fits = one.status in wanted
                case "name":
                    fits = any(part.removeprefix("/") in one.name for part in wanted)
                case "id":
                    fits = any(one.id.startswith(part) for part in wanted)
                case "health":
                    fits = (one.health.status if one.health else "none") in wanted
                case "exited":
                    fits = not one.running and one.started_ns is not None and str(one.exit_code) in wanted
                case "network":
                    fits = any(part in one.endpoints for part in wanted) or any(
                        endpoint.network_id in wanted for endpoint in one.endpoints.values()
                    )
                case "volume":
                    fits = any(mount.name in wanted or mount.destination in wanted for mount in one.mounts)
                case "ancestor":
                    fits = one.image.id in wanted or one.config["Image"] in wanted
                case _:
                    fits = True
            if not fits:
                return False
        return True
