"""One case on a real engine: the oracle, the container patched, and rolled back."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from patchdeck.rollout.recreate.successor import Successor, Surroundings, rebuilt, successor
from tests.lab.engine import Engine
from tests.lab.processes import wait_until
from tests.lab.unix_http import EngineError
from tests.live.battery.cases import Case
from tests.live.battery.images import PAIRS

Document = dict[str, Any]
WRITTEN = {"before.txt": "by the old one", "after.txt": "by the successor"}


@dataclass
class Outcome:
    """What was seen of one case."""

    old: Document
    oracle: Document
    plan: Successor
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

    def play(self, case: Case) -> Outcome:
        """The oracle first, and away again; then the old container, its successor, and the old container again."""
        pair = PAIRS[case.pair]
        oracle = self._run(case, pair.new)
        self._remove(oracle["Id"])
        old = self._run(case, pair.old)
        around = Surroundings(api=self.api, containers=(old, self.donor))
        old_image, new_image = (self.engine.get(f"/images/{one}/json") for one in (pair.old, pair.new))
        outcome = Outcome(
            old=old, oracle=oracle, plan=successor(old, old_image, new_image, around, image=pair.new)
        )
        outcome.written = self._write(old, "before.txt")
        try:
            new = self._patch(old, outcome.plan)
            outcome.patched = self.engine.inspect(new)
            outcome.read = self._read(outcome.patched)
            outcome.written = {**outcome.written, **self._write(outcome.patched, "after.txt", _mounted(old))}
            outcome.returned = self._roll_back(old, new, rebuilt(old, old_image, around))
            outcome.read_again = self._read(outcome.returned)
        finally:
            for name in (old["Id"], case.container, f"{case.container}--new"):
                self._remove(name)
        return outcome

    # --- acting -----------------------------------------------------------------------------------

    def _run(self, case: Case, image: str) -> Document:
        """`docker run` with the case's flags, or its request; the container runs then."""
        name = case.container
        places = {
            "name": name,
            "host": str(self._host_folder(name)),
            "cgroup": self.engine._cgroup,
            "n1": self.network_id,
        }
        if case.body is not None:
            body = {**case.body, "Image": image}
            body["HostConfig"] = {"NetworkMode": case.network, **body["HostConfig"]}
            self.engine.post(f"/containers/create?name={name}", body)
            self.engine.post(f"/containers/{name}/start")
        else:
            network = f"--network {case.network} " if case.network else ""
            flags = shlex.split((network + case.flags).format(**places))
            self.engine.docker("run", "--detach", "--name", name, *flags, image, *case.command)
        for command in case.then:
            self.engine.docker(*command.format(**places).split())
        return self.engine.inspect(name)

    def _create(self, name: str, wanted: Successor) -> str:
        identifier: str = self.engine.post(f"/containers/create?name={name}", wanted.body)["Id"]
        for one in wanted.connect:
            body = {"Container": identifier, "EndpointConfig": one.endpoint}
            self.engine.post(f"/networks/{one.network}/connect", body)
        return identifier

    def _patch(self, old: Document, wanted: Successor) -> str:
        """Create, fence, stop, swap the names, start: the order of a rollout that goes stop-first."""
        new = self._create(f"{wanted.name}--new", wanted)
        if not old["HostConfig"]["AutoRemove"]:
            self._policy(old["Id"], {"Name": "no"})
        self._stop(old)
        if not old["HostConfig"]["AutoRemove"]:
            self._rename(old["Id"], f"{wanted.name}--old")
        self._rename(new, wanted.name)
        self.engine.post(f"/containers/{new}/start")
        return new

    def _roll_back(self, old: Document, new: str, again: Successor) -> Document:
        """The old container under its name again; made again where it went away when it stopped."""
        if old["HostConfig"]["AutoRemove"]:
            identifier = self._create(f"{again.name}--again", again)
            self._stop(self.engine.inspect(new))
        else:
            identifier = old["Id"]
            self._stop(self.engine.inspect(new))
            self._rename(new, f"{again.name}--new")
            self._policy(identifier, old["HostConfig"]["RestartPolicy"])
        self._rename(identifier, again.name)
        self.engine.post(f"/containers/{identifier}/start")
        return self.engine.inspect(identifier)

    def _policy(self, identifier: str, policy: Mapping[str, Any]) -> None:
        self.engine.post(f"/containers/{identifier}/update", {"RestartPolicy": policy})

    def _rename(self, identifier: str, name: str) -> None:
        self.engine.post(f"/containers/{identifier}/rename?name={name}")

    def _stop(self, container: Document) -> None:
        self.engine.post(f"/containers/{container['Id']}/stop")
        if container["HostConfig"]["AutoRemove"]:
            assert wait_until(lambda: self.engine._is_gone(f"/containers/{container['Id']}"), 20)

    def _remove(self, name: str) -> None:
        with suppress(EngineError):  # it may be gone, as `--rm` asks
            self.engine.call("DELETE", f"/containers/{name}?force=1&v=1")

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


def _mounted(container: Document) -> list[Document]:
    return [mount for mount in container["Mounts"] if mount["Type"] in ("volume", "bind")]
