"""One line of an engine's event stream, to an observation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from patchdeck.model import ContainerEvent, ImageEvent
from patchdeck.sources.engine import wire

CONTAINER_ACTIONS = frozenset(
    ("create", "start", "die", "stop", "kill", "restart", "oom", "pause", "unpause", "rename", "update", "destroy",
     "health_status")
)  # fmt: skip
"""Of the rest, exec_* are mostly health probes (three events each) and the others change nothing that is shown."""
NETWORK_ACTIONS = frozenset(("connect", "disconnect"))
IMAGE_ACTIONS = frozenset(("pull", "tag", "untag", "delete", "load", "import"))

FILTERS = {
    "type": ["container", "image", "network"],
    "event": sorted(CONTAINER_ACTIONS | NETWORK_ACTIONS | IMAGE_ACTIONS),
}
"""For the engine to leave out the rest itself, before its own queue of 1024 for this stream."""

ALWAYS_KEPT_LABELS = ("com.docker.compose.oneoff", "com.docker.swarm.task.id")

EventKey = tuple[int, str, str, str, str]
"""timeNano, Type, Action, Actor.ID and, for events of a network, the container: equal only for the same event."""


class Unreadable(ValueError):
    """A line that is no event as the API defines one."""


class EventDecoder:
    """Decodes lines; knows which labels of a new container are wanted."""

    def __init__(self, engine: str, group_by: Sequence[str]) -> None:
        self._engine = engine
        labels = dict.fromkeys(part for rule in group_by for part in rule.split("+"))
        self._labels = (*labels, *ALWAYS_KEPT_LABELS)
        self._decoder = msgspec.json.Decoder(wire.Event)

    def decode(self, line: bytes) -> tuple[EventKey, ContainerEvent | ImageEvent] | None:
        """The observation and what tells it from a repetition; None for an event that is of no interest.

        Raises: Unreadable.
        """
        try:
            event = self._decoder.decode(line)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise Unreadable(str(error)) from error
        if not 0 < event.timeNano < 2**63:
            raise Unreadable(f"timeNano is {event.timeNano}")
        action, _, detail = event.Action.partition(":")
        attributes = event.Actor.Attributes or {}
        observed: ContainerEvent | ImageEvent
        if event.Type == "container" and action in CONTAINER_ACTIONS:
            observed = self._of_container(event, action, detail.strip(), attributes)
        elif event.Type == "network" and action in NETWORK_ACTIONS:
            observed = self._of_network(event, action, attributes)
        elif event.Type == "image" and action in IMAGE_ACTIONS:
            image = attributes.get("name") or event.Actor.ID
            observed = ImageEvent(engine=self._engine, at_ns=event.timeNano, action=action, image=image)
        else:
            return None
        container = attributes.get("container", "") if event.Type == "network" else ""
        return (event.timeNano, event.Type, event.Action, event.Actor.ID, container), observed

    def _of_container(
        self, event: wire.Event, action: str, detail: str, attributes: Mapping[str, str]
    ) -> ContainerEvent:
        if not event.Actor.ID:
            raise Unreadable(f"{action} of a container without an ID")
        labels: dict[str, str] = {}
        if action == "create":
            labels = {name: attributes[name] for name in self._labels if name in attributes}
        exit_code = attributes.get("exitCode", "") if action == "die" else ""
        return ContainerEvent(
            engine=self._engine,
            at_ns=event.timeNano,
            container_id=event.Actor.ID,
            action=action,
            detail=attributes.get("signal", "") if action == "kill" else detail,
            name=attributes.get("name", ""),
            image=attributes.get("image", ""),
            exit_code=_as_exit_code(exit_code),
            labels=labels,
        )

    def _of_network(self, event: wire.Event, action: str, attributes: Mapping[str, str]) -> ContainerEvent:
        container_id = attributes.get("container", "")
        if not container_id:
            raise Unreadable(f"{action} of a network without a container")
        return ContainerEvent(
            engine=self._engine,
            at_ns=event.timeNano,
            container_id=container_id,
            action=action,
            detail=attributes.get("name", ""),
        )


def _as_exit_code(text: str) -> int | None:
    """A container's label of the same name hides the engine's own attribute, so this may be any text."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 3 else None
