"""One complete state of the engines: connect, wait until everything that is listed has been looked at, and leave."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import msgspec

from patchdeck.model import (
    AnyObservation,
    ContainerEvent,
    ContainerInspected,
    ContainersListed,
    ContainerVanished,
    ImageInspected,
    Snapshot,
    SourceChanged,
    SourceState,
)
from patchdeck.settings import Settings
from patchdeck.sources.engine.faults import fault
from patchdeck.sources.targets import Target
from patchdeck.watch import Watch

_IMAGES_S = 2.0
"""How long to wait for images once all containers are known: one that was deleted under its container never comes."""


class Look(msgspec.Struct, frozen=True):
    snapshot: Snapshot
    missing: tuple[str, ...]
    """What was not seen in time, one sentence an engine."""
    connected: bool
    """At least one engine answered."""


class Seen:
    """What of one engine has been listed, and what of that has been looked at."""

    def __init__(self, silence: str = "no answer yet") -> None:
        """`silence` is said of an engine that has not answered at all."""
        self._silence = silence
        self.state = SourceState.CONNECTING
        self.detail = ""
        self.was_live = False
        self._listed: frozenset[str] | None = None
        self._images: dict[str, str] = {}
        """The image of each container that was inspected."""
        self._gone: set[str] = set()
        self._images_seen: set[str] = set()

    def take(self, observation: AnyObservation) -> None:
        match observation:
            case SourceChanged(source="engine"):
                self.state, self.detail = observation.state, observation.detail
                self.was_live |= observation.state is SourceState.LIVE
            case ContainersListed():
                self._listed = frozenset(observation.container_ids)
            case ContainerInspected():
                self._images[observation.container.container_id] = observation.container.image_id
            case ContainerVanished():
                self._gone.add(observation.container_id)
            case ContainerEvent(action="destroy"):
                self._gone.add(observation.container_id)
            case ImageInspected():
                self._images_seen.add(observation.image.image_id)

    @property
    def missing_containers(self) -> int | None:
        """None as long as nothing was listed."""
        return None if self._listed is None else len(self._listed - self._images.keys() - self._gone)

    @property
    def given_up(self) -> bool:
        """It could not be reached at the first try; a look does not wait for an engine to be repaired."""
        return self.state is SourceState.LOST and not self.was_live

    @property
    def missing_images(self) -> int:
        here = {image for container, image in self._images.items() if container not in self._gone}
        return len(here - self._images_seen)

    @property
    def missing(self) -> str:
        if self.missing_containers is None:
            return f"{self.state.value}: {self.detail or self._silence}"
        return f"{self.missing_containers} of its containers were not seen in time"


async def look(settings: Settings, targets: Sequence[Target], *, patience_s: float) -> Look:
    """The state once every engine is complete, or what there is of it after `patience_s`."""
    seen = {target.name: Seen(fault(target, TimeoutError()).sentence) for target in targets}
    latest = Snapshot()
    containers, images = asyncio.Event(), asyncio.Event()

    def observed(observation: AnyObservation) -> None:
        if (of := seen.get(observation.engine)) is not None:
            of.take(observation)

    def told(snapshot: Snapshot) -> None:
        """Every observation so far is in the snapshot."""
        nonlocal latest
        latest = snapshot
        if all(of.missing_containers == 0 or of.given_up for of in seen.values()):
            containers.set()
            if not any(of.missing_images for of in seen.values()):
                images.set()

    watching = asyncio.create_task(Watch(settings, targets, on_snapshot=told, on_observation=observed).run())
    try:
        await _within(containers, patience_s, watching)
        if containers.is_set():
            await _within(images, _IMAGES_S, watching)
    finally:
        watching.cancel()
        await asyncio.wait([watching])
    return Look(
        snapshot=latest,
        missing=tuple(f"{name}: {of.missing}" for name, of in seen.items() if of.missing_containers != 0),
        connected=any(of.was_live for of in seen.values()),
    )


async def _within(event: asyncio.Event, seconds: float, watching: asyncio.Task[None]) -> None:
    """Wait for the event for so long. Raises what ends the watch before that."""
    waiting = asyncio.create_task(event.wait())
    try:
        await asyncio.wait([waiting, watching], timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        if watching.done():
            watching.result()
    finally:
        waiting.cancel()
