"""The lab: a folder, its record, and the parts that were started in it."""

from __future__ import annotations

import contextlib
import os
import shutil
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.lab.engine import Engine, Generation, Network, Place
from tests.lab.newer import STOCK, Programs
from tests.lab.prometheus import Prometheus
from tests.lab.record import Record, sweep
from tests.lab.registry import Registry

PACKAGES = {
    "dockerd": "docker.io",
    "docker": "docker.io",
    "containerd": "containerd",
    "docker-registry": "docker-registry",
    "prometheus": "prometheus",
    "prometheus-node-exporter": "prometheus-node-exporter",
    "busybox": "busybox-static",
    "iptables": "iptables",
    "ip": "iproute2",
    "nsenter": "util-linux",
}


def missing() -> str:
    """Why no lab can be had here, and what to do about it; empty when one can."""
    if os.name != "posix" or not Path("/proc/self").is_dir():
        return "the lab needs Linux"
    if os.geteuid() != 0:
        return "the lab needs root: it starts Docker engines of its own"
    packages = sorted({package for program, package in PACKAGES.items() if STOCK.find(program) is None})
    if packages:
        return f"the lab needs Debian packages: apt-get install --no-install-recommends {' '.join(packages)}"
    return ""


class Lab:
    """Everything that one owner starts; taken down as a whole, in the opposite order.

    Labs whose owner has died are taken down first.
    """

    def __init__(self) -> None:
        sweep()
        self.record = Record.create()
        self.folder = self.record.folder
        self._parts = contextlib.ExitStack()
        self._engines = 0

    def engine(
        self,
        generation: Generation = "stock",
        *,
        network: Network = "none",
        live_restore: bool = False,
        disk_bytes: int = 0,
        programs: Programs | None = None,
    ) -> Engine:
        """A started engine; it ends with the lab, or before by `with` or `.stop()`."""
        self._engines += 1
        number = self._engines
        place = Place(
            folder=self.folder / f"e{number}",
            cgroup=f"{self.record.cgroup}/e{number}",
            namespace=self.record.namespace(number),
        )
        engine = Engine(
            self.record,
            place,
            generation=generation,
            network=network,
            live_restore=live_restore,
            disk_bytes=disk_bytes,
            programs=programs,
        )
        return self._parts.enter_context(engine)

    def registry(self, name: str = "registry", *, users: str = "") -> Registry:
        """A started registry; with `users`, the text of an htpasswd file, for them alone."""
        return self._parts.enter_context(Registry(self.record, self.folder / name, users=users))

    def prometheus(self) -> Prometheus:
        """A started Prometheus with a node exporter."""
        return self._parts.enter_context(Prometheus(self.record, self.folder / "prometheus"))

    def close(self) -> None:
        """Takes everything down; what a part could not end itself is ended by force."""
        try:
            self._parts.close()
        finally:
            self._keep_logs()
            self.record.take_down()

    def _keep_logs(self) -> None:
        """Copies all logs to where PATCHDECK_LAB_LOGS says, for a look at a failure after the lab is gone."""
        if kept := os.environ.get("PATCHDECK_LAB_LOGS"):
            for log in self.folder.glob("*/*.log"):
                target = Path(kept) / self.record.id / log.parent.name / log.name
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(log, target)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
