"""A full state is all that is needed to go on: a fleet made from it tells what one tells that saw everything."""

from __future__ import annotations

import random
from typing import Any, cast

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from patchdeck import engine_files, engine_views
from patchdeck.fleet import Fleet, FullState
from patchdeck.model import (
    AnyObservation,
    GapSeen,
    HostSampled,
    ImageEvent,
    IndicatorRead,
    Mark,
    Marked,
    SourceState,
    Ticked,
)
from patchdeck.startup import Deriver
from patchdeck.timeline import Timeline
from tests.unit.random_stories import stories
from tests.unit.stories import ContainerStory, EngineStory, difference, fold, in_time, ns
from tests.unit.test_fleet import much


def gone_on_from(state: FullState) -> Fleet:
    """A fleet made from what a file would hold of the state."""
    return Fleet(state=msgspec.json.decode(msgspec.json.encode(state), type=FullState))


def besides(engine: EngineStory, until_s: int, chance: random.Random) -> list[AnyObservation]:
    """What sources tell that are no container's: samples, pings, readings, gaps, pulls, marks."""
    told: list[AnyObservation] = []
    for second in range(0, until_s, 7):
        told += [
            HostSampled(
                engine=engine.name,
                at_ns=ns(second),
                cpu_some_10=chance.random(),
                cpu_some_60=chance.random(),
                cpu_busy=chance.random(),
            ),
            IndicatorRead(
                engine=engine.name,
                at_ns=ns(second) + chance.randrange(10**9),
                indicator="throttling",
                source="stats",
                value=chance.random(),
                service=chance.choice(("", "shop", "web")),
            ),
            Ticked(engine="", at_ns=ns(second)),
        ]
        engine.ping(second, chance.random())
    engine.source(3, SourceState.LOST, detail="gone")
    told.append(
        GapSeen(engine="e", at_ns=engine.at(20), began_ns=engine.at(3), ended_ns=engine.at(20), reason="x")
    )
    told.append(ImageEvent(engine="e", at_ns=engine.at(5), action="pull", image="web:2"))
    told.append(Marked(engine="", at_ns=ns(9), name="before the patch", by="ops"))
    # So far ahead that it is held back until its time has come.
    told.append(ImageEvent(engine="e", at_ns=engine.at(5e6), action="pull", image="web:3"))
    return told


@much
@given(stories(), st.randoms(use_true_random=True))
def test_a_full_state_and_what_follows_tell_the_same_as_everything_from_the_start(
    story: EngineStory, chance: random.Random
) -> None:
    told = in_time([*besides(story, 200, chance), *story.observations], story.offset_s)
    cut = chance.randrange(len(told) + 1)
    seen_all = Fleet()
    for observation in told[:cut]:
        seen_all.apply(observation)
        if chance.random() < 0.1:
            seen_all.snapshot()
    seen_all.settle()
    going_on = gone_on_from(seen_all.state())
    assert difference(going_on.snapshot(), seen_all.snapshot()) == ""
    for observation in told[cut:]:
        seen_all.apply(observation)
        going_on.apply(observation)
        if chance.random() < 0.1:
            assert difference(going_on.snapshot(), seen_all.snapshot()) == ""
    assert difference(going_on.snapshot(), seen_all.snapshot()) == ""
    assert difference(fold(told), seen_all.snapshot()) == ""


def test_what_is_forgotten_is_not_in_a_state() -> None:
    engine = EngineStory()
    for number in range(20):
        container = engine.container(f"web{number}")
        container.run(number)
        container.die(number + 5)
        container.destroy(number + 6)
    seen = besides(engine, 600, random.Random(1))
    fleet = Fleet()
    for observation in [*engine.observations, *seen]:
        fleet.apply(observation)
    before = len(msgspec.json.encode(fleet.state()))
    fleet.apply(Ticked(engine="", at_ns=ns(7 * 3600)))
    fleet.settle()
    assert len(msgspec.json.encode(fleet.state())) < before / 4


class Derivations:
    """Counts them."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.count = 0
        monkeypatch.setattr(engine_views, "Deriver", self._made)

    def _made(self, timeline: Timeline, **known: Any) -> Deriver:
        self.count += 1
        return Deriver(timeline, **known)


def settled_fleet() -> tuple[Fleet, EngineStory, ContainerStory]:
    """Twenty containers that are gone and one that runs, an hour ago."""
    engine = EngineStory()
    for number in range(20):
        container = engine.container(f"web{number}")
        container.run(number)
        container.die(number + 5)
        container.destroy(number + 6)
    runs = engine.container("runs")
    runs.run(60)
    engine.tick(3600)
    fleet = Fleet()
    for observation in engine.observations:
        fleet.apply(observation)
    return fleet, engine, runs


def test_what_no_time_will_change_need_not_be_derived_again(monkeypatch: pytest.MonkeyPatch) -> None:
    fleet, engine, runs = settled_fleet()
    snapshot = fleet.snapshot()
    derivations = Derivations(monkeypatch)
    going_on = gone_on_from(fleet.state())
    assert going_on.snapshot() == snapshot
    assert derivations.count == 0
    engine.observations.clear()
    runs.die(3700)
    engine.container("new").run(3701)
    for observation in engine.observations:
        fleet.apply(observation)
        going_on.apply(observation)
    assert going_on.snapshot() == fleet.snapshot()
    # Two containers, by two fleets.
    assert derivations.count == 4


def test_another_version_derives_everything_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    fleet, _, _ = settled_fleet()
    snapshot = fleet.snapshot()
    state = fleet.state()
    monkeypatch.setattr(engine_files, "__version__", "0.0.0")
    derivations = Derivations(monkeypatch)
    assert gone_on_from(state).snapshot() == snapshot
    assert derivations.count == 21


def test_marks_are_kept_in_their_order_for_the_window() -> None:
    fleet = Fleet()
    for at_s, name in ((30.0, "after"), (10.0, "before"), (10.0, "before")):
        fleet.apply(Marked(engine="", at_ns=ns(at_s), name=name, by="ops"))
    assert fleet.snapshot().marks == (
        Mark(at_ns=ns(10), name="before", by="ops"),
        Mark(at_ns=ns(30), name="after", by="ops"),
    )
    assert fleet.snapshot().at_ns == ns(30)
    fleet.apply(Ticked(engine="", at_ns=ns(6 * 3600 + 20)))
    assert [mark.name for mark in fleet.snapshot().marks] == ["after"]


def test_series_of_one_source_share_their_times() -> None:
    fleet = Fleet()
    for second in range(100):
        fleet.apply(
            HostSampled(
                engine="e",
                at_ns=ns(second),
                cpu_some_10=0.1,
                cpu_some_60=0.1,
                io_full_10=0.0,
                io_full_60=0.0,
                memory_full_10=0.0,
                memory_full_60=0.0,
                cpu_busy=0.5,
            )
        )
    state = cast(
        "dict[str, list[dict[str, object]]]", msgspec.to_builtins(fleet.state().engines[0].contention)
    )
    assert [len(axis) for axis in state["axes"]] == [100]
    assert [channel["axis"] for channel in state["channels"]] == [0, 0, 0, 0]
