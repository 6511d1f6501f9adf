"""A rollout of two replicas as its journal tells it, for tests of what is made of it."""

from __future__ import annotations

from pathlib import Path

import msgspec

from patchdeck.model import (
    Actor,
    Answered,
    AnyEntry,
    Command,
    Commanded,
    GateJudged,
    Intended,
    LockTaken,
    Order,
    Plan,
    Planned,
    PlannedStep,
    PlannedUnit,
    RolloutState,
    StateEntered,
    StepBegan,
    Summary,
    UnitMoved,
    UnitPhase,
    Verdict,
    WorkerBegan,
    WorkerEnded,
)
from patchdeck.model.plan import ImageChoice
from patchdeck.rollout.journal import Journal
from patchdeck.rollout.submit import encode_target
from patchdeck.sources.targets import Target

ID = "1a2b3c4d"
T0_NS = 1_795_000_000_000_000_000
ADA = Actor(
    user="ada", host="bastion", ssh_client="192.0.2.7", tty="/dev/pts/3", program="command line", pid=41
)
WORKER = Actor(user="ada", host="bastion", program="worker", pid=42)
TARGET = Target(name="prod-a", host="unix:///run/docker.sock", chosen="test")

PLAN = Plan(
    id=ID,
    service="shop/web",
    engine="prod-a",
    origin=ImageChoice(image="shop/web:1.0", version="1.0"),
    to=ImageChoice(image="shop/web:1.1", version="1.1"),
    steps=(PlannedStep(index=0, name="canary", units=(0,)), PlannedStep(index=1, name="batch 1", units=(1,))),
    units=tuple(
        PlannedUnit(
            index=index,
            step=index,
            container=f"shop-web-{index + 1}",
            container_id=f"{index + 1}" * 64,
            started_at="2026-11-18T12:00:00Z",
            order=Order.STOP_FIRST,
        )
        for index in range(2)
    ),
)


def held() -> list[AnyEntry]:
    """Until a gate holds after the canary."""
    entries: list[AnyEntry] = [
        Planned(rollout=ID, plan=PLAN, by=ADA, reason="CVE-2026-1234"),
        WorkerBegan(rollout=ID, worker=WORKER),
        StateEntered(rollout=ID, state=RolloutState.RUNNING),
        Intended(rollout=ID, act="lock", detail="shop/web"),
        Answered(rollout=ID, intent=4, act="lock", ok=True, status=200, took_s=0.01),
        LockTaken(rollout=ID, lock="patchdeck-lock-1", expires_ns=T0_NS + 3_600_000_000_000),
        StepBegan(rollout=ID, step=0, name="canary"),
        Intended(rollout=ID, act="create", unit=0, container="shop-web-1--new-1a2b3c4d"),
        Answered(
            rollout=ID,
            intent=8,
            act="create",
            ok=True,
            unit=0,
            container_id="a" * 64,
            status=200,
            took_s=0.25,
        ),
        Intended(rollout=ID, act="start", unit=0, container="shop-web-1", container_id="a" * 64),
        Answered(
            rollout=ID,
            intent=10,
            act="start",
            ok=False,
            unit=0,
            container_id="a" * 64,
            status=500,
            text="busy",
        ),
        UnitMoved(rollout=ID, unit=0, phase=UnitPhase.READY, container_id="a" * 64, latency_s=0.5),
        GateJudged(rollout=ID, step=0, gate="ratio", verdict=Verdict.HOLD, evidence="n 6, wants 20"),
        StateEntered(rollout=ID, state=RolloutState.HOLDING, text="a gate holds"),
    ]
    return numbered(entries)


def committed() -> list[AnyEntry]:
    """To its end."""
    entries: list[AnyEntry] = [
        *held(),
        Commanded(rollout=ID, command=Command.PROMOTE, by=ADA, reason="looked myself", asked_ns=T0_NS),
        StateEntered(
            rollout=ID,
            state=RolloutState.COMMITTED,
            summary=Summary(seconds=12.0, startups=2, new_p50_s=0.4, new_p95_s=0.5, pace=2.0, fewest_ready=1),
        ),
        WorkerEnded(rollout=ID, why="committed"),
    ]
    return numbered(entries)


def numbered(entries: list[AnyEntry]) -> list[AnyEntry]:
    """As the journal numbers them, a second apart."""
    return [
        msgspec.structs.replace(entry, sequence=number, at_ns=T0_NS + number * 1_000_000_000)
        for number, entry in enumerate(entries, start=1)
    ]


def enter(folder: Path, entries: list[AnyEntry]) -> None:
    """Into a journal of its own."""
    with Journal(folder) as journal:
        first = entries[0]
        assert isinstance(first, Planned)
        journal.open_rollout(first, engine_id="e", target=encode_target(TARGET))
        journal.write(*entries[1:])
