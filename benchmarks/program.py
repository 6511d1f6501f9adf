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


def resident_bytes(pid: int) -> int:
    """Source: /proc/PID/statm."""
    pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")
