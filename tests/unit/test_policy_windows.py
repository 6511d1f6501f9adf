"""Change windows: open when they should be, across midnights, summer times, exceptions and freezes."""

from __future__ import annotations

import datetime as dt

import pytest

from patchdeck.policy.windows import opening
from patchdeck.settings import FreezeSettings, WindowSettings

BERLIN = "Europe/Berlin"
NIGHTS = WindowSettings(days=("mon", "tue", "wed", "thu"), begins="22:00", ends="02:00", zone=BERLIN)
YEAR_END = FreezeSettings(name="year end", first_day="2026-12-18", last_day="2027-01-03", zone=BERLIN)


def ns(text: str) -> int:
    """UTC."""
    return int(dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC).timestamp()) * 10**9


@pytest.mark.parametrize(
    ("at", "is_open", "text", "changes"),
    [
        # Monday, November 23rd: Berlin is one hour ahead of UTC.
        ("2026-11-23T20:59", False, "window opens 22:00", "2026-11-23T21:00"),
        ("2026-11-23T21:00", True, "window open until 02:00", "2026-11-24T01:00"),
        ("2026-11-24T00:59", True, "window open until 02:00", "2026-11-24T01:00"),
        ("2026-11-24T01:00", False, "window opens 22:00", "2026-11-24T21:00"),
        # The window of Thursday reaches into Friday, and Friday has none of its own.
        ("2026-11-27T00:30", True, "window open until 02:00", "2026-11-27T01:00"),
        ("2026-11-27T22:00", False, "window opens Mon 22:00", "2026-11-30T21:00"),
    ],
)
def test_a_window_over_midnight_belongs_to_the_day_on_which_it_begins(
    at: str, is_open: bool, text: str, changes: str
) -> None:
    told = opening([NIGHTS], [], ns(at))
    assert (told.is_open, told.text, told.changes_ns) == (is_open, text, ns(changes))


def test_a_window_keeps_its_time_of_day_over_the_change_to_summer_time() -> None:
    sundays = WindowSettings(days=("sun",), begins="01:00", ends="05:00", zone=BERLIN)
    # On March 29th, 2026, 02:00 is 03:00 there: the window is an hour shorter.
    assert opening([sundays], [], ns("2026-03-28T23:59")).changes_ns == ns("2026-03-29T00:00")
    assert opening([sundays], [], ns("2026-03-29T00:00")).changes_ns == ns("2026-03-29T03:00")
    assert opening([sundays], [], ns("2026-04-04T22:59")).changes_ns == ns("2026-04-04T23:00")


def test_dates_open_it_and_exceptions_keep_it_closed() -> None:
    window = WindowSettings(
        days=("mon",), dates=("2026-11-28",), except_dates=("2026-11-23",), begins="08:00", ends="12:00"
    )
    assert opening([window], [], ns("2026-11-28T09:00")).is_open
    assert not opening([window], [], ns("2026-11-23T09:00")).is_open
    assert opening([window], [], ns("2026-11-23T09:00")).changes_ns == ns("2026-11-28T08:00")


def test_a_freeze_closes_every_window_and_says_its_name() -> None:
    told = opening([NIGHTS], [YEAR_END], ns("2026-12-21T22:30"))
    assert (told.is_open, told.freeze) == (False, "year end")
    assert told.text == "frozen until 2027-01-04 00:00: year end"
    assert told.changes_ns == ns("2027-01-03T23:00")
    # The window of the evening before ends where the freeze begins.
    assert opening([NIGHTS], [YEAR_END], ns("2026-12-17T22:30")).changes_ns == ns("2026-12-17T23:00")
    # The next window is looked for after the freeze.
    after = opening([NIGHTS], [YEAR_END], ns("2026-12-17T20:00"))
    assert after.text == "window opens 22:00"


def test_windows_that_overlap_close_with_the_last_of_them() -> None:
    more = WindowSettings(days=("mon",), begins="20:00", ends="23:00", zone=BERLIN)
    assert opening([more, NIGHTS], [], ns("2026-11-23T21:30")).text == "window open until 02:00"


def test_without_windows_it_is_open_but_for_freezes() -> None:
    assert opening([], [], ns("2026-11-23T21:30")).is_open
    assert opening([], [YEAR_END], ns("2026-11-23T21:30")).text == "freeze from 2026-12-18 00:00"
    assert not opening([], [YEAR_END], ns("2026-12-23T21:30")).is_open


def test_a_window_whose_days_are_over_never_opens_again_and_says_so() -> None:
    past = WindowSettings(dates=("2026-01-01",), begins="08:00", ends="12:00")
    told = opening([past], [], ns("2026-11-23T21:30"))
    assert (told.is_open, told.changes_ns, told.text) == (False, None, "no window opens within the next year")


def test_a_whole_day_is_from_midnight_to_midnight() -> None:
    saturdays = WindowSettings(days=("sat",), zone=BERLIN)
    assert not opening([saturdays], [], ns("2026-11-27T22:59")).is_open
    assert opening([saturdays], [], ns("2026-11-27T23:00")).is_open
    assert not opening([saturdays], [], ns("2026-11-28T23:00")).is_open
