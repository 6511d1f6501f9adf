"""What things take on the simulated host: the engine's costs, out of the model."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from patchdeck.simulator.costs import Use
from patchdeck.simulator.host import service_times
from patchdeck.simulator.host.driven import Clock, DrivenHost
from patchdeck.simulator.host.files import PressureFiles
from patchdeck.simulator.host.model import DISK, LINK, HostModel, Step

UPDATE_S: Final = 2.0
"""Between two averages of pressure, as in a kernel."""
PERIODS_PER_S: Final = 10


class Appetite(NamedTuple):
    """What one container takes while it runs."""

    processors: float = 0.002
    memory_bytes: int = 32_000_000
    written_bytes_per_s: float = 2_000.0
    has_cpu_limit: bool = False


class SimulatedHost:
    """`patchdeck.simulator.costs.Costs`.

    `appetite` tells what a container takes, by its ID. Pressure is kept in the folder `proc`, in the form of /proc,
    while `run` runs.
    """

    def __init__(
        self, chance: random.Random, clock: Clock, *, proc: Path, appetite: Callable[[str], Appetite]
    ) -> None:
        self._chance = chance
        self._appetite = appetite
        self._model = HostModel(chance)
        self._driven = DrivenHost(self._model, clock)
        self._clock = clock
        self._files = PressureFiles(proc, self._model.busy)

    async def run(self) -> None:
        """Until cancelled. Raises: OSError where the folder can not be written."""
        while True:
            await self._clock.sleep(UPDATE_S)
            self._files.update(self._driven.settle())

    # ------------------------------------------------------------------------------------------------ costs

    async def create(self, container_id: str) -> None:
        await self._through(service_times.CREATE)

    async def mounts(self, container_id: str) -> None:
        await self._through(service_times.MOUNTS)

    async def network(self, container_id: str, networks: int) -> None:
        await self._through((*service_times.SANDBOX, *(service_times.ENDPOINT * networks)))

    async def runtime(self, container_id: str) -> None:
        await self._through(service_times.RUNTIME)

    async def stop(self, container_id: str) -> None:
        await self._through(service_times.STOP)

    async def remove(self, container_id: str) -> None:
        await self._through(service_times.REMOVE)

    async def fetch(self, size_bytes: int, told: Callable[[int], None]) -> None:
        await self._in_pieces(LINK, 1.0, size_bytes, told)

    async def unpack(self, size_bytes: int, told: Callable[[int], None]) -> None:
        await self._in_pieces(DISK, service_times.UNPACKED_BYTES_PER_S, size_bytes, told)

    async def answer(self) -> None:
        await self._through(service_times.ANSWER)

    def use(self, container_id: str, running_s: float) -> Use:
        appetite = self._appetite(container_id)
        return Use(
            cpu_ns=round((service_times.RUNTIME[0].work + appetite.processors * running_s) * 1e9),
            memory_bytes=appetite.memory_bytes,
            periods=round(running_s * PERIODS_PER_S) if appetite.has_cpu_limit else 0,
            written_bytes=round(appetite.written_bytes_per_s * running_s),
        )

    # ------------------------------------------------------------------------------------------------ controls

    def want_processors(self, processors: float) -> None:
        """From now on containers want so many processors."""
        self._driven.want_processors(processors)

    def slow_disk(self, factor: float) -> None:
        """From now on the disk takes so many times as long; 1 is as calibrated."""
        self._driven.slow_disk(factor)

    async def read_disk(self, seconds: float) -> None:
        """Something that is no container's start has the disk for so long, once it is its turn."""
        await self._driven.through([Step(DISK, seconds)])

    async def _through(self, steps: Sequence[Step]) -> None:
        await self._driven.through(service_times.drawn(self._chance, steps))

    async def _in_pieces(
        self, station: str, units_per_s: float, size_bytes: int, told: Callable[[int], None]
    ) -> None:
        """Piece by piece, so that others get their turns between."""
        had = 0
        while had < size_bytes:
            piece = min(service_times.PIECE_BYTES, size_bytes - had)
            await self._driven.through([Step(station, piece / units_per_s)])
            had += piece
            told(had)
