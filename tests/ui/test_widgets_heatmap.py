"""The heatmap: what a cell says, where the cursor is, what is painted again."""

import pytest
from msgspec.structs import replace as changed
from textual.geometry import Region

from patchdeck.model import HeatColumn, HeatGrid, HeatMode, Measure, Quantiles
from tests.ui.widget_host import GriddedHeatmap, grid, lines, shown
from themes.ramps import UNICODE
from widgets.heatmap import Heatmap

SECOND = 1_000_000_000
NOON_NS = 1_767_268_800 * SECOND


def column(index: int, counts: tuple[int, ...] = (0, 0, 0), **fields: object) -> HeatColumn:
    levels = tuple(min(count, 12) for count in counts)
    began_ns = NOON_NS + index * 10 * SECOND
    return changed(HeatColumn(began_ns=began_ns, levels=levels, counts=counts), **fields)


def small(*columns: HeatColumn) -> HeatGrid:
    return HeatGrid(
        mode=HeatMode.ALL,
        measure=Measure.STARTED,
        columns=columns,
        row_labels=("100ms", "", "1s"),
        edges_s=(0.1, 0.3, 1.0, 3.0),
        column_s=10.0,
        window_s=900.0,
        peak=12,
        peak_in_flight=3,
        quantiles=Quantiles(n=7, p50_s=0.36, p95_s=1.9, p99_s=float("inf")),
    )


FOUR = small(
    column(0, (1, 0, 0), in_flight=1),
    column(1, gap=True),
    column(2, (0, 12, 4), failed=3, in_flight=3),
    column(3, (0, 0, 2), failed=12, starting=2),
)


async def test_cells_failures_gaps_and_starts_in_flight_are_told_by_glyph() -> None:
    heatmap = Heatmap(utc=True)
    async with shown(heatmap, size=(60, 8)):
        heatmap.show(FOUR)
        drawn = lines(heatmap)
    assert [line[-5:-1] for line in drawn[1:5]] == [" ╱✗✗", f" ╱{UNICODE.heat[4]}·", " ╱█ ", "·╱  "]
    assert drawn[2].startswith("│    1s ┤")
    assert drawn[4].startswith("│ 100ms ┤")
    assert drawn[6][-5:-1] == "▄╱█▁"


async def test_a_count_of_failures_never_reads_as_a_part_of_its_neighbour() -> None:
    heatmap = Heatmap(utc=True)
    failed = (0, 3, 0, 1, 0, 2, 4, 0)
    async with shown(heatmap, size=(60, 8)):
        heatmap.show(small(*(column(index, failed=count) for index, count in enumerate(failed))))
        assert lines(heatmap)[1][-9:-1] == " 3 ✗ ✗✗ "


async def test_the_border_tells_window_percentiles_and_that_the_slowest_never_came() -> None:
    heatmap = Heatmap(utc=True)
    async with shown(heatmap, size=(90, 8)):
        heatmap.show(FOUR)
        assert "Startup latency · last 15 min · log" in lines(heatmap)[0]
        assert "p50 0.36s  p95 1.9s  p99 never  n 7" in lines(heatmap)[0]


async def test_the_readout_gives_exact_counts() -> None:
    heatmap = Heatmap(utc=True)
    async with shown(heatmap, size=(90, 8)) as (_, pilot):
        heatmap.show(FOUR)
        heatmap.focus()
        await pilot.press("left", "up")
        assert "12:00:20–12:00:30  0.30s–1.0s  n 12  failed 3  in flight 3" in lines(heatmap)[-1]
        await pilot.press("up", "up")
        assert "12:00:20–12:00:30  failed 3  in flight 3" in lines(heatmap)[-1]
        await pilot.press("left")
        assert "gap: may be incomplete" in lines(heatmap)[-1]


async def test_enter_opens_the_cell_and_none_is_the_row_of_failures() -> None:
    heatmap = Heatmap(utc=True)
    async with shown(heatmap, size=(90, 8)) as (host, pilot):
        heatmap.show(FOUR)
        heatmap.focus()
        await pilot.press("home", "right", "right", "up", "enter", "up", "up", "enter")
        await pilot.pause()
        opened = host.of(Heatmap.CellOpened)
    assert [(one.column, one.row) for one in opened if isinstance(one, Heatmap.CellOpened)] == [
        (2, 1),
        (2, None),
    ]


