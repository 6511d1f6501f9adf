"""From the reference that was asked for to the image it means: on the engine, else in its registry.

An image that is on the engine is taken as it is, as `docker run` does. One that is not is looked up by the engine,
which is who will pull it; its layers and configuration are then asked of the registry from here, if that is possible. A
simulated engine is asked alone: images that are none, and credentials that are real, go to no real registry.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

import msgspec

from patchdeck.model import ImageFacts, Layer, Refusal
from patchdeck.model.facts import Value
from patchdeck.registry import credentials
from patchdeck.registry.client import NoSuchPlatform, RegistryClient, RegistryFault
from patchdeck.registry.credentials import Credentials, CredentialsError
from patchdeck.registry.image import Platform, RemoteImage
from patchdeck.registry.reference import Reference, is_image_id, parse
from patchdeck.rollout.planning.engine import EngineRead, read_image
from patchdeck.rollout.planning.rules import Rule
from patchdeck.rollout.planning.world import ImageSeen, TargetSeen
from patchdeck.sources.engine.connection import Connection, Refused, Unreadable

REGISTRY_S: Final = 30.0
"""For the engine to hear from a registry: it may have to log in and to follow a mirror first."""

Progress = Callable[[str], None]


class Resolved(Value, frozen=True, kw_only=True):
    """The image, as far as it could be found out, and what stood in the way."""

    target: TargetSeen
    refusals: tuple[Refusal, ...] = ()
    notes: tuple[str, ...] = ()


class _Descriptor(msgspec.Struct):
    digest: str


class _Distribution(msgspec.Struct):
    """GET /distribution/{name}/json."""

    Descriptor: _Descriptor
    Platforms: list[Platform] | None = None


async def resolve(
    connection: Connection,
    engine: EngineRead,
    image: str,
    *,
    environ: Mapping[str, str],
    home: Path,
    progress: Progress,
) -> Resolved:
    """Raises as `Connection` does, and InvalidReference."""
    by_id = is_image_id(image)
    reference = None if by_id else parse(image, default_registry=engine.default_host)
    progress(f"looking for {image} on the engine")
    found = await read_image(connection, image)
    if found is not None:
        return Resolved(target=_here(image, reference, found))
    if reference is None:
        text = f"there is no image {image} on {engine.seen.name}; name it by its repository and tag or digest"
        return _refused(image, Rule.UNKNOWN_IMAGE, text)
    server = reference.registry or engine.default_registry
    try:
        who = None if engine.simulated else await credentials.find(server, environ, home)
    except CredentialsError as error:
        return _refused(image, Rule.CREDENTIALS, str(error))
    progress(f"asking the engine for {image} in its registry")
    try:
        distribution = await _distribution(connection, reference, who, server)
    except TimeoutError:
        text = f"{engine.seen.name} had no answer from the registry of {image} within {REGISTRY_S:g} s; try again"
        return _refused(image, Rule.REGISTRY, text)
    except Refused as error:
        return _refused(image, *_why(error, reference, engine))
    if engine.simulated:
        note = f"the layers and the configuration of {image} are not known before its pull: it is simulated"
        digest = f"{reference.name}@{distribution.Descriptor.digest}"
        return Resolved(target=TargetSeen(image=image, digest=digest), notes=(note,))
    progress(f"asking the registry for the layers of {image}")
    return await _from_registry(image, reference, distribution, engine, who)


def _refused(image: str, rule: Rule, text: str) -> Resolved:
    return Resolved(target=TargetSeen(image=image), refusals=(Refusal(rule=rule, text=text),))


def _here(image: str, reference: Reference | None, found: ImageSeen) -> TargetSeen:
    digests = [one for one in found.facts.digests if reference and one.startswith(f"{reference.name}@")]
    return TargetSeen(
        image=image,
        here=True,
        image_id=found.facts.image_id,
        digest=digests[0] if digests else "",
        facts=found.facts,
        platform=found.platform,
        inspect=found.inspect,
        diff_ids=tuple(layer.diff_id for layer in found.facts.layers),
    )


async def _distribution(
    connection: Connection, reference: Reference, who: Credentials | None, server: str
) -> _Distribution:
    body = await connection.get(
        "distribution",
        *str(reference).split("/"),
        "json",
        headers={"X-Registry-Auth": who.header(server)} if who else None,
        timeout_s=REGISTRY_S,
    )
    try:
        return msgspec.json.decode(body, type=_Distribution)
    except ValueError as error:
        raise Unreadable(f"what the engine tells of {reference} can not be read: {error}") from error


def _why(error: Refused, reference: Reference, engine: EngineRead) -> tuple[Rule, str]:
    """Registries answer alike where an image is unknown and where it may not be seen, to tell nobody which."""
    words = error.message.lower()
    login = f"docker login {reference.registry}".rstrip()
    if any(word in words for word in ("unauthorized", "denied", "authentication", "no basic auth")):
        text = f"the registry does not let {reference} be seen: {error.message}; check its name, or run `{login}`"
        return Rule.REGISTRY_LOGIN, text
    if any(word in words for word in ("manifest unknown", "not found", "name unknown", "no such manifest")):
        text = (
            f"there is no image {reference} on {engine.seen.name} nor in its registry; check its name and tag"
        )
        return Rule.UNKNOWN_IMAGE, text
    return Rule.REGISTRY, f"{engine.seen.name} can not ask the registry of {reference}: {error.message}"


async def _from_registry(
    image: str,
    reference: Reference,
    distribution: _Distribution,
    engine: EngineRead,
    who: Credentials | None,
) -> Resolved:
    digest = distribution.Descriptor.digest
    told = TargetSeen(image=image, digest=f"{reference.name}@{digest}")
    platform = engine.seen.platform
    offered = [one for one in distribution.Platforms or () if one.os and one.architecture]
    if offered and not any(platform.runs(one) for one in offered):
        # Not a refusal yet: the running containers may be of that platform too.
        told = msgspec.structs.replace(told, platform=offered[0])
        platform = offered[0]
    registry = reference.registry or engine.default_host
    client = RegistryClient(reference, registry, who, insecure=engine.takes_insecure(registry))
    try:
        async with client:
            remote = await client.image(digest, platform)
    except NoSuchPlatform as error:
        return Resolved(target=told, refusals=(Refusal(rule=Rule.PLATFORM, text=f"{image}: {error}"),))
    except RegistryFault as error:
        note = f"the layers and the configuration of {image} are not known before it is pulled: {error}"
        return Resolved(target=told, notes=(note,))
    return Resolved(target=_remote(told, remote, engine))


def _remote(told: TargetSeen, remote: RemoteImage, engine: EngineRead) -> TargetSeen:
    configuration = remote.configuration
    image_id = remote.config_digest if engine.image_ids_are_configs else ""
    labels = configuration.config.get("Labels") or {}
    return msgspec.structs.replace(
        told,
        image_id=image_id,
        facts=ImageFacts(
            image_id=image_id,
            digests=(told.digest,),
            labels=labels,
            layers=tuple(Layer(diff_id=diff_id) for diff_id in configuration.rootfs.diff_ids),
            architecture=configuration.architecture,
        ),
        platform=configuration.platform,
        inspect={"Config": configuration.config},
        diff_ids=configuration.rootfs.diff_ids,
        layer_bytes=remote.layer_bytes,
    )
