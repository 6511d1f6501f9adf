"""Scenarios: every one can be carried out as it is written, and its fleet has a past."""

from __future__ import annotations

import random

import pytest

from patchdeck.simulator.scenarios import DEFAULT, NAMES, load, script
from patchdeck.simulator.scenarios.compose import request_for
from patchdeck.simulator.scenarios.past import QUIET_S, past_starts


@pytest.mark.parametrize("name", NAMES)
def test_what_a_script_names_is_in_its_fleet(name: str) -> None:
    scenario = load(name)
    for at in scenario.script:
        match at.act:
            case script.Patch(service=service, to=to):
                assert scenario.service(service).version(to).name == to
            case script.Grow(service=service) | script.Shrink(service=service):
                assert scenario.service(service).name == service


@pytest.mark.parametrize("name", NAMES)
def test_a_scenario_is_told_in_one_line(name: str) -> None:
    assert 20 < len(load(name).about) <= 90


@pytest.mark.parametrize("name", NAMES)
def test_the_whole_fleet_was_started_in_the_past_one_after_another(name: str) -> None:
    scenario = load(name)
    past = past_starts(scenario, random.Random(1))
    assert len(past) == sum(service.replicas for service in scenario.services)
    assert len({(one.service.name, one.number) for one in past}) == len(past)
    assert all(one.began_s < one.created_s < one.started_s <= -QUIET_S for one in past)
    assert min(one.began_s for one in past) >= -1.2 * scenario.past_s
    assert [one.started_s for one in past] == sorted(one.started_s for one in past)


def test_the_same_seed_gives_the_same_past() -> None:
    scenario = load(DEFAULT)
    assert past_starts(scenario, random.Random(5)) == past_starts(scenario, random.Random(5))
    assert past_starts(scenario, random.Random(5)) != past_starts(scenario, random.Random(6))


def test_the_default_shows_everything_within_two_minutes_and_begins_with_about_sixty_containers() -> None:
    scenario = load(DEFAULT)
    kinds = {type(at.act) for at in scenario.script}
    assert kinds >= {script.Grow, script.Patch, script.Load}
    assert max(at.seconds for at in scenario.script) <= 120
    assert len(scenario.services) == 8
    assert 55 <= sum(service.replicas for service in scenario.services) <= 65


def test_the_calm_one_has_a_patch_of_every_kind_to_roll_out_and_does_nothing_by_itself() -> None:
    scenario = load("calm")
    behaviours = {version.behaviour for service in scenario.services for version in service.versions[1:]}
    assert behaviours == set(script.Behaviour)
    assert scenario.script == ()
    assert scenario.restart_s is None


def test_the_big_one_has_ten_thousand() -> None:
    assert sum(service.replicas for service in load("big").services) == 10_000


def test_a_replica_is_asked_for_as_compose_does() -> None:
    web = load(DEFAULT).service("shop/web")
    request = request_for(web, web.versions[0], 3)
    assert request["Image"] == "shop/web:1.4.2"
    assert request["Labels"]["com.docker.compose.container-number"] == "3"
    assert request["HostConfig"]["Memory"] == 256_000_000
