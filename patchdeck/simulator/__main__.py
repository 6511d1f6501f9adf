"""`python -m patchdeck.simulator --socket PATH`: a simulated engine with a few images, until it is interrupted."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import signal
import sys
from pathlib import Path

from patchdeck.simulator.engine import Engine
from patchdeck.simulator.generation import GENERATIONS, NEWEST
from patchdeck.simulator.server import Server
from patchdeck.simulator.shelf import stock
from patchdeck.simulator.world import World


async def serve(socket: Path, *, seed: int, version: str) -> None:
    """Until SIGINT or SIGTERM. Writes the engine's address as a line once it listens. Raises: OSError."""
    world = World(version=version, seed=seed)
    stock(world)
    done = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, done.set)
    async with Server(Engine(world), socket):
        sys.stdout.write(f"unix://{socket}\n")
        sys.stdout.flush()
        await done.wait()


def main() -> int:
    """The exit status."""
    parser = argparse.ArgumentParser(prog="python -m patchdeck.simulator", description=__doc__)
    parser.add_argument(
        "--socket", type=Path, required=True, help="where to listen; its folder is made if need be"
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--version", choices=GENERATIONS, default=NEWEST, help="which engine to be")
    arguments = parser.parse_args()
    try:
        arguments.socket.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with contextlib.suppress(KeyboardInterrupt):
            asyncio.run(serve(arguments.socket.absolute(), seed=arguments.seed, version=arguments.version))
    except OSError as problem:
        sys.stderr.write(f"the simulated engine can not listen on {arguments.socket}: {problem.strerror}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
