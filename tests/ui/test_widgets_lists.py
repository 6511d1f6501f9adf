"""The lists: versions, events, startups, details. Cursor, order, columns, and hostile neighbours."""

import math
import time
from itertools import pairwise

import pytest
from msgspec.structs import replace
from rich.cells import cell_len

from patchdeck.model import (
    FeedEntry,
    Grouping,
    Layer,
    Measure,
    Phase,
    Quantiles,
    Service,
    Severity,
    StartupOutcome,
    Version,
)
from patchdeck.startup import PHASES
from tests.ui import sample
from tests.ui.widget_host import lines, shown
from themes.ramps import UNICODE
from widgets.details import Detail, Details, Section
from widgets.event_feed import EventFeed
from widgets.startup_list import StartupList
from widgets.version_columns import Column, layout
from widgets.version_table import VersionTable
from widgets.waterfall import PhaseKey, bar, scale_s

NONE = Quantiles()


def version(label: str, live: int, layers: tuple[str, ...] = ()) -> Version:
    made = tuple(Layer(diff_id=name, size_bytes=20_500_000) for name in layers)
    return Version(image_id=f"sha256:{label}", name=label, label=label, live=live, layers=made)


def service(name: str, *versions: Version, **fields: object) -> Service:
    live = sum(one.live for one in versions)
    plain = Service(
        engine="prod-a",
        name=name,
        grouping=Grouping.COMPOSE,
        versions=versions,
        live=live,
        running=live,
        starting=0,
        restarting=0,
        unhealthy=0,
        failed=0,
        starts=NONE,
        ready=NONE,
        restarts=NONE,
    )
    return replace(plain, **fields)


WEB = service(
    "shop/web",
    version("1.4.2", 24, ("a", "b")),
    version("1.4.3", 8, ("a", "c", "d")),
    starts=Quantiles(n=30, p50_s=0.31, p95_s=0.9),
    ready=Quantiles(n=30, p50_s=2.5, p95_s=math.inf),
)
API = service("shop/api", version("2.0.1", 12), restarting=3)
JOB = service("batch", version("7", 1), failed=2, unhealthy=1)


async def test_a_service_in_flight_shows_both_versions_their_replicas_and_the_new_layers() -> None:
    table = VersionTable()
    async with shown(table, size=(120, 10)):
        table.show((WEB,))
        row = lines(table)[2]
    assert "1.4.2 ━━━━━━━━━╺━━ 1.4.3" in row
    assert "24 + 8" in row
    assert "+2    41 MB" in row
    assert row.rstrip("│ ").endswith("in flight")


async def test_layers_that_are_not_known_are_missing_and_not_zero() -> None:
    table = VersionTable()
    async with shown(table, size=(120, 10)):
        table.show((service("web", version("1", 2), version("2", 1)),))
        assert "0 B" not in lines(table)[2]
        assert "  –  " in lines(table)[2]


async def test_the_measure_decides_which_percentiles_are_shown() -> None:
    table = VersionTable()
    async with shown(table, size=(120, 10)):
        table.show((WEB,))
        assert "0.31s  0.90s" in lines(table)[2]
        table.show((WEB,), measure=Measure.READY)
        assert " 2.5s  never" in lines(table)[2]


async def test_trouble_comes_before_progress_in_the_state() -> None:
    table = VersionTable()
    async with shown(table, size=(140, 10)):
        table.show((JOB, API))
        assert "✗ 2 failed, unhealthy 1" in lines(table)[2]
        assert "▲ restarting 3" in lines(table)[3]


async def test_the_cursor_keeps_its_service_when_rows_move_and_when_they_are_sorted() -> None:
    table = VersionTable()
    async with shown(table, size=(120, 10)) as (host, pilot):
        table.show((WEB, API, JOB))
        table.focus()
        await pilot.press("down", "down")
        table.show((service("aaa"), WEB, API, JOB))
        table.sort_by(Column.REPLICAS)
        await pilot.press("enter")
        await pilot.pause()
        opened = [one.key for one in host.of(VersionTable.Opened) if isinstance(one, VersionTable.Opened)]
    assert opened == ["prod-a/shop/web"]


async def test_the_table_stays_at_its_top_while_services_are_learned_of_until_the_cursor_is_moved() -> None:
    table = VersionTable()
    known = [service(f"zone-{number:02}") for number in range(40)]
    async with shown(table, size=(120, 10)) as (_, pilot):
        table.show(known[-1:])
        table.show(known)
        assert lines(table)[2].startswith("│▸zone-00")
        table.focus()
        await pilot.press("end")
        table.show((service("aaa"), *known))
        assert lines(table)[-2].startswith("│▸zone-39")


