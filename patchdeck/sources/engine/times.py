"""Engine times: RFC 3339 text with up to nine decimals to integer nanoseconds, exactly.

`datetime` keeps microseconds only, and an engine's times are compared to the nanosecond.
"""

from __future__ import annotations

import re
from datetime import date

_RFC3339 = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:\.(\d+))?(?:([Zz])|([+-])(\d\d):(\d\d))", re.ASCII
)
_EPOCH_DAY = date(1970, 1, 1).toordinal()
_NS = 1_000_000_000


def parse_ns(text: str) -> int | None:
    """Nanoseconds since the epoch, UTC. None for the year 1, which is how an engine writes "never".

    Raises: ValueError for what is not a time.
    """
    if not text:
        return None
    match = _RFC3339.fullmatch(text)
    if match is None:
        raise ValueError(f"not a time: {text[:60]!r}")
    year, month, day, hour, minute, second = (int(part) for part in match.groups()[:6])
    fraction, _, sign, offset_hours, offset_minutes = match.groups()[6:]
    if year == 1:
        return None
    days = date(year, month, day).toordinal() - _EPOCH_DAY
    seconds = days * 86_400 + hour * 3_600 + minute * 60 + second
    if sign:
        offset = int(offset_hours) * 3_600 + int(offset_minutes) * 60
        seconds += offset if sign == "-" else -offset
    return seconds * _NS + int((fraction or "0")[:9].ljust(9, "0"))
