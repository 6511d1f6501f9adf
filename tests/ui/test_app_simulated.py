"""What is simulated says so: at the smallest size, in few colours, in ASCII, in every view and on every page."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from rich.color import ColorSystem

from patchdeck.model import Snapshot
from tests.ui import sample
from tests.ui.app_host import FakeWatch, console, lines, picture, press, screen
from themes.ramps import ASCII, UNICODE, Glyphs

MARK = "SIMULATED"


def simulated() -> Snapshot:
    """The sample, with the first of its engines simulated."""
    snapshot = sample.snapshot()
    first, *others = snapshot.engines
    assert first.described is not None
    described = replace(first.described, simulated=True)
    return replace(snapshot, engines=(replace(first, described=described), *others))


@pytest.mark.parametrize("glyphs", [UNICODE, ASCII], ids=["unicode", "ascii"])
@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_every_view_and_page_says_so_in_its_first_line(size: tuple[int, int], glyphs: Glyphs) -> None:
    watch = FakeWatch(simulated())
    async with console(watch, size=size, theme="ansi", glyphs=glyphs) as (app, pilot):
        seen = set()
        for key in ("1", "2", "3", "question_mark", "escape", "2", "enter"):
            await press(pilot, key)
            seen.add(screen(app))
            assert MARK in lines(app)[0], screen(app)
    assert len(seen) >= 5


async def test_the_mark_stands_out_in_sixteen_colours() -> None:
    async with console(FakeWatch(simulated()), size=(80, 24), theme="ansi") as (app, _):
        text, looks, legend = picture(app, ColorSystem.STANDARD).split("\n\n")[:3]
    column = text.split("\n")[0].index(MARK)
    look = looks.split("\n")[0][column]
    codes = next(line[2:] for line in legend.split("\n") if line.startswith(look))
    assert "bold" in codes
    assert "35" in codes.split(";")


async def test_what_is_real_does_not_say_so() -> None:
    async with console(size=(80, 24)) as (app, _):
        assert MARK not in lines(app)[0]