async def test_a_click_puts_the_cursor_on_a_cell_and_a_second_one_opens_it() -> None:
    heatmap = Heatmap(utc=True)
    async with shown(heatmap, size=(60, 8)) as (host, pilot):
        heatmap.show(FOUR)
        await pilot.click(heatmap, offset=(57, 2))
        by_click = heatmap.cursor
        await pilot.click(heatmap, offset=(57, 1), times=2)
        await pilot.pause()
        again = heatmap.cursor
        assert len(host.of(Heatmap.CellOpened)) == 1
        await pilot.click(heatmap, offset=(3, 2))
        assert [by_click, again, heatmap.cursor] == [(2, 2), (2, None), (2, None)]


async def test_the_cursor_stays_on_its_time_while_the_grid_moves_on() -> None:
    heatmap = Heatmap(utc=True)
    async with shown(heatmap, size=(60, 8)) as (_, pilot):
        heatmap.show(FOUR)
        heatmap.focus()
        await pilot.press("left")
        assert heatmap.cursor == (2, 0)
        heatmap.show(small(*FOUR.columns[1:], column(4)))
        assert heatmap.cursor == (1, 0)
        await pilot.press("end")
        heatmap.show(small(*FOUR.columns[2:], column(4), column(5)))
        assert heatmap.cursor == (3, 0)


async def test_the_capacity_is_told_when_the_room_changes() -> None:
    heatmap = Heatmap()
    async with shown(heatmap, size=(80, 20)) as (host, pilot):
        await pilot.resize_terminal(60, 12)
        await pilot.pause()
        told = [
            (one.columns, one.rows) for one in host.of(Heatmap.Resized) if isinstance(one, Heatmap.Resized)
        ]
    assert told == [(70, 15), (50, 7)]


async def test_named_rows_leave_less_room_and_the_capacity_says_so() -> None:
    heatmap = Heatmap()
    async with shown(heatmap, size=(80, 20)) as (host, pilot):
        heatmap.show(grid(*heatmap.capacity_for(HeatMode.SERVICE), HeatMode.SERVICE))
        await pilot.pause()
        assert heatmap.capacity == heatmap.capacity_for(HeatMode.SERVICE)
        assert heatmap.capacity[0] < heatmap.capacity_for(HeatMode.ALL)[0]
        assert len(host.of(Heatmap.Resized)) == 2


async def test_only_the_lines_that_differ_are_painted_again(monkeypatch: pytest.MonkeyPatch) -> None:
    heatmap = Heatmap(utc=True)
    async with shown(heatmap, size=(60, 8)) as (_, pilot):
        heatmap.show(FOUR)
        await pilot.pause()
        repainted: list[tuple[Region, ...]] = []
        monkeypatch.setattr(heatmap, "refresh", lambda *regions, **_: repainted.append(regions))
        newest = changed(FOUR.columns[3], levels=(0, 0, 3), counts=(0, 0, 3))
        heatmap.show(changed(FOUR, columns=(*FOUR.columns[:3], newest)))
        heatmap.show(changed(FOUR, columns=(*FOUR.columns[:3], newest)))
        assert [{region.y for region in regions} for regions in repainted] == [{2}]


async def test_more_columns_than_there_is_room_for_show_the_newest() -> None:
    heatmap = Heatmap(utc=True)
    many = small(*(column(index, (index % 2, 0, 0)) for index in range(200)))
    async with shown(heatmap, size=(40, 8)) as (_, pilot):
        heatmap.show(many)
        heatmap.focus()
        await pilot.press("home")
        assert heatmap.cursor == (170, 0)
        assert len(lines(heatmap)[1]) == 40


async def test_stale_keeps_the_glyphs_and_loses_the_colours() -> None:
    heatmap = GriddedHeatmap(utc=True)
    async with shown(heatmap, size=(100, 24)) as (_, pilot):
        await pilot.pause()
        live = lines(heatmap)
        shades = {segment.style for y in range(24) for segment in heatmap.render_line(y)}
        assert heatmap.grid is not None
        heatmap.show(heatmap.grid, stale=True)
        assert lines(heatmap)[1:-1] == live[1:-1]
        assert len({segment.style for y in range(24) for segment in heatmap.render_line(y)}) < len(shades) - 4
