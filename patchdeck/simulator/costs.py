"""The seam between the engine and the host it runs on: what each thing takes.

The engine knows what happens and in which order; a `Costs` knows how long it takes, and may make it fail. The phases of
a start are calls of their own, so that an engine of either generation stamps and tells between them what a real one
does:

    up to 26:  mounts → network (`network connect`) → runtime → StartedAt → `start`
    from 27:   mounts → StartedAt → runtime → network (`network connect`) → `start`
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, Protocol


class Use(NamedTuple):
    """What a container used since it was started: the counters behind GET /containers/{id}/stats."""

    cpu_ns: int = 0
    memory_bytes: int = 0
    periods: int = 0
    throttled_periods: int = 0
    throttled_ns: int = 0
    read_bytes: int = 0
    written_bytes: int = 0


class Costs(Protocol):
    """Each call returns when the work is done; it raises EngineFault to make it fail. All run on the engine's loop.

    Containers are told by their full ID.
    """

    async def create(self, container_id: str) -> None:
        """The read-write layer."""

    async def mounts(self, container_id: str) -> None:
        """A phase of a start."""

    async def network(self, container_id: str, networks: int) -> None:
        """A phase of a start: the sandbox, and an endpoint on each of so many networks."""

    async def runtime(self, container_id: str) -> None:
        """A phase of a start: the container's first process."""

    async def stop(self, container_id: str) -> None:
        """What is left to do once its process has ended."""

    async def remove(self, container_id: str) -> None: ...

    async def fetch(self, size_bytes: int, told: Callable[[int], None]) -> None:
        """One layer over the link, as compressed as it is there; `told` gets the bytes had so far now and then."""

    async def unpack(self, size_bytes: int, told: Callable[[int], None]) -> None:
        """The same layer onto the disk."""

    async def answer(self) -> None:
        """Before every answer: an engine under load is slow to answer."""

    def use(self, container_id: str, running_s: float) -> Use:
        """Of a container that has been running for so long. Never goes back while it runs."""


class Instant:
    """Nothing takes any time, and an idle container uses nothing but a little memory."""

    async def create(self, container_id: str) -> None: ...

    async def mounts(self, container_id: str) -> None: ...

    async def network(self, container_id: str, networks: int) -> None: ...

    async def runtime(self, container_id: str) -> None: ...

    async def stop(self, container_id: str) -> None: ...

    async def remove(self, container_id: str) -> None: ...

    async def fetch(self, size_bytes: int, told: Callable[[int], None]) -> None:
        told(size_bytes)

    async def unpack(self, size_bytes: int, told: Callable[[int], None]) -> None:
        told(size_bytes)

    async def answer(self) -> None: ...

    def use(self, container_id: str, running_s: float) -> Use:
        return Use(cpu_ns=round(running_s * 1e6), memory_bytes=1 << 20)
