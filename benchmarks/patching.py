"""What a rollout promises: a service patched by Patchdeck, all at once, by Swarm and by Compose, in one run."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.figures import Report, median
from benchmarks.ways import SWARM_CAP_S, Patched, Way, at_once, compose, paced, swarm
from patchdeck.model import Startup, StartupOutcome
from patchdeck.model.observations import ContainerEvent
from patchdeck.rollout.gates.pressure import pressure_of
from patchdeck.versions import latency_quantiles
from tests.lab.engine import Engine
from tests.lab.images import Images
from tests.lab.lab import Lab
from tests.lab.newer import NoNewerEngineError
from tests.live.watching import Watching

REPLICAS = 64
ROUNDS = 3
CALM_S = 30.0
"""How long is waited until what was done before no longer presses on the host."""
BURN_S = 150.0
"""A burner ends by itself after this, whatever becomes of us."""
P95_SHARE, TIME_SHARE = 15.0, 1.05
"""Promised, against all at once: the 95th percentile of startups at most so many per cent, the whole time so many ×."""


@dataclass(frozen=True)
class Seen:
    """One patch as a watch of the engine saw it."""

    name: str
    patched: Patched
    p50_s: float
    p95_s: float
    replaced: int
    replaced_s: float
    """From its beginning until the last new replica was started."""
    most_starting: int
    fewest_ready: int

    @property
    def row(self) -> str:
        took = f"{self.patched.took_s:.1f} s" if self.patched.over else f"> {SWARM_CAP_S:.0f} s"
        return (
            f"| {self.name} | {self.p50_s:.2f} s | {self.p95_s:.2f} s | {self.replaced} in {self.replaced_s:.1f} s"
            f" | {took} | {self.most_starting} | {self.fewest_ready} |"
        )


@dataclass(frozen=True)
class Round:
    """Patchdeck and all at once, one right after the other."""

    paced: Seen
    herd: Seen

    @property
    def p95_share(self) -> float:
        """Per cent."""
        return self.paced.p95_s / self.herd.p95_s * 100

    @property
    def time_share(self) -> float:
        return self.paced.patched.took_s / self.herd.patched.took_s


HOW = (
    f"{REPLICAS} replicas of one service, moved to another image that is present. Patchdeck: its own worker, a "
    "process of its own, with nothing tuned: canary, batches, order and pace are auto; no bake, and no gate of "
    "startups against those of the old version, for which a service so young is no evidence. All at once: every "
    "replica stopped, removed, created and started by the API at one time. These two take turns, "
    f"{ROUNDS} times; what is promised is the median of the ratios within a round. "
)
OTHERS = (
    f"Swarm: its update, with its defaults but for the parallelism, for {SWARM_CAP_S:.0f} s at most. Compose: `up` "
    "with another image; it creates before it stops the old one, and that stop is in its latencies. "
)
ACCOUNT = (
    "Startups are those of one watch of the engine, for all alike, and so are the fewest replicas that ran. The time "
    "is by each one's own account: Patchdeck's from the worker's first entry in the journal to the commit, the old "
    "containers removed."
)


def measure(lab: Lab) -> Report:
    """On an engine of its own, which is made a swarm and stopped."""
    report = Report("A patch", HOW + OTHERS + ACCOUNT)
    with _bench(lab) as (bench, folder):
        engine = bench.engine
        rounds = list(_rounds(bench, folder))
        with burning() as burners:
            burnt = bench.measured(
                paced(engine, folder, REPLICAS, f"Patchdeck, and {burners} busy processes")
            )
        others = []
        try:
            others.append(bench.measured(compose(engine, folder / "compose", REPLICAS)))
        except NoNewerEngineError as problem:
            report.text += [f"Not compared with Compose: {problem}.", ""]
        others += [bench.measured(swarm(engine, REPLICAS, parallelism=many)) for many in (0, 1)]
    _promises(report, rounds)
    _backs_off(report, rounds, burnt)
    _rows(report, [*_both(rounds), burnt, *others])
    return report


def measure_pace(lab: Lab) -> Report:
    """Only what is promised against all at once, in half the time."""
    report = Report("A patch, beside all at once alone", HOW + ACCOUNT)
    with _bench(lab) as (bench, folder):
        rounds = list(_rounds(bench, folder))
    _promises(report, rounds)
    _rows(report, _both(rounds))
    return report


@contextlib.contextmanager
def _bench(lab: Lab) -> Iterator[tuple[Bench, Path]]:
    with (
        lab.engine("stock", network="bridge") as engine,
        tempfile.TemporaryDirectory() as made,
        Watching(engine) as watching,
    ):
        yield Bench(engine, Images(engine), watching), Path(made)


def _rounds(bench: Bench, folder: Path) -> Iterator[Round]:
    for _ in range(ROUNDS):
        yield Round(
            paced=bench.measured(paced(bench.engine, folder, REPLICAS)),
            herd=bench.measured(at_once(bench.engine, REPLICAS)),
        )


def _both(rounds: Sequence[Round]) -> list[Seen]:
    return [seen for one in rounds for seen in (one.paced, one.herd)]


def _promises(report: Report, rounds: Sequence[Round]) -> None:
    shares = [one.p95_share for one in rounds]
    times = [one.time_share for one in rounds]
    report.add(
        "p95 of startups, against all at once", median(shares), "%", P95_SHARE, note=_spread(shares, ".1f")
    )
    report.add("whole time, against all at once", median(times), "×", TIME_SHARE, note=_spread(times, ".2f"))
    report.add(
        "replicas missing at the worst moment",
        max(REPLICAS - one.paced.fewest_ready for one in rounds),
        "replicas",
        0,
        note="start-first: none may be missing",
    )
    report.add("pace settled at", median(_settled(rounds)), "starts at once")


def _backs_off(report: Report, rounds: Sequence[Round], burnt: Seen) -> None:
    report.add(
        "pace settled at beside busy processes",
        burnt.patched.paces[-1],
        "starts at once",
        median(_settled(rounds)) - 1,
        note=f"committed after {burnt.patched.took_s:.1f} s",
    )


def _settled(rounds: Sequence[Round]) -> list[float]:
    return [one.paced.patched.paces[-1] for one in rounds]


def _spread(values: Sequence[float], digits: str) -> str:
    return f"{min(values):{digits}}…{max(values):{digits}}"


def _rows(report: Report, seen: Sequence[Seen]) -> None:
    report.text += [
        "| patched by | p50 | p95 | new replicas started | whole time | most starting | fewest running |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: |",
        *(one.row for one in seen),
        "",
    ]


class Bench:
    """Measures one way after the other on the same engine, which has no containers in between."""

    def __init__(self, engine: Engine, images: Images, watching: Watching) -> None:
        self.engine = engine
        self._images = images
        self._watching = watching

    def measured(self, way: Way) -> Seen:
        old, new = self._images.web("1.0"), self._images.web("1.1")
        way.begin(old)
        running = self._all_running()
        self._wait_for_calm()
        mark = self._watching.mark
        patched = way.patch(new)
        startups = self._startups(new, patched)
        events = {
            (event.at_ns, event.container_id, event.action)
            for event in self._watching.seen(ContainerEvent, since=mark)
        }
        told = latency_quantiles(startups)
        self._clean()
        return Seen(
            name=way.name,
            patched=patched,
            p50_s=told.p50_s or 0.0,
            p95_s=told.p95_s or 0.0,
            replaced=len(startups),
            replaced_s=max(0, *(one.started_ns or 0 for one in startups)) / 1e9 - patched.began_ns / 1e9,
            most_starting=1 + max((one.in_flight or 0 for one in startups), default=0),
            fewest_ready=fewest(running, [action for _, _, action in sorted(events)]),
        )

    def _all_running(self) -> int:
        def count() -> int:
            return len(self.engine.containers(everything=False))

        assert self._watching.until(lambda: count() == REPLICAS, 120), f"{count()} of {REPLICAS} run"
        return REPLICAS

    def _wait_for_calm(self) -> None:
        (engine,) = self._watching.snapshot.engines
        self._watching.until(lambda: not pressure_of(self._watching.snapshot, engine.name).lasting, CALM_S)

    def _startups(self, image: str, patched: Patched) -> list[Startup]:
        """Those of the new image, once the watch has seen all there are."""
        image_id = self.engine.get(f"/images/{image}/json")["Id"]

        def found() -> list[Startup]:
            return [
                one
                for one in self._watching.snapshot.startups
                if one.image_id == image_id
                and one.at_ns >= patched.began_ns
                and one.outcome is not StartupOutcome.STARTING
            ]

        if patched.over:
            assert self._watching.until(lambda: len(found()) >= REPLICAS, 60), f"{len(found())} were seen"
        return found()

    def _clean(self) -> None:
        if self.engine.get("/info")["Swarm"]["LocalNodeState"] == "active":
            # Its manager would make every container anew that is removed.
            self.engine.docker("swarm", "leave", "--force")
        self.engine.clean()


def fewest(running: int, actions: list[str]) -> int:
    """The fewest that ran, of `running` before, by what happened since: `start` and `die` in their order."""
    least = running
    for action in actions:
        running += (action == "start") - (action == "die")
        least = min(least, running)
    return least


@contextlib.contextmanager
def burning() -> Iterator[int]:
    """One busy process for each processor; how many."""
    loop = f"import time\nuntil = time.monotonic() + {BURN_S}\nwhile time.monotonic() < until: pass"
    burners = [subprocess.Popen([sys.executable, "-c", loop]) for _ in range(os.cpu_count() or 1)]
    try:
        yield len(burners)
    finally:
        for burner in burners:
            burner.kill()
            burner.wait()
