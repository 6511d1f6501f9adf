"""Scenarios: every one can be carried out as it is written, and its fleet has a past."""

from __future__ import annotations

import asyncio
import random
import time

import pytest

from patchdeck.simulator.scenarios import DEFAULT, NAMES, load, script
from patchdeck.simulator.scenarios.compose import request_for
from patchdeck.simulator.scenarios.fleet import CRASHES, NEVER_HEALTHY, SLOW, WEB
from patchdeck.simulator.scenarios.images import images_of
from patchdeck.simulator.scenarios.past import bring_up
from patchdeck.simulator.scenarios.story_clock import StoryClock


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


async def starts(name: str, seed: int) -> list[tuple[str, int, float]]:
    """Service, number and seconds before the present of every start, in the time of the story."""
    scenario = load(name)
    clock = StoryClock(scenario.past_s)
    seen = []

    async def start(service: script.Service, number: int) -> None:
        seen.append((service.name, number, (time.time_ns() - clock.now_ns()) / 1e9))
        await clock.sleep(0.3)

    coming_up = asyncio.create_task(bring_up(scenario, clock, random.Random(seed), start))
    await clock.live()
    assert coming_up.done()
    return seen


async def test_the_whole_fleet_comes_up_over_the_past_and_then_it_is_quiet() -> None:
    scenario = load(DEFAULT)
    seen = await starts(DEFAULT, 1)
    assert len({(service, number) for service, number, _ in seen}) == len(seen)
    assert len(seen) == sum(service.replicas for service in scenario.services)
    ages_s = [age_s for _, _, age_s in seen]
    assert 0.7 * scenario.past_s < max(ages_s) <= scenario.past_s + 1
    assert 15 < min(ages_s) < 150


async def test_the_same_seed_gives_the_same_past() -> None:
    first, again, other = await starts(DEFAULT, 5), await starts(DEFAULT, 5), await starts(DEFAULT, 6)
    assert [one[2] for one in again] == pytest.approx([one[2] for one in first], abs=0.5)
    assert [one[2] for one in other] != pytest.approx([one[2] for one in first], abs=0.5)


def test_the_default_shows_everything_within_two_minutes_and_begins_with_about_sixty_containers() -> None:
    scenario = load(DEFAULT)
    kinds = {type(at.act) for at in scenario.script}
    assert kinds >= {script.Grow, script.Patch, script.ReadDisk}
    ends_s = [
        at.seconds + (at.act.for_s if isinstance(at.act, script.ReadDisk) else 0) for at in scenario.script
    ]
    assert max(ends_s) <= 120
    assert len(scenario.services) == 8
    assert 55 <= sum(service.replicas for service in scenario.services) <= 65


def test_the_calm_one_has_a_patch_of_every_kind_to_roll_out_and_does_nothing_by_itself() -> None:
    scenario = load("calm")
    patches = {version.behaviour for service in scenario.services for version in service.versions[1:]}
    assert patches == {None, SLOW, CRASHES, NEVER_HEALTHY}
    assert scenario.script == ()
    assert scenario.restart_s is None


def test_what_the_script_patches_to_has_to_be_pulled_and_nothing_else() -> None:
    scenario = load("bad-patch")
    assert scenario.pulled(scenario.service("shop/web")) == {"1.4.4"}
    assert scenario.pulled(scenario.service("shop/cache")) == frozenset()


def test_the_big_one_has_ten_thousand() -> None:
    assert sum(service.replicas for service in load("big").services) == 10_000


def test_a_replica_is_asked_for_as_compose_does() -> None:
    web = load(DEFAULT).service("shop/web")
    request = request_for(web, web.versions[0], 3)
    assert request["Image"] == "shop/web:1.4.2"
    assert request["Labels"]["com.docker.compose.container-number"] == "3"
    assert request["HostConfig"]["Memory"] == 256_000_000


def test_a_patch_shares_all_layers_but_its_last() -> None:
    old, new = images_of(WEB, 10**18)["1.4.2"], images_of(WEB, 10**18)["1.4.3"]
    assert old.layers[:-1] == new.layers[:-1]
    assert old.layers[-1] != new.layers[-1]
    assert old.id != new.id
    assert old.created_ns < new.created_ns < 10**18


def test_a_crashing_version_never_has_the_time_to_get_ready() -> None:
    crashing = images_of(WEB, 10**18)["1.4.4"].behaviour
    assert crashing.exits_after_s is not None
    assert crashing.exit_code != 0
