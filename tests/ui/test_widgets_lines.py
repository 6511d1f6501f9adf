"""The status line, the notices, contention and the filter."""

import re

import pytest
from msgspec.structs import replace
from rich.cells import cell_len
from textual.theme import Theme

from patchdeck.model import Indicator, Level, Sample, SourceState
from tests.ui import sample
from tests.ui.widget_host import lines, shown
from themes.palettes import THEMES
from themes.ramps import UNICODE
from widgets.contention_chart import ContentionChart
from widgets.contention_panel import ContentionPanel
from widgets.contention_strip import ContentionStrip
from widgets.filter_line import FilterLine
from widgets.ink import HEAT, PHASES, Ink, style_of
from widgets.notice import Notice
from widgets.sparkline import spark
from widgets.status_bar import StatusBar


@pytest.mark.parametrize("width", [40, 60, 80, 120, 200])
async def test_clock_and_armed_state_are_there_at_every_width(width: int) -> None:
    bar = StatusBar()
    async with shown(bar, size=(width, 2)):
        bar.show(
            sample.engines(),
            now_ns=sample.NOW_NS,
            clock="23:41:07",
            armed_label="DISARMED",
            sources=(("prometheus", SourceState.ABSENT),),
        )
        (line,) = lines(bar)
    assert line.endswith("DISARMED   23:41:07 ")
    assert line.startswith(" PATCHDECK")
    assert ("prometheus ○" in line) == (width >= 80)


async def test_each_state_of_an_engine_has_a_glyph_of_its_own_and_silence_has_an_age() -> None:
    bar = StatusBar()
    engine = sample.engines()[0]
    states = [
        replace(engine, name=state.value[:2], state=state, heard_ns=sample.NOW_NS - 12 * sample.SECOND)
        for state in SourceState
    ]
    async with shown(bar, size=(160, 1)):
        bar.show(states, now_ns=sample.NOW_NS, clock="", armed_label="")
        (line,) = lines(bar)
    for glyph, state in zip("◌●◐✗✗○", SourceState, strict=True):
        assert f"{glyph} {state.value[:2]}" in line
    assert "stale 12s" in line


async def test_what_is_simulated_says_so() -> None:
    bar = StatusBar()
    async with shown(bar, size=(80, 1)):
        bar.show((), now_ns=0, clock="23:41:07", armed_label="DISARMED", simulated=True)
        assert "SIMULATED" in lines(bar)[0]


@pytest.mark.parametrize("size", [(4, 1), (10, 3), (30, 8), (79, 23), (200, 60)])
async def test_a_notice_fits_in_whatever_room_there_is(size: tuple[int, int]) -> None:
    notice = Notice()
    async with shown(notice, size=size):
        notice.show("This terminal is too small", [f"{size[0]}×{size[1]}; at least 80×24 is needed"])
        drawn = lines(notice)
    assert all(cell_len(line) == size[0] for line in drawn)
    assert "This" in " ".join(drawn) or "…" in "".join(drawn)


async def test_a_long_reason_is_wrapped_not_lost() -> None:
    notice = Notice()
    reason = (
        "unix:///var/run/docker.sock: permission denied; add yourself to the group docker and log in again"
    )
    async with shown(notice, size=(50, 12)):
        notice.show("No engine answered", [reason])
        drawn = " ".join(line.strip() for line in lines(notice) if line.strip())
    assert reason in drawn


async def test_an_indicator_without_a_value_says_why_and_one_without_a_level_is_not_called_calm() -> None:
    panel = ContentionPanel()
    missing = Indicator(
        name="io", unit="share", value=None, level=Level.UNKNOWN, reason="not on this host", source="-"
    )
    starts = Indicator(
        name="starts", unit="starts", value=18, level=Level.UNKNOWN, reason="18", source="events"
    )
    async with shown(panel, size=(40, 6)):
        panel.show((replace(sample.engines()[0], indicators=(missing, starts)),))
        drawn = lines(panel)
    assert "io      not on this host" in drawn[1]
    assert " 18" in drawn[2]
    assert "calm" not in "".join(drawn)


