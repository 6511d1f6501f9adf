"""What is still known of a unit's containers since they were looked at. Pure.

An engine tells by its events what happens to a container, and a call that it answers with success has done what it was
to do. So a container is not asked about again while another one of its unit is dealt with, nor after an act whose
outcome is plain. Whatever else happens to it, and any doubt, ends this: it is looked at again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from msgspec.structs import replace

from patchdeck.rollout.seen import SeenContainer
from patchdeck.rollout.unit import Act, ActKind

_AFTER: Final[Mapping[ActKind, Callable[[SeenContainer, Act], SeenContainer]]] = {
    ActKind.FENCE: lambda seen, _: replace(seen, policy="no"),
    ActKind.STOP: lambda seen, _: replace(seen, status="exited"),
    ActKind.RENAME: lambda seen, act: replace(seen, name=act.detail),
}
"""What is seen of a container after an act, where there can be no doubt about it."""

_EVENTS: Final[Mapping[ActKind, frozenset[str]]] = {
    ActKind.FENCE: frozenset({"update"}),
    ActKind.STOP: frozenset({"kill", "die", "stop"}),
    ActKind.RENAME: frozenset({"rename"}),
    ActKind.REMOVE: frozenset({"destroy"}),
}
"""What an engine tells of such an act while it does it."""


class Memory:
    """Of one unit. Containers go by their IDs."""

    def __init__(self) -> None:
        self._known: dict[str, SeenContainer] = {}
        self._gone: set[str] = set()
        self._act: Act | None = None
        self.happenings = 0
        """Whoever looks compares: what was seen meanwhile may be older than what happened."""

    def known(self, container_id: str) -> SeenContainer | None:
        return self._known.get(container_id)

    def is_gone(self, reference: str) -> bool:
        """By ID or name: it was removed, and nothing tells of another one."""
        return reference in self._gone

    def note(self, seen: SeenContainer) -> None:
        """It was looked at just now."""
        self._known[seen.container_id] = seen

    def begin(self, act: Act) -> None:
        """What the engine tells from now on may be of this act."""
        self._act = act

    def did(self, act: Act) -> None:
        """The engine has answered with success."""
        self._act = None
        seen = self._known.pop(act.container_id, None)
        if seen is not None and act.kind is ActKind.REMOVE:
            self._gone |= {seen.container_id, seen.name}
        # One with `--rm` is not only stopped: it is gone in an instant.
        if seen is not None and act.kind in _AFTER and not seen.auto_remove:
            self._known[act.container_id] = _AFTER[act.kind](seen, act)

    def happened(self, container_id: str, action: str) -> None:
        """The engine told of it."""
        act = self._act
        if act is not None and act.container_id == container_id and action in _EVENTS.get(act.kind, ()):
            return
        self.forget(container_id)

    def forget(self, container_id: str) -> None:
        """Anything may have happened to it."""
        self.happenings += 1
        self._gone.clear()
        self._known.pop(container_id, None)

    def forget_all(self) -> None:
        self._act = None
        self.happenings += 1
        self._gone.clear()
        self._known.clear()
