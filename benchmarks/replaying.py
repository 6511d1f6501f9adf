"""How long the replay of a whole day takes to be elsewhere: from the key to the snapshot that the screen is given."""

from __future__ import annotations

import random
import tempfile
import threading
import time
from pathlib import Path

from benchmarks.day import REPLICAS, SERVICES
from benchmarks.figures import Report, median
from benchmarks.recording import BEGAN_NS, HOURS, write_day
from patchdeck.recording.reader import Recording
from patchdeck.replay.thread import ReplayThread

SEEKS = 40
HELD_KEYS = 60
KEY_S = 1 / 30
"""Between two of a held key."""
SECOND_NS = 1_000_000_000
PATIENCE_S = 30.0


def measure() -> Report:
    """Needs no engine: the day is that of the benchmark of recordings."""
    report = Report(
        "Replaying",
        f"The same made-up day of {SERVICES * REPLICAS} containers, paused; from asking for a random moment after the "
        "sixth hour to the snapshot of that moment in the mailbox. A held key asks "
        f"{1 / KEY_S:.0f} times a second for {HELD_KEYS * KEY_S:.0f} s to go five minutes back; told is how long "
        "after the last of them the snapshot of the last moment is there.",
    )
    with tempfile.TemporaryDirectory(prefix="patchdeck-bench-") as folder:
        path = Path(folder) / "day.pdrec"
        write_day(path, HOURS)
        with Recording.open(path) as recording:
            replay = Replay(recording)
            seeks_s = sorted(replay.seek_s(moment) for moment in _moments())
            held_s = replay.held_s()
            assert replay.thread.stop()
    note = f"median {median(seeks_s) * 1e3:.0f} ms, of {SEEKS}"
    report.add("seek in a day, the longest", seeks_s[-1] * 1e3, "ms", 300.0, note)
    report.add("after a held key", held_s * 1e3, "ms", 600.0, "one seek under way, and the last")
    return report


def _moments() -> list[int]:
    chance = random.Random(11)
    return [BEGAN_NS + round(chance.uniform(6, HOURS) * 3600) * SECOND_NS for _ in range(SEEKS)]


class Replay:
    """A paused replay, and what arrives in its mailbox."""

    def __init__(self, recording: Recording) -> None:
        self._arrived = threading.Event()
        self.thread = ReplayThread(recording, playing=False)
        self.thread.mailbox.on_arrival(self._arrived.set)
        self.thread.start()
        self._until(recording.began_ns)

    def seek_s(self, at_ns: int) -> float:
        began = time.perf_counter()
        self.thread.seek(at_ns)
        self._until(at_ns)
        return time.perf_counter() - began

    def held_s(self) -> float:
        """From the last of many to the last moment."""
        at_ns = self.thread.position.ended_ns
        for _ in range(HELD_KEYS):
            at_ns -= 300 * SECOND_NS
            self.thread.seek(at_ns)
            time.sleep(KEY_S)
        began = time.perf_counter()
        self.thread.seek(at_ns - SECOND_NS)
        self._until(at_ns - SECOND_NS)
        return time.perf_counter() - began

    def _until(self, at_ns: int) -> None:
        """Until a snapshot of this moment is there: its newest tick is of that second or of the one before."""
        ends = time.monotonic() + PATIENCE_S
        while time.monotonic() < ends:
            self._arrived.wait(PATIENCE_S)
            self._arrived.clear()
            snapshot = self.thread.mailbox.take()
            if snapshot is not None and abs(snapshot.at_ns - at_ns) <= 2 * SECOND_NS:
                return
        raise TimeoutError(f"no snapshot of {at_ns} within {PATIENCE_S:.0f} s")
