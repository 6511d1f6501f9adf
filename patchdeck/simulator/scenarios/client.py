"""What happens in a scenario is asked of the engine by its API, as people and their tools ask."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterable
from types import TracebackType
from typing import Any, Final, Self
from urllib.parse import quote

import aiohttp

_URL: Final = "http://engine/v1.43"


class Refused(Exception):
    """The engine's answer was no."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(f"{status}: {message}")
        self.status = status


class Client:
    """`async with Client(socket) as engine`. Everything raises Refused, or aiohttp.ClientError where no one answers."""

    def __init__(self, socket: str) -> None:
        self._session = aiohttp.ClientSession(
            connector=aiohttp.UnixConnector(socket, limit=0), timeout=aiohttp.ClientTimeout(total=None)
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._session.close()

    async def running(self, project: str, service: str) -> list[dict[str, Any]]:
        """As GET /containers/json has them, oldest first: the replicas of a Compose service that are not stopped."""
        labels = [f"com.docker.compose.project={project}", f"com.docker.compose.service={service}"]
        filters = json.dumps({"label": labels, "status": ["running", "restarting"]})
        found: list[dict[str, Any]] = await self._call(
            "GET", "containers/json", params={"all": "1", "filters": filters}
        )
        return sorted(found, key=lambda one: int(one["Labels"]["com.docker.compose.container-number"]))

    async def start_new(self, name: str, body: dict[str, Any]) -> None:
        """Create a container and start it."""
        created = await self._call("POST", "containers/create", params={"name": name}, body=body)
        await self._call("POST", f"containers/{created['Id']}/start")

    async def take_away(self, container_id: str) -> None:
        """Stop a container and remove it."""
        await self._call("POST", f"containers/{container_id}/stop")
        await self._call("DELETE", f"containers/{container_id}")

    async def events(self, kinds: Iterable[str], actions: Iterable[str]) -> AsyncIterator[dict[str, Any]]:
        """Those of these kinds and actions, as they come, until the engine goes away."""
        filters = json.dumps({"type": sorted(kinds), "event": sorted(actions)})
        async with self._session.get(f"{_URL}/events", params={"filters": filters}) as response:
            async for line in response.content:
                yield json.loads(line)

    async def has_image(self, reference: str) -> bool:
        try:
            await self._call("GET", f"images/{quote(reference, safe='/:')}/json")
        except Refused as refused:
            if refused.status != 404:
                raise
            return False
        return True

    async def pull(self, reference: str) -> None:
        """An error may come at once or in the middle of the progress."""
        name, _, tag = reference.rpartition(":")
        answer = await self._call("POST", "images/create", params={"fromImage": name, "tag": tag})
        if isinstance(answer, dict) and "error" in answer:
            raise Refused(500, answer["error"])

    async def _call(
        self,
        method: str,
        path: str,
        *,
        params: dict[str, str] | None = None,
        body: dict[str, Any] | None = None,
    ) -> Any:
        """The answer; of one with several lines, as progress has, the last."""
        async with self._session.request(method, f"{_URL}/{path}", params=params, json=body) as response:
            text = await response.text()
            if response.status >= 400:
                raise Refused(response.status, _message(text))
        lines = text.strip().splitlines()
        return json.loads(lines[-1]) if lines else None


def _message(text: str) -> str:
    try:
        message: str = json.loads(text)["message"]
    except (ValueError, KeyError):
        return text[:200]
    return message


Lost = (aiohttp.ClientError, asyncio.TimeoutError)
"""No one answers: the engine is away."""
