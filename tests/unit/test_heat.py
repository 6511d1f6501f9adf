"""The heatmap: every startup in one cell, every cell with its startups, columns that stay where they are."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from patchdeck.crowd import peaks
from patchdeck.heat import cell_startups, grid
from patchdeck.heat_columns import Column, Look, column_of
from patchdeck.heat_memory import HeatMemory
from patchdeck.heat_rows import OTHERS
from patchdeck.model import (
    HEAT_LEVELS,
    Evidence,
    Gap,
    HeatGrid,
    HeatMode,
    Measure,
    Phase,
    Role,
    Startup,
    StartupKind,
    StartupOutcome,
)
from tests.unit.stories import ns

NOW_S = 1_000.0
HOUR_NS = 3_600_000_000_000
OFFSETS_NS = {"e": 0, "f": 3_600_000_000_000, "g": -3_600_000_000_000}


def startup(  # noqa: PLR0917
    at_s: float,
    latency_s: float | None = 0.4,
    outcome: StartupOutcome = StartupOutcome.STARTED,
    kind: StartupKind = StartupKind.FIRST,
    service: str = "shop",
    engine: str = "e",
    ready_s: float | None = None,
    number: int = 0,
) -> Startup:
    began_ns = ns(at_s) + OFFSETS_NS[engine]
    started_ns = None if latency_s is None else began_ns + round(latency_s * 1e9)
    phases: tuple[Phase, ...] = ()
    if latency_s is not None:
        phases = (Phase(name="create", seconds=latency_s / 4), Phase(name="start", seconds=latency_s * 3 / 4))
    return Startup(
        engine=engine,
        container_id=f"{number:064x}",
        anchor_ns=0,
        name=f"c{number}",
        service=service,
        role=Role.REPLICA,
        image="web:1",
        image_id="i",
        version="1",
        kind=kind,
        outcome=outcome,
        settled=outcome is not StartupOutcome.STARTING,
        evidence=Evidence.CREATED,
        expects_ready=ready_s is not None,
        began_ns=began_ns,
        started_ns=started_ns,
        ready_ns=None if ready_s is None else began_ns + round(ready_s * 1e9),
        ended_ns=began_ns + 1 if outcome is StartupOutcome.FAILED else None,
        phases=phases,
    )


@st.composite
def populations(draw: st.DrawFn) -> list[Startup]:
    found = []
    for number in range(draw(st.integers(0, 40))):
        outcome = draw(st.sampled_from(tuple(StartupOutcome)))
        unstarted = outcome is StartupOutcome.STARTING or (
            outcome is StartupOutcome.FAILED and draw(st.booleans())
        )
        latency_s = None if unstarted else draw(st.floats(0, 5_000))
        found.append(
            startup(
                draw(st.floats(NOW_S - 4_000, NOW_S + 5)),
                latency_s,
                outcome,
                draw(st.sampled_from(tuple(StartupKind))),
                draw(st.sampled_from(("a", "b", "c", "d", "e"))),
                draw(st.sampled_from(tuple(OFFSETS_NS))),
                latency_s + 1 if outcome is StartupOutcome.READY and latency_s is not None else None,
                number,
            )
        )
    return sorted(found, key=lambda each: each.at_ns)


def heatmap(
    startups: Sequence[Startup],
    *,
    now_s: float = NOW_S,
    window_s: float = 900.0,
    columns: int = 100,
    rows: int = 8,
    mode: HeatMode = HeatMode.ALL,
    measure: Measure = Measure.STARTED,
    kind: StartupKind = StartupKind.FIRST,
    gaps: Sequence[Gap] = (),
    memory: HeatMemory | None = None,
) -> HeatGrid:
    return grid(
        startups,
        now_ns=ns(now_s),
        window_s=window_s,
        columns=columns,
        rows=rows,
        mode=mode,
        measure=measure,
        kind=kind,
        gaps=gaps,
        offsets_ns=OFFSETS_NS,
        memory=memory,
    )


shapes = {
    "window_s": st.sampled_from((300.0, 900.0, 3_600.0, 21_600.0)),
    "columns": st.integers(10, 300),
    "rows": st.integers(3, 40),
    "mode": st.sampled_from(tuple(HeatMode)),
    "measure": st.sampled_from(tuple(Measure)),
    "kind": st.sampled_from(tuple(StartupKind)),
}


@settings(deadline=None, max_examples=60)
@given(populations(), st.fixed_dictionaries(shapes))
def test_every_cell_has_the_startups_that_it_counts(
    startups: list[Startup], shape: dict[str, object]
) -> None:
    found = heatmap(startups, **shape)  # type: ignore[arg-type]
    kind = shape["kind"]
    assert isinstance(kind, StartupKind)
    shown: list[Startup] = []
    for index, column in enumerate(found.columns):
        for row in (None, *range(len(found.row_labels))):
            cell = cell_startups(startups, found, index, row, kind=kind, offsets_ns=OFFSETS_NS)
            assert len(cell) == (column.failed if row is None else column.counts[row])
            shown += cell
        assert len(column.levels) == len(column.counts) == len(found.row_labels)
        for level, count in zip(column.levels, column.counts, strict=True):
            assert (level > 0) == (count > 0)
            assert level <= HEAT_LEVELS
    if found.mode is not HeatMode.PHASE:
        assert len({each.startup_id for each in shown}) == len(shown), "counted in two cells"
        valued = [
            each
            for each in startups
            if each.kind is kind
            and _in_window(each, found)
            and (
                each.censored
                or (each.latency_s if found.measure is Measure.STARTED else each.ready_s) is not None
            )
        ]
        assert {each.startup_id for each in shown} == {each.startup_id for each in valued}


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.tuples(populations(), st.floats(NOW_S, NOW_S + 60)), min_size=2, max_size=4),
    st.lists(st.fixed_dictionaries(shapes), min_size=1, max_size=2),
)
def test_what_is_remembered_changes_nothing(
    moments: list[tuple[list[Startup], float]], looks: list[dict[str, object]]
) -> None:
    """Startups come, change and go, time goes on, and somebody looks at them in this way and in that."""
    memory = HeatMemory()
    for startups, now_s in moments:
        for look in looks:
            anew = heatmap(startups, now_s=now_s, **look)  # type: ignore[arg-type]
            assert heatmap(startups, now_s=now_s, memory=memory, **look) == anew  # type: ignore[arg-type]


def test_only_the_columns_that_have_changed_are_worked_out_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[int] = []

    def counted(startups: Sequence[Startup], look: Look) -> Column:
        made.append(len(startups))
        return column_of(startups, look)

    monkeypatch.setattr("patchdeck.heat_memory.column_of", counted)
    startups = [startup(NOW_S - 890 + 8 * number, number=number) for number in range(100)]
    memory = HeatMemory()
    heatmap(startups, memory=memory)
    assert len(made) == 100
    made.clear()
    heatmap(list(startups), memory=memory)
    assert not made
    changed = [*startups[:50], startup(NOW_S - 490, 3.0, number=50), *startups[51:]]
    heatmap(changed, memory=memory)
    assert len(made) == 1
    made.clear()
    heatmap(changed, now_s=NOW_S + 9, memory=memory)
    assert len(made) == 1


def _in_window(each: Startup, found: HeatGrid) -> bool:
    at_ns = each.at_ns - OFFSETS_NS[each.engine]
    begin_ns = found.columns[0].began_ns
    return begin_ns <= at_ns < begin_ns + round(len(found.columns) * found.column_s * 1e9)


@settings(deadline=None, max_examples=60)
@given(st.floats(0, 1e5), st.sampled_from((300.0, 900.0, 3_600.0, 21_600.0)), st.integers(10, 300))
def test_columns_are_aligned_and_do_not_move_within_a_step(
    at_s: float, window_s: float, columns: int
) -> None:
    found = heatmap([], now_s=at_s, window_s=window_s, columns=columns)
    step_ns = round(found.column_s * 1e9)
    assert 1 <= len(found.columns) <= columns
    assert len(found.columns) * found.column_s >= window_s
    assert all(column.began_ns % step_ns == 0 for column in found.columns)
    assert found.columns[-1].began_ns <= ns(at_s) < found.columns[-1].began_ns + step_ns
    later = heatmap([], now_s=at_s + found.column_s, window_s=window_s, columns=columns)
    assert [column.began_ns for column in later.columns[:-1]] == [
        column.began_ns for column in found.columns[1:]
    ]


@pytest.mark.parametrize("rows", range(1, 41))
def test_rows_are_log_spaced_and_as_many_as_fit(rows: int) -> None:
    found = heatmap([startup(990, 0.4), startup(991, 45.0)], rows=rows)
    assert 1 <= len(found.row_labels) <= rows
    assert len(found.edges_s) == len(found.row_labels) + 1
    assert list(found.edges_s) == sorted(set(found.edges_s))
    if rows >= 3:
        assert len(found.row_labels) >= min(rows, 5) or rows < 5
        assert sum(1 for label in found.row_labels if label) >= 3


def test_a_value_lies_within_the_edges_of_its_row() -> None:
    latencies = [0.001, 0.01, 0.1, 0.3, 0.999, 1.0, 9.0, 29.0, 30.0, 5_000.0]
    for latency_s in latencies:
        found = heatmap([startup(990, latency_s)], rows=10)
        (row,) = [index for column in found.columns for index, count in enumerate(column.counts) if count]
        low, high = found.edges_s[row], found.edges_s[row + 1]
        assert low <= latency_s + 1e-9 or row == 0
        assert latency_s < high or row == len(found.row_labels) - 1


def test_a_failed_one_is_in_the_row_of_its_own_only() -> None:
    failed = startup(990, 0.4, StartupOutcome.FAILED)
    found = heatmap([failed])
    assert sum(column.failed for column in found.columns) == 1
    assert found.peak == 0
    column = next(index for index, column in enumerate(found.columns) if column.failed)
    assert cell_startups([failed], found, column, None, offsets_ns=OFFSETS_NS) == (failed,)


def test_those_under_way_are_told_apart_from_the_failed() -> None:
    found = heatmap([startup(990, None, StartupOutcome.STARTING)])
    assert sum(column.starting for column in found.columns) == 1
    assert sum(column.failed for column in found.columns) == 0
    assert found.columns[-1].in_flight == 1


def test_services_that_have_no_row_share_one() -> None:
    startups = [startup(900 + number, service=f"s{number % 5}", number=number) for number in range(50)]
    found = heatmap(startups, mode=HeatMode.SERVICE, rows=3)
    assert len(found.row_labels) == 3
    assert found.row_labels[0] == OTHERS
    assert sum(count for column in found.columns for count in column.counts) == 50
    assert len(heatmap(startups, mode=HeatMode.SERVICE, rows=5).row_labels) == 5


def test_phases_are_rows_with_the_median_of_each() -> None:
    found = heatmap([startup(990, 0.4), startup(990.1, 0.8, number=1)], mode=HeatMode.PHASE, columns=10)
    assert set(found.row_labels) == {"create", "start"}
    medians = {
        label: column.median_s[row]
        for column in found.columns
        for row, label in enumerate(found.row_labels)
        if column.counts[row]
    }
    assert medians == {"create": pytest.approx(0.15), "start": pytest.approx(0.45)}


def test_a_gap_marks_the_columns_that_it_touches() -> None:
    gap = Gap(
        engine="f",
        began_ns=ns(500) + OFFSETS_NS["f"],
        ended_ns=ns(520) + OFFSETS_NS["f"],
        reason="lost",
    )
    found = heatmap([], gaps=[gap])
    marked = [column.began_ns for column in found.columns if column.gap]
    assert marked
    assert ns(500) - found.column_s * 1e9 < marked[0] <= ns(500)
    assert ns(520) - found.column_s * 1e9 <= marked[-1] < ns(520)


def test_starts_in_flight_count_every_kind_and_engine() -> None:
    startups = sorted(
        (
            startup(980, 15.0, number=1),
            startup(981, 15.0, kind=StartupKind.RESTART, number=2),
            startup(982, 15.0, engine="f", number=3),
        ),
        key=lambda each: each.at_ns,
    )
    found = heatmap(startups)
    assert found.peak_in_flight == 3
    assert found.quantiles.n == 2


@settings(deadline=None, max_examples=60)
@given(populations(), st.sampled_from((300.0, 900.0, 3_600.0)), st.integers(10, 120))
def test_starts_in_flight_are_the_most_at_once_in_each_column(
    startups: list[Startup], window_s: float, columns: int
) -> None:
    found = heatmap(startups, window_s=window_s, columns=columns)
    spans = [
        (began_ns, _ended_ns(each))
        for each in startups
        if (began_ns := (each.began_ns or 0) - OFFSETS_NS[each.engine]) > found.columns[0].began_ns - HOUR_NS
    ]
    edges_ns = [column.began_ns for column in found.columns]
    edges_ns.append(edges_ns[-1] + round(found.column_s * 1e9))
    assert [column.in_flight for column in found.columns] == peaks(spans, edges_ns)


def _ended_ns(each: Startup) -> int:
    ended_ns = each.started_ns if each.started_ns is not None else each.ended_ns
    return 2**63 if ended_ns is None else ended_ns - OFFSETS_NS[each.engine]


def test_nothing_is_an_empty_grid() -> None:
    found = heatmap([])
    assert found.peak == 0
    assert found.quantiles.p50_s is None
    assert all(math.isclose(sum(column.counts), 0) for column in found.columns)
