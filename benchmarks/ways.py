"""Ways to move a service of plain replicas from one image to another, each as its users have it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from threading import Barrier

from patchdeck.model import AnyEntry, PaceChanged, RolloutState, StateEntered, Strategy, WorkerBegan
from patchdeck.rollout.journal import Journal
from patchdeck.rollout.submit import start
from tests.lab.client import EngineClient
from tests.lab.newer import newer_programs
from tests.lab.processes import LabError, wait_until
from tests.lab.services import start_service
from tests.live.rollouts import submitted

SERVICE = "shop/web"
PATIENCE_S = 240.0
SWARM_CAP_S = 45.0
"""One replica at a time takes Swarm minutes for what the others do in seconds: it is watched for so long."""

UNTUNED = Strategy(bake_s=0.0, gates={"ratio": "off"})
"""Canary, batches, order and pace are auto. The worker saw no startups of the old version to compare with."""


@dataclass(frozen=True)
class Patched:
    """One patch, by its own account; nanoseconds of the wall clock."""

    began_ns: int
    ended_ns: int
    over: bool = True
    """False: it was not waited for until its end."""
    entries: tuple[AnyEntry, ...] = ()
    """Of the journal, where it was Patchdeck's."""

    @property
    def took_s(self) -> float:
        return (self.ended_ns - self.began_ns) / 1e9

    @property
    def paces(self) -> list[float]:
        """The pace after each change of it, while replicas were replaced."""
        return [entry.pace for entry in self.entries if isinstance(entry, PaceChanged)]


@dataclass(frozen=True)
class Way:
    """`begin` starts the service with the image it is given, `patch` moves it to another."""

    name: str
    begin: Callable[[str], object]
    patch: Callable[[str], Patched]


def plain(engine: EngineClient, replicas: int) -> Callable[[str], object]:
    """A service of containers made by the API, without a network."""
    return lambda image: start_service(engine, image, replicas, network="none")


def paced(engine: EngineClient, folder: Path, replicas: int, name: str = "Patchdeck") -> Way:
    """A plan, and a worker of its own process. From the worker's first entry to that of the end, which is committed."""

    def patch(image: str) -> Patched:
        rollout = asyncio.run(submitted(engine, folder, image, UNTUNED, SERVICE))
        worker = start(rollout, folder)
        try:
            worker.wait(PATIENCE_S)
        finally:
            worker.kill()
            worker.wait()
        with Journal(folder, read_only=True) as journal:
            entries = journal.entries(rollout)
        began = next(entry for entry in entries if isinstance(entry, WorkerBegan))
        ended = next(entry for entry in reversed(entries) if isinstance(entry, StateEntered))
        if ended.state is not RolloutState.COMMITTED:
            raise LabError(f"the rollout is {ended.state}: {ended.text}")
        return Patched(began.at_ns, ended.at_ns, entries=tuple(entries))

    return Way(name, plain(engine, replicas), patch)


def at_once(engine: EngineClient, replicas: int) -> Way:
    """By the API: every replica stopped, removed, created anew under its name and started, all of them at one time."""

    def patch(image: str) -> Patched:
        old = engine.containers()
        gate = Barrier(len(old))

        def replace(listed: dict[str, object]) -> None:
            container = engine.inspect(str(listed["Id"]))
            name = container["Name"].removeprefix("/")
            body = {
                "Image": image,
                "Labels": container["Config"]["Labels"],
                "HostConfig": {"NetworkMode": container["HostConfig"]["NetworkMode"]},
            }
            with engine.connection(PATIENCE_S) as connection:
                connection.connect()
                gate.wait(60)
                connection.call("POST", f"/containers/{container['Id']}/stop")
                connection.call("DELETE", f"/containers/{container['Id']}")
                made = connection.call("POST", f"/containers/create?name={name}", body)["Id"]
                connection.call("POST", f"/containers/{made}/start")

        began_ns = time.time_ns()
        with ThreadPoolExecutor(len(old)) as pool:
            list(pool.map(replace, old))
        return Patched(began_ns, time.time_ns())

    return Way("all at once", plain(engine, replicas), patch)


def swarm(engine: EngineClient, replicas: int, *, parallelism: int) -> Way:
    """`docker service update` with its defaults but for the parallelism (0: all at once). The engine is made a swarm.

    Swarm knows no containers without a network: these have the engine's own.
    """

    def begin(image: str) -> None:
        if engine.get("/info")["Swarm"]["LocalNodeState"] != "active":
            engine.docker("swarm", "init", "--advertise-addr", "127.0.0.1")
        engine.docker(
            "service", "create", "--quiet", "--name=web", f"--replicas={replicas}", "--network=host",
            "--no-resolve-image", image,
        )  # fmt: skip

    def patch(image: str) -> Patched:
        began_ns = time.time_ns()
        engine.docker(
            "service", "update", "--quiet", "--detach", "--no-resolve-image",
            f"--update-parallelism={parallelism}", f"--image={image}", "web",
        )  # fmt: skip

        def state() -> str:
            told = engine.get("/services/web").get("UpdateStatus") or {}
            return str(told.get("State", ""))

        over = wait_until(lambda: state() == "completed", SWARM_CAP_S)
        return Patched(began_ns, time.time_ns(), over=over)

    words = "all at once" if parallelism == 0 else f"{parallelism} at a time"
    return Way(f"Swarm, {words}", begin, patch)


def compose(engine: EngineClient, folder: Path, replicas: int) -> Way:
    """`docker compose up` with another image. Raises NoNewerEngineError where its command line could not be had."""
    programs = newer_programs()
    folder.mkdir()
    if programs.plugins is not None:
        (folder / "cli-plugins").symlink_to(programs.plugins)
    client = EngineClient(engine.socket, folder=folder, programs=programs)
    project = folder / "compose.yaml"

    def up(image: str) -> Patched:
        project.write_text(f"services:\n  web:\n    image: {image}\n    network_mode: none\n")
        began_ns = time.time_ns()
        client.docker(
            "compose", "--progress=quiet", "--project-name=shop", f"--file={project}",
            "up", "--detach", "--pull=never", f"--scale=web={replicas}",
            timeout=PATIENCE_S,
        )  # fmt: skip
        return Patched(began_ns, time.time_ns())

    return Way("Compose", up, up)
