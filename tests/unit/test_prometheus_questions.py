"""What is asked of Prometheus, and what is made of its answers."""

from __future__ import annotations

import pytest

from patchdeck.settings import IndicatorSettings, PrometheusSettings, ServiceSettings
from patchdeck.sources.prometheus import promql, timing
from patchdeck.sources.prometheus.asking import Asked, candidates, choose
from patchdeck.sources.prometheus.backfill import CHUNK_POINTS, MOST_POINTS, chunks, step_s
from patchdeck.sources.prometheus.client import Series, number
from patchdeck.sources.prometheus.expressions import TABLE, Expression, Role
from patchdeck.sources.prometheus.faults import BadQuery, Malformed
from patchdeck.sources.prometheus.matching import Match
from patchdeck.sources.prometheus.readings import past_readings, readings
from patchdeck.sources.prometheus.timing import Windows

GROUP_BY = ServiceSettings().group_by
WINDOWS = Windows(10, 60)
NODE = frozenset(name for one in TABLE if one.role is Role.NODE for name in one.needs)


def asked(per: str = "engine", template: str = "x{$engines}[$window]") -> Asked:
    return Asked(
        expression=Expression(indicator="i", promql=template, words="w", per=per), engines={"a:1": ("e", "f")}
    )


def series(value: str, window: str = "short", **metric: str) -> Series:
    return Series(metric={"instance": "a:1", promql.WINDOW: window, **metric}, value=(1.0, value))


def read(of: Asked, *several: Series) -> list[tuple[str, str, float, float | None]]:
    found = readings(of, several, windows=WINDOWS, at_ns={"a:1": 5}, group_by=GROUP_BY)
    return [(one.engine, one.service, one.value, one.sustained) for one in found]


# ---------------------------------------------------------------------------------------------------- questions


def test_an_instance_can_not_break_out_of_its_matcher() -> None:
    assert promql.matcher(['a.b"} or vector(1) #', "c:1"]) == (
        'instance=~"a\\\\.b\\"\\\\}\\\\ or\\\\ vector\\\\(1\\\\)\\\\ \\\\#|c:1"'
    )


def test_both_windows_are_one_question() -> None:
    text = promql.question(asked().expression, ["a:1"], 10, 60, GROUP_BY)
    assert text == (
        'label_replace((x{instance=~"a:1"}[10s]), "patchdeck_window", "short", "", "") or '
        'label_replace((x{instance=~"a:1"}[60s]), "patchdeck_window", "long", "", "")'
    )
    assert promql.question(asked(template="y").expression, ["a:1"], 10, 60, GROUP_BY) == "y"


def test_services_are_named_as_the_fleet_names_them_the_first_rule_last() -> None:
    text = promql.rendered("<<x>>", [], 10, ["a", "b.c+d"])
    assert text == (
        'label_replace(label_replace(label_join(label_replace(x, "service", "$1", "name", "(.+)"), '
        '"patchdeck_joined", "/", "container_label_b_c", "container_label_d"), '
        '"service", "$1", "patchdeck_joined", "(.+/.+)"), "service", "$1", "container_label_a", "(.+)")'
    )


def test_every_expression_of_the_table_is_bounded_and_asks_only_of_the_engines() -> None:
    for one in TABLE:
        by = "by (instance, service)" if one.per == "service" else "by (instance)"
        assert by in one.promql
        assert one.promql.count("$engines") == one.promql.count("$window") + ("MemTotal" in one.promql)
        assert all(name in one.promql for name in one.needs), one
        assert one.needs


def test_the_best_expression_is_chosen_for_each_engine_and_engines_share_it() -> None:
    old = NODE - {name for name in NODE if "pressure" in name}
    matches = {
        "new": Match(instances={Role.NODE: "n:1"}),
        "newer": Match(instances={Role.NODE: "n:1"}),
        "old": Match(instances={Role.NODE: "o:1"}),
        "none": Match(),
    }
    chosen = choose(TABLE, matches, {"n:1": NODE, "o:1": old})
    cpu = [one for one in chosen if one.expression.indicator == "cpu"]
    assert [(one.expression.words, one.expression.stand_in, one.engines) for one in cpu] == [
        ("cpu some", False, {"n:1": ("new", "newer")}),
        ("processors in use", True, {"o:1": ("old",)}),
    ]


def test_the_number_of_questions_does_not_grow_with_engines() -> None:
    def questions(count: int) -> int:
        matches = {f"e{n}": Match(instances={Role.NODE: f"n{n}:1"}) for n in range(count)}
        return len(choose(TABLE, matches, {f"n{n}:1": NODE for n in range(count)}))

    assert questions(1) == questions(200) == 7


def test_the_config_replaces_and_adds() -> None:
    settings = PrometheusSettings(expressions={"cpu": "mine"})
    own = IndicatorSettings(name="queue", promql="q", unit="jobs", per="service")
    found = candidates(settings, (own,))
    assert [one.promql for one in found if (one.indicator, one.per) == ("cpu", "engine")] == ["mine"]
    assert any(one.indicator == "cpu" and one.per == "service" for one in found)
    assert (found[-1].indicator, found[-1].unit, found[-1].per, found[-1].role) == (
        "queue",
        "jobs",
        "service",
        None,
    )


