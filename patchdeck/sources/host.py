"""The pressure a local engine's host is under, as its kernel tells it.

Source: /proc/pressure/{cpu,memory,io} (Linux 4.20 and later, where it is not switched off) and /proc/stat.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import msgspec

from patchdeck.model import HostSampled, SourceChanged, SourceState
from patchdeck.sources.emitting import Emit

PROC: Final = Path("/proc")
RESOURCES: Final = ("cpu", "memory", "io")


class CpuTimes(msgspec.Struct, frozen=True):
    """Of all processors since boot, in the kernel's ticks. Guests are part of user time and are not counted again."""

    total: int
    idle: int
    iowait: int
    steal: int


Pressure = Mapping[tuple[str, str], float]
"""Shares (0…1) by kind and window: ("some", "avg10"), ("full", "avg60"), …"""


def parse_pressure(text: str) -> Pressure:
    """The averages of one file of /proc/pressure. Raises: ValueError."""
    shares: dict[tuple[str, str], float] = {}
    for line in text.splitlines():
        kind, *fields = line.split()
        for field in fields:
            window, _, percent = field.partition("=")
            if window.startswith("avg"):
                shares[kind, window] = float(percent) / 100
    if ("some", "avg10") not in shares:
        raise ValueError(f"no averages in {text[:60]!r}")
    return shares


def parse_cpu_times(text: str) -> CpuTimes:
    """The first line of /proc/stat. Raises: ValueError."""
    name, *fields = text.split("\n", 1)[0].split()
    if name != "cpu" or len(fields) < 8:
        raise ValueError(f"not /proc/stat: {text[:60]!r}")
    user, nice, system, idle, iowait, irq, softirq, steal = (int(field) for field in fields[:8])
    return CpuTimes(
        total=user + nice + system + idle + iowait + irq + softirq + steal,
        idle=idle,
        iowait=iowait,
        steal=steal,
    )


class HostReader:
    """Reads the files; remembers the processor times of the sample before, from which shares are made."""

    def __init__(self, proc: Path = PROC) -> None:
        self._proc = proc
        self._before: CpuTimes | None = None

    def missing(self) -> str:
        """Why there is no pressure to read, in one sentence; empty if there is."""
        try:
            self._pressure("cpu")
        except FileNotFoundError:
            return "this kernel does not tell pressure (/proc/pressure is missing): boot it with psi=1"
        except (OSError, ValueError) as error:
            return f"/proc/pressure/cpu can not be read: {error}"
        return ""

    def sample(self, engine: str) -> HostSampled:
        """One observation; what the kernel does not tell is None."""
        cpu, memory, io = (self._pressure_or_nothing(resource) for resource in RESOURCES)
        busy, iowait, steal = self._cpu_shares()
        return HostSampled(
            engine=engine,
            at_ns=time.time_ns(),
            cpu_some_10=cpu.get(("some", "avg10")),
            cpu_some_60=cpu.get(("some", "avg60")),
            memory_some_10=memory.get(("some", "avg10")),
            memory_full_10=memory.get(("full", "avg10")),
            memory_full_60=memory.get(("full", "avg60")),
            io_some_10=io.get(("some", "avg10")),
            io_full_10=io.get(("full", "avg10")),
            io_full_60=io.get(("full", "avg60")),
            cpu_busy=busy,
            cpu_iowait=iowait,
            cpu_steal=steal,
        )

    def _pressure(self, resource: str) -> Pressure:
        return parse_pressure((self._proc / "pressure" / resource).read_text())

    def _pressure_or_nothing(self, resource: str) -> Pressure:
        try:
            return self._pressure(resource)
        except (OSError, ValueError):  # told once, by `missing`
            return {}

    def _cpu_shares(self) -> tuple[float | None, float | None, float | None]:
        """Busy, waiting for IO and stolen, since the sample before."""
        try:
            with (self._proc / "stat").open() as stat:
                now = parse_cpu_times(stat.readline())
        except (OSError, ValueError):
            return None, None, None
        before, self._before = self._before, now
        if before is None or now.total <= before.total:
            return None, None, None
        span = now.total - before.total
        # Idle and iowait of a processor that goes offline step back; a share stays within its bounds.
        idle = max(0, now.idle - before.idle) + max(0, now.iowait - before.iowait)
        return (
            max(0.0, 1 - idle / span),
            max(0, now.iowait - before.iowait) / span,
            max(0, now.steal - before.steal) / span,
        )


class HostSource:
    """Samples the host of an engine that runs on this one. The files are in memory: reading them does not wait."""

    def __init__(self, engine: str, sample_s: float, emit: Emit, proc: Path = PROC) -> None:
        self._engine = engine
        self._sample_s = sample_s
        self._emit = emit
        self._reader = HostReader(proc)
        self._told: tuple[SourceState, str] | None = None

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            trouble = self._reader.missing()
            self._tell(SourceState.ABSENT if trouble else SourceState.LIVE, trouble)
            # Processor time is told also by kernels that do not tell pressure.
            self._emit(self._reader.sample(self._engine))
            await asyncio.sleep(self._sample_s)

    def _tell(self, state: SourceState, detail: str) -> None:
        if self._told != (state, detail):
            self._told = (state, detail)
            self._emit(
                SourceChanged(
                    engine=self._engine, at_ns=time.time_ns(), source="host", state=state, detail=detail
                )
            )
