"""How much room there is and what binds, as the machine and the journal are told."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from patchdeck.model import Binding, ImageChoice, Order, PaceChanged, Plan, PlannedStep, PlannedUnit, Strategy
from patchdeck.rollout.restoring import outline
from patchdeck.rollout.room import RoomTeller
from patchdeck.rollout.seams import Admitted, FixedPacer, StartSeen
from patchdeck.rollout.signals import Room
from patchdeck.rollout.state import State, fresh

PLAN = Plan(
    service="shop/web",
    engine="a",
    origin=ImageChoice(image="shop/web:1.0"),
    to=ImageChoice(image="shop/web:1.1"),
    strategy=Strategy(deadline_s=90.0),
    steps=(PlannedStep(index=0, name="canary", units=(0,)), PlannedStep(index=1, name="batch 1", units=(1,))),
    units=tuple(
        PlannedUnit(
            index=number,
            step=number,
            container=f"web-{number}",
            container_id=f"{number}",
            started_at="",
            order=Order.STOP_FIRST,
        )
        for number in range(2)
    ),
    max_unavailable=1,
)


class Saturated(FixedPacer):
    def admit(self, now_s: float, in_flight: int) -> Admitted:
        return Admitted(starts=0, binds=Binding.PRESSURE, detail="the host is saturated")

    def note(self, start: StartSeen) -> None: ...


def told(pacer: FixedPacer, **state: object) -> tuple[list[Room], list[PaceChanged]]:
    now: State = replace(fresh(outline(PLAN)), **state)
    rooms: list[Room] = []
    written: list[PaceChanged] = []
    RoomTeller("r", PLAN, pacer, state=lambda: now, tell=rooms.append, write=written.append).look()
    return rooms, written


@pytest.mark.parametrize(
    ("binds", "words"),
    [
        (Binding.PACE, "4 at once, as asked"),
        (Binding.AVAILABILITY, "1 may be missing at once"),
        (Binding.PORTS, "host ports out of a range are taken one after the other"),
        (Binding.DEADLINE, "each has 1m30s to be ready"),
        (Binding.STEP, "canary is to pass its gates first"),
        (Binding.PAUSE, ""),
        (Binding.NOTHING, ""),
    ],
)
def test_the_limit_that_binds_is_told_in_words_of_its_own(binds: Binding, words: str) -> None:
    _, (one,) = told(FixedPacer(4), binds=binds)
    assert (one.pace, one.binds, one.detail) == (4, binds, words)


def test_pressure_is_told_with_what_the_pace_makes_of_it() -> None:
    rooms, _ = told(Saturated(4))
    assert [(room.starts, room.binds) for room in rooms] == [(0, Binding.PRESSURE)]
    _, (one,) = told(Saturated(4), binds=Binding.PRESSURE)
    assert (one.pace, one.detail) == (0, "the host is saturated")


def test_what_did_not_change_is_told_once() -> None:
    now = fresh(outline(PLAN))
    written: list[PaceChanged] = []
    teller = RoomTeller(
        "r", PLAN, FixedPacer(4), state=lambda: now, tell=lambda _: None, write=written.append
    )
    teller.look()
    teller.look()
    assert len(written) == 1
