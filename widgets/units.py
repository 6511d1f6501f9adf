"""Numbers as they stand on the screen. Short, of steady width, and never a zero for what is not known."""

from __future__ import annotations

import math
from datetime import UTC, datetime

MISSING = "–"
NEVER = "never"


def _long(seconds: float) -> str:
    """A minute and more, in two units, five cells at most."""
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes}m{rest:02d}"
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return f"{hours}h{minutes:02d}"
    days, hours = divmod(hours, 24)
    return f"{days}d{hours:02d}" if days < 100 else f"{days}d"


def latency(seconds: float | None, *, missing: str = MISSING, never: str = NEVER) -> str:
    """A startup's or a phase's time in at most five cells: 4ms, 0.36s, 1.9s, 12s, 1m10, 2h05.

    None is `missing`; infinity, which stands for longer than anything seen, is `never`.
    """
    if seconds is None or math.isnan(seconds):
        return missing
    if math.isinf(seconds):
        return never
    seconds = max(seconds, 0.0)
    if seconds < 0.0095:
        return f"{seconds * 1000:.0f}ms"
    if seconds < 0.995:
        return f"{seconds:.2f}s"
    if seconds < 9.95:
        return f"{seconds:.1f}s"
    if seconds < 59.5:
        return f"{seconds:.0f}s"
    return _long(seconds)


def response(seconds: float | None, *, missing: str = MISSING) -> str:
    """How long a call took, with its unit apart: 0.4 ms, 41 ms, 1.2 s, 1m10."""
    if seconds is None or not math.isfinite(seconds):
        return missing
    seconds = max(seconds, 0.0)
    if seconds < 0.00995:
        return f"{seconds * 1000:.1f} ms"
    if seconds < 0.9995:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    return f"{seconds:.0f} s" if seconds < 59.5 else _long(seconds)


def edge(seconds: float) -> str:
    """A mark on a latency axis: 100ms, 300ms, 1s, 30s, 5m."""
    if not math.isfinite(seconds):
        return NEVER
    if seconds < 0.9995:
        return f"{seconds * 1000:.3g}ms"
    if seconds < 59.5:
        return f"{seconds:.2g}s"
    return f"{seconds / 60:.3g}m" if seconds < 3570 else f"{seconds / 3600:.3g}h"


def age(seconds: float | None, *, missing: str = MISSING) -> str:
    """How old something is, coarsely: 3s, 4m, 2h, 5d."""
    if seconds is None or not math.isfinite(seconds):
        return missing
    seconds = max(seconds, 0.0)
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "m")):
        if seconds >= size:
            return f"{seconds / size:.0f}{unit}"
    return f"{seconds:.0f}s"


def span(seconds: float) -> str:
    """A chosen length of time in words: 15 min, 6 h, 30 s."""
    if seconds >= 3_600 and seconds % 3_600 == 0:
        return f"{seconds / 3_600:.0f} h"
    if seconds >= 60 and seconds % 60 == 0:
        return f"{seconds / 60:.0f} min"
    return f"{seconds:.3g} s"


def size(size_bytes: int | None, *, missing: str = MISSING) -> str:
    """Bytes by thousands, as image sizes are told everywhere: 512 B, 4.1 kB, 41 MB, 1.2 GB."""
    if size_bytes is None:
        return missing
    value = float(max(size_bytes, 0))
    if value < 1_000:
        return f"{value:.0f} B"
    for unit in ("kB", "MB", "GB", "TB"):
        value /= 1_000
        if value < 9.95:
            return f"{value:.1f} {unit}"
        if value < 999.5:
            return f"{value:.0f} {unit}"
    return f"{value:.0f} TB"


def share(value: float | None, *, missing: str = MISSING) -> str:
    """A share of 0…1 in per cent: 0%, <1%, 62%."""
    if value is None or not math.isfinite(value):
        return missing
    if 0 < value < 0.005:
        return "<1%"
    return f"{value * 100:.0f}%"


def count(value: int | None, *, missing: str = MISSING) -> str:
    """A count in at most five cells: 412, 9999, 12k, 3.4M."""
    if value is None:
        return missing
    if value < 10_000:
        return str(value)
    if value < 999_500:
        return f"{value / 1_000:.0f}k"
    return f"{value / 1_000_000:.1f}M"


def clock(at_ns: int | None, *, utc: bool = False, seconds: bool = True, missing: str = MISSING) -> str:
    """A time of day, 23:41:07 or 23:41, in UTC or in the time zone of this host."""
    if at_ns is None:
        return missing
    moment = datetime.fromtimestamp(at_ns // 1_000_000_000, UTC)
    return (moment if utc else moment.astimezone()).strftime("%H:%M:%S" if seconds else "%H:%M")


def date_and_clock(at_ns: int | None, *, utc: bool = False, missing: str = MISSING) -> str:
    """2026-01-31 23:41:07, and a Z after it in UTC."""
    if at_ns is None:
        return missing
    moment = datetime.fromtimestamp(at_ns // 1_000_000_000, UTC)
    return moment.strftime("%Y-%m-%d %H:%M:%SZ") if utc else moment.astimezone().strftime("%Y-%m-%d %H:%M:%S")
