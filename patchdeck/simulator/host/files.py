"""The host's pressure as files, in the form that a kernel gives them in /proc."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from patchdeck.simulator.host.pressure import Averages, Busy

TICKS_PER_S: Final = 100


class PressureFiles:
    """`pressure/cpu`, `pressure/memory`, `pressure/io` and `stat` in a folder, as in /proc."""

    def __init__(self, folder: Path, busy: Busy) -> None:
        self._folder = folder
        self._busy = busy
        self._averages = {
            (resource, kind): Averages() for resource in ("cpu", "memory", "io") for kind in ("some", "full")
        }
        self._written_s = 0.0
        (folder / "pressure").mkdir()
        self._write(0.0)

    def update(self, now_s: float) -> None:
        """Write what was waited for until `now_s`, a moment after the update before. Raises: OSError."""
        span_s = now_s - self._written_s
        if span_s <= 0:
            return
        self._written_s = now_s
        for (resource, kind), averages in self._averages.items():
            averages.update(self._stalled_s(resource, kind), span_s)
        self._write(now_s)

    def _stalled_s(self, resource: str, kind: str) -> float:
        # The model has no queue for memory; and of processors a kernel tells no full stall for the whole host.
        if resource == "memory" or (resource, kind) == ("cpu", "full"):
            return 0.0
        stalls = self._busy.cpu if resource == "cpu" else self._busy.io
        return stalls.some if kind == "some" else stalls.full

    def _write(self, now_s: float) -> None:
        for resource in ("cpu", "memory", "io"):
            lines = [f"{kind} {self._averages[resource, kind].fields()}\n" for kind in ("some", "full")]
            _replace(self._folder / "pressure" / resource, "".join(lines))
        _replace(self._folder / "stat", _stat(self._busy, now_s))


def _stat(busy: Busy, now_s: float) -> str:
    used, iowait = busy.used_s, busy.iowait_s
    idle = max(0.0, busy.processors * now_s - used - iowait)
    user, system = 0.6 * used, 0.4 * used
    ticks = [round(seconds * TICKS_PER_S) for seconds in (user, 0, system, idle, iowait, 0, 0, 0, 0, 0)]
    return f"cpu  {' '.join(map(str, ticks))}\n"


def _replace(path: Path, text: str) -> None:
    """At once: whoever reads meanwhile gets the old text or the new one, whole."""
    partly = path.with_name(f".{path.name}")
    partly.write_text(text, encoding="ascii")
    partly.replace(path)
