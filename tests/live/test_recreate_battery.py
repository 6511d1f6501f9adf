"""The recreate battery: every configuration patched and rolled back on real engines.

The oracle of each case is the same settings on the new image, asked for by the command line. The patched container's
inspect must equal the oracle's but for what `normal` takes out, and that of the container rolled back its own from
before. All cases of an engine are played when its first test asks for one, by the very rollouts of the product; each
test then looks at one case.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from patchdeck.rollout.recreate.changes import changes
from tests.lab.engine import Engine, Generation
from tests.lab.images import Images
from tests.lab.lab import Lab
from tests.lab.newer import Programs
from tests.lab.processes import LabError
from tests.live.battery import images
from tests.live.battery.cases import CASES, Case
from tests.live.battery.normal import differences, normal
from tests.live.battery.patching import Bench, Outcome

CASES_OF = [
    pytest.param(
        generation,
        case,
        id=f"{generation}-{case.container}",
        marks=() if case.often and generation == "stock" else pytest.mark.slow,
    )
    for generation in ("stock", "newer")
    for case in CASES
    if case.only in (None, generation)
]
every_case = pytest.mark.parametrize(("generation", "case"), CASES_OF)

Seen = Callable[[Generation, Case], Outcome]


@pytest.fixture(scope="module")
def seen(
    request: pytest.FixtureRequest,
    lab: Lab,
    programs_of: Callable[[Generation], Programs],
    tmp_path_factory: pytest.TempPathFactory,
) -> Seen:
    """The outcome of a case on the engine of a generation."""

    def play(generation: Generation) -> dict[str, Outcome]:
        programs = programs_of(generation)
        with lab.engine(generation, network="bridge", programs=programs) as engine:
            images.build(Images(engine))
            bench = Bench(engine, tmp_path_factory.mktemp("host"))
            return bench.play(_asked_for(request.session.items, generation))

    played: dict[Generation, Future[dict[str, Outcome]]] = {}

    def outcome(generation: Generation, case: Case) -> Outcome:
        # A future, since a failure to play is to be had once, and told to all tests.
        with ThreadPoolExecutor(1) as player:
            if generation not in played:
                played[generation] = player.submit(play, generation)
        return played[generation].result()[case.name]

    return outcome


def _asked_for(items: list[pytest.Item], generation: Generation) -> list[Case]:
    """The cases of this session's tests, each once."""
    asked: dict[Case, None] = {}
    for item in items:
        if isinstance(item, pytest.Function) and item.path == Path(__file__) and hasattr(item, "callspec"):
            wanted = item.callspec.params
            case = wanted["case"]
            if wanted.get("generation") == generation and isinstance(case, Case):
                asked[case] = None
    return list(asked)


# The first to ask for an engine waits for all cases of it.
@pytest.mark.timeout(900)
@every_case
def test_a_patched_container_equals_one_made_with_the_same_settings_on_the_new_image(
    seen: Seen, generation: Generation, case: Case
) -> None:
    outcome = seen(generation, case)
    assert outcome.expected.refusals == ()
    assert outcome.patched["State"]["Running"], outcome.patched["State"]
    found = differences(normal(outcome.oracle), normal(outcome.patched))
    assert set(found) == set(case.differs), found


@every_case
def test_what_the_plan_says_that_changes_is_what_changes(
    seen: Seen, generation: Generation, case: Case
) -> None:
    outcome = seen(generation, case)
    before, after = outcome.old["Config"], dict(outcome.patched["Config"])
    told = {(one.what, one.name) for one in outcome.expected.changes}
    happened = {
        (one.what, one.name)
        for one in changes(before, after)
        if not one.name.startswith("com.docker.compose.")
    }
    assert told == happened


@every_case
def test_a_container_rolled_back_is_the_one_from_before(
    seen: Seen, generation: Generation, case: Case
) -> None:
    outcome = seen(generation, case)
    assert outcome.returned["State"]["Running"], outcome.returned["State"]
    if not outcome.old["HostConfig"]["AutoRemove"]:
        assert outcome.returned["Id"] == outcome.old["Id"]
    assert differences(normal(outcome.old), normal(outcome.returned)) == {}


@every_case
def test_data_in_volumes_is_there_after_the_patch_and_after_the_rollback(
    seen: Seen, generation: Generation, case: Case
) -> None:
    outcome = seen(generation, case)
    before = {path: text for path, text in outcome.written.items() if path.endswith("/before.txt")}
    assert before.items() <= outcome.read.items()
    assert outcome.written.items() <= outcome.read_again.items()


@pytest.mark.parametrize("case", [case for case in CASES if case.only], ids=lambda case: case.container)
def test_what_only_one_of_the_engines_knows_the_other_refuses_or_leaves_out_by_itself(
    request: pytest.FixtureRequest, images_of: Callable[[Engine, None], Images], case: Case
) -> None:
    other: Engine = request.getfixturevalue("stock" if case.only == "newer" else "newer_one")
    settings = ("--name", case.container, "--network=none", *shlex.split(case.flags))
    ask = ("create", *settings, images_of(other, None).plain)
    if case.refused:
        with pytest.raises(LabError, match=case.refused):
            other.docker(*ask)
    else:
        other.docker(*ask)
        assert not other.inspect(case.container)["HostConfig"].get("KernelMemory")


def test_the_battery_is_large_and_each_of_its_cases_has_a_name_of_its_own() -> None:
    assert len({case.container for case in CASES}) == len(CASES) >= 60
