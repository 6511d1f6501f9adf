"""Real engines answer as they are recorded to, so that what simulated engines are held to is no fiction.

`PATCHDECK_RECORD=1 pytest tests/live/test_conformance.py` records anew what the engines here answer.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

import pytest

from tests.conformance.stories import STORIES
from tests.conformance.telling import RECORDED, Teller, Told, load, save
from tests.lab import newer
from tests.lab.engine import Generation
from tests.lab.images import Images
from tests.lab.lab import Lab
from tests.lab.registry import Registry
from tests.live.conftest import unavailable

RECORDING = os.environ.get("PATCHDECK_RECORD") == "1"


@pytest.fixture(scope="module", params=["stock", pytest.param("newer", marks=pytest.mark.slow)])
def subject(
    request: pytest.FixtureRequest,
    lab: Lab,
    registry: Registry,
    programs_of: Callable[[Generation], newer.Programs],
) -> Iterator[tuple[Teller, dict[str, Told], str]]:
    """An engine with a bridge of its own, what engines like it are recorded to answer, and its generation."""
    generation: Generation = request.param
    with lab.engine(generation, network="bridge", programs=programs_of(generation)) as engine:
        name = ".".join(engine.version.split(".")[:2])
        recorded = load(name) if (RECORDED / f"{name}.json").exists() else {}
        if not recorded and not RECORDING:
            unavailable(f"nothing is recorded of engines {name}; PATCHDECK_RECORD=1 records it")
        images = Images(engine)
        for version in ("1.0", "1.0-health", "1.4", "1.5"):
            images.web(version)
        Images(engine, registry).web("1.1")
        with Teller(engine.socket, registry.address) as teller:
            yield teller, recorded, name
        if RECORDING:
            save(name, {story: told for story, told in recorded.items() if story in STORIES})


@pytest.mark.parametrize("story", STORIES)
def test_a_real_engine_answers_as_recorded(subject: tuple[Teller, dict[str, Told], str], story: str) -> None:
    teller, recorded, _ = subject
    told = teller.tell(STORIES[story])
    if RECORDING:
        recorded[story] = told
    assert told.answers == recorded[story].answers
    assert told.events == recorded[story].events
    assert told.event_shapes == recorded[story].event_shapes
