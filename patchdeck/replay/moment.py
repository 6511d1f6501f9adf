"""A moment as a person writes it: a time of day, a date, so long before or after, or a mark's name."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, tzinfo

from patchdeck import durations
from patchdeck.recording.values import LandmarkKind
from patchdeck.replay.position import Position

EXAMPLES = '"23:41", "23:41:07", "2026-01-31 23:41", "+5m", "-30s" or a mark\'s name'

_CLOCK = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2}))?")
_DAY_NS = 86_400_000_000_000


class MomentError(ValueError):
    """What was written is no moment of this recording. Its text is one line that says what can be written."""


def parse(text: str, position: Position, zone: tzinfo | None = None) -> int:
    """The moment in nanoseconds since the epoch; it may lie outside the recording if that is what was written.

    A time of day is that of the day on which it was recorded, by `zone` (None: this host's). Raises: MomentError.
    """
    text = text.strip()
    if text[:1] in ("+", "-"):
        return position.at_ns + _relative_ns(text)
    mark = next(
        (one for one in position.landmarks if one.kind is LandmarkKind.MARK and one.name == text), None
    )
    if mark is not None:
        return mark.at_ns
    if clock := _CLOCK.fullmatch(text):
        return _time_of_day_ns(clock, position, zone)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise MomentError(f"no moment {text!r}: write {EXAMPLES}") from None
    return _ns(moment if moment.tzinfo else _placed(moment, zone))


def _relative_ns(text: str) -> int:
    try:
        away_s = durations.parse(text[1:].strip())
    except ValueError as error:
        raise MomentError(f"{error}, found {text!r}") from None
    return round(away_s * 1e9) * (1 if text[0] == "+" else -1)


def _time_of_day_ns(clock: re.Match[str], position: Position, zone: tzinfo | None) -> int:
    """The first such time that the recording holds; of a time that it does not hold, the nearest to its beginning."""
    began = datetime.fromtimestamp(position.began_ns / 1e9, UTC).astimezone(zone).replace(tzinfo=None)
    try:
        first = began.replace(
            hour=int(clock[1]), minute=int(clock[2]), second=int(clock[3] or 0), microsecond=0
        )
    except ValueError:
        raise MomentError(f"no time of day {clock[0]!r}: write {EXAMPLES}") from None
    days = (position.ended_ns - position.began_ns) // _DAY_NS + 2
    moments = [_ns(_placed(first + timedelta(days=day), zone)) for day in range(-1, days)]
    held = (at_ns for at_ns in moments if _second(position.began_ns) <= at_ns <= position.ended_ns)
    return next(held, min(moments, key=lambda at_ns: abs(at_ns - position.began_ns)))


def _placed(moment: datetime, zone: tzinfo | None) -> datetime:
    """What a clock on the wall showed, in its zone."""
    return moment.replace(tzinfo=zone) if zone else moment.astimezone()


def _second(at_ns: int) -> int:
    """The beginning of its second: who writes 23:41:07 means all of it."""
    return at_ns // 1_000_000_000 * 1_000_000_000


def _ns(moment: datetime) -> int:
    whole = moment.replace(microsecond=0)
    return round(whole.timestamp()) * 1_000_000_000 + moment.microsecond * 1_000
