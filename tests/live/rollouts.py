"""Rollouts of real containers: planned, submitted and carried out as a person would, and what is left of them."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from patchdeck.model import AnyEntry, Plan, Rollout, Strategy
from patchdeck.rollout.database import STATE_FOLDER
from patchdeck.rollout.journal import Journal
from patchdeck.rollout.planning.maker import make_plan
from patchdeck.rollout.processes import actor
from patchdeck.rollout.story import rollout_of
from patchdeck.rollout.submit import submit
from patchdeck.settings import Settings
from patchdeck.sources.engine.connection import Connection
from patchdeck.sources.targets import Target
from tests.lab.client import EngineClient
from tests.lab.unix_http import EngineError

QUICK = Strategy(bake_s=0.0, deadline_s=30.0, pace=2, gates={"ratio": "off", "contention": "off"})


def target_of(engine: EngineClient) -> Target:
    return Target(name="lab", host=engine.host, chosen="test")


async def planned(
    engine: EngineClient,
    image: str,
    strategy: Strategy,
    service: str = "shop/web",
    settings: Settings | None = None,
) -> Plan:
    async with Connection(target_of(engine)) as connection:
        return await make_plan(connection, service, image, strategy, settings or Settings())


async def submitted(
    engine: EngineClient, folder: Path, image: str, strategy: Strategy = QUICK, service: str = "shop/web"
) -> str:
    """The rollout's ID; nothing is done yet."""
    plan = await planned(engine, image, strategy, service)
    with Journal(folder) as journal:
        return submit(journal, plan, target_of(engine), actor("test")).rollout


@dataclass
class Worker:
    """A worker process; it is ended at the latest when the test is."""

    process: subprocess.Popen[bytes]

    def wait(self, timeout: float = 60.0) -> int:
        return self.process.wait(timeout)


def worker(rollout: str, folder: Path, environ: Mapping[str, str] | None = None) -> Worker:
    """Starts one, as `submit.start` does, but as a child of the test."""
    with (folder / "worker.log").open("ab") as log:
        return Worker(
            subprocess.Popen(
                [sys.executable, "-m", "patchdeck.rollout.worker", rollout],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=os.environ | {STATE_FOLDER: str(folder)} | dict(environ or {}),
                start_new_session=True,
            )
        )


def entries(rollout: str, folder: Path) -> list[AnyEntry]:
    with Journal(folder, read_only=True) as journal:
        return journal.entries(rollout)


def told(rollout: str, folder: Path) -> Rollout:
    with Journal(folder, read_only=True) as journal:
        found = rollout_of(journal.entries(rollout), alive=journal.has_worker(rollout))
    assert found is not None
    return found


def service_now(engine: EngineClient) -> dict[str, dict[str, Any]]:
    """Inspect documents of every container there is, by name."""
    found = {}
    for listed in engine.containers():
        try:
            one = engine.inspect(listed["Id"])
        except EngineError as error:
            if error.status != 404:
                raise
            continue  # removed since it was listed
        found[one["Name"].removeprefix("/")] = one
    return found


def locks(engine: EngineClient) -> list[str]:
    volumes = engine.get("/volumes")["Volumes"] or []
    return [volume["Name"] for volume in volumes if volume["Name"].startswith("patchdeck-lock-")]
