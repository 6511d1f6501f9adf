"""What holds of every widget, whatever it is given and however much room it has."""

import unicodedata
from itertools import pairwise

import pytest
from rich.cells import cell_len
from textual.geometry import Size

from tests.ui.widget_host import EVERY, lines, make, shown
from themes.palettes import THEMES
from themes.ramps import ASCII, UNICODE

SIZES = [(1, 1), (3, 2), (12, 4), (20, 6), (40, 12), (80, 24), (120, 40), (320, 80)]


@pytest.mark.parametrize("name", EVERY)
async def test_every_line_is_exactly_as_wide_as_the_widget_and_harmless(name: str) -> None:
    widget = make(name)
    async with shown(widget) as (_, pilot):
        for width, height in SIZES:
            await pilot.resize_terminal(width, height)
            await pilot.pause()
            assert widget.size.width == width
            for line in lines(widget):
                assert cell_len(line) == width
                assert not any(unicodedata.category(char)[0] == "C" for char in line)


@pytest.mark.parametrize("name", EVERY)
async def test_in_ascii_nothing_else_is_drawn(name: str) -> None:
    widget = make(name, ASCII)
    async with shown(widget, size=(120, 40)):
        assert all(line.isascii() and line.isprintable() for line in lines(widget))


@pytest.mark.parametrize("name", EVERY)
async def test_every_theme_draws_the_same_text_in_colours_of_its_own(name: str) -> None:
    widget = make(name)
    texts, styles = [], []
    async with shown(widget, size=(100, 30)) as (host, pilot):
        for theme in THEMES:
            host.theme = theme.name
            await pilot.pause()
            texts.append(lines(widget))
            styles.append(
                {segment.style for y in range(widget.size.height) for segment in widget.render_line(y)}
            )
    assert all(text == texts[0] for text in texts)
    assert all(one != other for one, other in pairwise(styles))


@pytest.mark.parametrize("name", EVERY)
async def test_equal_neighbours_are_one_segment(name: str) -> None:
    widget = make(name)
    async with shown(widget, size=(120, 40)):
        for y in range(widget.size.height):
            segments = list(widget.render_line(y))
            frame = 2
            assert sum(one.style == two.style for one, two in pairwise(segments)) <= frame


@pytest.mark.parametrize("name", EVERY)
async def test_drawing_the_same_again_repaints_nothing(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    widget = make(name)
    async with shown(widget, size=(120, 40)) as (_, pilot):
        await pilot.pause()
        repainted: list[object] = []
        monkeypatch.setattr(widget, "refresh", lambda *regions, **_: repainted.append(regions))
        widget.redraw()
        assert repainted == []


@pytest.mark.parametrize("name", EVERY)
async def test_a_line_that_did_not_change_is_the_same_strip(name: str) -> None:
    widget = make(name)
    async with shown(widget, size=(100, 30)):
        before = [widget.render_line(y) for y in range(widget.size.height)]
        assert all(widget.render_line(y) is strip for y, strip in enumerate(before))


async def test_a_widget_that_is_not_on_a_screen_yet_takes_values_all_the_same() -> None:
    for name in EVERY:
        widget = make(name, UNICODE)
        widget.redraw()
        assert widget.size == Size(0, 0)
