"""Rollouts made by hand, told by entries as a journal would tell them."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from patchdeck.model import (
    Actor,
    AnyEntry,
    Binding,
    Command,
    Commanded,
    GateJudged,
    ImageChoice,
    Noted,
    Order,
    PaceChanged,
    PauseAdded,
    PauseKind,
    Plan,
    Planned,
    PlannedStep,
    PlannedUnit,
    Predicted,
    PullProgressed,
    Rollout,
    RolloutState,
    StateEntered,
    StepBegan,
    UnitMoved,
    UnitPhase,
    Verdict,
    WorkerBegan,
    WorkerEnded,
)
from patchdeck.rollout.story import rollout_of
from tests.ui.sample import HOSTILE, NOW_NS, SECOND

ANN = Actor(
    user="ann", host="bastion", ssh_client="10.1.2.3", tty="/dev/pts/3", program="command line", pid=77
)
BEN = Actor(user="ben", host="bastion", program="console", pid=88)
WORKER = Actor(user="ann", host="bastion", program="worker", pid=4711)


def plan(service: str = "shop/web", sizes: Sequence[int] = (1, 3, 4), *, texts: Sequence[str] = ()) -> Plan:
    """Steps of so many units; `texts` go into names that come from outside."""
    steps: list[PlannedStep] = []
    units: list[PlannedUnit] = []
    for step, size in enumerate(sizes):
        first = len(units)
        for index in range(first, first + size):
            text = texts[index % len(texts)] if texts else ""
            units.append(
                PlannedUnit(
                    index=index,
                    step=step,
                    container=f"{service.replace('/', '-')}-{index + 1}{text}",
                    container_id=f"{index + 1:064x}",
                    started_at="2026-01-01T00:00:00Z",
                    order=Order.START_FIRST,
                )
            )
        name = "canary" if not step else f"batch {step}"
        steps.append(PlannedStep(index=step, name=name, units=tuple(range(first, first + size))))
    text = texts[0] if texts else ""
    return Plan(
        service=service,
        engine="prod-a",
        origin=ImageChoice(image="shop/web:1.4.2", image_id="sha256:" + "a" * 64, version=f"1.4.2{text}"),
        to=ImageChoice(image="shop/web:1.4.3", image_id="sha256:" + "b" * 64, version=f"1.4.3{text}"),
        steps=tuple(steps),
        units=tuple(units),
        predicted_s=95.0,
        worst_capacity=len(units),
    )


def told(rollout: str, entries: Sequence[AnyEntry], *, alive: bool = True) -> Rollout:
    """What these entries add up to; each comes a second after the one before, the last two seconds ago."""
    begin_ns = NOW_NS - (len(entries) + 1) * SECOND
    numbered = [
        replace(entry, rollout=rollout, sequence=index + 1, at_ns=begin_ns + index * SECOND)
        for index, entry in enumerate(entries)
    ]
    found = rollout_of(numbered, alive=alive)
    assert found is not None
    return found


def begun(the_plan: Plan | None = None, reason: str = "CVE in the base image") -> list[AnyEntry]:
    return [
        Planned(rollout="", plan=the_plan or plan(), by=ANN, reason=reason),
        WorkerBegan(rollout="", worker=WORKER),
        StateEntered(rollout="", state=RolloutState.RUNNING),
        StepBegan(rollout="", step=0, name="canary"),
        PaceChanged(rollout="", pace=1.0, in_flight=1, binds=Binding.PACE),
    ]


def unit_ready(unit: int, latency_s: float = 0.41) -> list[AnyEntry]:
    new_id = f"{unit + 1001:064x}"
    return [
        UnitMoved(rollout="", unit=unit, phase=UnitPhase.STARTED, container_id=new_id, latency_s=latency_s),
        UnitMoved(rollout="", unit=unit, phase=UnitPhase.READY, container_id=new_id, latency_s=latency_s * 3),
    ]


JUDGED = GateJudged(
    rollout="", step=0, gate="ratio", verdict=Verdict.PASS, evidence="1.02× [0.91, 1.14], n 6 new, 24 old",
    ratio=1.02, low=0.91, high=1.14, new_n=6, old_n=24,
)  # fmt: skip
HELD = replace(JUDGED, step=1, verdict=Verdict.HOLD, evidence="1.12× [0.98, 1.31], n 6 new, wants 20",
               ratio=1.12, low=0.98, high=1.31)  # fmt: skip


def rolling(rollout: str = "1a2b3c4d", the_plan: Plan | None = None) -> Rollout:
    """The canary passed, one of the next three is ready, one is being started."""
    entries = [
        *begun(the_plan),
        *unit_ready(0),
        GateJudged(rollout="", step=0, gate="health", verdict=Verdict.PASS, evidence="1 of 1 healthy"),
        JUDGED,
        StepBegan(rollout="", step=1, name="batch 1"),
        *unit_ready(1, 0.38),
        UnitMoved(rollout="", unit=2, phase=UnitPhase.CREATED, container_id=f"{1003:064x}"),
        PaceChanged(
            rollout="", pace=4.2, in_flight=1, binds=Binding.PRESSURE, detail="CPU waits 24%, brakes from 20%"
        ),
        Predicted(rollout="", ends_ns=NOW_NS + 70 * SECOND),
    ]
    return told(rollout, entries)


def holding(rollout: str = "1a2b3c4d") -> Rollout:
    """At the end of the first batch the ratio gate has not enough evidence."""
    entries = [
        *begun(),
        *unit_ready(0),
        JUDGED,
        StepBegan(rollout="", step=1, name="batch 1"),
        *(entry for unit in (1, 2, 3) for entry in unit_ready(unit)),
        HELD,
        PauseAdded(rollout="", kind=PauseKind.GATE, text="a gate has not enough evidence"),
        StateEntered(rollout="", state=RolloutState.HOLDING),
    ]
    return told(rollout, entries)


def paused(rollout: str = "1a2b3c4d", *, by: Actor = BEN) -> Rollout:
    entries = [
        *begun(),
        Commanded(rollout="", command=Command.PAUSE, by=by, reason="checkout is slow", asked_ns=1),
        PauseAdded(rollout="", kind=PauseKind.ASKED, text="a person asked for it"),
        StateEntered(rollout="", state=RolloutState.PAUSED),
    ]
    return told(rollout, entries)


def lost(rollout: str = "1a2b3c4d") -> Rollout:
    """Its worker was killed."""
    return told(rollout, [*begun(), *unit_ready(0)], alive=False)


def needs_person(rollout: str = "1a2b3c4d") -> Rollout:
    why = "port 8080 was taken by other-1 meanwhile: free it, then resume"
    entries = [
        *begun(),
        StateEntered(rollout="", state=RolloutState.NEEDS_PERSON, text=why),
        WorkerEnded(rollout="", why="needs a person"),
    ]
    return told(rollout, entries, alive=False)


def pulling(rollout: str = "1a2b3c4d") -> Rollout:
    layers = {"0a1b2c3d4e5f": (12_000_000, 41_000_000), "1122334455aa": (5, 5), "ffeeddccbbaa": (900, 0)}
    return told(rollout, [*begun()[:3], PullProgressed(rollout="", image="shop/web:1.4.3", layers=layers)])


def rolling_back(rollout: str = "1a2b3c4d") -> Rollout:
    entries = [
        *begun(),
        *unit_ready(0),
        UnitMoved(rollout="", unit=0, phase=UnitPhase.FAILED, detail="exited with 1 after 0.3s"),
        StateEntered(rollout="", state=RolloutState.ROLLING_BACK, text="shop-web-1 exited with 1"),
        UnitMoved(rollout="", unit=0, phase=UnitPhase.RETURNING),
    ]
    return told(rollout, entries)


def committed(rollout: str = "9f8e7d6c") -> Rollout:
    small = plan("shop/api", (1, 1))
    entries = [
        *begun(small),
        *(
            UnitMoved(rollout="", unit=unit, phase=UnitPhase.COMMITTED, container_id=f"{unit + 1001:064x}")
            for unit in (0, 1)
        ),
        StepBegan(rollout="", step=2, name="commit"),
        StateEntered(rollout="", state=RolloutState.COMMITTED),
        WorkerEnded(rollout="", why="committed"),
    ]
    return told(rollout, entries, alive=False)


def long_over(rollout: str = "9f8e7d6c") -> Rollout:
    """Committed, an hour ago."""
    return replace(committed(rollout), ended_ns=NOW_NS - 3600 * SECOND)


def hostile(rollout: str = "deadbeef") -> Rollout:
    """Names, reasons and an engine's words that attack the terminal."""
    the_plan = plan(f"lab/{HOSTILE[0]}", texts=HOSTILE)
    entries = [
        *begun(the_plan, reason=HOSTILE[1]),
        *(Noted(rollout="", text=text) for text in HOSTILE),
        replace(JUDGED, evidence=HOSTILE[5]),
        *(
            UnitMoved(rollout="", unit=unit, phase=UnitPhase.FAILED, detail=text)
            for unit, text in enumerate(HOSTILE)
        ),
        PaceChanged(rollout="", pace=2.0, in_flight=1, binds=Binding.PACE, detail=HOSTILE[4]),
    ]
    return told(rollout, entries)


def answered(
    rollout: Rollout, command: Command, by: Actor, *, accepted: bool = True, answer: str = ""
) -> Rollout:
    """The same one with a command in its journal."""
    entry = Commanded(
        rollout=rollout.id,
        sequence=rollout.entries[-1].sequence + 1,
        at_ns=NOW_NS,
        command=command,
        by=by,
        accepted=accepted,
        answer=answer,
    )
    return replace(rollout, entries=(*rollout.entries, entry))
