"""Many startups at once, timed from the client's side."""

from __future__ import annotations

import queue
import secrets
import threading
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from tests.lab.client import EngineClient
from tests.lab.processes import LabError
from tests.lab.unix_http import EngineError

MOST = 200
TIMEOUT_S = 120.0


@dataclass
class Start:
    """One startup as its client saw it; nanoseconds of the wall clock, comparable with the engine's timeNano.

    With the command line, `created` and `start_sent` cannot be told and stay None.
    """

    name: str
    id: str = ""
    create_sent: int = 0
    created: int | None = None
    start_sent: int | None = None
    started: int | None = None
    error: str = ""

    @property
    def took_s(self) -> float | None:
        """From asking for it to the engine's answer that it runs."""
        return None if self.started is None else (self.started - self.create_sent) / 1e9


@dataclass
class Herd:
    """All startups of a herd, in the order of their names."""

    starts: list[Start] = field(default_factory=list)

    @property
    def failed(self) -> list[Start]:
        return [start for start in self.starts if start.error]

    @property
    def ids(self) -> list[str]:
        return [start.id for start in self.starts if start.id]

    @property
    def took_s(self) -> float:
        """From the first request to the last answer."""
        begun = min(start.create_sent for start in self.starts)
        return (max(start.started or start.create_sent for start in self.starts) - begun) / 1e9

    def quantile(self, share: float) -> float:
        """Latency in seconds at this share of the starts that succeeded, exact."""
        values = sorted(took for start in self.starts if (took := start.took_s) is not None)
        return values[min(len(values) - 1, int(share * len(values)))]


def fire(
    engine: EngineClient,
    image: str,
    count: int,
    at_once: int = 0,
    *,
    network: str = "",
    prefix: str = "",
    labels: Mapping[str, str] | None = None,
    env: Mapping[str, str] | None = None,
) -> Herd:
    """Creates and starts `count` containers by the Engine API, `at_once` of them at a time (all, unless given)."""
    names = _names(count, prefix)
    workers = min(at_once or count, count)
    waiting: queue.SimpleQueue[Start] = queue.SimpleQueue()
    herd = Herd([Start(name) for name in names])
    for start in herd.starts:
        waiting.put(start)
    body = {
        "Image": image,
        "Labels": dict(labels or {}),
        "Env": [f"{key}={value}" for key, value in (env or {}).items()],
        "HostConfig": {"NetworkMode": network or engine.default_network},
    }
    gate = threading.Barrier(workers)
    deadline = time.monotonic() + TIMEOUT_S

    def work() -> None:
        with engine.connection(TIMEOUT_S) as connection:
            connection.connect()
            gate.wait(10)
            while time.monotonic() < deadline:
                try:
                    start = waiting.get_nowait()
                except queue.Empty:
                    return
                try:
                    start.create_sent = time.time_ns()
                    start.id = connection.call("POST", f"/containers/create?name={start.name}", body)["Id"]
                    start.created = start.start_sent = time.time_ns()
                    connection.call("POST", f"/containers/{start.id}/start")
                    start.started = time.time_ns()
                except (EngineError, OSError) as error:
                    start.error = str(error)
                    connection.close()

    with ThreadPoolExecutor(workers) as pool:
        for done in [pool.submit(work) for _ in range(workers)]:
            done.result()
    for start in herd.starts:
        if not start.create_sent:
            start.create_sent, start.error = time.time_ns(), f"not begun within {TIMEOUT_S:g} s"
    return herd


def fire_runs(
    engine: EngineClient,
    image: str,
    count: int,
    at_once: int = 0,
    *,
    network: str = "",
    prefix: str = "",
    labels: Mapping[str, str] | None = None,
) -> Herd:
    """The same by `docker run --detach`: one process of the command line for each container."""
    options = [f"--network={network or engine.default_network}"]
    options += [f"--label={key}={value}" for key, value in (labels or {}).items()]

    def run(name: str) -> Start:
        start = Start(name, create_sent=time.time_ns())
        try:
            start.id = engine.docker("run", "--detach", f"--name={name}", *options, image, timeout=TIMEOUT_S)
            start.started = time.time_ns()
        except LabError as error:
            start.error = str(error)
        return start

    with ThreadPoolExecutor(min(at_once or count, count)) as pool:
        return Herd(list(pool.map(run, _names(count, prefix))))


def _names(count: int, prefix: str) -> list[str]:
    if not 1 <= count <= MOST:
        raise LabError(f"a herd has 1 to {MOST} containers, not {count}")
    prefix = prefix or f"herd-{secrets.token_hex(3)}"
    return [f"{prefix}-{number:03}" for number in range(1, count + 1)]
