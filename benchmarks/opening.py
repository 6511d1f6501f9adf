"""How long the program takes to say something: `--version`, the first frame, and where the imports spend it."""

from __future__ import annotations

import re
import subprocess
import sys
import time

from benchmarks.figures import Report, median
from benchmarks.program import PATCHDECK
from tests.lab.engine import Engine
from tests.terminal import Terminal

RUNS = 9


def measure(engine: Engine) -> Report:
    """Needs nothing on the engine."""
    report = Report(
        "Opening",
        f"Medians of {RUNS} runs, whole processes, files in the cache. The first frame is the first text on a "
        "120×40 pseudo-terminal, from the start of the process.",
    )
    subprocess.run([PATCHDECK, "--version"], check=True, capture_output=True)
    bare = median([_run_s([sys.executable, "-c", "pass"]) for _ in range(RUNS)])
    version = median([_run_s([PATCHDECK, "--version"]) for _ in range(RUNS)])
    frames = [_first_frame_s(engine) for _ in range(RUNS)]
    report.add("`python -c pass`, for comparison", bare, "s")
    report.add("`patchdeck --version`", version, "s", 0.2)
    report.add(
        "first frame of `patchdeck`", median(frames), "s", 0.6, f"{min(frames):.2f}…{max(frames):.2f} s"
    )
    report.text += ["Imports until the first frame, the dearest by their own time:", "", *_imports()]
    return report


def _run_s(argv: list[str]) -> float:
    began = time.perf_counter()
    subprocess.run(argv, check=True, capture_output=True)
    return time.perf_counter() - began


def _first_frame_s(engine: Engine) -> float:
    with Terminal([PATCHDECK, "--host", engine.host]) as terminal:
        terminal.wait_for(lambda _: terminal.first_frame_s is not None, what="the first frame")
        terminal.press("q")
        terminal.wait()
        assert terminal.first_frame_s is not None
        return terminal.first_frame_s


def _imports() -> list[str]:
    """By top-level package, of what is imported before the first frame."""
    ended = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", "import tui.cli, tui.commands.watch, tui.app"],
        check=True,
        capture_output=True,
        text=True,
    )
    packages: dict[str, float] = {}
    total = 0.0
    for own, name in re.findall(r"import time:\s+(\d+) \|\s+\d+ \|\s+(\S+)", ended.stderr):
        package = name.split(".")[0]
        packages[package] = packages.get(package, 0.0) + int(own) / 1e6
        total += int(own) / 1e6
    dearest = sorted(packages.items(), key=lambda item: -item[1])[:10]
    rows = [f"| {package} | {seconds * 1e3:.0f} ms |" for package, seconds in dearest]
    return ["| package | own time |", "| --- | ---: |", *rows, f"| all | {total * 1e3:.0f} ms |", ""]
