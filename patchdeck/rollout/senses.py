"""What a worker sees besides its own containers: a watch of the engine, from which its pace and its gates judge.

The watch is the console's own (`patchdeck.watch`), on a thread of its own: the rollout's startups are measured, and the
host's pressure is told, by the very path that a person sees them on.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Final, Self

import msgspec

from patchdeck.model import (
    AnyEntry,
    GateJudged,
    Noted,
    PaceChanged,
    Plan,
    Snapshot,
    SourceState,
    StartupOutcome,
)
from patchdeck.model.journal import Binding
from patchdeck.rollout.gates.gate import Context, Gate, Need, NotAsked, Replaced
from patchdeck.rollout.gates.pressure import pressure_of
from patchdeck.rollout.hands import Document, Hands, NoAnswer
from patchdeck.rollout.pace import Pace, Pressure, admit
from patchdeck.rollout.seams import Admitted, Said, StartSeen, Step
from patchdeck.settings import Settings
from patchdeck.sources.engine.connection import Refused
from patchdeck.sources.targets import Target
from patchdeck.watch import WatchThread

_log: Final = logging.getLogger(__name__)

PATIENCE_S: Final = 60.0
"""How long nothing is started under someone else's pressure. Then one at a time is: a patch is not put off for ever."""

PRESSURE_S: Final = 2.0
"""Between two looks at the pressure: as often as it is sampled."""

SEEN_S: Final = 5.0
"""How long a gate waits for the watch to have seen the startups that it judges."""


class Senses:
    """`with Senses(settings, target) as senses`: the newest snapshot, made in the background."""

    def __init__(self, settings: Settings, target: Target) -> None:
        self._watch = WatchThread(settings, [target])
        self._latest = Snapshot()

    def __enter__(self) -> Self:
        self._watch.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._watch.stop()

    @property
    def snapshot(self) -> Snapshot:
        """Empty until the engine was seen."""
        self._latest = self._watch.mailbox.take() or self._latest
        return self._latest

    async def until_seen(self, container_ids: Sequence[str]) -> Snapshot:
        """Once the startups of these are in it, or after SEEN_S."""
        deadline = time.monotonic() + SEEN_S
        wanted = set(container_ids)
        while time.monotonic() < deadline:
            over = {
                one.container_id
                for one in self.snapshot.startups
                if one.outcome is not StartupOutcome.STARTING
            }
            if wanted <= over:
                break
            await asyncio.sleep(0.1)
        return self.snapshot


class Controlled:
    """A pacer that finds the pace by how long starts take, and yields to the host's pressure."""

    def __init__(
        self, senses: Senses, engine: str, entries: Sequence[AnyEntry], *, brake: bool = True
    ) -> None:
        """`entries` of the journal tell what an earlier worker had learned; without `brake` pressure is ignored."""
        learned = next((one.learned for one in reversed(entries) if isinstance(one, PaceChanged)), {})
        self._pace = Pace.from_learned(learned)
        self._baseline_s = learned.get("baseline_s", 0.0)
        self._senses = senses
        self._engine = engine
        self._brake = brake
        self._pressure = Pressure()
        self._looked_s = 0.0
        self._pressed_since_s: float | None = None

    def admit(self, now_s: float, in_flight: int) -> Admitted:
        if self._brake and now_s - self._looked_s >= PRESSURE_S:
            self._looked_s = now_s
            self._look(now_s)
        pressed_s = 0.0 if self._pressed_since_s is None else now_s - self._pressed_since_s
        # The machine counts what is wanted and what is available; of the limits only these two are the pace's.
        room = admit(
            self._pace,
            self._pressure,
            in_flight=in_flight,
            wanted=self._pace.starts,
            available=self._pace.starts,
            patient=pressed_s < PATIENCE_S,
        )
        if self._pressure.lasting >= 1:
            waits = "one at a time" if pressed_s >= PATIENCE_S else "waiting for it to pass"
            return Admitted(
                starts=in_flight + room.starts,
                binds=Binding.PRESSURE,
                detail=f"the host is saturated: {waits}",
            )
        return Admitted(starts=self._pace.starts, detail=self._in_words())

    def _look(self, now_s: float) -> None:
        self._pressure = pressure_of(self._senses.snapshot, self._engine)
        self._pace = self._pace.pressed(self._pressure)
        if self._pressure.lasting < 1:
            self._pressed_since_s = None
        elif self._pressed_since_s is None:
            self._pressed_since_s = now_s

    def _in_words(self) -> str:
        if not self._baseline_s:
            return "one, to learn how long a start takes"
        return f"starts take {self._pace.latency:.1f}× the {self._baseline_s:.2f} s of one alone"

    def note(self, start: StartSeen) -> None:
        if not start.ok:
            self._pace = self._pace.failed()
            return
        if start.took_s <= 0:
            return
        # The quickest start is nearest to calm: the very first one reads the new image's layers from the disk.
        self._baseline_s = min(self._baseline_s or start.took_s, start.took_s)
        self._pace = self._pace.started(start.took_s / self._baseline_s, in_flight=start.in_flight)

    @property
    def learned(self) -> Mapping[str, float]:
        return {**self._pace.learned, "baseline_s": self._baseline_s}


