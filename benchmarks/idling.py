"""What the console costs while nothing happens: processor, bytes on the wire, memory, with 200 containers."""

from __future__ import annotations

import time

from benchmarks.figures import Report
from benchmarks.program import PATCHDECK, processor_s, resident_bytes
from tests.lab.engine import Engine
from tests.lab.herd import fire
from tests.lab.images import Images
from tests.terminal import Terminal

CONTAINERS = 200
SETTLE_S = 20.0
MEASURE_S = 60.0


def measure(engine: Engine, images: Images) -> Report:
    """Leaves the engine without containers."""
    report = Report(
        "Idling",
        f"The console on a 120×40 pseudo-terminal, {CONTAINERS} running containers on a real engine, measured for "
        f"{MEASURE_S:.0f} s after {SETTLE_S:.0f} s.",
    )
    fire(engine, images.plain, CONTAINERS, at_once=4, network="none", prefix="idle-")
    try:
        with Terminal([PATCHDECK, "--host", engine.host]) as terminal:
            terminal.wait_for(lambda text: "idle-" in text, what="the containers")
            time.sleep(SETTLE_S)
            began, used, sent = time.monotonic(), processor_s(terminal.pid), terminal.bytes_read
            time.sleep(MEASURE_S)
            took = time.monotonic() - began
            share = (processor_s(terminal.pid) - used) / took
            report.add("processor", share * 100, "% of a core", 3.0)
            report.add("bytes to the terminal", (terminal.bytes_read - sent) / took, "B/s")
            report.add("resident memory", resident_bytes(terminal.pid) / 1e6, "MB")
            terminal.press("q")
            terminal.wait()
    finally:
        engine.clean()
    return report
