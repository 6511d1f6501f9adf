"""Change windows: when a rollout may begin without an override. Pure: the moment comes from whoever asks.

A window opens on days of the week or on dates, from a time of day to a time of day in its own time zone; one that ends
at or before the time it begins at ends on the day after. A freeze closes all windows for whole days. Without any window
it is always open, but for freezes.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Final
from zoneinfo import ZoneInfo

from patchdeck.model.facts import Value
from patchdeck.settings import DAYS, FreezeSettings, WindowSettings

AHEAD_DAYS: Final = 400
"""How far the next opening is looked for: a yearly date is found."""

_NS: Final = 1_000_000_000
_DAY: Final = dt.timedelta(days=1)


class Opening(Value, frozen=True, kw_only=True):
    """Whether rollouts may begin at a moment, and until when that stays so."""

    is_open: bool
    changes_ns: int | None = None
    """When it closes, or opens next; None: not within AHEAD_DAYS."""
    text: str
    """In words, with the time in the zone of the window: "window open until 02:00"."""
    freeze: str = ""
    """The name of the freeze that keeps it closed."""


class _Stretch(Value, frozen=True):
    begins: dt.datetime
    ends: dt.datetime


def opening(windows: Sequence[WindowSettings], freezes: Sequence[FreezeSettings], now_ns: int) -> Opening:
    """What holds at `now_ns`, nanoseconds since the epoch."""
    now = dt.datetime.fromtimestamp(now_ns // _NS, dt.UTC)
    frozen = next((one for one in freezes if _frozen(one, now)), None)
    if frozen is not None:
        end = _freeze_ends(frozen)
        return Opening(
            is_open=False,
            changes_ns=_ns(end),
            text=f"frozen until {_told(end, now, frozen.zone)}: {frozen.name}",
            freeze=frozen.name,
        )
    if not windows:
        return _without_windows(freezes, now)
    current = [
        (s, window) for window in windows for s in _stretches(window, now, 2) if s.begins <= now < s.ends
    ]
    if current:
        stretch, window = max(current, key=lambda one: one[0].ends)
        end, zone = stretch.ends, window.zone
        for freeze in freezes:
            if now < _freeze_begins(freeze) < end:
                end, zone = _freeze_begins(freeze), freeze.zone
        return Opening(is_open=True, changes_ns=_ns(end), text=f"window open until {_told(end, now, zone)}")
    later = [
        (s.begins, window.zone)
        for window in windows
        for s in _stretches(window, now, AHEAD_DAYS)
        if s.begins > now and not any(_frozen(freeze, s.begins) for freeze in freezes)
    ]
    if not later:
        return Opening(is_open=False, text="no window opens within the next year")
    begins, zone = min(later)
    return Opening(is_open=False, changes_ns=_ns(begins), text=f"window opens {_told(begins, now, zone)}")


def _without_windows(freezes: Sequence[FreezeSettings], now: dt.datetime) -> Opening:
    later = [(_freeze_begins(one), one) for one in freezes if _freeze_begins(one) > now]
    if not later:
        return Opening(is_open=True, text="")
    begins, freeze = min(later, key=lambda one: one[0])
    return Opening(
        is_open=True, changes_ns=_ns(begins), text=f"freeze from {_told(begins, now, freeze.zone)}"
    )


def _stretches(window: WindowSettings, now: dt.datetime, ahead_days: int) -> Iterator[_Stretch]:
    """Those that begin from the day before now on."""
    zone = ZoneInfo(window.zone)
    begins, ends = dt.time.fromisoformat(window.begins), dt.time.fromisoformat(window.ends)
    today = now.astimezone(zone).date()
    days = {DAYS.index(day) for day in window.days}
    dates = {dt.date.fromisoformat(date) for date in window.dates}
    but = {dt.date.fromisoformat(date) for date in window.except_dates}
    for ahead in range(-1, ahead_days):
        date = today + ahead * _DAY
        if (date.weekday() in days or date in dates) and date not in but:
            last = date if ends > begins else date + _DAY
            yield _Stretch(
                dt.datetime.combine(date, begins, zone).astimezone(dt.UTC),
                dt.datetime.combine(last, ends, zone).astimezone(dt.UTC),
            )


def _frozen(freeze: FreezeSettings, at: dt.datetime) -> bool:
    return _freeze_begins(freeze) <= at < _freeze_ends(freeze)


def _freeze_begins(freeze: FreezeSettings) -> dt.datetime:
    return _midnight(dt.date.fromisoformat(freeze.first_day), freeze.zone)


def _freeze_ends(freeze: FreezeSettings) -> dt.datetime:
    return _midnight(dt.date.fromisoformat(freeze.last_day) + _DAY, freeze.zone)


def _midnight(date: dt.date, zone: str) -> dt.datetime:
    return dt.datetime.combine(date, dt.time(), ZoneInfo(zone)).astimezone(dt.UTC)


def _told(at: dt.datetime, now: dt.datetime, zone: str) -> str:
    local = at.astimezone(ZoneInfo(zone))
    days = (local.date() - now.astimezone(ZoneInfo(zone)).date()).days
    if days == 0 or (days == 1 and at - now < dt.timedelta(hours=12)):
        return f"{local:%H:%M}"
    return f"{local:%a %H:%M}" if days < 7 else f"{local:%Y-%m-%d %H:%M}"


def _ns(at: dt.datetime) -> int:
    return int(at.timestamp()) * _NS
