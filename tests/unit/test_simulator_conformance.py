"""Simulated engines answer and tell what real ones of the same version are recorded to; see tests/conformance."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from patchdeck.simulator.shelf import stock
from patchdeck.simulator.world import World
from tests.conformance.stories import PUSHED, STORIES
from tests.conformance.telling import RECORDED, REGISTRY, Teller, Told, load
from tests.unit.simulated import simulated_beside

ADDRESS = "127.0.0.1:5000"
VERSIONS = sorted(path.stem for path in RECORDED.glob("*.json"))


def prepared(world: World) -> None:
    stock(world)
    pushed = world.images.get("shop/web:1.1").image
    repository, _, tag = PUSHED.replace(REGISTRY, ADDRESS).rpartition(":")
    world.registry.publish(repository, tag, pushed)
    world.images.untag(world.images.get("shop/web:1.1"), "shop/web:1.1")
    world.images.keep(pushed, f"{repository}:{tag}", f"{repository}@{pushed.manifest}")


@pytest.fixture(scope="module", params=VERSIONS)
def subject(request: pytest.FixtureRequest) -> Iterator[tuple[Teller, dict[str, Told]]]:
    with simulated_beside(request.param, prepared) as socket, Teller(socket, ADDRESS) as teller:
        yield teller, load(request.param)


@pytest.mark.parametrize("story", STORIES)
def test_a_simulated_engine_answers_as_a_real_one(
    subject: tuple[Teller, dict[str, Told]], story: str
) -> None:
    teller, recorded = subject
    told = teller.tell(STORIES[story])
    assert told.answers == recorded[story].answers
    assert told.events == recorded[story].events
    assert told.event_shapes == recorded[story].event_shapes


def test_every_story_is_recorded_of_every_generation() -> None:
    assert VERSIONS
    for version in VERSIONS:
        assert load(version).keys() == STORIES.keys()


def test_the_wrong_cases_are_many() -> None:
    for version in VERSIONS:
        refusals = [
            answer for told in load(version).values() for answer in told.answers if "refused" in answer
        ]
        assert len({(one["asked"], one["says"]) for one in refusals}) >= 25
