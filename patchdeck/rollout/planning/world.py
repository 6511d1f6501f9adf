"""What was read before planning, as values: the engine, its containers, the images of both sides."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from patchdeck.model import ContainerFacts, Grouping, ImageFacts, Role
from patchdeck.model.facts import Value
from patchdeck.registry.image import Platform


class EngineSeen(Value, frozen=True, kw_only=True):
    """The engine. Source: /version and /info."""

    name: str
    host: str
    """Its address, as the worker needs it."""
    engine_id: str = ""
    version: str = ""
    api: tuple[int, int] = (0, 0)
    """The version of its API that is spoken, as in (1, 41)."""
    platform: Platform = Platform()
    cpus: int = 0
    local: bool = False
    """It runs on this host."""
    free_bytes: int | None = None
    """Where it keeps images. None: that can not be seen from here."""


class ContainerSeen(Value, frozen=True, kw_only=True):
    """One container, and its inspect as the engine wrote it, which the recreate reads."""

    facts: ContainerFacts
    service: str
    grouping: Grouping
    role: Role
    started_at: str
    """State.StartedAt as the engine wrote it."""
    inspect: Mapping[str, Any]

    @property
    def ready(self) -> bool:
        """It serves, as far as the engine can tell."""
        health = self.facts.health
        return self.facts.status == "running" and (health is None or health.status == "healthy")


class ImageSeen(Value, frozen=True, kw_only=True):
    """An image that is on the engine."""

    facts: ImageFacts
    platform: Platform
    inspect: Mapping[str, Any]
    """As the engine wrote it."""


class TargetSeen(Value, frozen=True, kw_only=True):
    """The image to roll out, as far as the engine or its registry told it."""

    image: str
    """The reference as asked for."""
    here: bool = False
    """It is on the engine."""
    image_id: str = ""
    digest: str = ""
    """repository@sha256:…"""
    facts: ImageFacts | None = None
    platform: Platform | None = None
    inspect: Mapping[str, Any] | None = None
    """As the engine wrote it; of an image that is not on the engine the `Config` alone."""
    diff_ids: tuple[str, ...] | None = None
    layer_bytes: tuple[int, ...] = ()
    """Compressed, one for each of `diff_ids`; of an image that is not on the engine."""

    @property
    def resolved(self) -> bool:
        """It is known which image it is."""
        return bool(self.image_id or self.digest)


class World(Value, frozen=True, kw_only=True):
    """Everything that a plan is made from."""

    engine: EngineSeen
    containers: tuple[ContainerSeen, ...]
    """All of the engine's, stopped ones too."""
    images: Mapping[str, ImageSeen]
    """By ID: those of the service's containers, and of what goes along with them, that still exist."""
    target: TargetSeen
    compose_files: Mapping[str, tuple[str, ...]] = {}
    """By container ID: what Compose wrote into its layer."""
