"""Observations as real engines emit them, told as stories: an engine, its containers and what happens to them.

Orders and distances are those recorded from engines 20.10 and 28.5 (`docker events`, compared with inspects). The
generations differ: engines up to 26 stamp StartedAt after the start and log `die` before `disconnect`; engines from 27
on stamp it first, log `disconnect` before `die`, and log no `connect` for a start that the runtime refuses.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence

import msgspec

from patchdeck.fleet import Fleet
from patchdeck.model import (
    AnyObservation,
    ContainerEvent,
    ContainerFacts,
    ContainerInspected,
    ContainersListed,
    ContainerVanished,
    EngineAnswered,
    EngineDescribed,
    Health,
    Healthcheck,
    ImageFacts,
    ImageInspected,
    Observation,
    Probe,
    Snapshot,
    SourceChanged,
    SourceState,
    Startup,
    Ticked,
)
from patchdeck.settings import Settings

T0_NS = 1_795_000_000_000_000_000
OLD, NEW = "20.10.24", "28.5.2"
GENERATIONS = (OLD, NEW)
PROBED = Healthcheck(test="CMD test", interval_s=1.0, timeout_s=1.0)


def ns(seconds: float) -> int:
    """The time that is so many seconds into a story."""
    return T0_NS + round(seconds * 1e9)


class EngineStory:
    """One engine and all that it tells, in the order in which it happened.

    Times are seconds into the story by this host's clock; `offset_s` is what the engine's clock is ahead of it.
    """

    def __init__(self, version: str = OLD, *, name: str = "e", offset_s: float = 0.0) -> None:
        self.name = name
        self.before = version == NEW
        """StartedAt is stamped before the start."""
        self.offset_s = offset_s
        self.observations: list[AnyObservation] = []
        self.containers: dict[str, ContainerStory] = {}
        self.numbers = itertools.count(1)
        self.emit(
            EngineDescribed(
                engine=name,
                at_ns=self.at(0),
                host="unix:///e.sock",
                version=version,
                api_version="1.41",
                clock_offset_s=offset_s,
            )
        )

    def emit(self, observation: AnyObservation) -> None:
        self.observations.append(observation)

    def at(self, seconds: float) -> int:
        """By the engine's clock."""
        return ns(seconds + self.offset_s)

    def container(self, name: str, **facts: object) -> ContainerStory:
        story = ContainerStory(self, name, facts)
        self.containers[story.container_id] = story
        return story

    def tick(self, at_s: float) -> None:
        self.emit(Ticked(engine="", at_ns=ns(at_s)))

    def ping(self, at_s: float, response_s: float = 0.002) -> None:
        self.emit(EngineAnswered(engine=self.name, at_ns=ns(at_s), response_s=response_s))

    def listed(self, at_s: float) -> None:
        present = tuple(story.container_id for story in self.containers.values() if story.exists)
        self.emit(ContainersListed(engine=self.name, at_ns=self.at(at_s), container_ids=present))

    def source(self, at_s: float, state: SourceState, source: str = "engine", detail: str = "") -> None:
        self.emit(SourceChanged(engine=self.name, at_ns=ns(at_s), source=source, state=state, detail=detail))

    def image(self, at_s: float, image_id: str, *tags: str, **labels: str) -> None:
        facts = ImageFacts(image_id=image_id, tags=tags, labels=labels)
        self.emit(ImageInspected(engine=self.name, at_ns=self.at(at_s), image=facts))

    def snapshot(self, at_s: float | None = None, settings: Settings | None = None) -> Snapshot:
        """All that was told until now, as seen at `at_s`."""
        if at_s is not None:
            self.tick(at_s)
        return fold(self.observations, settings)

    def startups(self, at_s: float, settings: Settings | None = None) -> tuple[Startup, ...]:
        return self.snapshot(at_s, settings).startups

    def startup(self, at_s: float) -> Startup:
        (startup,) = self.startups(at_s)
        return startup


