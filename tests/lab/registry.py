"""A registry on loopback: engines trust 127.0.0.0/8 without TLS, so real layers are pushed and pulled."""

from __future__ import annotations

import http.client
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.lab.engine import Engine
from tests.lab.newer import STOCK
from tests.lab.processes import Daemon, LabError, free_port
from tests.lab.record import Record


class Registry:
    """One docker-registry.

    An engine in a namespace of its own has another loopback: `reach` gives it a twin of this registry there, at the
    same address and over the same files, so that image references are the same everywhere.
    """

    def __init__(self, record: Record, folder: Path, *, users: str = "") -> None:
        """`users` is the text of an htpasswd file (bcrypt): with it, only they may read and write."""
        self.folder = folder
        self._users = users
        self.port = free_port()
        self._record = record
        self._daemon = self._child("registry", [])
        self._twins: dict[str, Daemon] = {}

    @property
    def address(self) -> str:
        """What image references begin with."""
        return f"127.0.0.1:{self.port}"

    def start(self, timeout: float = 20.0) -> Self:
        (self.folder / "files").mkdir(parents=True, exist_ok=True)
        self._config.write_text(
            "version: 0.1\n"
            "log: {level: warn}\n"
            f"storage: {{filesystem: {{rootdirectory: {self.folder / 'files'}}}, delete: {{enabled: true}}}}\n"
            f"http: {{addr: '{self.address}'}}\n" + self._auth()
        )
        self._daemon.start(self._answers, timeout)
        return self

    def reach(self, engine: Engine, timeout: float = 20.0) -> None:
        """Makes this registry reachable for an engine; nothing to do for one on this machine's loopback."""
        namespace = engine.namespace
        if namespace is None or (namespace.name in self._twins and self._twins[namespace.name].running):
            return
        twin = self._child(f"registry-{namespace.name}", namespace.enter([]))
        # Its listening socket shows in the namespace's own table of connections.
        twin.start(lambda: self._listens_in(twin.pid), timeout)
        self._twins[namespace.name] = twin

    def _auth(self) -> str:
        if not self._users:
            return ""
        users = self.folder / "htpasswd"
        users.write_text(self._users)
        return f"auth: {{htpasswd: {{realm: lab, path: '{users}'}}}}\n"

    def stop(self) -> None:
        for twin in self._twins.values():
            twin.stop()
        self._twins.clear()
        self._daemon.stop()

    def kill(self) -> None:
        self._daemon.kill()

    def pause(self) -> None:
        self._daemon.pause()

    def resume(self) -> None:
        self._daemon.resume()

    def get(self, path: str) -> bytes:
        """One raw request to the registry's API."""
        connection = http.client.HTTPConnection(self.address, timeout=5)
        try:
            connection.request("GET", path)
            return connection.getresponse().read()
        finally:
            connection.close()

    def __enter__(self) -> Self:
        return self if self._daemon.running else self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def _config(self) -> Path:
        return self.folder / "registry.yml"

    def _child(self, name: str, prefix: list[str]) -> Daemon:
        program = STOCK.find("docker-registry")
        if program is None:
            raise LabError("docker-registry is not installed: install the Debian package docker-registry")
        return Daemon(
            name,
            [*prefix, program, "serve", str(self._config)],
            self.folder / f"{name}.log",
            on_start=self._record.add,
        )

    def _answers(self) -> bool:
        try:
            return self.get("/v2/") == b"{}" or bool(self._users)
        except (OSError, http.client.HTTPException):
            return False

    def _listens_in(self, pid: int) -> bool:
        wanted = f"0100007F:{self.port:04X} 00000000:0000 0A"
        return wanted in Path(f"/proc/{pid}/net/tcp").read_text()
