"""What a worker sees besides its own containers: a watch of the engine, from which its pace and its gates judge.

The watch is the console's own (`patchdeck.watch`), on a thread of its own: the rollout's startups are measured, and the
host's pressure is told, by the very path that a person sees them on.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Sequence
from types import TracebackType
from typing import Final, Self

import msgspec

from patchdeck.model import (
    AnyObservation,
    EngineDescribed,
    GateJudged,
    Noted,
    Plan,
    Snapshot,
    SourceState,
    StartupOutcome,
)
from patchdeck.rollout.gates.gate import Context, Gate, Need, NotAsked, Replaced
from patchdeck.rollout.hands import Document, Hands, NoAnswer
from patchdeck.rollout.processors import Times
from patchdeck.rollout.seams import Said, Step
from patchdeck.settings import Settings
from patchdeck.sources.engine.connection import Refused
from patchdeck.sources.errors import NotWatching
from patchdeck.sources.host import PROC, parse_cpu_times
from patchdeck.sources.targets import Target
from patchdeck.watch import WatchThread

_log: Final = logging.getLogger(__name__)

PRESSURE_S: Final = 2.0
"""Between two looks at the pressure: as often as it is sampled."""

SEEN_S: Final = 5.0
"""How long a gate waits for the watch to have seen the startups that it judges."""


class Senses:
    """`with Senses(settings, target) as senses`: the newest snapshot, made in the background."""

    def __init__(self, settings: Settings, target: Target) -> None:
        self._proc = target.proc
        self.has_processor_times = False
        """The engine's host is known to be this one, or one that tells them here."""
        # A worker has no screen: it looks at the pressure now and then, and asks for what a gate is to judge by.
        watch = msgspec.structs.replace(settings.watch, snapshots_per_s=1 / PRESSURE_S)
        self._watch = WatchThread(
            msgspec.structs.replace(settings, watch=watch),
            [target],
            on_observation=self._note,
            rollouts=False,
        )
        self._latest = Snapshot()

    def __enter__(self) -> Self:
        self._watch.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._watch.stop()

    def _note(self, observation: AnyObservation) -> None:
        if isinstance(observation, EngineDescribed):
            self.has_processor_times = observation.local or self._proc is not None

    def processor_times(self) -> Times | None:
        """Of the engine's host; None where this one can not tell."""
        if not self.has_processor_times:
            return None
        try:
            with ((self._proc or PROC) / "stat").open() as stat:
                times = parse_cpu_times(stat.readline())
        except (OSError, ValueError):
            return None
        return Times(resting=times.idle + times.iowait, total=times.total)

    @property
    def snapshot(self) -> Snapshot:
        """Empty until the engine was seen."""
        self._latest = self._watch.mailbox.take() or self._latest
        return self._latest

    async def until_seen(self, container_ids: Sequence[str]) -> Snapshot:
        """Once the startups of these are in it, or after SEEN_S."""
        deadline = time.monotonic() + SEEN_S
        wanted = set(container_ids)
        while True:
            snapshot = await self.now()
            over = {
                one.container_id for one in snapshot.startups if one.outcome is not StartupOutcome.STARTING
            }
            if wanted <= over or time.monotonic() > deadline:
                return snapshot
            await asyncio.sleep(0.1)

    async def now(self) -> Snapshot:
        """Of all that was observed until now; the newest there is, where the watch has ended."""
        asked = asyncio.wrap_future(self._watch.ask(lambda watch: watch.snapshot()))
        await asyncio.wait([asked])
        if asked.cancelled() or isinstance(asked.exception(), NotWatching):
            return self.snapshot
        self._latest = asked.result()
        return self._latest


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
        wanted = [one.container_id for one in step.successors] if Need.STARTUPS in needs else []
        snapshot = await self._senses.until_seen(wanted)
        context = Context(
            plan=step.plan,
            step=step.step,
            snapshot=_trusted(snapshot, step.plan),
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
