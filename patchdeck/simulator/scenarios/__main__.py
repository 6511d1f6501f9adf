"""`python -m patchdeck.simulator.scenarios`: a simulated engine with a scenario, as a child of whoever shows it.

It writes one line when it listens. It ends when its standard input does, so also when its parent is killed, and clears
away the folder that it was given.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import shutil
import sys
from pathlib import Path

from patchdeck.simulator.scenarios import NAMES, load
from patchdeck.simulator.scenarios.client import Client
from patchdeck.simulator.scenarios.play import Player
from patchdeck.simulator.scenarios.stage import Stage
from patchdeck.simulator.server import Server

SOCKET, PROC = "engine.sock", "proc"
"""In the folder."""


def main() -> None:
    """Runs until standard input ends."""
    parser = argparse.ArgumentParser(prog="python -m patchdeck.simulator.scenarios")
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--scenario", choices=NAMES, required=True)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    logging.basicConfig(format="%(asctime)s %(message)s", level=logging.WARNING)
    try:
        asyncio.run(_run(asked.folder, asked.scenario, asked.seed))
    finally:
        shutil.rmtree(asked.folder, ignore_errors=True)


async def _run(folder: Path, name: str, seed: int) -> None:
    scenario = load(name)
    proc = folder / PROC
    proc.mkdir()
    stage = Stage(scenario, seed=seed, proc=proc)
    await stage.live_through_the_past()
    async with Server(stage.engine, folder / SOCKET), Client(str(folder / SOCKET)) as client:
        sys.stdout.write("listening\n")
        sys.stdout.flush()
        player = Player(scenario, client, stage, stage.chance)
        tasks = [asyncio.create_task(player.run()), asyncio.create_task(stage.host.run())]
        left = asyncio.create_task(_end_of_input())
        # Whichever fails ends the engine: a scenario without its host is none.
        done, _ = await asyncio.wait([left, *tasks], return_when=asyncio.FIRST_COMPLETED)
        for task in (left, *tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for task in done:
            task.result()


async def _end_of_input() -> None:
    """Until the parent closes its end, as the system does for one that was killed."""
    loop = asyncio.get_running_loop()
    ended = loop.create_future()

    def read() -> None:
        if not os.read(sys.stdin.fileno(), 1024) and not ended.done():
            ended.set_result(None)

    loop.add_reader(sys.stdin.fileno(), read)
    try:
        await ended
    finally:
        loop.remove_reader(sys.stdin.fileno())


if __name__ == "__main__":
    main()
