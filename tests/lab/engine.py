"""A real Docker engine of the lab's own; it shares neither containerd nor data nor rules with the machine's."""

from __future__ import annotations

import contextlib
import functools
import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

from tests.lab.leftovers import Remains
from tests.lab.namespace import Namespace
from tests.lab.newer import STOCK, Programs, newer_programs
from tests.lab.processes import Daemon, LabError, free_port, wait_until
from tests.lab.record import Record
from tests.lab.unix_http import EngineError, UnixConnection

Generation = Literal["stock", "newer"]
Network = Literal["none", "bridge"]
STOP_GRACE_S = 12.0


@dataclass(frozen=True)
class Place:
    """What an engine may call its own: a folder, a control group, and a name for a network namespace."""

    folder: Path
    cgroup: str
    namespace: str
    interface: str


class Engine:
    """One dockerd with its containerd.

    `network="none"` has no bridge and no rules, which is quickest and enough where containers need no network.
    `network="bridge"` gives the engine a network namespace of its own, with a real bridge and real iptables rules in
    it; published ports are then found at `.address`.
    """

    def __init__(
        self,
        record: Record,
        place: Place,
        *,
        generation: Generation = "stock",
        network: Network = "none",
        live_restore: bool = False,
        programs: Programs | None = None,
    ) -> None:
        self.generation: Generation = generation
        self.network: Network = network
        self.folder = place.folder
        self.socket = place.folder / "docker.sock"
        self.host = f"unix://{self.socket}"
        self._programs = programs or (STOCK if generation == "stock" else newer_programs())
        self._live_restore = live_restore
        self._cgroup = place.cgroup
        self.namespace = Namespace(place.namespace, place.interface) if network == "bridge" else None
        self._record = record
        self._containerd: Daemon | None = None
        self._dockerd: Daemon | None = None
        self._metrics = ""

    # --- life -------------------------------------------------------------------------------------

    def start(self, timeout: float = 60.0) -> Self:
        """Starts containerd and dockerd, and returns once the engine answers."""
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "cli").mkdir(exist_ok=True)
        if self._programs.plugins is not None:
            plugins = self.folder / "cli" / "cli-plugins"
            if not plugins.is_symlink():
                plugins.symlink_to(self._programs.plugins)
        try:
            if self.namespace is not None and not self.namespace.address:
                self.namespace.create()
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
            self.namespace.address = ""
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
    def log(self) -> Path:
        return self.folder / "dockerd.log"

    def __enter__(self) -> Self:
        return self if self.running else self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    # --- what it is -------------------------------------------------------------------------------

    @functools.cached_property
    def version(self) -> str:
        version: str = self.get("/version")["Version"]
        return version

    @property
    def major(self) -> int:
        """20 for 20.10.24: what the order of a startup's phases depends on."""
        return int(self.version.partition(".")[0])

    @property
    def address(self) -> str:
        """Where this machine reaches published ports."""
        return "127.0.0.1" if self.namespace is None else self.namespace.address

    @property
    def metrics(self) -> str:
        """`host:port` of the engine's own Prometheus metrics."""
        return self._metrics

    # --- how to speak to it -----------------------------------------------------------------------

    def environ(self) -> dict[str, str]:
        """The environment in which `docker` and `docker compose` speak to this engine."""
        environ = {
            key: value for key, value in os.environ.items() if not key.startswith(("DOCKER_", "COMPOSE_"))
        }
        path = f"{self._programs.path}:{environ.get('PATH', '')}"
        return environ | {
            "PATH": path,
            "DOCKER_HOST": self.host,
            "DOCKER_CONFIG": str(self.folder / "cli"),
            "DOCKER_BUILDKIT": "0",
        }

    def docker(self, *arguments: str, check: bool = True, stdin: bytes = b"", timeout: float = 120.0) -> str:
        """Runs Docker's command line against this engine; its standard output, stripped."""
        done = subprocess.run(
            [self._program("docker"), *arguments],
            input=stdin,
            capture_output=True,
            check=False,
            env=self.environ(),
            timeout=timeout,
        )
        if check and done.returncode:
            said = done.stderr.decode(errors="replace").strip()
            raise LabError(f"docker {' '.join(arguments)}: status {done.returncode}: {said}")
        return done.stdout.decode(errors="replace").strip()

    @contextlib.contextmanager
    def connection(self, timeout: float = 60.0) -> Iterator[UnixConnection]:
        """A raw HTTP connection to the engine's socket."""
        connection = UnixConnection(self.socket, timeout)
        try:
            yield connection
        finally:
            connection.close()

    def call(self, method: str, path: str, body: object = None, *, timeout: float = 60.0) -> Any:
        """One raw request; the decoded JSON. EngineError with the status when the engine refuses."""
        with self.connection(timeout) as connection:
            return connection.call(method, path, body)

    def get(self, path: str, *, timeout: float = 60.0) -> Any:
        return self.call("GET", path, timeout=timeout)

    def post(self, path: str, body: object = None, *, timeout: float = 60.0) -> Any:
        return self.call("POST", path, body, timeout=timeout)

    def inspect(self, container: str) -> dict[str, Any]:
        found: dict[str, Any] = self.get(f"/containers/{container}/json")
        return found

    def containers(self, *, everything: bool = True) -> list[dict[str, Any]]:
        """The listing of the Engine API, stopped containers included unless told otherwise."""
        found: list[dict[str, Any]] = self.get(f"/containers/json?all={int(everything)}")
        return found

    def events(self, since: float, until: float | None = None) -> list[dict[str, Any]]:
        """The engine's events of a stretch of its past (the engine keeps the last 256)."""
        text = self.docker(
            "events",
            "--format={{json .}}",
            f"--since={since:.9f}",
            f"--until={time.time() if until is None else until:.9f}",
        )
        return [json.loads(line) for line in text.splitlines()]

    def clean(self) -> None:
        """Removes all containers, own networks and volumes; images stay."""
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(self.remove, [container["Id"] for container in self.containers()]))
        for network in self.get("/networks"):
            if network["Name"] not in {"bridge", "host", "none"}:
                self.call("DELETE", f"/networks/{network['Id']}")
        for volume in self.get("/volumes")["Volumes"] or []:
            self.call("DELETE", f"/volumes/{volume['Name']}?force=1")

    def remove(self, container: str) -> None:
        """Ends and removes one container; nothing happens when it is gone, or going, already."""
        path = f"/containers/{container}"
        with contextlib.suppress(EngineError):
            self.call("DELETE", f"{path}?force=1&v=1")
        if not wait_until(lambda: self._is_gone(path), 20):
            self.call("DELETE", f"{path}?force=1&v=1")

    # --- inside -----------------------------------------------------------------------------------

    @property
    def _daemon(self) -> Daemon:
        if self._dockerd is None:
            raise LabError(f"the {self.generation} engine is not started")
        return self._dockerd

    def _is_gone(self, path: str) -> bool:
        try:
            self.get(f"{path}/json")
        except EngineError as error:
            return error.status == 404
        return False

    def _program(self, name: str) -> str:
        found = self._programs.find(name)
        if found is None:
            raise LabError(f"{name} is not installed: install the Debian package docker.io")
        return found

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
            environ=os.environ | {"PATH": self._programs.path},
            on_start=self._record.add,
        )

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
        self._containerd = self._child("containerd", [self._program("containerd"), "--config", str(config)])
        self._containerd.start(socket.exists, timeout)

    def _start_dockerd(self, timeout: float) -> None:
        (self.folder / "pid").unlink(missing_ok=True)
        config = self.folder / "daemon.json"
        config.write_text(json.dumps({"live-restore": self._live_restore}))
        self._metrics = f"{self.address}:{9323 if self.namespace is not None else free_port()}"
        argv = [
            self._program("dockerd"),
            f"--config-file={config}",
            f"--data-root={self.folder / 'data'}",
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
