"""Moments as people write them."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from patchdeck.recording.values import Landmark, LandmarkKind
from patchdeck.replay.moment import MomentError, parse
from patchdeck.replay.position import Position, ReplayState

BERLIN = ZoneInfo("Europe/Berlin")


def at(text: str) -> int:
    return round(datetime.fromisoformat(text).timestamp()) * 1_000_000_000


NIGHT = Position(
    began_ns=at("2026-11-20T22:10:30Z"),
    at_ns=at("2026-11-20T23:00:00Z"),
    ended_ns=at("2026-11-21T01:00:00Z"),
    state=ReplayState.PAUSED,
    landmarks=(
        Landmark(kind=LandmarkKind.MARK, at_ns=at("2026-11-20T22:30:00Z"), name="before the patch"),
        Landmark(kind=LandmarkKind.FAILURE, at_ns=at("2026-11-20T22:40:00Z"), name="web-3"),
    ),
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("22:30", "2026-11-20T22:30:00Z"),
        ("22:30:07", "2026-11-20T22:30:07Z"),
        ("22:10:30", "2026-11-20T22:10:30Z"),
        ("00:30", "2026-11-21T00:30:00Z"),
        ("22:00", "2026-11-20T22:00:00Z"),
        ("2026-11-20 22:30", "2026-11-20T22:30:00Z"),
        ("2026-11-20T23:30:07+01:00", "2026-11-20T22:30:07Z"),
        ("2026-11-20T22:30:07Z", "2026-11-20T22:30:07Z"),
        ("+5m", "2026-11-20T23:05:00Z"),
        ("-1h30m", "2026-11-20T21:30:00Z"),
        (" +30s ", "2026-11-20T23:00:30Z"),
        ("before the patch", "2026-11-20T22:30:00Z"),
    ],
)
def test_a_moment_is_understood_as_it_is_written(text: str, expected: str) -> None:
    assert parse(text, NIGHT, UTC) == at(expected)


def test_a_time_of_day_is_by_the_zone_and_on_the_day_that_was_recorded() -> None:
    assert parse("23:30", NIGHT, BERLIN) == at("2026-11-20T22:30:00Z")
    assert parse("01:30", NIGHT, BERLIN) == at("2026-11-21T00:30:00Z")


def test_a_time_of_day_follows_a_change_of_the_clocks() -> None:
    weekend = Position(
        began_ns=at("2026-10-24T12:00:00Z"),
        at_ns=at("2026-10-24T12:00:00Z"),
        ended_ns=at("2026-10-25T12:00:00Z"),
        state=ReplayState.PAUSED,
    )
    assert parse("23:00", weekend, BERLIN) == at("2026-10-24T21:00:00Z")
    assert parse("08:00", weekend, BERLIN) == at("2026-10-25T07:00:00Z")


@pytest.mark.parametrize("text", ["", "soon", "25:00", "12:61", "+", "+5", "-later", "2026-13-01", "web-3"])
def test_what_is_no_moment_is_refused_in_one_line_that_says_what_can_be_written(text: str) -> None:
    with pytest.raises(MomentError) as caught:
        parse(text, NIGHT, UTC)
    assert "5m" in str(caught.value)
    assert "\n" not in str(caught.value)
