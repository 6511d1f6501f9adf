"""Prometheus with this machine's metrics, pressure included, and those of the engines that are added."""

from __future__ import annotations

import http.client
import json
import urllib.parse
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.lab.engine import Engine
from tests.lab.newer import STOCK
from tests.lab.processes import Daemon, LabError, free_port, wait_until
from tests.lab.record import Record


class Prometheus:
    """One Prometheus and one node exporter on loopback; everything is scraped every second."""

    def __init__(self, record: Record, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.node_port = free_port()
        self._engines: dict[str, str] = {}
        self._node = Daemon(
            "node-exporter",
            [
                _program("prometheus-node-exporter"),
                f"--web.listen-address=127.0.0.1:{self.node_port}",
                "--collector.pressure",
                f"--collector.textfile.directory={folder / 'textfiles'}",
            ],
            folder / "node-exporter.log",
            on_start=record.add,
        )
        self._server = Daemon(
            "prometheus",
            [
                _program("prometheus"),
                f"--config.file={folder / 'prometheus.yml'}",
                f"--storage.tsdb.path={folder / 'series'}",
                f"--web.listen-address=127.0.0.1:{self.port}",
            ],
            folder / "prometheus.log",
            on_start=record.add,
        )

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def node_url(self) -> str:
        return f"http://127.0.0.1:{self.node_port}"

    def start(self, timeout: float = 30.0) -> Self:
        """Both are started, and one scrape of the machine is there to be asked for."""
        (self.folder / "textfiles").mkdir(parents=True, exist_ok=True)
        self._write()
        try:
            self._node.start(lambda: self._status(self.node_port, "/") == 200, timeout)
            self._server.start(lambda: self._status(self.port, "/-/ready") == 200, timeout)
            self._wait_for_a_scrape(timeout)
        except BaseException:
            self.stop()
            raise
        return self

    def add(self, engine: Engine, name: str = "") -> None:
        """Scrapes an engine's own metrics from now on, as `job="engine"`, `engine=NAME`."""
        self._engines[engine.metrics] = name or engine.folder.name
        self._write_engines()

    def add_others(self, targets: Mapping[str, str]) -> None:
        """Scrapes further hosts from now on, every ten seconds: an address for each label `instance`."""
        groups = []
        for instance, address in targets.items():
            parts = urllib.parse.urlsplit(address)
            labels = {"instance": instance, "__metrics_path__": parts.path}
            groups.append({"targets": [parts.netloc], "labels": labels})
        self._write_targets("others", groups)

    def query(self, expression: str) -> list[dict[str, Any]]:
        """An instant query; the result vector."""
        path = f"/api/v1/query?{urllib.parse.urlencode({'query': expression})}"
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("GET", path)
            answer = json.loads(connection.getresponse().read())
        finally:
            connection.close()
        if answer["status"] != "success":
            raise LabError(f"prometheus: {answer['error']}")
        found: list[dict[str, Any]] = answer["data"]["result"]
        return found

    def stop(self) -> None:
        self._server.stop()
        self._node.stop()

    def kill(self) -> None:
        """SIGKILL to Prometheus; the node exporter stays."""
        self._server.kill()

    def restart(self, timeout: float = 30.0) -> None:
        """Starts Prometheus again at the same address."""
        self._server.stop()
        self._server.start(lambda: self._status(self.port, "/-/ready") == 200, timeout)

    def pause(self) -> None:
        self._server.pause()

    def resume(self) -> None:
        self._server.resume()

    def __enter__(self) -> Self:
        return self if self._server.running else self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _wait_for_a_scrape(self, timeout: float) -> None:
        if not wait_until(lambda: self.query('up{job="node"} == 1'), timeout):
            raise LabError("prometheus: no scrape of the node exporter succeeded")

    def _write(self) -> None:
        node = {"job_name": "node", "static_configs": [{"targets": [f"127.0.0.1:{self.node_port}"]}]}
        engines = {"job_name": "engine", "file_sd_configs": [{"files": [str(self.folder / "engines.json")]}]}
        others = {
            "job_name": "others",
            "scrape_interval": "10s",
            "scrape_timeout": "10s",
            "file_sd_configs": [{"files": [str(self.folder / "others.json")]}],
        }
        timing = {"scrape_interval": "1s", "scrape_timeout": "1s"}
        config = {"global": timing, "scrape_configs": [node, engines, others]}
        (self.folder / "prometheus.yml").write_text(json.dumps(config))  # JSON is YAML
        self._write_engines()

    def _write_engines(self) -> None:
        groups = [{"targets": [at], "labels": {"engine": name}} for at, name in self._engines.items()]
        self._write_targets("engines", groups)

    def _write_targets(self, job: str, groups: Sequence[Mapping[str, Any]]) -> None:
        fresh = self.folder / f"{job}.json.new"
        fresh.write_text(json.dumps(groups))
        fresh.rename(self.folder / f"{job}.json")

    @staticmethod
    def _status(port: int, path: str) -> int:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", path)
            return connection.getresponse().status
        except (OSError, http.client.HTTPException):
            return 0
        finally:
            connection.close()


def _program(name: str) -> str:
    found = STOCK.find(name)
    if found is None:
        raise LabError(f"{name} is not installed: install the Debian package {name}")
    return found