# ---------------------------------------------------------------------------------------------------- answers


def test_windows_are_joined_and_each_engine_of_the_host_has_its_reading() -> None:
    assert read(asked(), series("0.5"), series("0.25", "long")) == [
        ("e", "", 0.5, 0.25),
        ("f", "", 0.5, 0.25),
    ]


@pytest.mark.parametrize("value", ["NaN", "+Inf", "-Inf"])
def test_what_is_no_number_is_no_reading(value: str) -> None:
    assert read(asked(), series(value)) == []
    assert read(asked(), series("0.5"), series(value, "long"))[0] == ("e", "", 0.5, None)


def test_a_value_that_no_number_is_written_like_is_malformed() -> None:
    with pytest.raises(Malformed):
        number("many")


def test_other_instances_and_histograms_are_left_out() -> None:
    assert read(asked(), series("1", instance="b:1")) == []
    assert read(asked(), Series(metric={"instance": "a:1"})) == []


def test_an_answer_that_does_not_say_of_whom_is_a_bad_question() -> None:
    with pytest.raises(BadQuery, match=r"no label instance: aggregate by \(instance\)"):
        read(asked(), Series(value=(1.0, "1")))
    with pytest.raises(BadQuery, match=r"several values for one: aggregate by \(instance\)"):
        read(asked(), series("1", cpu="0"), series("2", cpu="1"))
    with pytest.raises(BadQuery, match="no label service"):
        read(asked("service"), series("1"))


@pytest.mark.parametrize(
    ("metric", "service"),
    [
        ({"service": "web"}, "web"),
        ({"container_label_com_docker_swarm_service_name": "api", "name": "api.1"}, "api"),
        (
            {
                "container_label_com_docker_compose_project": "shop",
                "container_label_com_docker_compose_service": "web",
            },
            "shop/web",
        ),
        ({"name": "alone"}, "alone"),
    ],
)
def test_a_service_is_its_label_or_as_containers_are_grouped(metric: dict[str, str], service: str) -> None:
    assert read(asked("service"), series("1", **metric))[0][1] == service


def test_the_past_has_a_reading_where_there_is_a_value_and_none_elsewhere() -> None:
    short = Series(
        metric={"instance": "a:1", promql.WINDOW: "short"}, values=((10, "1"), (20, "NaN"), (40, "2"))
    )
    long = Series(metric={"instance": "a:1", promql.WINDOW: "long"}, values=((10, "3"), (30, "4")))
    found = past_readings(asked(), [short, long], windows=WINDOWS, offset_ns=10**9, engines=frozenset({"f"}))
    assert [(one.engine, one.at_ns, one.value, one.sustained) for one in found] == [
        ("f", 9 * 10**9, 1.0, 3.0),
        ("f", 39 * 10**9, 2.0, None),
    ]


# ---------------------------------------------------------------------------------------------------- times


def test_windows_hold_four_scrapes() -> None:
    assert Windows.of(1) == Windows(10, 60)
    assert Windows.of(15) == Windows(60, 120)
    assert Windows.of(60) == Windows(240, 480)


def test_the_scrape_interval_is_the_median_spacing_of_the_slowest_instance() -> None:
    assert timing.scrape_s([[0, 15, 30, 60, 75], [0, 5, 10]]) == 15
    assert timing.scrape_s([[0, 15]]) is None
    assert timing.scrape_s([]) is None
    assert not timing.is_stale(31, 15)
    assert timing.is_stale(32, 15)
    assert timing.is_stale(301, 200)


@pytest.mark.parametrize("end_s", [1_795_000_000.0, 1_795_000_000.7, 1_795_000_003.2, 1_795_000_009.99])
@pytest.mark.parametrize(
    ("span_s", "scrape_s"), [(900, 1), (6 * 3600, 15), (7 * 86_400, 1), (7 * 86_400, 60)]
)
def test_the_past_is_asked_for_in_bounded_pieces_newest_first_and_each_moment_once(
    span_s: float, scrape_s: float, end_s: float
) -> None:
    step = step_s(span_s, scrape_s)
    assert step >= max(10, scrape_s)
    pieces = list(chunks(end_s - span_s, end_s, step))
    points = [moment for start, end in pieces for moment in range(start, end + 1, step)]
    assert len(points) == len(set(points)) <= MOST_POINTS
    assert max(len(range(start, end + 1, step)) for start, end in pieces) <= CHUNK_POINTS
    assert all(moment % step == 0 for moment in points)
    assert end_s - step < max(points) <= end_s
    assert end_s - span_s <= min(points) < end_s - span_s + step
    assert pieces == sorted(pieces, reverse=True)


def test_nothing_is_asked_for_where_nothing_is_missing() -> None:
    assert list(chunks(105, 108, 10)) == []
