"""The machine-readable formats of the headless commands."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patchdeck.model import StartupKind, StartupOutcome
from tests.unit.headless_values import AT, failed, service, startup
from tui.headless import startup_csv
from tui.headless.records import json_document, json_line, service_record, startup_record
from tui.headless.times import clock_ms, rfc3339

FIELDS = [
    *(
        "container",
        "name",
        "service",
        "engine",
        "image",
        "image_id",
        "version",
        "kind",
        "outcome",
        "exit_code",
    ),
    *("began_at", "started_at", "ready_at", "latency_s", "ready_s", "in_flight", "phases"),
    *("reason", "evidence", "ready_error_s", "approximate", "role"),
]

anything = st.text(st.characters(), max_size=60)


def test_a_startup_has_exactly_these_fields_in_this_order() -> None:
    record = json.loads(json_line(startup_record(startup())))
    assert list(record) == FIELDS
    assert record["began_at"] == "2026-01-01T00:00:00.000000000Z"
    assert record["started_at"] == "2026-01-01T00:00:00.300000001Z"
    assert record["kind"] == "first"
    assert record["outcome"] == "ready"
    assert record["latency_s"] == 0.300000001
    assert record["ready_s"] == 1.300000001
    assert record["in_flight"] == 17


def test_the_phases_up_to_started_add_up_to_the_latency() -> None:
    record = json.loads(json_line(startup_record(startup())))
    until_started = sum(seconds for name, seconds in record["phases"].items() if name != "ready")
    assert until_started == pytest.approx(record["latency_s"], abs=0.001)


def test_what_is_not_known_is_null_and_not_zero() -> None:
    record = json.loads(json_line(startup_record(failed(began_ns=None, in_flight=None))))
    unknown = {"began_at", "started_at", "ready_at", "latency_s", "ready_s", "in_flight"}
    assert {name for name, value in record.items() if value is None} == unknown
    assert record["phases"] == {}
    assert (record["exit_code"], record["reason"]) == (127, "no such program")


@given(anything)
def test_any_text_stays_within_its_line_of_json_and_comes_back_as_it_was(text: str) -> None:
    line = json_line(startup_record(startup(name=text, service=text, reason=text)))
    assert line.isascii()
    assert line.isprintable()
    assert json.loads(line)["name"] == text


@given(anything)
def test_any_text_stays_within_its_cell_of_csv_and_is_no_formula(text: str) -> None:
    lines = [startup_csv.header(), startup_csv.row(startup(name=text, version=text))]
    assert all("\n" not in line and "\r" not in line and "\x1b" not in line for line in lines)
    (row,) = csv.DictReader(lines)
    assert None not in row
    assert row["service"] == "shop/web"
    assert row["latency_s"] == "0.300000001"
    assert row["role"] == "replica"
    assert not row["name"].lstrip().startswith(("=", "+", "-", "@"))


def test_csv_has_a_column_for_each_phase_and_leaves_the_unknown_empty() -> None:
    (row,) = csv.DictReader(
        [startup_csv.header(), startup_csv.row(startup(exit_code=None, approximate=True))]
    )
    assert row["phase create s"] == "0.1"
    assert row["phase setup s"] == ""
    assert row["exit_code"] == ""
    assert row["approximate"] == "true"
    assert [name for name in row if not name.startswith("phase ")] == [
        name for name in FIELDS if name != "phases"
    ]


def test_a_restart_is_told_as_one() -> None:
    record = startup_record(startup(kind=StartupKind.RESTART, outcome=StartupOutcome.STARTED))
    assert (record["kind"], record["outcome"]) == ("restart", "started")


def test_a_percentile_longer_than_anything_seen_is_null_beside_its_count() -> None:
    record = json.loads(json_document([service_record(service())]))[0]
    assert record["in_flight"] is True
    assert record["starts"] == {"n": 4, "censored": 1, "p50_s": 0.3, "p95_s": None, "p99_s": None}
    assert [version["name"] for version in record["versions"]] == ["1.4.2", "1.4.3"]
    assert [version["live"] for version in record["versions"]] == [2, 1]


@given(st.integers(min_value=0, max_value=4_000_000_000 * 10**9))
def test_moments_keep_their_nanoseconds(at_ns: int) -> None:
    text = rfc3339(at_ns)
    assert text is not None
    assert len(text) == len("2026-01-01T00:00:00.000000000Z")
    assert int(text[-10:-1]) == at_ns % 10**9


def test_the_time_of_day_says_when_it_is_utc() -> None:
    assert clock_ms(AT + 123_456_789, utc=True) == "00:00:00.123Z"


def test_every_field_is_in_the_documentation() -> None:
    page = (Path(__file__).parents[2] / "docs" / "command-line.md").read_text()
    table = page[page.index("## startups") : page.index("### CSV")]
    assert re.findall(r"^\| `(\w+)` \|", table, flags=re.MULTILINE) == FIELDS
    of_services = page[page.index("## services") : page.index("## doctor")]
    record = service_record(service())
    assert {name for name in record if f"`{name}`" not in of_services} == set()
    assert {name for name in record["versions"][0] if f"`{name}`" not in of_services} == set()  # type: ignore[index, union-attr]
