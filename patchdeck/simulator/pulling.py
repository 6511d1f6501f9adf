"""POST /images/create: an image from the registry, layer by layer, with progress."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from typing import Any, Final

from patchdeck.registry.reference import Reference
from patchdeck.simulator.errors import EngineFault
from patchdeck.simulator.images import Image, Layer, read
from patchdeck.simulator.volumes import ROOT
from patchdeck.simulator.world import World

AT_ONCE: Final = 3
"""Layers on the link at once; they go onto the disk one after another, from the bottom."""

Line = dict[str, Any]


class Pulling:
    def __init__(self, world: World) -> None:
        self._world = world

    def begin(self, name: str, tag: str) -> tuple[Reference, Image]:
        """What will be pulled. Raises: EngineFault, as long as no line of progress is out."""
        if tag:
            name = f"{name}@{tag}" if ":" in tag else f"{name}:{tag}"
        reference = read(name, self._world.words)
        return reference, self._world.registry.find(reference)

    async def lines(self, reference: Reference, image: Image) -> AsyncGenerator[Line, None]:
        """Progress; an error in the middle is a line as well, and the last."""
        said: asyncio.Queue[Line | None] = asyncio.Queue()
        work = asyncio.get_running_loop().create_task(self._pull(reference, image, said))
        work.add_done_callback(lambda _: said.put_nowait(None))
        yield {"status": f"Pulling from {reference.repository}", "id": reference.tag or str(reference)}
        try:
            while (line := await said.get()) is not None:
                yield line
            await work
        except EngineFault as fault:
            yield {"errorDetail": {"message": fault.message}, "error": fault.message}
        finally:
            work.cancel()

    async def _pull(self, reference: Reference, image: Image, said: asyncio.Queue[Line | None]) -> None:
        world = self._world
        had = world.images.find(image.id)
        if had is None:
            await self._layers(image, said)
        canonical = f"{reference.name}@{image.manifest}"
        names = [canonical] if reference.digest else [str(reference), canonical]
        world.images.keep(image, *names, at_ns=world.clock.now_ns())
        # An engine tells the name without its tag, also when there was nothing to do.
        about = {"name": reference.name} | image.labels
        world.events.emit("image", "pull", str(reference), about)
        said.put_nowait({"status": f"Digest: {image.manifest}"})
        what = "Image is up to date" if had is not None else "Downloaded newer image"
        said.put_nowait({"status": f"Status: {what} for {reference}"})

    async def _layers(self, image: Image, said: asyncio.Queue[Line | None]) -> None:
        world = self._world
        wanted = [layer for layer in image.layers if not world.images.has_layer(layer)]
        for layer in image.layers:
            status = "Pulling fs layer" if layer in wanted else "Already exists"
            said.put_nowait(_line(layer, status))
        slots = asyncio.Semaphore(AT_ONCE)

        async def fetch(layer: Layer) -> None:
            async with slots:
                total = layer.blob_bytes
                await world.costs.fetch(
                    total, lambda done: said.put_nowait(_line(layer, "Downloading", done, total))
                )
                if world.registry.failing:
                    raise world.words.registry_down("registry")
            said.put_nowait(_line(layer, "Verifying Checksum"))
            said.put_nowait(_line(layer, "Download complete"))

        fetching = {layer: asyncio.ensure_future(fetch(layer)) for layer in wanted}
        try:
            for layer, fetched in fetching.items():
                await fetched
                if world.faults.disk_full:
                    raise EngineFault(
                        500,
                        f"failed to register layer: write {ROOT}/overlay2: no space left on device",
                    )
                await self._unpack(layer, said)
        finally:
            for fetched in fetching.values():
                fetched.cancel()
            await asyncio.gather(*fetching.values(), return_exceptions=True)

    async def _unpack(self, layer: Layer, said: asyncio.Queue[Line | None]) -> None:
        total = layer.blob_bytes

        def told(done: int) -> None:
            # Counted in what came over the link, as a real engine does.
            share = min(total, round(total * done / max(1, layer.size_bytes)))
            said.put_nowait(_line(layer, "Extracting", share, total))

        await self._world.costs.unpack(layer.size_bytes, told)
        said.put_nowait(_line(layer, "Pull complete"))


def _line(layer: Layer, status: str, done: int | None = None, total: int = 0) -> Line:
    short = layer.blob.removeprefix("sha256:")[:12]
    if done is None:
        return {"status": status, "progressDetail": {}, "id": short}
    filled = round(50 * done / total)
    bar = f"{'=' * filled}{'>' if filled < 50 else ''}".ljust(50)[:50]
    return {
        "status": status,
        "progressDetail": {"current": done, "total": total},
        "progress": f"[{bar}] {done}B/{total}B",
        "id": short,
    }