class ContainerStory:
    """What happens to one container. Each verb takes the time at which it is asked for and tells what follows."""

    def __init__(self, engine: EngineStory, name: str, facts: dict[str, object]) -> None:
        self.engine = engine
        self.container_id = f"{next(engine.numbers):064x}"
        self.exists = False
        self.networks: tuple[str, ...] = ("bridge",)
        self._facts: dict[str, object] = {
            "container_id": self.container_id,
            "name": name,
            "image": "web:1",
            "image_id": "sha256:" + "1" * 64,
            "created_ns": 0,
            "status": "created",
            **facts,
        }
        self._probes: list[Probe] = []

    @property
    def facts(self) -> ContainerFacts:
        return msgspec.convert(self._facts, ContainerFacts, strict=False)

    def event(self, at_s: float, action: str, detail: str = "", **more: object) -> None:
        of_network = action in ("connect", "disconnect")
        known = {} if of_network else {"name": self._facts["name"], "image": self._facts["image"]}
        self.engine.emit(
            ContainerEvent(
                engine=self.engine.name,
                at_ns=self.engine.at(at_s),
                container_id=self.container_id,
                action=action,
                detail=detail,
                **{**known, **more},  # type: ignore[arg-type]
            )
        )

    def inspect(self, at_s: float) -> None:
        self.engine.emit(
            ContainerInspected(engine=self.engine.name, at_ns=self.engine.at(at_s), container=self.facts)
        )

    def vanish(self, at_s: float) -> None:
        """An inspect found it gone."""
        self.exists = False
        self.engine.emit(
            ContainerVanished(
                engine=self.engine.name, at_ns=self.engine.at(at_s), container_id=self.container_id
            )
        )

    def become(self, **facts: object) -> None:
        """Without a word."""
        self._facts |= facts
        self.exists = True

    def create(self, at_s: float, took_s: float = 0.05) -> None:
        self.become(created_ns=self.engine.at(at_s))
        self.event(at_s + took_s, "create", labels=self._facts.get("labels", {}))

    def start(self, at_s: float, took_s: float = 0.3, *, inspect: bool = True, events: bool = True) -> None:
        """Asked for at `at_s`; the process runs `took_s` later."""
        end_s = at_s + took_s
        stamp_s = at_s + took_s * 0.2 if self.engine.before else end_s - 0.0006
        connect_s = at_s + took_s * (0.8 if self.engine.before else 0.1)
        self._probes.clear()
        if events:
            for index, network in enumerate(self.networks):
                self.event(connect_s + index * took_s * 0.05, "connect", network)
            self.event(end_s, "start")
        health = Health(status="starting") if self._facts.get("healthcheck") else None
        self.become(
            status="running", started_ns=self.engine.at(stamp_s), exit_code=None, error="", health=health
        )
        if inspect:
            self.inspect(end_s + 0.001)

    def run(self, at_s: float, took_s: float = 0.4) -> None:
        """`docker run`: create and start."""
        self.create(at_s, took_s * 0.1)
        self.start(at_s + took_s * 0.1, took_s * 0.9)

    def refuse(
        self, at_s: float, took_s: float = 0.3, error: str = "no such file", *, inspect: bool = True
    ) -> None:
        """A start that ends in error 500."""
        if not self.engine.before:
            for network in self.networks:
                self.event(at_s + took_s * 0.1, "connect", network)
        for network in self.networks:
            self.event(at_s + took_s, "disconnect", network)
        self.become(exit_code=127, error=error)
        if inspect:
            self.inspect(at_s + took_s + 0.1)

    def die(self, at_s: float, exit_code: int = 0, *, told: int | None = None, inspect: bool = True) -> None:
        """`told` is the exit code in the event, where a label hides the true one."""
        for network in self.networks if self.engine.before else ():
            self.event(at_s - 0.003, "disconnect", network)
        self.event(at_s, "die", exit_code=exit_code if told is None else told)
        for network in () if self.engine.before else self.networks:
            self.event(at_s + 0.003, "disconnect", network)
        self.become(status="exited", finished_ns=self.engine.at(at_s - 0.001), exit_code=exit_code)
        if inspect:
            self.inspect(at_s + 0.01)

    def stop(self, at_s: float, took_s: float = 0.2, *, inspect: bool = True) -> None:
        self.event(at_s, "kill", "15")
        end_s = at_s + took_s
        if self.engine.before:
            self.event(end_s - 0.002, "stop")
        self.die(end_s, 143, inspect=inspect)
        if not self.engine.before:
            self.event(end_s + 0.006, "stop")

    def restart(self, at_s: float, took_s: float = 0.3) -> None:
        """`docker restart`, from the request on; the process before ends 0.2 s later."""
        self.stop(at_s, inspect=False)
        self.start(at_s + 0.21, took_s, inspect=False)
        self.event(at_s + 0.21 + took_s + 0.0001, "restart")
        self.inspect(at_s + 0.22 + took_s)

    def probe(self, at_s: float, exit_code: int, status: str = "", took_s: float = 0.02) -> None:
        """A health check runs from `at_s` on; `status` is what it changes the health to."""
        end_s = at_s + took_s
        self._probes.append(
            Probe(began_ns=self.engine.at(at_s), ended_ns=self.engine.at(end_s), exit_code=exit_code)
        )
        before = self._facts.get("health")
        known = before.status if isinstance(before, Health) else "starting"
        self.become(health=Health(status=status or known, probes=tuple(self._probes[-5:])))
        if status:
            self.event(end_s + 0.001, "health_status", status)
            self.inspect(end_s + 0.005)

    def destroy(self, at_s: float) -> None:
        self.event(at_s, "destroy")
        self.exists = False


def fold(observations: Iterable[AnyObservation], settings: Settings | None = None) -> Snapshot:
    fleet = Fleet(settings)
    for observation in observations:
        fleet.apply(observation)
    return fleet.snapshot()


def in_time(observations: Sequence[AnyObservation], offset_s: float = 0.0) -> list[AnyObservation]:
    """Sorted by this host's clock; those of one moment as they were told."""
    from_engine = (EngineDescribed, ContainerEvent, ContainerInspected, ContainersListed, ContainerVanished)

    def host_ns(observation: Observation) -> int:
        return observation.at_ns - (round(offset_s * 1e9) if isinstance(observation, from_engine) else 0)

    return sorted(observations, key=host_ns)


def difference(one: object, other: object, path: str = "") -> str:
    """Where two values first differ; empty if they are equal."""
    if one == other:
        return ""
    if isinstance(one, msgspec.Struct) and type(one) is type(other):
        for field in one.__struct_fields__:
            found = difference(getattr(one, field), getattr(other, field), f"{path}.{field}")
            if found:
                return found
    if isinstance(one, tuple) and isinstance(other, tuple) and len(one) == len(other):
        for index, pair in enumerate(zip(one, other, strict=True)):
            if found := difference(*pair, f"{path}[{index}]"):
                return found
    if isinstance(one, dict) and isinstance(other, dict) and one.keys() == other.keys():
        for key in one:
            if found := difference(one[key], other[key], f"{path}[{key[-4:]}]"):
                return found
    return f"{path}: {one!r} is not {other!r}"
