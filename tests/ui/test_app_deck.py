"""The deck at the sizes and colours that people have, and what it says when there is no room for it."""

import pytest
from rich.color import ColorSystem

from tests.ui import sample
from tests.ui.app_host import console, lines, picture, press, same_as_stored, settle, text, width
from themes.ramps import ASCII

SIZES = [(80, 24), (120, 40), (200, 60)]
COLOURS = {
    "truecolor": (ColorSystem.TRUECOLOR, "dark"),
    "256": (ColorSystem.EIGHT_BIT, "dark"),
    "16": (ColorSystem.STANDARD, "ansi"),
}


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("colours", COLOURS)
async def test_the_deck_looks_as_it_did(size: tuple[int, int], colours: str) -> None:
    system, theme = COLOURS[colours]
    async with console(size=size, theme=theme) as (app, _):
        assert same_as_stored(f"deck_{size[0]}x{size[1]}_{colours}", picture(app, system)), (
            "the deck has changed: compare tests/ui/snapshots/*.now.txt with the stored picture"
        )


@pytest.mark.parametrize("colours", COLOURS)
async def test_no_more_colours_are_asked_for_than_there_are_and_nothing_blinks(colours: str) -> None:
    system, theme = COLOURS[colours]
    async with console(theme=theme) as (app, _):
        legend = picture(app, system).rsplit("\n\n", 1)[1]
    assert "blink" not in legend
    assert ("38;2;" in legend) == (colours == "truecolor")
    assert ("38;5;" in legend) == (colours == "256")


@pytest.mark.parametrize("size", [*SIZES, (80, 50), (104, 24), (160, 24), (159, 32), (240, 70)])
async def test_every_line_is_as_wide_as_the_screen_and_every_frame_is_closed(size: tuple[int, int]) -> None:
    async with console(size=size) as (app, _):
        drawn = lines(app)
    assert len(drawn) == size[1]
    assert {width(line) for line in drawn} == {size[0]}
    whole = "\n".join(drawn)
    corners = {whole.count(corner) - (corner == "└") * whole.count("└┴") for corner in "┌┐┘"}
    assert len(corners) == 1


async def test_what_does_not_fit_ends_in_an_ellipsis() -> None:
    async with console(size=(80, 24)) as (app, _):
        assert any("…" in line for line in lines(app) if "✗ 2 failed" in line)


@pytest.mark.parametrize("size", [(79, 24), (80, 23), (30, 10), (5, 2)])
async def test_a_terminal_that_is_too_small_says_so_and_nothing_else(size: tuple[int, int]) -> None:
    async with console(size=size) as (app, pilot):
        assert "Versions" not in text(app)
        if size[0] >= 30:
            assert "too small" in text(app)
            assert f"{size[0]} columns and {size[1]} rows" in " ".join(text(app).split())
        await pilot.resize_terminal(80, 24)
        await settle(pilot)
        assert "too small" not in text(app)
        assert "Versions in flight" in text(app)


async def test_the_layout_follows_the_terminal() -> None:
    async with console(size=(200, 60)) as (app, pilot):
        for columns, rows in [*SIZES, *reversed(SIZES)]:
            await pilot.resize_terminal(columns, rows)
            await settle(pilot)
            assert {width(line) for line in lines(app)} == {columns}
            assert ("Events" in text(app)) == (rows > 24)


async def test_ascii_alone_is_enough() -> None:
    async with console(glyphs=ASCII) as (app, _):
        assert text(app).isascii()


async def test_it_tells_what_the_state_holds() -> None:
    async with console(size=(200, 60)) as (app, _):
        drawn = text(app)
    for expected in (
        "● prod-a",
        "◐ prod-b stale 12s",
        "no answer for 12 s",
        "DISARMED",
        "31% SAT",
        "24 + 8",
        "1.4.2",
        "1.4.3",
        "gap",
    ):
        assert expected in drawn
    assert len(sample.HOSTILE) + 4 == len(sample.snapshot().services)


@pytest.mark.parametrize("view", ["1", "2", "3", "4"])
async def test_a_theme_that_is_changed_on_another_view_is_everywhere(view: str) -> None:
    system = ColorSystem.TRUECOLOR
    async with console() as (_, pilot):
        await press(pilot, "t", view)
        chosen_first = picture(pilot.app, system)
    async with console() as (_, pilot):
        other = "1" if view != "1" else "2"
        await press(pilot, view, other)
        await press(pilot, "t", view)
        assert picture(pilot.app, system) == chosen_first
