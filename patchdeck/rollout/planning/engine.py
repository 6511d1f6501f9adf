"""What planning reads of an engine: itself, its containers, the images they were made from."""

from __future__ import annotations

import asyncio
import ipaddress
import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import msgspec

from patchdeck.registry.image import Platform
from patchdeck.rollout.planning.world import ContainerSeen, EngineSeen, ImageSeen
from patchdeck.sources.engine.connection import LISTING_BYTES, Connection, Refused, Unreadable
from patchdeck.sources.engine.describe import SIMULATED_LABEL, runs_here
from patchdeck.sources.engine.facts import container_facts
from patchdeck.sources.engine.images import image_facts
from patchdeck.sources.engine.wire import Info, Listed
from patchdeck.versions import group, role

NOT_FOUND: Final = 404


class _Index(msgspec.Struct):
    Secure: bool = True


class _Registries(msgspec.Struct):
    InsecureRegistryCIDRs: list[str] | None = None
    IndexConfigs: dict[str, _Index] | None = None


class _Info(Info):
    """GET /info, with what concerns images."""

    IndexServerAddress: str = ""
    RegistryConfig: _Registries | None = None
    DockerRootDir: str = ""
    DriverStatus: list[list[str]] | None = None


class EngineRead(msgspec.Struct, frozen=True, kw_only=True):
    """The engine, and how it deals with images and registries."""

    seen: EngineSeen
    default_registry: str
    """The address of the registry that it takes where none is named, as the user's credentials name it."""
    insecure: Mapping[str, bool]
    """Registries by name, and whether it takes them without a valid certificate."""
    insecure_networks: tuple[str, ...]
    image_ids_are_configs: bool
    """An image's ID is the digest of its configuration (and not that of its manifest, as in containerd's store)."""
    simulated: bool = False
    """Its registries are part of it: no real one is to be asked, nor who we are there."""

    @property
    def default_host(self) -> str:
        return self.default_registry.removeprefix("https://").removeprefix("http://").partition("/")[0]

    def takes_insecure(self, registry: str) -> bool:
        if registry in self.insecure:
            return self.insecure[registry]
        host = registry.rpartition(":")[0] if registry.rpartition(":")[2].isdecimal() else registry
        if host == "localhost":
            return True
        try:
            address = ipaddress.ip_address(host.strip("[]"))
        except ValueError:
            return False
        return any(
            address in ipaddress.ip_network(network, strict=False) for network in self.insecure_networks
        )


async def read_engine(connection: Connection) -> EngineRead:
    """GET /version and /info. Raises as `Connection` does."""
    version = await connection.version()
    try:
        info = msgspec.json.decode(await connection.get("info"), type=_Info)
    except ValueError as error:
        raise Unreadable(f"the answer to /info is not an engine's: {error}") from error
    target = connection.target
    local = runs_here(target, info)
    registries = info.RegistryConfig or _Registries()
    return EngineRead(
        seen=EngineSeen(
            name=target.name,
            host=target.host,
            engine_id=info.ID,
            version=version.Version,
            api=_api(version.ApiVersion),
            platform=Platform(version.Os, version.Arch),
            cpus=info.NCPU,
            local=local,
            free_bytes=await asyncio.to_thread(_free_bytes, info.DockerRootDir) if local else None,
        ),
        default_registry=info.IndexServerAddress,
        insecure={name: not index.Secure for name, index in (registries.IndexConfigs or {}).items()},
        insecure_networks=tuple(registries.InsecureRegistryCIDRs or ()),
        image_ids_are_configs=not any(
            "containerd.snapshotter" in "".join(pair) for pair in info.DriverStatus or ()
        ),
        simulated=SIMULATED_LABEL in (info.Labels or ()),
    )


def _api(version: str) -> tuple[int, int]:
    major, _, minor = version.partition(".")
    if not (major.isdecimal() and minor.isdecimal()):
        raise Unreadable(f"the engine speaks version {version[:20]!r} of the API, which is none")
    return int(major), int(minor)


def _free_bytes(folder: str) -> int | None:
    """What an ordinary program may still write there. None where the folder is not to be seen from here."""
    try:
        found = os.statvfs(folder)
    except OSError:
        return None
    return found.f_bavail * found.f_frsize


async def read_containers(
    connection: Connection, group_by: Sequence[str], *, at_once: int
) -> tuple[ContainerSeen, ...]:
    """Every container of the engine, stopped ones too; one that is removed meanwhile is left out.

    Raises as `Connection` does.
    """
    body = await connection.get("containers", "json", params={"all": "1"}, limit_bytes=LISTING_BYTES)
    try:
        listed = msgspec.json.decode(body, type=list[Listed])
    except ValueError as error:
        raise Unreadable(f"the listing of containers can not be read: {error}") from error
    limit = asyncio.Semaphore(at_once)

    async def one(container_id: str) -> ContainerSeen | None:
        async with limit:
            return await read_container(connection, container_id, group_by)

    try:
        async with asyncio.TaskGroup() as tasks:
            looks = [tasks.create_task(one(container.Id)) for container in listed]
    except* Exception as errors:
        # One reason is enough, and callers know how to tell it.
        raise errors.exceptions[0] from errors
    return tuple(seen for look in looks if (seen := look.result()) is not None)


async def read_container(
    connection: Connection, container_id: str, group_by: Sequence[str]
) -> ContainerSeen | None:
    """One container, None if it does not exist. Raises as `Connection` does."""
    try:
        body = await connection.get("containers", container_id, "json")
    except Refused as error:
        if error.status == NOT_FOUND:
            return None
        raise
    try:
        facts = container_facts(body)
        inspect: dict[str, Any] = msgspec.json.decode(body)
    except ValueError as error:
        raise Unreadable(f"container {container_id[:12]} can not be read: {error}") from error
    service, grouping = group(facts.name, facts.labels, group_by)
    return ContainerSeen(
        facts=facts,
        service=service,
        grouping=grouping,
        role=role(facts.labels),
        started_at=inspect["State"].get("StartedAt") or "",
        inspect=inspect,
    )


async def read_images(connection: Connection, image_ids: Iterable[str]) -> dict[str, ImageSeen]:
    """By ID; those that do not exist any more are left out. Raises as `Connection` does."""
    found = {}
    for image_id in dict.fromkeys(image_ids):
        image = await read_image(connection, image_id)
        if image is not None:
            found[image_id] = image
    return found


async def read_image(connection: Connection, name: str) -> ImageSeen | None:
    """An image by ID or reference, None if it is not on the engine. Raises as `Connection` does."""
    try:
        body = await connection.get("images", *name.split("/"), "json")
    except Refused as error:
        if error.status == NOT_FOUND:
            return None
        raise
    try:
        facts = image_facts(body, None)
        inspect: dict[str, Any] = msgspec.json.decode(body)
    except ValueError as error:
        raise Unreadable(f"image {name} can not be read: {error}") from error
    return ImageSeen(
        facts=facts,
        platform=Platform(
            inspect.get("Os") or "", inspect.get("Architecture") or "", inspect.get("Variant") or ""
        ),
        inspect=inspect,
    )
