"""What the console costs, and how soon it answers, with ten thousand simulated containers."""

from __future__ import annotations

import re
import time

from benchmarks.figures import Report
from benchmarks.program import PATCHDECK, processor_s, resident_bytes
from patchdeck.settings import Settings
from patchdeck.versions import quantiles
from patchdeck.watch import WatchThread
from tests.answering import CYCLE, answers_s
from tests.terminal import Terminal
from tui.demo import SimulatedEngine

SCENARIO = "big"
CONTAINERS = 10_000
ROUNDS = 8
KEY_S = 0.1
BEAT_S = 0.5
"""The most that the watch's loop, which turns ten times a second, may be late."""
WATCHED_S = 45.0
_REPLICAS = re.compile(r"\b100\b")


def measure() -> Report:
    """Needs no engine."""
    report = Report(
        "Ten thousand containers",
        f"`patchdeck demo --scenario {SCENARIO}`: {CONTAINERS:,} simulated containers in 100 services, a herd and "
        "a patch among them. Console and simulator share the machine's processors. First the console on a 120×40 "
        f"pseudo-terminal, {ROUNDS * len(CYCLE)} keys from the moment on at which everything is known, each timed from "
        "the key to the paint that shows what it is for; then the watch alone, whose loop turns ten times a second.",
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
        began, used = time.monotonic(), processor_s(terminal.pid)
        told = quantiles(answers_s(terminal, ROUNDS))
        share = (processor_s(terminal.pid) - used) / (time.monotonic() - began)
        report.add("key to paint, p50", (told.p50_s or 0.0) * 1e3, "ms")
        report.add("key to paint, p95", (told.p95_s or 0.0) * 1e3, "ms", KEY_S * 1e3)
        report.add("console's processor meanwhile", share * 100, "% of a core")
        report.add("console's resident memory", resident_bytes(terminal.pid) / 1e6, "MB")
        terminal.press("q")
        terminal.wait()


def _all_known(text: str) -> bool:
    return "100 services" in text and len(_REPLICAS.findall(text)) > 5


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