def told(name: str, level: Level, value: float | None) -> Indicator:
    return Indicator(name=name, unit="share", value=value, level=level, reason="why", source="-")


async def test_the_strip_tells_the_worst_first_and_what_is_not_known_last() -> None:
    strip = ContentionStrip(glyphs=UNICODE)
    indicators = (
        told("cpu", Level.CALM, 0.1),
        told("memory", Level.BUSY, 0.02),
        told("io", Level.SATURATED, 0.3),
        told("network", Level.UNKNOWN, None),
        told("engine", Level.CALM, 0.0),
        told("starts", Level.UNKNOWN, 0.0),
    )
    order = ["io", "memory", "cpu", "engine", "starts", "network"]
    async with shown(strip, size=(160, 1)) as (_, pilot):
        for values in ((0.1, 0.5), (0.9, 0.0)):
            changed = tuple(
                one if one.value is None else replace(one, value=values[number % 2])
                for number, one in enumerate(indicators)
            )
            strip.show((replace(sample.engines()[0], indicators=changed),))
            (line,) = lines(strip)
            assert [word for word in line.split() if word in order] == order
        await pilot.resize_terminal(80, 1)
        await pilot.pause()
        (line,) = lines(strip)
        assert "starts" in line
        assert "network" not in line


async def test_the_chart_leaves_blank_what_was_not_told_and_draws_a_zero() -> None:
    minute_ns = 60 * sample.SECOND
    history = tuple(
        Sample(at_ns=sample.NOW_NS - ago * minute_ns // 6, value=0.0 if ago < 30 else 0.25)
        for ago in range(90, 0, -1)
        if not 40 <= ago < 60
    )
    network = Indicator(
        name="network",
        unit="share",
        value=0.0,
        level=Level.CALM,
        reason="TCP segments sent again 0 %",
        source="prometheus",
        history=history,
    )
    chart = ContentionChart(glyphs=UNICODE)
    async with shown(chart, size=(102, 7)):
        chart.show(replace(sample.engines()[0], indicators=(network,)), now_ns=sample.NOW_NS, window_s=900.0)
        lowest = [line for line in lines(chart) if "┤" in line][-1]
    bars = lowest[lowest.index("┤") + 1 : -1]
    assert re.fullmatch(r"█{30,36} {18,22}█{8,12}▁{28,34} *", bars), bars


def test_a_stretch_without_a_sample_is_blank_and_zero_is_not() -> None:
    at = [
        Sample(at_ns=second * sample.SECOND, value=value)
        for second, value in ((0, 0.0), (10, 1.0), (30, 0.5))
    ]
    assert spark(at, cells=4, cell_s=10, full_scale=1.0, bars=UNICODE.bars) == "▁█ ▅"


def test_bars_do_not_shimmer_as_time_goes_on() -> None:
    many = [Sample(at_ns=second * sample.SECOND, value=float(second % 7)) for second in range(100)]
    now = spark(many, cells=10, cell_s=5, full_scale=7.0, bars=UNICODE.bars)
    later = spark(
        [*many, Sample(at_ns=100 * sample.SECOND, value=0.0)],
        cells=10,
        cell_s=5,
        full_scale=7.0,
        bars=UNICODE.bars,
    )
    assert later[:-1] == now[1:]


async def test_the_filter_tells_every_change_and_escape_takes_it_away() -> None:
    line = FilterLine()
    async with shown(line, size=(60, 3)) as (host, pilot):
        seen = [line.display]
        line.open()
        await pilot.press("w", "e")
        seen.append(line.display)
        await pilot.press("enter")
        seen.append(line.display)
        line.open()
        await pilot.press("escape")
        await pilot.pause()
        seen.append(line.display)
        told = [one.text for one in host.of(FilterLine.Filtered) if isinstance(one, FilterLine.Filtered)]
    assert seen == [False, True, False, False]
    assert told == ["w", "we", ""]


@pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.name)
def test_every_ink_has_a_look_in_every_theme(theme: Theme) -> None:
    variables = {**theme.to_color_system().generate(), **theme.variables}
    for ink in (*(ink for ink in Ink if ink), *HEAT, *PHASES):
        assert style_of(ink, variables)