async def test_the_header_shows_the_order_and_a_click_on_it_changes_it() -> None:
    table = VersionTable()
    async with shown(table, size=(120, 10)) as (_, pilot):
        table.show((WEB, API, JOB))
        assert "service▴" in lines(table)[1]
        at = lines(table)[1].index("replicas")
        await pilot.click(table, offset=(at, 1))
        assert table.sort == (Column.REPLICAS, True)
        assert "replicas▾" in lines(table)[1]
        assert "shop/web" in lines(table)[2]


@pytest.mark.parametrize("width", range(1, 320, 7))
def test_columns_fit_in_any_width(width: int) -> None:
    for with_engine in (False, True):
        widths = layout(width, with_engine=with_engine)
        assert all(cells > 0 for cells in widths.values())
        if width > 44:
            assert sum(widths.values()) + 2 * (len(widths) - 1) <= width


def test_at_eighty_columns_the_layers_give_way() -> None:
    assert Column.LAYERS not in layout(77, with_engine=False)
    assert Column.LAYERS in layout(117, with_engine=True)


async def test_hostile_names_and_versions_change_nothing_but_their_own_cells() -> None:
    table = VersionTable()
    async with shown(table, size=(120, 10)):
        table.show((service("plain", version("1", 3)), WEB), with_engine=True)
        expected = lines(table)
        widths = layout(117, with_engine=True)
        begin = 2 + widths[Column.ENGINE] + 2
        end = begin + widths[Column.SERVICE] + 2 + widths[Column.VERSIONS]
        for text in sample.HOSTILE:
            table.show((service(text, version(text, 3)), WEB), with_engine=True)
            drawn = lines(table)
            hostile = next(line for line in drawn[2:4] if "shop/web" not in line)
            benign = next(line for line in expected if "plain" in line)
            wide = cell_len(hostile) - len(hostile)
            assert drawn[:2] == expected[:2]
            assert drawn[4:] == expected[4:]
            assert hostile[1:begin].strip("▸ ") == benign[1:begin].strip("▸ ")
            assert hostile[end - wide :] == benign[end:]


def entry(number: int, severity: Severity = Severity.INFO) -> FeedEntry:
    return FeedEntry(
        at_ns=sample.NOW_NS + number * sample.SECOND,
        engine="prod-a",
        severity=severity,
        what="started",
        name=f"web-{number}",
    )


async def test_the_feed_follows_the_newest_until_the_cursor_is_moved_and_again_at_the_end() -> None:
    feed = EventFeed(utc=True)
    entries = [entry(number) for number in range(100)]
    async with shown(feed, size=(60, 12)) as (_, pilot):
        feed.show(entries[:50])
        assert "web-49" in lines(feed)[-2]
        feed.show(entries[:60])
        assert "web-59" in lines(feed)[-2]
        feed.focus()
        await pilot.press("up", "up")
        held = [line[:-1] for line in lines(feed)[1:-1]]
        feed.show(entries[10:80])
        assert [line[:-1] for line in lines(feed)[1:-1]] == held
        await pilot.press("end")
        feed.show(entries)
        assert "web-99" in lines(feed)[-2]


async def test_severities_are_told_by_glyph() -> None:
    feed = EventFeed(utc=True)
    async with shown(feed, size=(60, 12)):
        feed.show([entry(number, severity) for number, severity in enumerate(Severity)])
        assert [line[11] for line in lines(feed)[1:4]] == ["·", "▲", "✗"]


def test_the_phases_of_a_bar_add_up_to_its_length() -> None:
    phases = tuple(Phase(name=name, seconds=0.25) for name in ("create", "setup", "runtime+network"))
    one = replace(sample.startups()[0], phases=phases, outcome=StartupOutcome.STARTED)
    spans = bar(one, 40, 1.0, PhaseKey(tuple(PHASES), UNICODE), UNICODE)
    assert [len(text) for text, _, _ in spans] == [10, 10, 20]
    assert "".join(text for text, _, _ in spans) == "█" * 10 + "▓" * 10 + "▒" * 10 + " " * 10


