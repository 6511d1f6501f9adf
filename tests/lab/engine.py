"""A real Docker engine of the lab's own, which shares nothing with the machine's."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

from tests.lab.client import EngineClient
from tests.lab.leftovers import Remains
from tests.lab.namespace import Namespace
from tests.lab.newer import STOCK, Programs, newer_programs
from tests.lab.processes import Daemon, LabError, end, free_port, wait_until
from tests.lab.record import Record
from tests.lab.unix_http import EngineError

Generation = Literal["stock", "newer"]
Network = Literal["none", "bridge"]
STOP_GRACE_S = 12.0


@dataclass(frozen=True)
class Place:
    """What an engine may call its own; the namespace names interfaces too, so it holds 14 characters at most."""

    folder: Path
    cgroup: str
    namespace: str


class Engine(EngineClient):
    """One dockerd with its containerd.

    `network="none"` has no bridge and no rules: quickest, and enough where containers need no network (create none
    on it: its bridge would lie among the machine's own). `network="bridge"` gives the engine a network namespace of
    its own, with a real bridge and real iptables rules in it; published ports are then found at `.address`.
    With `disk_bytes` its data lies on a disk of that size, which a test may fill.
    """

    def __init__(
        self,
        record: Record,
        place: Place,
        *,
        generation: Generation = "stock",
        network: Network = "none",
        live_restore: bool = False,
        disk_bytes: int = 0,
        programs: Programs | None = None,
    ) -> None:
        super().__init__(
            place.folder / "docker.sock",
            folder=place.folder / "cli",
            programs=programs or (STOCK if generation == "stock" else newer_programs()),
        )
        self.generation: Generation = generation
        self.network: Network = network
        self.folder = place.folder
        self._live_restore = live_restore
        self._disk_bytes = disk_bytes
        self._cgroup = place.cgroup
        self.namespace = Namespace(place.namespace) if network == "bridge" else None
        self._record = record
        self._containerd: Daemon | None = None
        self._dockerd: Daemon | None = None
        self._metrics = ""

    # --- life -------------------------------------------------------------------------------------

    def start(self, timeout: float = 60.0) -> Self:
        """Starts containerd and dockerd, and returns once the engine answers."""
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "cli").mkdir(exist_ok=True)
        if self.programs.plugins is not None:
            plugins = self.folder / "cli" / "cli-plugins"
            if not plugins.is_symlink():
                plugins.symlink_to(self.programs.plugins)
        try:
            if self.namespace is not None and not self.namespace.address:
                self.namespace.create()
            self._mount_disk()
            self._start_containerd(timeout)
            self._start_dockerd(timeout)
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        """Ends every container and the engine, and removes its mounts, control groups and namespace."""
        if self._dockerd is not None:
            self._stop_dockerd(self._dockerd)
            self._dockerd = None
        if self._containerd is not None:
            self._containerd.stop(grace=5)
            self._containerd = None
        remains = self._remains()
        remains.clear()
        if self.namespace is not None:
            self.namespace.address = self._metrics = ""
        if self.folder.exists():
            logs = [(path.name, path.read_bytes()) for path in self.folder.glob("*.log")]
            remains.remove_folder()
            self.folder.mkdir()
            for name, text in logs:
                (self.folder / name).write_bytes(text)

    def kill(self) -> None:
        """SIGKILL to dockerd; containerd and the containers live on, as after a crash of the engine."""
        self._daemon.kill()

    def restart_after_kill(self, timeout: float = 60.0) -> None:
        """Kills dockerd, if it still runs, and starts it again on the same data."""
        if self._daemon.running:
            self.kill()
        self._start_dockerd(timeout)

    def end_shim(self, container: str) -> None:
        """Ends what containerd has running beside a container, by the beginning of its ID."""
        if left := end(self._remains().shims(container)):
            raise LabError(f"the shim of {container} does not end: {left}")

    def pause(self) -> None:
        """SIGSTOP to dockerd: connections are taken by the kernel and nothing answers."""
        self._daemon.pause()

    def resume(self) -> None:
        self._daemon.resume()

    @property
    def running(self) -> bool:
        return self._dockerd is not None and self._dockerd.running

    @property
    def pid(self) -> int:
        """The PID of dockerd."""
        return self._daemon.pid

    @property
    def address(self) -> str:
        """Where this machine reaches published ports."""
        return "127.0.0.1" if self.namespace is None else self.namespace.address

    @property
    def metrics(self) -> str:
        """`host:port` of the engine's own Prometheus metrics."""
        return self._metrics

    @property
    def data(self) -> Path:
        """Where it keeps images, volumes and containers."""
        return self.folder / "data"

    @property
    def log(self) -> Path:
        return self.folder / "dockerd.log"

    def __enter__(self) -> Self:
        return self if self.running else self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    # --- inside -----------------------------------------------------------------------------------

    @property
    def _daemon(self) -> Daemon:
        if self._dockerd is None:
            raise LabError(f"the {self.generation} engine is not started")
        return self._dockerd

    def _remains(self) -> Remains:
        names = () if self.namespace is None else (self.namespace.name,)
        return Remains(self.folder, self._cgroup, names)

    def _child(self, name: str, argv: list[str]) -> Daemon:
        if self.namespace is not None:
            argv = self.namespace.enter(argv)
        return Daemon(
            f"{name} ({self.generation})",
            argv,
            self.folder / f"{name}.log",
            environ=os.environ | {"PATH": self.programs.path},
            on_start=self._record.add,
        )

    def _mount_disk(self) -> None:
        """A disk of its own for the engine's data. It goes with the engine, as every mount below its folder."""
        if self._disk_bytes and not os.path.ismount(self.data):
            self.data.mkdir(exist_ok=True)
            mount = ["mount", "-t", "tmpfs", "-o", f"size={self._disk_bytes}", "tmpfs", str(self.data)]
            subprocess.run(mount, check=True)

    def _start_containerd(self, timeout: float) -> None:
        """A containerd of our own: dockerd would otherwise take the machine's, if one runs, and share it."""
        root = self.folder / "ctr"
        root.mkdir(exist_ok=True)
        socket = root / "s"
        config = root / "config.toml"
        config.write_text(
            "version = 2\n"
            f'root = "{root}/root"\n'
            f'state = "{root}/state"\n'
            'disabled_plugins = ["io.containerd.grpc.v1.cri"]\n'
            f'[grpc]\naddress = "{socket}"\n'
        )
        self._containerd = self._child("containerd", [self.program("containerd"), "--config", str(config)])
        self._containerd.start(socket.exists, timeout)

    def _start_dockerd(self, timeout: float) -> None:
        (self.folder / "pid").unlink(missing_ok=True)
        config = self.folder / "daemon.json"
        config.write_text(json.dumps({"live-restore": self._live_restore}))
        if not self._metrics:
            self._metrics = f"{self.address}:{9323 if self.namespace is not None else free_port()}"
        argv = [
            self.program("dockerd"),
            f"--config-file={config}",
            f"--data-root={self.data}",
            f"--exec-root={self.folder / 'exec'}",
            f"--pidfile={self.folder / 'pid'}",
            f"--host={self.host}",
            f"--containerd={self.folder / 'ctr' / 's'}",
            f"--cgroup-parent={self._cgroup}",
            "--exec-opt=native.cgroupdriver=cgroupfs",
            f"--metrics-addr={self._metrics}",
        ]
        if self.generation == "stock":
            argv.append("--experimental")  # engines before 23 serve metrics only so
        if self.namespace is None:
            argv += ["--bridge=none", "--iptables=false", "--ip6tables=false", "--ip-forward=false"]
        self._dockerd = self._child("dockerd", argv)
        self._dockerd.start(self._answers, timeout)

    def _answers(self) -> bool:
        try:
            return bool(self.get("/_ping", timeout=5) == "OK")
        except (OSError, EngineError):
            return False

    def _stop_dockerd(self, dockerd: Daemon) -> None:
        """SIGTERM while its containers are ended from outside, so that it need not wait for each of them."""
        remains = self._remains()
        if dockerd.running:
            dockerd.resume()
            dockerd.signal(signal.SIGTERM)

        def gone() -> bool:
            for process in remains.cgroup_processes():
                process.send(signal.SIGKILL)
            return not dockerd.running

        wait_until(gone, STOP_GRACE_S)
        dockerd.stop(grace=0)
