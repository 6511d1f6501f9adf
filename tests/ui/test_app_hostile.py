"""Text from outside changes nothing but its own cell, in every view."""

import unicodedata

import pytest
from textual.app import App

from tests.ui import sample
from tests.ui.app_host import FakeWatch, console, lines, press, strips, width

VIEWS = {
    "deck": ["s"],
    "deck, rows are services": ["s", "m"],
    "startups": ["2", "end"],
    "contention": ["3"],
    "service": ["slash", *"lab1", "enter", "enter"],
    "container": ["2", "slash", *"lab1", "enter", "enter"],
}
"""The keys that lead to each; sorted by engine, so that rows stand in one order whatever their names."""
PLAIN = tuple(f"plain{number}" for number in range(len(sample.HOSTILE)))
FRAME = "│┌┐└┘├┤┃"


async def drawn(texts: tuple[str, ...], keys: list[str]) -> list[str]:
    async with console(FakeWatch(sample.snapshot(texts)), size=(140, 44)) as (app, pilot):
        await press(pilot, *keys)
        assert_harmless(app)
        return lines(app)


def assert_harmless(app: App[int]) -> None:
    for strip in strips(app):
        for segment in strip:
            assert not segment.control
            for char in segment.text:
                assert char.isprintable() or char == " ", f"{char!r} reaches the terminal"
                assert unicodedata.bidirectional(char) not in ("R", "AL", "RLO", "RLE", "RLI", "LRO", "PDF")
            assert segment.style is None or not segment.style.link
            meta = segment.style.meta if segment.style else {}
            assert "@click" not in meta


def frame_of(line: str) -> list[tuple[int, str]]:
    """Where the frames stand, in cells."""
    places, at = [], 0
    for char in line:
        if char in FRAME:
            places.append((at, char))
        at += width(char)
    return places


@pytest.mark.parametrize("view", VIEWS)
async def test_hostile_text_keeps_to_its_cell(view: str) -> None:
    plain = await drawn(PLAIN, VIEWS[view])
    hostile = await drawn(sample.HOSTILE, VIEWS[view])
    assert len(plain) == len(hostile)
    for quiet, loud in zip(plain, hostile, strict=True):
        assert width(loud) == width(quiet)
        assert frame_of(loud) == frame_of(quiet)
        if not any(mark in quiet for mark in ("lab", "plain")):
            assert loud == quiet or view == "container"


async def test_hostile_log_lines_stay_lines() -> None:
    async with console(size=(120, 40)) as (app, pilot):
        await press(pilot, "2", "enter")
        assert_harmless(app)
        assert {width(line) for line in lines(app)} == {120}


async def test_a_hostile_filter_is_only_text() -> None:
    async with console() as (app, pilot):
        await press(pilot, "slash", "left_square_bracket", *"bold", "right_square_bracket", "enter")
        assert app.looking.words == "[bold]"
        assert_harmless(app)
