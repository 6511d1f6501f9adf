"""Files that Compose wrote into containers: configs and secrets, which a successor would be without.

Nothing in an inspect tells of them. So the paths that differ from the image are listed, and the times of those that may
be Compose's looked at: of one container of each Compose configuration, since its replicas are given the same files.
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Iterable
from typing import Any, Final

import msgspec

from patchdeck.rollout.planning.world import ContainerSeen
from patchdeck.rollout.recreate import compose
from patchdeck.sources.engine.connection import LISTING_BYTES, Connection, Refused, Unreadable
from patchdeck.sources.engine.times import parse_ns

CHANGES_S: Final = 30.0
MOST: Final = 200
"""Files looked at in one container, those nearest to the root first."""
_AT_ONCE: Final = 4
_CONFIG_HASH: Final = "com.docker.compose.config-hash"
_STAT: Final = "X-Docker-Container-Path-Stat"
_NOT_FOUND: Final = 404


class _Stat(msgspec.Struct):
    mtime: str


async def written_by_compose(
    connection: Connection, containers: Iterable[ContainerSeen]
) -> tuple[dict[str, tuple[str, ...]], tuple[str, ...]]:
    """Paths by container ID, and notes on what was not looked at. Raises as `Connection` does."""
    first = {
        one.facts.labels.get(_CONFIG_HASH, one.facts.container_id): one
        for one in reversed(list(containers))
        if compose.made(one.inspect)
    }
    found: dict[str, tuple[str, ...]] = {}
    notes = []
    for container in first.values():
        container_id = container.facts.container_id
        changed = await _changes(connection, container_id)
        paths = compose.candidates(container.inspect, changed)
        if len(paths) > MOST:
            notes.append(
                f"{container.facts.name} has {len(paths)} files of its own, of which {MOST} were looked at for "
                "configs and secrets of Compose"
            )
        times = await _times(connection, container_id, paths[:MOST])
        found[container_id] = compose.written_files(container.facts.created_ns, times)
    return found, tuple(notes)


async def _changes(connection: Connection, container_id: str) -> list[dict[str, Any]]:
    body = await connection.get(
        "containers", container_id, "changes", timeout_s=CHANGES_S, limit_bytes=LISTING_BYTES
    )
    try:
        changed: list[dict[str, Any]] = msgspec.json.decode(body, type=list[dict[str, Any]] | None) or []
    except ValueError as error:
        raise Unreadable(f"the changes of container {container_id[:12]} can not be read: {error}") from error
    return changed


async def _times(connection: Connection, container_id: str, paths: Iterable[str]) -> dict[str, int]:
    """When each was modified; those that are gone meanwhile are left out."""
    limit = asyncio.Semaphore(_AT_ONCE)

    async def one(path: str) -> tuple[str, int] | None:
        async with limit:
            at_ns = await _modified_ns(connection, container_id, path)
        return None if at_ns is None else (path, at_ns)

    times = await asyncio.gather(*(one(path) for path in paths))
    return dict(found for found in times if found is not None)


async def _modified_ns(connection: Connection, container_id: str, path: str) -> int | None:
    try:
        headers = await connection.head("containers", container_id, "archive", params={"path": path})
    except Refused as error:
        if error.status == _NOT_FOUND:
            return None
        raise
    try:
        stat = msgspec.json.decode(base64.b64decode(headers.get(_STAT, "")), type=_Stat)
        return parse_ns(stat.mtime)
    except ValueError as error:
        raise Unreadable(f"the engine's stat of {path} can not be read: {error}") from error
