"""How soon a key is answered while Prometheus fails, in every way that it can."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from benchmarks.figures import Report, median
from benchmarks.program import PATCHDECK
from patchdeck.versions import quantiles
from tests.answering import CYCLE, answers_s, fails, lives, told_of_prometheus
from tests.lab.engine import Engine
from tests.lab.herd import fire
from tests.lab.images import Images
from tests.lab.lab import Lab
from tests.lab.prometheus import Prometheus
from tests.live.broken_proxy import BrokenProxy
from tests.live.prometheus_faults import Fault, of_the_proxy, of_the_server
from tests.terminal import Terminal

CONTAINERS = 20
ROUNDS = 8
PROMISED_MS = 100.0
CONFIG = '[prometheus]\ntimeout = "1s"\nrefresh = "1s"\n'
"""Faults come oftener than by default: every second something fails."""


class _Answers(NamedTuple):
    """Milliseconds from a key to its paint."""

    fault: str
    said: str
    """By the deck."""
    before_ms: float
    """The p95 right before the fault: others may be at work on this machine."""
    p50_ms: float
    p95_ms: float
    worst_ms: float


def measure(lab: Lab, engine: Engine, images: Images) -> Report:
    """Leaves the engine without containers."""
    report = Report(
        "Answering",
        f"The console on a 120×40 pseudo-terminal with {CONTAINERS} containers on a real engine and a real Prometheus, "
        "asked every second. While Prometheus, or a proxy before it, fails, keys are pressed: all views, the cursor, "
        f"help; {ROUNDS * len(CYCLE)} keys a fault, and half as many right before it. Each is timed from the key to "
        "the paint that shows what the key is for. A fault begins to be measured once the deck tells it, and ends with "
        "Prometheus live again, both seen on the screen.",
    )
    config = lab.folder / "answering.toml"
    config.write_text(CONFIG, encoding="utf-8")
    fire(engine, images.plain, CONTAINERS, at_once=4, network="none", prefix="answer-")
    folder = lab.folder / f"prometheus-{time.monotonic_ns()}"
    try:
        with Prometheus(lab.record, folder) as prometheus, BrokenProxy(prometheus.port) as proxy:
            told = [
                *_measured(engine, config, prometheus.url, of_the_server(prometheus)),
                *_measured(engine, config, proxy.url, of_the_proxy(proxy)),
            ]
    finally:
        engine.clean()
    worst = max(told, key=lambda one: one.p95_ms)
    report.add("key to paint without a fault, p95, the median", median([one.before_ms for one in told]), "ms")
    report.add("key to paint in a fault, p95, the median", median([one.p95_ms for one in told]), "ms")
    report.add("key to paint in the worst fault, p95", worst.p95_ms, "ms", PROMISED_MS, worst.fault)
    report.text += [
        "| Prometheus | what the deck says | p95 before | p50 | p95 | worst |",
        "| --- | --- | ---: | ---: | ---: | ---: |",
        *(
            f"| {one.fault} | {one.said} | {one.before_ms:.0f} ms | {one.p50_ms:.0f} ms | {one.p95_ms:.0f} ms "
            f"| {one.worst_ms:.0f} ms |"
            for one in told
        ),
        "",
    ]
    return report


def _measured(engine: Engine, config: Path, url: str, faults: Mapping[str, Fault]) -> Iterator[_Answers]:
    argv = [PATCHDECK, "--host", engine.host, "--prometheus", url, "--config", str(config)]
    with Terminal(argv) as terminal:
        terminal.wait_for(lives, 30, "Prometheus")
        answers_s(terminal, 1)  # a view is made when it is first shown
        for name, fault in faults.items():
            before = quantiles(answers_s(terminal, ROUNDS // 2))
            with fault():
                terminal.wait_for(fails, 30, name)
                state, detail = told_of_prometheus(terminal.text)
                took_s = answers_s(terminal, ROUNDS)
            told = quantiles(took_s)
            p50_s, p95_s, before_s = told.p50_s or 0.0, told.p95_s or 0.0, before.p95_s or 0.0
            said = f"{state}: {detail.split(':')[0]}"
            yield _Answers(name, said, before_s * 1e3, p50_s * 1e3, p95_s * 1e3, max(took_s) * 1e3)
            terminal.wait_for(lives, 60, f"the end of: {name}")
        terminal.press("q")
        terminal.wait()
