"""The program under measurement, started as a user starts it."""

from __future__ import annotations

import os
import sys
from pathlib import Path

PATCHDECK = str(Path(sys.executable).parent / "patchdeck")

_TICKS_PER_S = os.sysconf("SC_CLK_TCK")


def processor_s(pid: int) -> float:
    """User and system time of a process so far. Source: /proc/PID/stat, fields 14 and 15."""
    stat = Path(f"/proc/{pid}/stat").read_text(encoding="ascii")
    fields = stat.rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS_PER_S


def threads_s(pid: int) -> dict[str, float]:
    """Processor time by thread name."""
    result: dict[str, float] = {}
    for task in Path(f"/proc/{pid}/task").iterdir():
        name = (task / "comm").read_text(encoding="utf-8").strip()
        stat = (task / "stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()
        result[name] = result.get(name, 0.0) + (int(stat[11]) + int(stat[12])) / _TICKS_PER_S
    return result


def resident_bytes(pid: int) -> int:
    """Source: /proc/PID/statm."""
    pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")
