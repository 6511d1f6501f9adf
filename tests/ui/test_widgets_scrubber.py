"""The line of a replay's time: what is drawn where, and where a click goes."""

from __future__ import annotations

from itertools import pairwise

import pytest
from rich.cells import cell_len

from tests.ui.widget_host import lines, shown
from themes.ramps import ASCII, UNICODE, Glyphs
from widgets.scrubber import Marked, Notch, Scrubber

SECOND_NS = 1_000_000_000
BEGAN_NS = 1_795_000_000 * SECOND_NS
LENGTH_S = 3_600


def moment(second: float) -> int:
    return BEGAN_NS + round(second * SECOND_NS)


def show(scrubber: Scrubber, second: float, *marked: Marked, words: str = "paused 1×") -> None:
    scrubber.show(
        words, at_ns=moment(second), began_ns=BEGAN_NS, ended_ns=moment(LENGTH_S), marked=marked, stopped=True
    )


def track(line: str) -> str:
    """What stands between the two times."""
    return line[line.index(":40 ") + 4 : line.rindex(" 12:")]


@pytest.mark.parametrize("glyphs", [UNICODE, ASCII], ids=["unicode", "ascii"])
@pytest.mark.parametrize("width", [40, 80, 120, 300])
async def test_the_position_stands_between_what_was_and_what_comes(width: int, glyphs: Glyphs) -> None:
    scrubber = Scrubber(glyphs=glyphs, utc=True)
    async with shown(scrubber, size=(width, 2)):
        for second, share in ((0, 0.0), (LENGTH_S / 2, 0.5), (LENGTH_S, 1.0)):
            show(scrubber, second)
            (line,) = lines(scrubber)
            assert cell_len(line) == width
            drawn = track(line)
            here = drawn.index(glyphs.thumb)
            assert here == pytest.approx(share * (len(drawn) - 1), abs=1)
            assert set(drawn[:here]) <= {glyphs.share_old}
            assert set(drawn[here + 1 :]) <= {glyphs.horizontal}
            assert line.isascii() == glyphs.ascii


@pytest.mark.parametrize("glyphs", [UNICODE, ASCII], ids=["unicode", "ascii"])
async def test_each_kind_of_landmark_has_a_glyph_of_its_own_and_gaps_have_a_length(glyphs: Glyphs) -> None:
    scrubber = Scrubber(glyphs=glyphs, utc=True)
    async with shown(scrubber, size=(80, 1)):
        show(
            scrubber,
            0,
            Marked(Notch.MARK, moment(600)),
            Marked(Notch.ROLLOUT, moment(1200)),
            Marked(Notch.FAILURE, moment(1800)),
            Marked(Notch.GAP, moment(2400), moment(3000)),
        )
        drawn = track(lines(scrubber)[0])
    order = [drawn.index(glyph) for glyph in (glyphs.ready, glyphs.warning, glyphs.failure, glyphs.gap)]
    assert all(one < other for one, other in pairwise(order))
    assert drawn.count(glyphs.gap) == pytest.approx(len(drawn) / 6, abs=1)


async def test_of_several_in_one_cell_a_failure_is_what_shows() -> None:
    scrubber = Scrubber(glyphs=UNICODE, utc=True)
    crowded = [Marked(notch, moment(1800)) for notch in Notch]
    async with shown(scrubber, size=(80, 1)):
        show(scrubber, 0, *crowded)
        drawn = track(lines(scrubber)[0])
    assert UNICODE.failure in drawn
    assert not {UNICODE.ready, UNICODE.warning, UNICODE.gap} & set(drawn)


async def test_the_track_stays_where_it_is_whatever_the_replay_does() -> None:
    scrubber = Scrubber(glyphs=UNICODE, utc=True)
    async with shown(scrubber, size=(80, 1)):
        where = set()
        for words in ("paused 1×", "playing 64×", "following ¼×", "at the end 1×"):
            show(scrubber, 0, words=words)
            where.add(lines(scrubber)[0].index(UNICODE.thumb))
    assert len(where) == 1


@pytest.mark.parametrize(("width", "dated"), [(80, False), (120, True)])
async def test_the_day_is_told_where_there_is_room(width: int, dated: bool) -> None:
    scrubber = Scrubber(glyphs=UNICODE, utc=True)
    async with shown(scrubber, size=(width, 1)):
        show(scrubber, 0)
        (line,) = lines(scrubber)
    assert ("2026-11-18 11:06:40 " in line) is dated
    assert "11:06:40 " in line


async def test_a_recording_without_any_length_is_drawn_and_takes_clicks() -> None:
    scrubber = Scrubber(glyphs=UNICODE, utc=True)
    async with shown(scrubber, size=(80, 1)) as (host, pilot):
        scrubber.show("at the end 1×", at_ns=BEGAN_NS, began_ns=BEGAN_NS, ended_ns=BEGAN_NS)
        assert UNICODE.thumb in lines(scrubber)[0]
        await pilot.click(offset=(50, 0))
        await pilot.pause()
        assert {one.at_ns for one in host.of(Scrubber.Sought) if isinstance(one, Scrubber.Sought)} == {
            BEGAN_NS
        }


async def test_a_click_goes_to_the_moment_beneath_it_and_no_other_place_does() -> None:
    scrubber = Scrubber(glyphs=UNICODE, utc=True)
    async with shown(scrubber, size=(80, 1)) as (host, pilot):
        show(scrubber, 0)
        line = lines(scrubber)[0]
        begins = line.index(UNICODE.thumb)
        for x in (begins, begins + 20, begins + len(track(line)) - 1, 2, 78):
            await pilot.click(offset=(x, 0))
        await pilot.pause()
        sought = [one.at_ns for one in host.of(Scrubber.Sought) if isinstance(one, Scrubber.Sought)]
    assert [scrubber.cell_of(at_ns) for at_ns in sought] == [0, 20, len(track(line)) - 1]
    assert sought[0] == BEGAN_NS
    assert sought[-1] == moment(LENGTH_S)


async def test_a_drag_goes_along_and_may_leave_the_line() -> None:
    scrubber = Scrubber(glyphs=UNICODE, utc=True)
    async with shown(scrubber, size=(80, 5)) as (host, pilot):
        show(scrubber, 0)
        begins = lines(scrubber)[0].index(UNICODE.thumb)
        await pilot.mouse_down(offset=(begins + 10, 0))
        for x in (begins + 11, begins + 12):
            await pilot.hover(offset=(x, 0))
        await pilot.hover(offset=(begins + 30, 4))
        await pilot.mouse_up(offset=(begins + 30, 4))
        await pilot.hover(offset=(begins + 5, 0))
        await pilot.pause()
        sought = [one.at_ns for one in host.of(Scrubber.Sought) if isinstance(one, Scrubber.Sought)]
    assert [scrubber.cell_of(at_ns) for at_ns in sought][:4] == [10, 11, 12, 30]
    assert scrubber.cell_of(sought[-1]) == 30
