"""Images that a service could be moved to: those on its engine, and the tags that its registry has. Reads only."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import msgspec

from patchdeck.model.facts import Value
from patchdeck.registry import credentials
from patchdeck.registry.client import RegistryClient, RegistryFault
from patchdeck.registry.credentials import CredentialsError
from patchdeck.registry.reference import InvalidReference, parse
from patchdeck.rollout.planning.engine import EngineRead, read_engine
from patchdeck.sources.engine.connection import Connection, Unreadable


class Offers(Value, frozen=True, kw_only=True):
    """References, as they are to be asked for."""

    here: tuple[str, ...] = ()
    """On the engine."""
    tags: tuple[str, ...] = ()
    """Of the registry, for the repository that was asked about."""
    trouble: str = ""
    """Why the registry could not be asked, in one line."""


class _Listed(msgspec.Struct):
    """One of GET /images/json."""

    RepoTags: list[str] | None = None


async def read_offers(
    connection: Connection, image: str, *, environ: Mapping[str, str], home: Path
) -> Offers:
    """What there is besides `image`, whose repository is asked for its tags with the credentials of `docker login`.

    Raises: as `Connection` does.
    """
    engine = await read_engine(connection)
    try:
        listed = msgspec.json.decode(await connection.get("images", "json"), type=list[_Listed])
    except ValueError as error:
        raise Unreadable(f"the answer to /images/json is not an engine's: {error}") from error
    here = tuple(tag for one in listed for tag in one.RepoTags or () if not tag.startswith("<none>"))
    if engine.simulated:
        # Its registry tells no tags, and a real one is not to be asked, nor who we are there.
        return Offers(here=here)
    try:
        tags = await _tags(engine, image, environ, home)
    except (RegistryFault, CredentialsError, InvalidReference) as error:
        return Offers(here=here, trouble=str(error))
    return Offers(here=here, tags=tags)


async def _tags(engine: EngineRead, image: str, environ: Mapping[str, str], home: Path) -> tuple[str, ...]:
    reference = parse(image, default_registry=engine.default_host)
    who = await credentials.find(reference.registry or engine.default_registry, environ, home)
    registry = reference.registry or engine.default_host
    client = RegistryClient(reference, registry, who, insecure=engine.takes_insecure(registry))
    async with client:
        return tuple(f"{reference.name}:{tag}" for tag in await client.tags())
