"""What a herd costs: 64 starts, so many at once, as the console sees them. And what the console costs meanwhile."""

from __future__ import annotations

import time

from benchmarks.figures import Report
from benchmarks.program import PATCHDECK, processor_s
from patchdeck.versions import quantiles
from tests.lab.engine import Engine
from tests.lab.herd import fire
from tests.lab.images import Images
from tests.terminal import Terminal

STARTS = 64
AT_ONCE = (1, 2, 4, 8, 16, 32, 64)


def measure(engine: Engine, images: Images) -> Report:
    """Leaves the engine without containers."""
    report = Report(
        "A herd",
        f"{STARTS} creates and starts on a real engine, image present, without a network, while a console watches on "
        "a 120×40 pseudo-terminal. Latencies are the client's own. One run each: compare rows, not machines.",
    )
    rows = []
    batches: dict[int, float] = {}
    worst: dict[int, float] = {}
    used = sent = spent = 0.0
    with Terminal([PATCHDECK, "--host", engine.host]) as terminal:
        terminal.wait_for(lambda text: "PATCHDECK" in text, what="the console")
        for at_once in AT_ONCE:
            cpu, wire, began = processor_s(terminal.pid), terminal.bytes_read, time.monotonic()
            herd = fire(engine, images.plain, STARTS, at_once=at_once, network="none", prefix=f"h{at_once}-")
            told = quantiles([start.took_s for start in herd.starts if start.took_s is not None])
            spent += time.monotonic() - began
            used += processor_s(terminal.pid) - cpu
            sent += terminal.bytes_read - wire
            batches[at_once], worst[at_once] = herd.took_s, told.p95_s or 0.0
            rows.append(f"| {at_once} | {herd.took_s:.1f} s | {told.p50_s:.2f} s | {told.p95_s:.2f} s |")
            engine.clean()
        terminal.press("q")
        terminal.wait()
    soonest = min(batches.values())
    few = min(at_once for at_once in AT_ONCE if batches[at_once] <= 1.1 * soonest)
    share = worst[few] / worst[STARTS] * 100
    report.add(
        f"p95 at {few} at once, against all at once",
        share,
        "%",
        note="the fewest within 10 % of the best batch",
    )
    report.add("console meanwhile: processor", used / spent * 100, "% of a core")
    report.add("console meanwhile: bytes to the terminal", sent / spent / 1e3, "kB/s")
    report.text += [
        "| starts at once | whole batch | p50 | p95 |",
        "| ---: | ---: | ---: | ---: |",
        *rows,
        "",
    ]
    return report
