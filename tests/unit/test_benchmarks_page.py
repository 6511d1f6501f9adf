"""docs/benchmarks.md is replaced section by section, and every section says when and on what it was measured."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from benchmarks.figures import Report, circumstances
from benchmarks.limits import TookTooLong, at_most
from benchmarks.page import HEAD, sections, with_section

PAGE = Path(__file__).parents[2] / "docs" / "benchmarks.md"


def section(title: str, value: float) -> str:
    report = Report(title, "How it was done.")
    report.add("a figure", value, "s", 2.0)
    return report.markdown("Measured on a day.")


def test_a_section_takes_the_place_of_the_one_of_its_title() -> None:
    page = ""
    for title in ("Opening", "A herd", "The knee"):
        page = with_section(page, section(title, 1.0))
    page = with_section(page, section("A herd", 3.0))
    assert list(sections(page)) == ["Opening", "A herd", "The knee"]
    assert "| a figure | 3 s | ≤ 2 s | **missed** |" in sections(page)["A herd"]
    assert page.count("| a figure | 1 s | ≤ 2 s | holds |") == 2
    assert page.count("*Measured on a day.*") == 3


def test_a_page_written_again_is_the_same() -> None:
    page = with_section(with_section("", section("Opening", 1.0)), section("A herd", 1.0))
    assert with_section(page, section("A herd", 1.0)) == page
    assert page.startswith(HEAD)


def test_every_section_of_the_page_says_when_and_on_what_it_was_measured() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert page.startswith(HEAD)
    assert sections(page)
    for title, one in sections(page).items():
        said = one.split("\n")[2]
        assert said.startswith("*Measured on 20"), title
        assert "processors" in said, title
        assert "Python" in said, title


def test_the_circumstances_tell_of_the_engine_where_there_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("benchmarks.figures.BUSY_S", 0.05)
    assert "Docker Engine 28.5.2; " in circumstances("28.5.2")
    assert "Docker" not in circumstances()
    assert circumstances().endswith("% of the processors at work before it began.")


def test_a_measurement_that_takes_too_long_is_cut_short_and_a_quick_one_is_not() -> None:
    began = time.monotonic()
    with pytest.raises(TookTooLong, match=r"more than 0\.05 s"), at_most(0.05):
        time.sleep(10)
    assert time.monotonic() - began < 5
    with at_most(0.05):
        pass
    time.sleep(0.1)
