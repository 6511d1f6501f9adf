"""The cases on a real engine: their oracles, then all containers patched by a rollout, and rolled back by it."""

from __future__ import annotations

import asyncio
import shlex
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from patchdeck.model import Amount, Command, RolloutState, Strategy
from patchdeck.rollout.journal import Journal
from patchdeck.rollout.processes import actor
from patchdeck.rollout.recreate.successor import Successor, Surroundings, successor
from patchdeck.rollout.worker import carry_out
from tests.lab.engine import Engine
from tests.live.battery.cases import Case
from tests.live.battery.images import PAIRS
from tests.live.rollouts import submitted, told

Document = dict[str, Any]
WRITTEN = {"before.txt": "by the old one", "after.txt": "by the successor"}
AT_ONCE = 4
GROUP_LABEL = "patchdeck.service"
ALL_AT_ONCE = Strategy(
    canary=Amount(share=1.0),
    max_unavailable=Amount(share=1.0),
    pace=AT_ONCE,
    bake_s=0.0,
    deadline_s=120.0,
    gates={"ratio": "off", "contention": "off"},
    pause_after=("canary",),
)
"""The canary is everything; then the rollout waits for a person, who looks and aborts."""


@dataclass
class Outcome:
    """What was seen of one case."""

    old: Document
    oracle: Document
    expected: Successor
    """What the recreate says of it."""
    patched: Document = field(default_factory=dict)
    returned: Document = field(default_factory=dict)
    written: Mapping[str, str] = field(default_factory=dict)
    """By path in the container: by the old one, and by its successor into what both have."""
    read: Mapping[str, str] = field(default_factory=dict)
    """What the successor found."""
    read_again: Mapping[str, str] = field(default_factory=dict)
    """What the old one found when it ran again."""


