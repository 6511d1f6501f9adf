"""GET /containers/{id}/logs, with the frames that tell the two streams apart."""

from __future__ import annotations

import struct
from typing import Final

from aiohttp import web

from patchdeck.simulator.api.requests import flag, moment_ns
from patchdeck.simulator.container import Container
from patchdeck.simulator.times import rfc3339
from patchdeck.simulator.world import World

LOOK_S: Final = 0.2
"""So often something new is looked for while a log is followed."""


async def logs(request: web.Request, container: Container, world: World) -> web.StreamResponse:
    """Raises: EngineFault."""
    wanted = {number for number, name in ((1, "stdout"), (2, "stderr")) if flag(request, name)}
    if not wanted:
        raise world.words.no_stream()
    since_ns = moment_ns(request.query.get("since", ""), world.words) or 0
    lines = [line for line in container.log if line[1] in wanted and line[0] >= since_ns]
    tail = request.query.get("tail", "all")
    if tail.isdecimal():
        lines = lines[max(0, len(lines) - int(tail)) :]
    tty = bool(container.config["Tty"])
    kind = "application/vnd.docker.raw-stream" if tty else "application/vnd.docker.multiplexed-stream"
    headers = {"Content-Type": kind if world.generation.since_24 else "application/octet-stream"}
    response = web.StreamResponse(headers=headers)
    await response.prepare(request)
    timestamps = flag(request, "timestamps")
    last_ns = since_ns
    for line in lines:
        await response.write(_framed(*line, timestamps=timestamps, tty=tty))
        last_ns = line[0]
    while flag(request, "follow") and container.running:
        await world.clock.sleep(LOOK_S)
        for line in [one for one in container.log if one[0] > last_ns and one[1] in wanted]:
            await response.write(_framed(*line, timestamps=timestamps, tty=tty))
            last_ns = line[0]
    return response


def _framed(at_ns: int, stream: int, line: str, *, timestamps: bool, tty: bool) -> bytes:
    text = (f"{rfc3339(at_ns)} {line}\n" if timestamps else f"{line}\n").encode()
    return text if tty else struct.pack(">BxxxL", stream, len(text)) + text
