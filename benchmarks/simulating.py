"""What the console costs, and how soon it answers, with ten thousand simulated containers and a herd among them."""

from __future__ import annotations

import multiprocessing
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.figures import Report
from benchmarks.program import PATCHDECK, processor_s, resident_bytes
from patchdeck.settings import Settings
from patchdeck.versions import quantiles
from patchdeck.watch import WatchThread
from tests.answering import CYCLE, answers_s
from tests.lab.client import EngineClient
from tests.lab.herd import fire
from tests.terminal import Terminal
from tui.demo import SimulatedEngine

SCENARIO = "big"
CONTAINERS = 10_000
ROUNDS = 8
KEY_S = 0.1
BEAT_S = 0.5
"""The most that the watch's loop, which turns ten times a second, may be late."""
WATCHED_S = 45.0
HERD, AT_ONCE, HERD_EVERY_S = 48, 8, 4.0
_REPLICAS = re.compile(r"\b100\b")


def measure() -> Report:
    """Needs no engine."""
    report = Report(
        "Ten thousand containers",
        f"`patchdeck demo --scenario {SCENARIO}`: {CONTAINERS:,} simulated containers in 100 services, of which one is "
        "replaced every two seconds. Console, simulator and this measurement share the machine's processors. First the "
        f"console on a 120×40 pseudo-terminal, {ROUNDS * len(CYCLE)} keys from the moment on at which everything is "
        f"known, each timed from the key to the paint that shows what it is for; meanwhile {HERD} containers more are "
        f"started every {HERD_EVERY_S:.0f} s, {AT_ONCE} at a time, and removed again. Then the watch alone, whose loop "
        "turns ten times a second.",
    )
    _keys(report)
    _beat(report)
    return report


def _keys(report: Report) -> None:
    with Terminal([PATCHDECK, "demo", "--scenario", SCENARIO]) as terminal:
        shown_s = terminal.wait_for(lambda text: "SIMULATED" in text, 60, "the engine")
        known_s = terminal.wait_for(_all_known, 180, "all containers")
        report.add("until the first view of it", shown_s, "s")
        report.add("until every container is known", shown_s + known_s, "s")
        simulator = child_of(terminal.pid)
        with herds(socket_of(simulator)):
            time.sleep(HERD_EVERY_S)
            began = time.monotonic()
            before_s = [processor_s(pid) for pid in (terminal.pid, simulator)]
            told = quantiles(answers_s(terminal, ROUNDS))
            passed_s = time.monotonic() - began
            share, beside = (
                (processor_s(pid) - spent_s) / passed_s
                for pid, spent_s in zip((terminal.pid, simulator), before_s, strict=True)
            )
        report.add("key to paint, p50", (told.p50_s or 0.0) * 1e3, "ms")
        report.add("key to paint, p95", (told.p95_s or 0.0) * 1e3, "ms", KEY_S * 1e3)
        report.add("console's processor meanwhile", share * 100, "% of a core")
        report.add("simulator's processor meanwhile", beside * 100, "% of a core")
        report.add("console's resident memory", resident_bytes(terminal.pid) / 1e6, "MB")
        terminal.press("q")
        terminal.wait()


def _all_known(text: str) -> bool:
    return "100 services" in text and len(_REPLICAS.findall(text)) > 5


def child_of(pid: int) -> int:
    """The only one of a process."""
    (child,) = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return int(child)


def socket_of(simulator: int) -> Path:
    """Where a simulated engine listens."""
    arguments = Path(f"/proc/{simulator}/cmdline").read_text().split("\0")
    return Path(arguments[arguments.index("--folder") + 1]) / "engine.sock"


@contextmanager
def herds(socket: Path) -> Iterator[None]:
    """One after the other for as long as the block takes, from a process of their own."""
    process = multiprocessing.get_context("spawn").Process(target=fire_herds, args=(socket,), daemon=True)
    process.start()
    try:
        yield
        assert process.is_alive(), "no herd was started any more"
    finally:
        process.terminate()
        process.join()


def fire_herds(socket: Path) -> None:
    """Until the process ends. What is started belongs to a service that is there."""
    engine = EngineClient(socket)
    (some, *_) = engine.get("/containers/json?limit=1")
    while True:
        began = time.monotonic()
        herd = fire(engine, some["Image"], HERD, AT_ONCE, network="none", labels=some["Labels"])
        assert not herd.failed, herd.failed[0].error
        with engine.connection() as connection:
            for container_id in herd.ids:
                connection.call("DELETE", f"/containers/{container_id}?force=1")
        time.sleep(max(0.0, began + HERD_EVERY_S - time.monotonic()))


def _beat(report: Report) -> None:
    with SimulatedEngine(SCENARIO, seed=1) as engine:
        engine.wait()
        watch = WatchThread(Settings(), [engine.target])
        watch.start()
        ages_s = []
        containers = 0
        until = time.monotonic() + WATCHED_S
        while time.monotonic() < until:
            if (snapshot := watch.mailbox.take()) is not None:
                containers = sum(one.containers for one in snapshot.engines)
            if watch.beat_age_s is not None:
                ages_s.append(watch.beat_age_s)
            time.sleep(0.01)
        watch.stop()
    report.add("containers that the watch knew in the end", containers, "")
    report.add("the watch's beat, p99 of its age", (quantiles(ages_s).p99_s or 0.0) * 1e3, "ms")
    report.add("the watch's beat, its greatest age", max(ages_s) * 1e3, "ms", BEAT_S * 1e3)
