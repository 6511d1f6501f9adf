"""Numbers as people read them."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from widgets import units


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, "–"),
        (math.inf, "never"),
        (math.nan, "–"),
        (-0.1, "0ms"),
        (0.004, "4ms"),
        (0.0096, "0.01s"),
        (0.36, "0.36s"),
        (0.996, "1.0s"),
        (1.94, "1.9s"),
        (9.96, "10s"),
        (12.2, "12s"),
        (59.6, "1m00"),
        (70, "1m10"),
        (7500, "2h05"),
        (49 * 3600, "2d01"),
    ],
)
def test_latencies(seconds: float | None, text: str) -> None:
    assert units.latency(seconds) == text


@given(st.floats(0, 8e6) | st.none() | st.just(math.inf))
def test_a_latency_never_takes_more_than_five_cells(seconds: float | None) -> None:
    assert 1 <= len(units.latency(seconds)) <= 5


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.0004, "0.4 ms"), (0.041, "41 ms"), (0.9996, "1.0 s"), (12, "12 s"), (70, "1m10"), (None, "–")],
)
def test_responses(seconds: float | None, text: str) -> None:
    assert units.response(seconds) == text


@pytest.mark.parametrize(
    ("size_bytes", "text"),
    [
        (None, "–"),
        (0, "0 B"),
        (512, "512 B"),
        (4_100, "4.1 kB"),
        (41_000_000, "41 MB"),
        (1_200_000_000, "1.2 GB"),
    ],
)
def test_sizes(size_bytes: int | None, text: str) -> None:
    assert units.size(size_bytes) == text


@given(st.integers(0, 10**15 - 10**12))
def test_a_size_never_takes_more_than_seven_cells(size_bytes: int) -> None:
    assert len(units.size(size_bytes)) <= 7


@pytest.mark.parametrize(
    ("value", "text"), [(None, "–"), (0.0, "0%"), (0.001, "<1%"), (0.62, "62%"), (1.0, "100%")]
)
def test_shares(value: float | None, text: str) -> None:
    assert units.share(value) == text


@pytest.mark.parametrize(
    ("value", "text"), [(None, "–"), (0, "0"), (9_999, "9999"), (12_300, "12k"), (3_400_000, "3.4M")]
)
def test_counts(value: int | None, text: str) -> None:
    assert units.count(value) == text


@pytest.mark.parametrize(
    ("seconds", "text"), [(None, "–"), (3.4, "3s"), (240, "4m"), (7200, "2h"), (432_000, "5d")]
)
def test_ages(seconds: float | None, text: str) -> None:
    assert units.age(seconds) == text


@pytest.mark.parametrize(("seconds", "text"), [(900, "15 min"), (21_600, "6 h"), (7.5, "7.5 s"), (5, "5 s")])
def test_spans(seconds: float, text: str) -> None:
    assert units.span(seconds) == text


def test_clock_times_in_utc() -> None:
    at_ns = 1_767_225_667 * 1_000_000_000
    assert units.clock(at_ns, utc=True) == "00:01:07"
    assert units.clock(at_ns, utc=True, seconds=False) == "00:01"
    assert units.date_and_clock(at_ns, utc=True) == "2026-01-01 00:01:07Z"
    assert units.clock(None) == "–"
