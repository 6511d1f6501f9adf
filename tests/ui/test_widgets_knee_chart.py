"""The knee chart: curve, mark, interval and present on one axis, and honest words where there is no knee."""

from __future__ import annotations

from itertools import pairwise

import pytest
from rich.cells import cell_len

from patchdeck.model import Knee, KneePoint
from tests.ui.widget_host import lines, shown
from themes.palettes import THEMES
from themes.ramps import ASCII, UNICODE
from widgets.knee_chart import KneeChart

SIZES = [(1, 1), (3, 2), (12, 4), (20, 6), (40, 12), (80, 24), (120, 40), (320, 80)]

HERD = (
    (1, 0.1, 0.13, 9.4),
    (2, 0.15, 0.18, 13.6),
    (4, 0.22, 0.29, 17.8),
    (8, 0.44, 0.6, 17.3),
    (64, 3.2, 3.9, 16.0),
)
"""In flight, p50, p95, throughput: as measured on a real engine."""


def point(in_flight: int, p50_s: float, p95_s: float, throughput_per_s: float) -> KneePoint:
    return KneePoint(
        in_flight=in_flight,
        startups=64,
        seconds_observed=4.0,
        p50_s=p50_s,
        p95_s=p95_s,
        throughput_per_s=throughput_per_s,
    )


FOUND = Knee(engine="prod-a", at=4, low=3, high=6, startups=412, points=tuple(point(*row) for row in HERD))
AT_LEAST = Knee(
    engine="prod-a", low=4, startups=90, points=FOUND.points[:3], reason="throughput may still grow at 4"
)
NOTHING = Knee(engine="prod-a", startups=7, reason="7 startups seen, 30 are needed")


def chart(knee: Knee, now: int, **options: object) -> KneeChart:
    made = KneeChart(**options)  # type: ignore[arg-type]
    made.show(knee, now)
    return made


async def drawn(knee: Knee, now: int, size: tuple[int, int] = (80, 20), **options: object) -> list[str]:
    made = chart(knee, now, **options)
    async with shown(made, size=size):
        return lines(made)


async def test_the_knee_its_interval_and_the_present_are_in_words_and_on_the_axis() -> None:
    said = await drawn(FOUND, 18)
    assert "knee 4 (3–6)  now 18 past the knee" in said[1]
    assert "Knee · prod-a" in said[0]
    assert "n 412" in said[0]
    knee, now, axis = said[-4], said[-3], said[-2]
    assert "knee ┤" in knee
    two, four, eight = (axis.index(number) for number in ("2", "4", "8"))
    assert knee[four] == UNICODE.ready
    assert two < knee.index(UNICODE.uncertain) < four < knee.rindex(UNICODE.uncertain) < eight
    assert axis.index("16") < now.index(UNICODE.warning) < axis.index("32")


async def test_each_axis_has_a_unit_and_its_ends() -> None:
    said = await drawn(FOUND, 0)
    text = "\n".join(said)
    assert "3.9s ┤" in text
    assert "0.10s ┤" in text
    assert "17.8/s ┤" in text
    assert "● p50  ▴ p95  █ throughput  starts in flight →" in said[-1]
    assert [number for number in ("1", "2", "4", "8", "16", "32", "64") if number in said[-2]] == [
        "1", "2", "4", "8", "16", "32", "64"
    ]  # fmt: skip


async def test_few_starts_in_flight_get_a_linear_scale() -> None:
    axis = (await drawn(AT_LEAST, 3))[-2]
    places = [axis.index(str(number)) for number in (1, 2, 3, 4)]
    steps = [after - before for before, after in pairwise(places)]
    assert max(steps) - min(steps) <= 1


async def test_a_bound_from_below_goes_on_past_the_end() -> None:
    said = await drawn(AT_LEAST, 2)
    assert "at least 4  now 2  throughput may still grow at 4" in said[1]
    assert said[-4].rstrip("│ ").endswith(UNICODE.beyond)
    assert UNICODE.ready not in said[-4]


async def test_without_data_the_reason_stands_alone() -> None:
    said = await drawn(NOTHING, 2)
    assert "not enough yet  now 2  7 startups seen, 30 are needed" in said[1]
    assert all(not line.strip("│ ") for line in said[2:-1])


async def test_where_nothing_was_seen_nothing_is_drawn() -> None:
    said = await drawn(FOUND, 0)
    from_16, to_32 = (said[-2].index(number) for number in ("16", "32"))
    assert all(not line[from_16:to_32].strip() for line in said[2:-4])


async def test_before_the_first_value_it_says_so() -> None:
    made = KneeChart()
    async with shown(made, size=(40, 10)):
        assert "nothing is known yet" in lines(made)[1]


@pytest.mark.parametrize("glyphs", [UNICODE, ASCII])
@pytest.mark.parametrize(("knee", "now"), [(FOUND, 18), (AT_LEAST, 200), (NOTHING, 0)])
async def test_every_line_fits_at_every_size(knee: Knee, now: int, glyphs: object) -> None:
    made = chart(knee, now, glyphs=glyphs)
    async with shown(made) as (_, pilot):
        for width, height in SIZES:
            await pilot.resize_terminal(width, height)
            await pilot.pause()
            for line in lines(made):
                assert cell_len(line) == width
                assert glyphs is UNICODE or (line.isascii() and line.isprintable())


@pytest.mark.parametrize("theme", [theme.name for theme in THEMES])
async def test_every_theme_draws_the_same_text(theme: str) -> None:
    made = chart(FOUND, 18)
    async with shown(made, size=(80, 20), theme=theme):
        assert lines(made) == await drawn(FOUND, 18)