class Bench:
    """An engine with what the cases refer to: networks, the container `donor`, a folder of the host."""

    def __init__(self, engine: Engine, folder: Path) -> None:
        self.engine = engine
        self.folder = folder
        engine.docker("network", "create", "--subnet", "10.77.0.0/24", "n1")
        engine.docker("network", "create", "--subnet", "10.78.0.0/24", "n2")
        donor = "run -d --name donor --ipc shareable -v /shared --user 0 battery/plain:1"
        engine.docker(*donor.split())
        engine.docker("network", "connect", "n1", "donor")
        self.donor = engine.inspect("donor")
        self.network_id = engine.get("/networks/n1")["Id"]
        version = engine.get("/version")["ApiVersion"]
        major, _, minor = version.partition(".")
        self.api = (int(major), int(minor))

    def play(self, cases: Sequence[Case]) -> dict[str, Outcome]:
        """By the case's name. The oracles first, and away again; then all the old containers, and their rollouts."""
        with ThreadPoolExecutor(AT_ONCE) as pool:
            oracles = list(pool.map(self._oracle, cases))
            olds = list(pool.map(lambda case: self._run(case, PAIRS[case.pair].old), cases))
        outcomes = {
            case.name: Outcome(old, oracle, self._expected(case, old), written=self._write(old, "before.txt"))
            for case, oracle, old in zip(cases, oracles, olds, strict=True)
        }
        asyncio.run(self._roll_all(cases, outcomes))
        return outcomes

    # --- the oracle, and the old container --------------------------------------------------------

    def _oracle(self, case: Case) -> Document:
        oracle = self._run(case, PAIRS[case.pair].new)
        self.engine.remove(oracle["Id"])
        return oracle

    def _run(self, case: Case, image: str) -> Document:
        """`docker run` with the case's flags, or its request; the container runs then."""
        name, label = case.container, {GROUP_LABEL: _service(case)}
        places = {
            "name": name,
            "host": str(self._host_folder(name)),
            "cgroup": self.engine._cgroup,
            "n1": self.network_id,
        }
        if case.body is not None:
            body = {**case.body, "Image": image, "Labels": label}
            body["HostConfig"] = {"NetworkMode": case.network, **body["HostConfig"]}
            self.engine.post(f"/containers/create?name={name}", body)
            self.engine.post(f"/containers/{name}/start")
        else:
            network = f"--network {case.network} " if case.network else ""
            flags = shlex.split((network + case.flags).format(**places))
            flags += [f"--label={key}={value}" for key, value in label.items()]
            self.engine.docker("run", "--detach", "--name", name, *flags, image, *case.command)
        for command in case.then:
            self.engine.docker(*command.format(**places).split())
        return self.engine.inspect(name)

    def _expected(self, case: Case, old: Document) -> Successor:
        around = Surroundings(api=self.api, containers=(old, self.donor))
        pair = PAIRS[case.pair]
        old_image, new_image = (self.engine.get(f"/images/{one}/json") for one in (pair.old, pair.new))
        return successor(old, old_image, new_image, around, image=pair.new)

    # --- the rollouts -----------------------------------------------------------------------------

    async def _roll_all(self, cases: Sequence[Case], outcomes: Mapping[str, Outcome]) -> None:
        """One rollout for each pair of images, side by side."""
        services: dict[str, list[Case]] = {}
        for case in cases:
            services.setdefault(_service(case), []).append(case)
        async with asyncio.TaskGroup() as rollouts:
            for service, members in services.items():
                rollouts.create_task(self._roll(service, members, outcomes))

    async def _roll(self, service: str, cases: Sequence[Case], outcomes: Mapping[str, Outcome]) -> None:
        journal = self.folder / service
        image = PAIRS[cases[0].pair].new
        rollout = await submitted(self.engine, journal, image, ALL_AT_ONCE, service)
        worker = asyncio.create_task(carry_out(rollout, journal))
        while told(rollout, journal).state is not RolloutState.PAUSED:
            assert not worker.done(), told(rollout, journal).text
            await asyncio.sleep(0.2)
        for case in cases:
            await asyncio.to_thread(self._look_at_successor, outcomes[case.name], case)
        with Journal(journal) as written:
            written.ask(rollout, Command.ABORT, actor("test"))
        state = await worker
        assert state.end is RolloutState.ROLLED_BACK, state.text
        for case in cases:
            outcome = outcomes[case.name]
            outcome.returned = await asyncio.to_thread(self.engine.inspect, case.container)
            outcome.read_again = self._read(outcome.returned)

    def _look_at_successor(self, outcome: Outcome, case: Case) -> None:
        outcome.patched = self.engine.inspect(case.container)
        outcome.read = self._read(outcome.patched)
        after = self._write(outcome.patched, "after.txt", _mounted(outcome.old))
        outcome.written = {**outcome.written, **after}

    # --- data -------------------------------------------------------------------------------------

    def _host_folder(self, name: str) -> Path:
        folder = self.folder / name
        folder.mkdir(exist_ok=True)
        return folder

    def _write(
        self, container: Document, name: str, among: Sequence[Document] | None = None
    ) -> dict[str, str]:
        """A file into everything mounted that can be written to; what was written, by path in the container.

        `among` are mounts to choose from: what is mounted from elsewhere is left alone.
        """
        sources = None if among is None else {mount["Source"] for mount in among}
        written = {}
        for mount in _mounted(container):
            if mount["RW"] and (sources is None or mount["Source"] in sources):
                (Path(mount["Source"]) / name).write_text(WRITTEN[name])
                written[f"{mount['Destination']}/{name}"] = WRITTEN[name]
        return written

    def _read(self, container: Document) -> dict[str, str]:
        return {
            f"{mount['Destination']}/{name}": file.read_text()
            for mount in _mounted(container)
            for name in WRITTEN
            if (file := Path(mount["Source"]) / name).exists()
        }


def _service(case: Case) -> str:
    """Of all cases between the same two images; containers are grouped by their label."""
    return f"battery-{case.pair}"


def _mounted(container: Document) -> list[Document]:
    return [mount for mount in container["Mounts"] if mount["Type"] in ("volume", "bind")]