class GateJury:
    """Asks each gate, in turn, of what the watch saw."""

    def __init__(self, rollout: str, gates: Sequence[Gate], senses: Senses, target: Target) -> None:
        self._rollout = rollout
        self._gates = tuple(gates)
        self._senses = senses
        self._target = target

    async def judge(self, step: Step) -> Sequence[Said]:
        if not self._gates:
            return ()
        needs = frozenset[Need]().union(*(gate.needs for gate in self._gates))
        if Need.STARTUPS in needs:
            await self._senses.until_seen([one.container_id for one in step.successors])
        context = Context(
            plan=step.plan,
            step=step.step,
            snapshot=_trusted(self._senses.snapshot, step.plan),
            replaced=await self._replaced(step) if Need.REPLICAS in needs else (),
        )
        return [await self._asked(gate, context) for gate in self._gates]

    async def _asked(self, gate: Gate, context: Context) -> Said:
        told = await gate.judge(context)
        if isinstance(told, NotAsked):
            text = f"gate {gate.name} does not judge the {context.step.name}: {told.why}"
            return Noted(rollout=self._rollout, text=text)
        return GateJudged(
            rollout=self._rollout,
            step=context.step.index,
            gate=gate.name,
            verdict=told.verdict,
            evidence=told.evidence,
            ratio=told.ratio,
            low=told.low,
            high=told.high,
            new_n=told.new_n,
            old_n=told.old_n,
        )

    async def _replaced(self, step: Step) -> tuple[Replaced, ...]:
        """Where the successors can be asked. Those that cannot be looked at now are left without an address."""
        names = {one.container_id: one.name for one in step.successors}
        documents: dict[str, Document] = {}
        try:
            async with Hands(self._target) as hands:
                for container_id in names:
                    documents[container_id] = await hands.inspect(container_id) or {}
        except (Refused, NoAnswer) as error:
            # A probe then holds for want of an address.
            _log.warning("the successors can not be looked at: %s", error)
        return tuple(
            replaced_of(name, container_id, documents.get(container_id, {}))
            for container_id, name in names.items()
        )


def replaced_of(name: str, container_id: str, document: Document) -> Replaced:
    """A successor from its inspect document."""
    network = document.get("NetworkSettings") or {}
    addresses = [
        endpoint.get("IPAddress") or endpoint.get("GlobalIPv6Address") or ""
        for endpoint in (network.get("Networks") or {}).values()
    ]
    ports = [
        (int(port.partition("/")[0]), one.get("HostIp") or "", int(one["HostPort"]))
        for port, published in (network.get("Ports") or {}).items()
        for one in published or ()
    ]
    return Replaced(
        name=name,
        container_id=container_id,
        address=next((address for address in addresses if address), ""),
        ports=tuple(ports),
    )


def _trusted(snapshot: Snapshot, plan: Plan) -> Snapshot:
    """Indicators of an engine that is not live are of the past: no gate may pass by them."""
    engines = tuple(
        engine
        if engine.state is SourceState.LIVE or engine.name != plan.engine
        else msgspec.structs.replace(engine, indicators=())
        for engine in snapshot.engines
    )
    return msgspec.structs.replace(snapshot, engines=engines)
