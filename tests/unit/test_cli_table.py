"""The tables of the headless commands: aligned, and harmless whatever the names are."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from patchdeck.model import StartupOutcome
from tests.unit.headless_values import failed, service, startup
from tui.headless.service_table import service_lines
from tui.headless.startup_lines import lines
from tui.headless.table import Cell, Colour, Column, Table

hostile = st.one_of(
    st.text(st.characters(), max_size=200),
    st.sampled_from(
        [
            "\x1b[2J",
            "a\nb",
            "\u202eabc",
            "é" * 5000,
            "[red]x[/]",
            "\ud800",
            "漢字" * 40,
            "\t",
            "👨‍👩‍👧",
            "\x9b31m",
        ]
    ),
)
WIDTHS = st.integers(min_value=40, max_value=220)


def shape(width: int = 160, *, colour: bool = False, ascii_only: bool = False) -> tuple[str, list[str]]:
    made = lines("table", width=width, colour=colour, ascii_only=ascii_only, utc=True)
    assert made.header is not None
    return made.header, [made.line(startup()), made.line(failed())]


@given(hostile, hostile, WIDTHS)
def test_any_text_changes_nothing_but_its_own_cell(name: str, version: str, width: int) -> None:
    table = Table(
        [Column("a", 10, grows=1, cut_middle=True), Column("b", 10), Column("end", 3)],
        width=width,
        colour=False,
        ascii_only=False,
    )
    line = table.row([Cell(name), Cell(version), Cell("END")])
    header = table.header()
    assert line.isprintable()
    assert line.endswith("END")
    assert cell_len(line) == cell_len(header) <= width


@given(hostile, WIDTHS)
def test_any_startup_is_one_line_that_fits(text: str, width: int) -> None:
    made = lines("table", width=width, colour=False, ascii_only=False, utc=True)
    line = made.line(failed(name=text, service=text, version=text, engine=text, reason=text))
    assert line.isprintable()
    assert cell_len(line) <= width


@given(hostile)
def test_without_utf8_everything_is_ascii(text: str) -> None:
    made = lines("table", width=120, colour=False, ascii_only=True, utc=True)
    assert made.line(startup(name=text, version=text)).isascii()


def test_columns_stand_under_their_headings() -> None:
    header, (first, second) = shape()
    for heading, values in (
        ("version", ("1.4.3", "1.4.3")),
        ("kind", ("first", "first")),
        ("service", ("shop/web",) * 2),
    ):
        position = header.index(heading)
        for line, value in zip((first, second), values, strict=True):
            assert line[position:].startswith(value)
    assert "0.30s" in first
    assert "1.3s" in first
    assert second.endswith("no such program")


def test_what_has_no_room_is_left_out_as_a_whole() -> None:
    header, (first, _) = shape(80)
    assert header.split() == [
        "began",
        "container",
        "version",
        "kind",
        "outcome",
        "latency",
        "ready",
        "flight",
    ]
    assert cell_len(first) <= 80
    assert first.endswith("17")


def test_never_ready_and_about_are_told_in_words() -> None:
    made = lines("table", width=120, colour=False, ascii_only=True, utc=True)
    never = made.line(startup(outcome=StartupOutcome.STARTED, ready_ns=None))
    assert " never " in never
    assert "~0.30s" in made.line(startup(approximate=True))
    assert " - " in made.line(startup(ready_ns=None, outcome=StartupOutcome.STARTED, expects_ready=False))


def test_colours_are_only_added_and_always_taken_back() -> None:
    _, plain = shape()
    _, coloured = shape(colour=True)
    assert Colour.BAD in coloured[1]
    assert coloured[1].count("\x1b[") % 2 == 0
    assert [re.sub("\x1b\\[[0-9]*m", "", line) for line in coloured] == plain


@pytest.mark.parametrize("width", [40, 80, 120, 200])
def test_services_have_a_line_a_version(width: int) -> None:
    made = list(service_lines([service()], width=width, colour=False, ascii_only=False))
    assert len(made) == 3
    assert all(cell_len(line) <= width for line in made)
    if width >= 120:
        assert "never" in made[1]
        assert "in flight" in made[1]
        assert "1 failed, in flight" in made[2]
