"""How the lab speaks to an engine: the raw API over its socket, and Docker's command line."""

from __future__ import annotations

import contextlib
import functools
import json
import os
import subprocess
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from tests.lab.newer import STOCK, Programs
from tests.lab.processes import LabError, wait_until
from tests.lab.unix_http import EngineError, UnixConnection


class EngineClient:
    """An engine that listens on a Unix socket; `folder` holds the settings of the command line, if any."""

    def __init__(self, socket: Path, *, folder: Path | None = None, programs: Programs = STOCK) -> None:
        self.socket = socket
        self.host = f"unix://{socket}"
        self._folder = folder
        self.programs = programs

    @functools.cached_property
    def version(self) -> str:
        version: str = self.get("/version")["Version"]
        return version

    @property
    def major(self) -> int:
        """20 for 20.10.24: what the order of a startup's phases depends on."""
        return int(self.version.partition(".")[0])

    @functools.cached_property
    def default_network(self) -> str:
        """`default` (the bridge) where the engine has one, else `none`: a container's NetworkMode."""
        names = {network["Name"] for network in self.get("/networks")}
        return "default" if "bridge" in names else "none"

    def environ(self) -> dict[str, str]:
        """The environment in which `docker` and `docker compose` speak to this engine."""
        environ = {
            key: value for key, value in os.environ.items() if not key.startswith(("DOCKER_", "COMPOSE_"))
        }
        environ |= {"PATH": f"{self.programs.path}:{environ.get('PATH', '')}"}
        environ |= {"DOCKER_HOST": self.host, "DOCKER_BUILDKIT": "0"}
        return environ if self._folder is None else environ | {"DOCKER_CONFIG": str(self._folder)}

    def docker(self, *arguments: str, check: bool = True, stdin: bytes = b"", timeout: float = 120.0) -> str:
        """Runs Docker's command line against this engine; its standard output, stripped."""
        done = subprocess.run(
            [self.program("docker"), *arguments],
            input=stdin,
            capture_output=True,
            check=False,
            env=self.environ(),
            timeout=timeout,
            start_new_session=True,  # Ctrl-C is for the lab, not for a build in the middle
        )
        if check and done.returncode:
            said = done.stderr.decode(errors="replace").strip()
            raise LabError(f"docker {' '.join(arguments)}: status {done.returncode}: {said}")
        return done.stdout.decode(errors="replace").strip()

    def program(self, name: str) -> str:
        """The path of one of this engine's programs."""
        found = self.programs.find(name)
        if found is None:
            raise LabError(f"{name} is not installed: install the Debian package docker.io")
        return found

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
        """Removes all containers, networks but the engine's own, and volumes; images stay."""
        self.remove_all([container["Id"] for container in self.containers()])
        for network in self.get("/networks"):
            if network["Name"] not in {"bridge", "host", "none"}:
                self.call("DELETE", f"/networks/{network['Id']}")
        for volume in self.get("/volumes")["Volumes"] or []:
            self.call("DELETE", f"/volumes/{volume['Name']}?force=1")

    def remove_all(self, containers: Sequence[str]) -> None:
        """Ends and removes containers, a few at once."""
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(self.remove, containers))

    def remove(self, container: str) -> None:
        """Ends and removes one container; nothing happens when it is gone, or going, already."""
        path = f"/containers/{container}"
        with contextlib.suppress(EngineError):
            self.call("DELETE", f"{path}?force=1&v=1")
        if not wait_until(lambda: self._is_gone(path), 20):
            self.call("DELETE", f"{path}?force=1&v=1")

    def _is_gone(self, path: str) -> bool:
        try:
            self.get(f"{path}/json")
        except EngineError as error:
            return error.status == 404
        return False
