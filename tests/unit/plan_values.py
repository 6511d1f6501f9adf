"""What planning reads, made by hand: an engine, replicas, images."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from patchdeck.model import (
    ContainerFacts,
    Grouping,
    Health,
    Healthcheck,
    ImageFacts,
    Layer,
    Plan,
    Role,
    Strategy,
)
from patchdeck.registry.image import Platform
from patchdeck.rollout.planning.core import plan_of
from patchdeck.rollout.planning.replacing import Replacing
from patchdeck.rollout.planning.world import ContainerSeen, EngineSeen, ImageSeen, TargetSeen, World
from patchdeck.rollout.recreate.ordering import Hindrance

AMD64, ARM64 = Platform("linux", "amd64"), Platform("linux", "arm64")
OLD, NEW = "sha256:" + "0" * 64, "sha256:" + "1" * 64
NEW_DIGEST = "shop/web@sha256:" + "d" * 64
ENGINE = EngineSeen(
    name="prod-a",
    host="unix:///engine.sock",
    engine_id="E",
    version="28.5.2",
    platform=AMD64,
    cpus=2,
    local=True,
    free_bytes=10_000_000_000,
)


def replica(
    number: int,
    *,
    service: str = "shop/web",
    image_id: str = OLD,
    status: str = "running",
    role: Role = Role.REPLICA,
    health: str = "",
    latency_s: float = 0.3,
    labels: Mapping[str, str] | None = None,
    started_at: str = "",
    healthcheck: Healthcheck | None = None,
    **more: Any,
) -> ContainerSeen:
    name = f"{service.replace('/', '-')}-{number}"
    created_ns = 1_000_000_000_000 + number * 1_000_000_000
    facts = ContainerFacts(
        container_id=f"{number:064x}",
        name=name,
        image="shop/web:1.0",
        image_id=image_id,
        created_ns=created_ns,
        started_ns=created_ns + round(latency_s * 1e9),
        status=status,
        labels={"com.docker.compose.container-number": str(number)} if labels is None else labels,
        health=Health(status=health) if health else None,
        healthcheck=healthcheck,
        **more,
    )
    return ContainerSeen(
        facts=facts,
        service=service,
        grouping=Grouping.COMPOSE,
        role=role,
        started_at=started_at or f"2026-01-31T23:41:{number % 60:02d}.5Z",
        inspect={},
    )


def image(
    image_id: str = OLD,
    *,
    layers: Iterable[str] = ("base", "old"),
    size_bytes: int = 5_000_000,
    digests: tuple[str, ...] = (),
    platform: Platform = AMD64,
    version: str = "1.0",
) -> ImageSeen:
    facts = ImageFacts(
        image_id=image_id,
        digests=digests,
        labels={"org.opencontainers.image.version": version},
        size_bytes=size_bytes,
        layers=tuple(Layer(diff_id=one) for one in layers),
    )
    return ImageSeen(facts=facts, platform=platform, inspect={"Config": {}})


def here(
    image_id: str = NEW,
    *,
    layers: Iterable[str] = ("base", "new"),
    size_bytes: int = 7_000_000,
    platform: Platform = AMD64,
) -> TargetSeen:
    """The new image, on the engine."""
    seen = image(image_id, layers=layers, size_bytes=size_bytes, platform=platform, version="1.1")
    return TargetSeen(
        image="shop/web:1.1",
        here=True,
        image_id=image_id,
        facts=seen.facts,
        platform=platform,
        inspect=seen.inspect,
        diff_ids=tuple(layers),
    )


def elsewhere(
    *, layers: Iterable[str] = ("base", "new"), layer_bytes: tuple[int, ...] = (30, 12)
) -> TargetSeen:
    """The new image, in its registry."""
    return TargetSeen(
        image="shop/web:1.1",
        digest=NEW_DIGEST,
        platform=AMD64,
        diff_ids=tuple(layers),
        layer_bytes=layer_bytes,
    )


def world(
    containers: Sequence[ContainerSeen],
    *,
    target: TargetSeen | None = None,
    images: Mapping[str, ImageSeen] | None = None,
    engine: EngineSeen = ENGINE,
) -> World:
    return World(
        engine=engine,
        containers=tuple(containers),
        images={OLD: image()} if images is None else images,
        target=target or here(),
    )


def planned(
    containers: Sequence[ContainerSeen],
    strategy: Strategy | None = None,
    *,
    service: str = "shop/web",
    stop_first: str = "",
    **of_world: Any,
) -> Plan:
    """The plan; `stop_first` is why no container may run beside its successor."""
    how = Replacing(hindrances=(Hindrance(rule="test", text=stop_first),) if stop_first else ())
    return plan_of(
        world(containers, **of_world),
        service,
        strategy or Strategy(),
        {container.facts.container_id: how for container in containers},
    )
