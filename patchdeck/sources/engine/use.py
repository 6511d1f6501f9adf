"""What one container has used, from two answers of GET /containers/{id}/stats. Both versions of cgroups.

Version 1 tells the times a memory limit was hit (`failcnt`), version 2 the pages that were reclaimed (`pgsteal`);
either way, that it grew is all that is read of it. Version 1 leaves out `failcnt` as long as it is 0.
"""

from __future__ import annotations

from typing import Final

import msgspec

from patchdeck.sources.engine.times import parse_ns

_RECLAIMED: Final = ("pgsteal", "pgsteal_direct", "pgsteal_kswapd")
_INACTIVE: Final = ("total_inactive_file", "inactive_file")
_NO_LIMIT_SHARE: Final = 0.999
"""Of the host's memory: a limit of so much is none. Without one, stats tell the host's memory as the limit."""


class _CpuUsage(msgspec.Struct):
    total_usage: int = 0


class _Throttling(msgspec.Struct):
    periods: int = 0
    throttled_periods: int = 0


class _Cpu(msgspec.Struct):
    cpu_usage: _CpuUsage = msgspec.field(default_factory=_CpuUsage)
    throttling_data: _Throttling = msgspec.field(default_factory=_Throttling)


class _Memory(msgspec.Struct):
    usage: int = 0
    limit: int = 0
    failcnt: int = 0
    stats: dict[str, int] | None = None


class _BlockEntry(msgspec.Struct):
    op: str = ""
    value: int = 0


class _Block(msgspec.Struct):
    io_service_bytes_recursive: list[_BlockEntry] | None = None


class _Stats(msgspec.Struct):
    """Of GET /containers/{id}/stats what is read; a container that is not running has zeros and no time."""

    read: str
    cpu_stats: _Cpu = msgspec.field(default_factory=_Cpu)
    memory_stats: _Memory = msgspec.field(default_factory=_Memory)
    blkio_stats: _Block = msgspec.field(default_factory=_Block)


_STATS = msgspec.json.Decoder(_Stats)


class Counters(msgspec.Struct, frozen=True, kw_only=True):
    """Of one container at one moment, by the engine's clock. All but the memory only grow."""

    at_ns: int
    cpu_ns: int
    periods: int
    throttled: int
    memory_bytes: int
    """Without file pages that nobody missed for a while."""
    charged_bytes: int
    """With them: what is held against the limit."""
    limit_bytes: int | None
    reclaims: int
    block_bytes: int


class Use(msgspec.Struct, frozen=True, kw_only=True):
    """Of one container between two moments."""

    seconds: float
    processors: float
    periods: int
    throttled: int
    memory_bytes: int
    limit_share: float | None
    """Of its memory limit: all that is charged while the kernel has to reclaim, else what is in use. None: no limit."""
    block_bytes_per_s: float


def counters(body: bytes, *, host_bytes: int) -> Counters | None:
    """None of a container that is not running. Raises ValueError where the answer is not an engine's."""
    stats = _STATS.decode(body)
    at_ns = parse_ns(stats.read)
    if at_ns is None or not stats.cpu_stats.cpu_usage.total_usage:
        return None
    memory, pages = stats.memory_stats, stats.memory_stats.stats or {}
    inactive = next((pages[name] for name in _INACTIVE if name in pages), 0)
    limited = memory.limit > 0 and (not host_bytes or memory.limit < _NO_LIMIT_SHARE * host_bytes)
    blocks = stats.blkio_stats.io_service_bytes_recursive or ()
    return Counters(
        at_ns=at_ns,
        cpu_ns=stats.cpu_stats.cpu_usage.total_usage,
        periods=stats.cpu_stats.throttling_data.periods,
        throttled=stats.cpu_stats.throttling_data.throttled_periods,
        memory_bytes=max(0, memory.usage - inactive),
        charged_bytes=memory.usage,
        limit_bytes=memory.limit if limited else None,
        reclaims=memory.failcnt + next((pages[name] for name in _RECLAIMED if name in pages), 0),
        block_bytes=sum(entry.value for entry in blocks if entry.op.lower() in ("read", "write")),
    )


def use_between(before: Counters, after: Counters) -> Use | None:
    """None where the counters began anew in between (a restart), or no time went by."""
    seconds = (after.at_ns - before.at_ns) / 1e9
    if seconds <= 0 or after.cpu_ns < before.cpu_ns or after.periods < before.periods:
        return None
    needed = after.charged_bytes if after.reclaims > before.reclaims else after.memory_bytes
    return Use(
        seconds=seconds,
        processors=(after.cpu_ns - before.cpu_ns) / 1e9 / seconds,
        periods=after.periods - before.periods,
        throttled=max(0, after.throttled - before.throttled),
        memory_bytes=after.memory_bytes,
        limit_share=min(1.0, needed / after.limit_bytes) if after.limit_bytes else None,
        block_bytes_per_s=max(0, after.block_bytes - before.block_bytes) / seconds,
    )
