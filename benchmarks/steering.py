"""How soon a key is answered while a rollout of many replicas goes on, on the deck and on the rollout's own page."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from benchmarks.figures import Report
from benchmarks.program import PATCHDECK, processor_s
from benchmarks.ways import SERVICE, UNTUNED
from patchdeck.model import RolloutState
from patchdeck.rollout.database import STATE_FOLDER
from patchdeck.rollout.submit import start
from patchdeck.versions import quantiles
from tests.answering import ON_DECK, ON_ROLLOUT, Key, answers_s, sort_by_name
from tests.lab.engine import Engine
from tests.lab.images import Images
from tests.lab.lab import Lab
from tests.lab.processes import LabError
from tests.lab.services import start_service
from tests.live.rollouts import submitted, told
from tests.terminal import Terminal

REPLICAS: Final = 64
TIMES: Final = 2
"""Rollouts that each screen is looked at through."""
CALM_ROUNDS: Final = 5
CALM_S: Final = 5.0
PROMISED_MS: Final = 50.0


class _Answers(NamedTuple):
    """Milliseconds from a key to its paint."""

    screen: str
    keys: int
    p50_ms: float
    p95_ms: float
    worst_ms: float
    calm_ms: float
    """The p95 once the rollouts were over, on the same screen."""
    share: float
    """Of a core, that the console took during them."""


def measure(lab: Lab, engine: Engine, images: Images) -> Report:
    """Leaves the engine without containers."""
    report = Report(
        "Steering",
        "The console on a 120×40 pseudo-terminal while a worker, a process of its own, moves a service of "
        f"{REPLICAS} replicas on a real engine to another image, pace and all else auto; {TIMES} rollouts for each "
        "screen. Keys are pressed at random times: on the deck cursor, window and events; on the rollout's page the "
        "cursor, and to the list and back. Each is timed from the key to the arrival of the paint that shows what the "
        "key is for; the stopwatch goes before everything else on the host. The console runs as root, so its session "
        "goes before others; the rows `as another user` are without that.",
    )
    start_service(engine, images.web("1.0"), REPLICAS, network="none")
    start_service(engine, images.web("1.0"), 1, service="api", network="none")
    bench = _Bench(engine, images, lab.folder / f"steering-{time.monotonic_ns()}")
    try:
        found = [
            bench.measured(screen + whose, cycle, come_to, as_root=not whose)
            for screen, cycle, come_to in (("the deck", ON_DECK, _deck), ("its page", ON_ROLLOUT, _page))
            for whose in ("", ", as another user")
        ]
    finally:
        engine.clean()
    for one in found:
        note = f"{one.calm_ms:.0f} ms after it"
        report.add(f"key to paint on {one.screen}, p95", one.p95_ms, "ms", PROMISED_MS, note)
    report.text += [
        "| screen | keys | p50 | p95 | worst | p95 after it | console's processor |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: |",
        *(
            f"| {one.screen} | {one.keys} | {one.p50_ms:.0f} ms | {one.p95_ms:.0f} ms | {one.worst_ms:.0f} ms "
            f"| {one.calm_ms:.0f} ms | {one.share:.0%} of a core |"
            for one in found
        ),
        "",
    ]
    return report


def _deck(terminal: Terminal) -> None:
    terminal.wait_for(lambda text: "┌ Rollout " in text, 30, "the rollout")
    sort_by_name(terminal)


def _page(terminal: Terminal) -> None:
    terminal.press("4")
    terminal.wait_for(lambda text: "┌ Rollouts " in text, 30, "the list")
    terminal.press("\r")
    terminal.wait_for(lambda text: "┌ Steps " in text, 30, "its page")


class _Bench:
    def __init__(self, engine: Engine, images: Images, folder: Path) -> None:
        self._engine = engine
        self._images = images
        self._folder = folder
        self._done = 0

    def measured(
        self, screen: str, cycle: Sequence[Key], come_to: Callable[[Terminal], None], *, as_root: bool
    ) -> _Answers:
        took_s: list[float] = []
        calm_s: list[float] = []
        used_s = watched_s = 0.0
        for _ in range(TIMES):
            folder, rollout = self._submitted()
            with Terminal([PATCHDECK, "--host", self._engine.host], environ=_environ(folder)) as terminal:
                terminal.wait_for(lambda text: "shop/api" in text, 30, "the services")
                if not as_root:
                    Path(f"/proc/{terminal.pid}/autogroup").write_text("0", encoding="ascii")
                terminal.go_first()
                come_to(terminal)
                answers_s(terminal, 1, cycle)  # a view is made when it is first shown
                began, used = time.monotonic(), processor_s(terminal.pid)
                worker = start(rollout, folder)
                try:
                    while worker.poll() is None:
                        took_s += answers_s(terminal, 1, cycle)
                finally:
                    worker.kill()
                    worker.wait()
                watched_s += time.monotonic() - began
                used_s += processor_s(terminal.pid) - used
                if (state := told(rollout, folder).state) is not RolloutState.COMMITTED:
                    raise LabError(f"the rollout is {state}")
                time.sleep(CALM_S)
                if come_to is _page:  # on the deck there is none to look at any more
                    _page(terminal)
                calm_s += answers_s(terminal, CALM_ROUNDS, cycle)
                terminal.press("q")
                terminal.wait()
        during, after = quantiles(took_s), quantiles(calm_s)
        p50_s, p95_s, calm_p95_s = during.p50_s or 0.0, during.p95_s or 0.0, after.p95_s or 0.0
        share = used_s / watched_s
        return _Answers(
            screen, len(took_s), p50_s * 1e3, p95_s * 1e3, max(took_s) * 1e3, calm_p95_s * 1e3, share
        )

    def _submitted(self) -> tuple[Path, str]:
        """A rollout to the other version in a journal of its own, and nothing done yet."""
        self._done += 1
        folder = self._folder / str(self._done)
        folder.mkdir(parents=True)
        image = self._images.web("1.1" if self._done % 2 else "1.0")
        return folder, asyncio.run(submitted(self._engine, folder, image, UNTUNED, SERVICE))


def _environ(folder: Path) -> dict[str, str]:
    return {STATE_FOLDER: str(folder), "XDG_STATE_HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}