def test_what_runs_past_the_axis_is_marked_and_what_is_short_is_still_seen() -> None:
    key = PhaseKey(tuple(PHASES), UNICODE)
    one = replace(sample.startups()[0], outcome=StartupOutcome.STARTED)
    long = replace(one, phases=(Phase(name="create", seconds=70.0),))
    brief = replace(one, phases=(Phase(name="create", seconds=0.0001),))
    assert "".join(text for text, _, _ in bar(long, 10, 1.0, key, UNICODE)) == "█" * 9 + "›"
    assert "".join(text for text, _, _ in bar(brief, 10, 1.0, key, UNICODE)) == "█" + " " * 9


def test_how_uncertain_ready_is_shows_as_an_error_bar() -> None:
    phases = (Phase(name="create", seconds=0.2), Phase(name="ready", seconds=0.5))
    one = replace(sample.startups()[0], phases=phases, outcome=StartupOutcome.READY, ready_error_s=0.3)
    drawn = "".join(text for text, _, _ in bar(one, 10, 1.0, PhaseKey(tuple(PHASES), UNICODE), UNICODE))
    assert drawn == "██▄▄┄┄┄◆  "


def test_one_startup_of_minutes_does_not_squash_the_others() -> None:
    some = sample.startups()
    slow = replace(some[0], phases=(Phase(name="create", seconds=280.0),))
    assert scale_s([*some, slow]) == scale_s(some)


async def test_twenty_thousand_startups_cost_what_is_in_view() -> None:
    some = sample.startups()
    many = tuple(replace(some[n % 50], container_id=f"{n:064x}") for n in range(20_000))
    startups = StartupList(utc=True, phases=tuple(PHASES))
    async with shown(startups, size=(120, 40)) as (_, pilot):
        startups.show(many[:40])
        began = time.perf_counter()
        startups.show(many)
        assert time.perf_counter() - began < 1.0
        startups.focus()
        began = time.perf_counter()
        await pilot.press("end", "pageup", "home")
        assert time.perf_counter() - began < 2.0
        assert startups.selected == many[-1]


async def test_a_failed_startup_says_why() -> None:
    startups = StartupList(utc=True, phases=tuple(PHASES))
    failed = [one for one in sample.startups() if one.outcome is StartupOutcome.FAILED]
    async with shown(startups, size=(160, 10)) as (host, pilot):
        startups.show(failed)
        assert "unhealthy: probe exited with 1" in lines(startups)[2]
        startups.focus()
        await pilot.press("enter")
        await pilot.pause()
        (opened,) = host.of(StartupList.Opened)
    assert isinstance(opened, StartupList.Opened)
    assert opened.startup_id == failed[-1].startup_id


async def test_an_empty_section_says_so_and_a_long_page_scrolls() -> None:
    details = Details(utc=True)
    rows = [Detail(text=f"line {number}") for number in range(200)]
    async with shown(details, size=(40, 12)) as (_, pilot):
        details.show("web-1", [Section(title="Mounts"), Section(title="Log", details=rows)])
        assert "Mounts" in lines(details)[1]
        assert "none" in lines(details)[2]
        details.focus()
        await pilot.press("end")
        assert "line 199" in lines(details)[-2]
        marked = [y for y, line in enumerate(lines(details)) if line.endswith(UNICODE.thumb)]
        assert marked
        assert all(after == before + 1 for before, after in pairwise(marked))


async def test_a_marked_line_stands_beneath_the_others() -> None:
    details = Details(utc=True)
    severities = (Severity.INFO, Severity.WARNING, Severity.FAILURE)
    rows = [Detail(key="key", text="text", severity=severity) for severity in severities]
    async with shown(details, size=(40, 8)):
        details.show("web-1", [Section(title="", details=rows)])
        drawn = lines(details)[1:4]
    assert len({line.index("key") for line in drawn}) == 1
    assert len({line.index("text") for line in drawn}) == 1
    assert [line[2] for line in drawn] == [" ", UNICODE.warning, UNICODE.failure]


def test_at_80_columns_two_engines_are_told_apart() -> None:
    inside = 80 - 3
    assert Column.ENGINE in layout(inside, with_engine=True)
    assert Column.ENGINE not in layout(inside, with_engine=False)


async def test_at_80_columns_the_reason_of_a_lost_engine_is_not_cut_before_its_address() -> None:
    feed = EventFeed(utc=True)
    lost = FeedEntry(
        at_ns=sample.NOW_NS,
        engine="prod-b",
        severity=Severity.FAILURE,
        what="lost",
        name="engine prod-b",
        detail="nobody listens at /run/lab/a-long-name/docker.sock. Start the engine",
    )
    async with shown(feed, size=(80, 4)):
        feed.show((lost,), with_engine=True)
        assert "nobody listens at /run" in lines(feed)[1]
