"""Moments as the headless formats write them."""

from __future__ import annotations

from datetime import UTC, datetime

_SECOND_NS = 1_000_000_000


def rfc3339(at_ns: int | None) -> str | None:
    """2026-01-31T23:41:07.123456789Z."""
    if at_ns is None:
        return None
    seconds, rest_ns = divmod(at_ns, _SECOND_NS)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{rest_ns:09d}Z"


def clock_ms(at_ns: int, *, utc: bool) -> str:
    """The time of day to the millisecond: 23:41:07.123, with a Z in UTC."""
    seconds, rest_ns = divmod(at_ns, _SECOND_NS)
    moment = datetime.fromtimestamp(seconds, UTC)
    shown = moment if utc else moment.astimezone()
    return f"{shown:%H:%M:%S}.{rest_ns // 1_000_000:03d}{'Z' if utc else ''}"
