"""What a recording costs: room on the disk, processor time while it is made, and going to any of its moments."""

from __future__ import annotations

import random
import tempfile
import time
from pathlib import Path

from benchmarks.day import PATCH_EVERY_S, REPLICAS, SERVICES, Day
from benchmarks.figures import Report, median
from patchdeck.recording.reader import Recording
from patchdeck.recording.recorder import FLUSH_S, Recorder
from patchdeck.recording.writer import Writer
from patchdeck.settings import Settings

HOURS = 24
OFTEN_HOURS, OFTEN_S = 8, 1_800
LIVE_S = 30.0
SEEKS = 40
BEGAN_NS = 1_795_000_000_000_000_000
_S = 1_000_000_000


def measure() -> Report:
    """Needs no engine: a day is made up, see benchmarks/day.py."""
    report = Report(
        "Recording",
        f"A made-up day of {SERVICES * REPLICAS} containers with two-second samples, statistics, and every service "
        f"patched every four hours; the room and the seeks are those of the whole {HOURS} hours. A seek is to a random "
        "moment after the sixth hour, with the file just opened, and ends with the snapshot. The processor time is "
        f"that of the recorder's thread while observations come as they would for {LIVE_S:.0f} s, and that of the "
        f"{HOURS} hours run through without waiting, full states included.",
    )
    with tempfile.TemporaryDirectory(prefix="patchdeck-bench-") as folder:
        path = Path(folder) / "day.pdrec"
        spent_s, lines = write_day(path, HOURS)
        size_bytes = path.stat().st_size
        report.add(
            "room for an hour", size_bytes / 2**20 / HOURS, "MiB", 12.0, f"{lines / HOURS:.0f} observations"
        )
        report.add("processor, the day run through", spent_s / (HOURS * 3600) * 100, "% of a core", 2.0)
        report.add("processor, as it happens", _live_share(Path(folder)) * 100, "% of a core", 2.0)
        seeks_s = sorted(_seeks_s(path))
        worst_s, usual_s = seeks_s[-1], median(seeks_s)
        report.add(
            "seek, the longest", worst_s * 1e3, "ms", 300.0, f"median {usual_s * 1e3:.0f} ms, of {SEEKS}"
        )
        report.add("seek without the index", _seek_without_index_s(path) * 1e3, "ms", note="as after a crash")
        write_day(path, OFTEN_HOURS, patch_every_s=OFTEN_S)
        often_s = median(_seeks_s(path, OFTEN_HOURS))
        report.add("seek, every service patched every half hour", often_s * 1e3, "ms", note="median")
    return report


def write_day(path: Path, hours: int, *, patch_every_s: int = PATCH_EVERY_S) -> tuple[float, int]:
    """Returns the processor time it took, less that for making the day up, and how many observations there were."""
    writer = Writer(Settings(), began_ns=BEGAN_NS, engines=("prod-a",))
    arrivals = Day(BEGAN_NS, patch_every_s=patch_every_s).arrivals(hours * 3600)
    spent_s = 0.0
    flush_ns = BEGAN_NS
    with path.open("wb") as file:
        file.write(writer.begin())
        for seen_ns, observation in arrivals:
            began = time.thread_time()
            # Times of arrival are told to the millisecond.
            file.write(writer.add(seen_ns // 1_000_000 * 1_000_000, observation))
            if seen_ns > flush_ns:
                file.write(writer.flush())
                flush_ns = seen_ns + round(FLUSH_S * _S)
            spent_s += time.thread_time() - began
        file.write(writer.finish())
    return spent_s, writer.lines


def _live_share(folder: Path) -> float:
    recorder = Recorder(folder / "live.pdrec", Settings(), engines=("prod-a",))
    began_ns = time.time_ns()
    for at_ns, observation in Day(began_ns).arrivals(round(LIVE_S)):
        time.sleep(max(0.0, (at_ns - time.time_ns()) / 1e9))
        recorder.note(observation)
    recorder.close()
    return recorder.processor_s / ((time.time_ns() - began_ns) / 1e9)


def _seeks_s(path: Path, hours: int = HOURS) -> list[float]:
    chance = random.Random(7)
    taken = []
    for _ in range(SEEKS):
        at_ns = BEGAN_NS + round(chance.uniform(6, hours) * 3600) * _S
        with Recording.open(path) as recording:
            began = time.perf_counter()
            fleet, _ = recording.fleet_at(at_ns)
            fleet.snapshot()
            taken.append(time.perf_counter() - began)
    return taken


def _seek_without_index_s(path: Path) -> float:
    """Opening included: that is when it finds its way."""
    cut = path.with_name("cut.pdrec")
    cut.write_bytes(path.read_bytes()[:-1_000])
    began = time.perf_counter()
    with Recording.open(cut) as recording:
        fleet, _ = recording.fleet_at(BEGAN_NS + HOURS * 1800 * _S)
        fleet.snapshot()
    return time.perf_counter() - began
