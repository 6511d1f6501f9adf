"""Services, versions and percentiles: what belongs together, what it is called, and how its numbers are made."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patchdeck.model import NEVER, Grouping, ImageFacts, Role, Service
from patchdeck.settings import ServiceSettings, Settings
from patchdeck.versions import group, over_window, quantiles, role, tag_of, version_name
from tests.unit.stories import GENERATIONS, OLD, PROBED, EngineStory

COMPOSE = {"com.docker.compose.project": "shop", "com.docker.compose.service": "web"}
SWARM = {"com.docker.swarm.service.name": "shop_web", "com.docker.swarm.task.id": "t1"}
OWN = {"patchdeck.service": "till"}
ONE, TWO = "sha256:" + "1" * 64, "sha256:" + "2" * 64


@pytest.mark.parametrize(
    ("labels", "service", "grouping"),
    [
        ({}, "web-1", Grouping.ALONE),
        (COMPOSE, "shop/web", Grouping.COMPOSE),
        (SWARM | COMPOSE, "shop_web", Grouping.SWARM),
        (OWN | SWARM | COMPOSE, "till", Grouping.LABEL),
        ({"com.docker.compose.project": "shop"}, "web-1", Grouping.ALONE),
        ({"patchdeck.service": ""} | COMPOSE, "shop/web", Grouping.COMPOSE),
    ],
)
def test_the_first_rule_whose_labels_are_there_decides(
    labels: dict[str, str], service: str, grouping: Grouping
) -> None:
    assert group("web-1", labels, ServiceSettings().group_by) == (service, grouping)


def test_the_precedence_of_labels_is_the_users() -> None:
    rules = ("app+tier", "com.docker.compose.project+com.docker.compose.service", "patchdeck.service")
    assert group("x", OWN | COMPOSE, rules)[0] == "shop/web"
    assert group("x", OWN | COMPOSE | {"app": "a", "tier": "t"}, rules) == ("a/t", Grouping.LABEL)
    engine = EngineStory(OLD)
    engine.container("x", labels=OWN | COMPOSE).run(1)
    assert (
        engine.snapshot(5, Settings(services=ServiceSettings(group_by=rules))).services[0].name == "shop/web"
    )


def test_one_offs_and_tasks_are_told_by_their_labels() -> None:
    assert role(COMPOSE) is Role.REPLICA
    assert role(COMPOSE | {"com.docker.compose.oneoff": "True"}) is Role.ONE_OFF
    assert role(COMPOSE | {"com.docker.compose.oneoff": "False"}) is Role.REPLICA
    assert role(SWARM) is Role.TASK


@pytest.mark.parametrize(
    ("image", "tag"),
    [
        ("web", "latest"),
        ("web:1.4.2", "1.4.2"),
        ("a/b/web", "latest"),
        ("host:5000/a/b:1.2", "1.2"),
        ("host:5000/a/b", "latest"),
        ("host:5000/a/b:1.2@sha256:" + "a" * 64, ""),
        ("web@sha256:" + "a" * 64, ""),
        ("sha256:" + "a" * 64, ""),
        ("a1b2c3d4e5f6", ""),
        ("a" * 64, ""),
        ("deadbeef", "latest"),
        ("", ""),
    ],
)
def test_the_tag_of_a_reference(image: str, tag: str) -> None:
    assert tag_of(image) == tag


def test_a_version_is_called_by_its_label_else_its_tag_else_its_id() -> None:
    labelled = ImageFacts(image_id=ONE, labels={"org.opencontainers.image.version": " 1.4.2 "})
    blank = ImageFacts(image_id=ONE, labels={"org.opencontainers.image.version": " "})
    assert version_name(ONE, "web:1", labelled) == "1.4.2"
    assert version_name(ONE, "web:1", blank) == "1"
    assert version_name(ONE, "web@sha256:abc", None) == "1" * 12
    tagged = ImageFacts(image_id=ONE, tags=("host:5000/web:7",))
    assert version_name(ONE, ONE, tagged) == "7"
    assert version_name("", "", None) == "?"


def service_of(engine: EngineStory, at_s: float) -> Service:
    (service,) = engine.snapshot(at_s).services
    return service


def test_a_moved_tag_is_a_new_version_and_told_apart() -> None:
    engine = EngineStory(OLD)
    for name, image_id in (("a", ONE), ("b", ONE), ("c", TWO)):
        engine.container(name, labels=COMPOSE, image="web:1", image_id=image_id).run(ord(name) - 96)
    service = service_of(engine, 10)
    assert [(version.name, version.live) for version in service.versions] == [("1", 2), ("1", 1)]
    assert [version.label for version in service.versions] == ["1@1111111", "1@2222222"]
    assert service.in_flight


def test_the_older_version_is_shown_as_long_as_it_is_live() -> None:
    engine = EngineStory(OLD)
    old = engine.container("a", labels=COMPOSE, image="web:1", image_id=ONE)
    old.run(1)
    engine.container("b", labels=COMPOSE, image="web:2", image_id=TWO).run(5)
    assert [version.label for version in service_of(engine, 8).versions] == ["1", "2"]
    old.stop(9)
    service = service_of(engine, 12)
    assert [version.label for version in service.versions] == ["2"]
    assert not service.in_flight
    assert len(service.container_ids) == 2


def test_percentiles_of_a_service_are_of_all_its_versions_also_those_not_live() -> None:
    engine = EngineStory(OLD)
    old = engine.container("a", labels=COMPOSE, image_id=ONE)
    old.run(1, took_s=4)
    old.die(9, 0)
    old.destroy(9.5)
    engine.container("b", labels=COMPOSE, image_id=TWO).run(10, took_s=1)
    service = service_of(engine, 30)
    assert [version.image_id for version in service.versions] == [TWO]
    assert service.starts.n == 2
    assert service.starts.p99_s == pytest.approx(4, abs=0.01)
    # And where the only startups are those of a version that is not live any more:
    assert service_of_gone_and_silent().starts.n == 1


def service_of_gone_and_silent() -> Service:
    engine = EngineStory(OLD)
    old = engine.container("a", labels=COMPOSE, image_id=ONE)
    old.run(1, took_s=4)
    old.die(9, 0)
    old.destroy(9.5)
    silent = engine.container("b", labels=COMPOSE, image_id=TWO, created_ns=1)
    silent.become(status="running", started_ns=2)
    silent.inspect(10)
    return service_of(engine, 30)


@pytest.mark.parametrize("version", GENERATIONS)
def test_first_starts_restarts_and_one_offs_are_never_mixed(version: str) -> None:
    engine = EngineStory(version)
    container = engine.container("a", labels=COMPOSE, restart_policy="always")
    container.run(1, took_s=1)
    container.die(10, 1)
    container.start(12, took_s=1)
    job = engine.container("job", labels=COMPOSE | {"com.docker.compose.oneoff": "True"})
    job.run(20, took_s=9)
    service = service_of(engine, 60)
    assert (service.starts.n, service.restarts.n) == (1, 1)
    assert service.starts.p50_s == pytest.approx(1, abs=0.01)
    assert service.restarts.p50_s == pytest.approx(3, abs=0.01)
    assert (service.live, service.one_offs) == (1, 1)


def test_a_swarm_task_is_a_replica() -> None:
    engine = EngineStory(OLD)
    engine.container("shop_web.1.t1", labels=SWARM).run(1)
    service = service_of(engine, 10)
    assert service.grouping is Grouping.SWARM
    assert service.live == 1
    assert service.starts.n == 1


def test_states_of_replicas_are_counted() -> None:
    engine = EngineStory(OLD)
    engine.container("a", labels=COMPOSE).run(1)
    ill = engine.container("b", labels=COMPOSE, healthcheck=PROBED)
    ill.run(1)
    ill.probe(5, 1, "unhealthy")
    looping = engine.container("c", labels=COMPOSE, restart_policy="always")
    looping.run(1)
    looping.die(5, 1, inspect=False)
    looping.become(status="restarting")
    looping.inspect(5.1)
    engine.container("d", labels=COMPOSE).create(9)
    service = service_of(engine, 10)
    assert (service.live, service.running, service.restarting, service.unhealthy) == (3, 2, 1, 1)
    assert service.starting == 1
    assert service.failed == 1


def test_a_container_that_is_renamed_moves_to_the_service_of_its_new_name() -> None:
    engine = EngineStory(OLD)
    container = engine.container("web")
    container.run(1)
    assert service_of(engine, 5).name == "web"
    container.become(name="web--old")
    container.event(6, "rename", name="web--old")
    service = service_of(engine, 7)
    assert service.name == "web--old"
    assert service.starts.n == 1


def test_the_same_service_over_another_window() -> None:
    engine = EngineStory(OLD)
    engine.container("a", labels=COMPOSE).run(1, took_s=4)
    engine.container("b", labels=COMPOSE).run(10, took_s=1)
    snapshot = engine.snapshot(30)
    (service,) = snapshot.services
    recent = over_window(service, snapshot.startups[1:])
    assert (service.starts.n, recent.starts.n, recent.versions[0].starts.n) == (2, 1, 1)
    assert recent.live == service.live


# ---------------------------------------------------------------------------------------------------- percentiles


def test_percentiles_of_nothing_are_nothing() -> None:
    assert quantiles([]).p50_s is None
    assert quantiles([]).n == 0


@given(st.lists(st.floats(0, 1e4), max_size=60), st.integers(0, 20))
def test_percentiles_are_nearest_rank_and_the_censored_are_longest(
    values: list[float], censored: int
) -> None:
    found = quantiles(values, censored)
    population = sorted(values) + [NEVER] * censored
    assert found.n == len(population)
    assert found.censored == censored
    for share, value in ((50, found.p50_s), (95, found.p95_s), (99, found.p99_s)):
        if not population:
            assert value is None
            continue
        rank = max(1, math.ceil(Fraction(share, 100) * len(population)))
        assert value == population[rank - 1]


def test_never_ready_ones_are_in_the_percentiles_as_longer_than_all() -> None:
    engine = EngineStory(OLD)
    for number in range(3):
        container = engine.container(f"c{number}", labels=COMPOSE, healthcheck=PROBED)
        container.run(1)
        if number:
            container.probe(3 + number, 0, "healthy")
    service = service_of(engine, 400)
    assert (service.ready.n, service.ready.censored) == (3, 1)
    assert service.ready.p50_s is not None
    assert service.ready.p50_s < 10
    assert service.ready.p99_s == NEVER
