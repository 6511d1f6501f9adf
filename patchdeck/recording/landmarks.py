"""What in a recording is worth jumping to, found while its observations pass by."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from msgspec.structs import replace

from patchdeck.model import (
    AnyObservation,
    ContainerEvent,
    ContainerFacts,
    ContainerInspected,
    EngineDescribed,
    GapSeen,
    JournalEntered,
    Marked,
    Planned,
    SourceChanged,
    SourceState,
    StateEntered,
    StepBegan,
)
from patchdeck.recording.values import Landmark, LandmarkKind
from patchdeck.stamps import start_was_refused

TOGETHER_NS: Final = 10_000_000_000
"""Failures of an engine's containers so soon after each other are one landmark: a bad patch, not sixty-four."""
AGAIN_NS: Final = 120_000_000_000
"""A container that fails again within this is in a crash loop, whose beginning is what one looks for."""
HISTORY_NS: Final = 60_000_000_000
"""A journal's entries older than this when they arrive are of the past: the console reads all of them at its start."""

_MOST_REMEMBERED: Final = 5_000
"""At every so many containers, those that do not matter any more are forgotten."""

_ASKED_TO_STOP: Final = (0, 137, 143)

_Key = tuple[LandmarkKind, str, str, int]


class Landmarks:
    """Those known so far."""

    def __init__(self) -> None:
        self._known: dict[_Key, Landmark] = {}
        self._fresh: set[_Key] = set()
        self._offsets_ns: dict[str, int] = {}
        """By engine: what its clock is ahead."""
        self._lost: dict[str, _Key] = {}
        """Engines that are out of reach."""
        self._failed: dict[str, tuple[_Key, int]] = {}
        """The newest failure of each engine, and of how many containers it tells."""
        self._troubled: dict[str, int] = {}
        """When each container failed last."""
        self._stirred: dict[str, int] = {}
        """When each container was last being started."""
        self._services: dict[str, str] = {}
        """By rollout."""

    def learn(self, known: Iterable[Landmark], offsets_ns: Mapping[str, int] | None = None) -> None:
        """What was found in observations that do not pass by here."""
        for one in known:
            self._known[_key(one)] = one
            if one.kind is LandmarkKind.LOST and one.ended_ns is None:
                self._lost[one.engine] = _key(one)
            elif one.kind is LandmarkKind.LOST:
                self._lost.pop(one.engine, None)
        self._offsets_ns.update(offsets_ns or {})

    def all(self) -> tuple[Landmark, ...]:
        """Oldest first."""
        return tuple(
            sorted(self._known.values(), key=lambda one: (one.at_ns, one.kind, one.engine, one.name))
        )

    def fresh(self) -> tuple[Landmark, ...]:
        """Those that are new, or told anew, since this was asked last."""
        fresh = tuple(self._known[key] for key in sorted(self._fresh, key=lambda key: key[3]))
        self._fresh.clear()
        return fresh

    def missed(self, began_ns: int, ended_ns: int, why: str) -> None:
        """The recording itself has a hole."""
        self.put(
            Landmark(
                kind=LandmarkKind.GAP, at_ns=began_ns, ended_ns=ended_ns, name="this recording", detail=why
            )
        )

    def note(self, seen_ns: int, observation: AnyObservation) -> None:
        match observation:
            case Marked():
                self.put(
                    Landmark(
                        kind=LandmarkKind.MARK,
                        at_ns=seen_ns,
                        name=observation.name,
                        detail=f"by {observation.by}" if observation.by else "",
                    )
                )
            case EngineDescribed():
                self._offsets_ns[observation.engine] = round(observation.clock_offset_s * 1e9)
            case GapSeen():
                offset_ns = self._offsets_ns.get(observation.engine, 0)
                self.put(
                    Landmark(
                        kind=LandmarkKind.GAP,
                        at_ns=observation.began_ns - offset_ns,
                        ended_ns=observation.ended_ns - offset_ns,
                        name=observation.engine,
                        detail=observation.reason,
                        engine=observation.engine,
                    )
                )
            case SourceChanged(source="engine"):
                self._note_source(seen_ns, observation)
            case ContainerEvent():
                self._note_event(seen_ns, observation)
            case ContainerInspected(container=facts):
                stirred_ns = self._stirred.get(facts.container_id)
                if stirred_ns is not None and start_was_refused(facts) and seen_ns - stirred_ns < TOGETHER_NS:
                    self._fail(seen_ns, observation.engine, facts.container_id, facts.name, _why(facts))
            case JournalEntered():
                self._note_entry(seen_ns, observation)

    def _note_source(self, seen_ns: int, changed: SourceChanged) -> None:
        engine = changed.engine
        if changed.state is SourceState.LOST and engine not in self._lost:
            lost = Landmark(
                kind=LandmarkKind.LOST, at_ns=seen_ns, name=engine, detail=changed.detail, engine=engine
            )
            self._lost[engine] = self.put(lost)
        elif changed.state is SourceState.LIVE and (key := self._lost.pop(engine, None)) is not None:
            self.put(replace(self._known[key], ended_ns=seen_ns))

    def _note_event(self, seen_ns: int, event: ContainerEvent) -> None:
        match event.action:
            case "die" if event.exit_code is not None and event.exit_code not in _ASKED_TO_STOP:
                why = f"exit {event.exit_code}"
            case "oom":
                why = "out of memory"
            case "health_status" if event.detail == "unhealthy":
                why = "unhealthy"
            case "create" | "connect" | "disconnect":
                self._stirred[event.container_id] = seen_ns
                self._tidy(seen_ns)
                return
            case "destroy":
                self._stirred.pop(event.container_id, None)
                self._troubled.pop(event.container_id, None)
                return
            case _:
                return
        self._fail(seen_ns, event.engine, event.container_id, event.name or event.container_id[:12], why)

    def _tidy(self, seen_ns: int) -> None:
        """Whoever is removed unseen is remembered no longer than that matters."""
        for moments, kept_ns in ((self._stirred, TOGETHER_NS), (self._troubled, AGAIN_NS)):
            if len(moments) % _MOST_REMEMBERED == 0:
                for container_id in [one for one, at_ns in moments.items() if seen_ns - at_ns > kept_ns]:
                    del moments[container_id]

    def _fail(self, seen_ns: int, engine: str, container_id: str, name: str, why: str) -> None:
        before_ns = self._troubled.get(container_id)
        self._troubled[container_id] = seen_ns
        if before_ns is not None and seen_ns - before_ns < AGAIN_NS:
            return
        key, count = self._failed.get(engine, (None, 0))
        if key is not None and seen_ns - key[3] < TOGETHER_NS:
            first = self._known[key]
            detail = f"{first.detail.split(';', 1)[0]}; and {count} more"
            self._failed[engine] = self.put(replace(first, detail=detail)), count + 1
            return
        failure = Landmark(kind=LandmarkKind.FAILURE, at_ns=seen_ns, name=name, detail=why, engine=engine)
        self._failed[engine] = self.put(failure), 1

    def _note_entry(self, seen_ns: int, entered: JournalEntered) -> None:
        entry = entered.entry
        if isinstance(entry, Planned):
            self._services[entry.rollout] = entry.plan.service
        if seen_ns - entry.at_ns > HISTORY_NS or not isinstance(entry, StepBegan | StateEntered):
            return
        detail = entry.name if isinstance(entry, StepBegan) else entry.state.value
        name = self._services.get(entry.rollout, entry.rollout)
        self.put(
            Landmark(
                kind=LandmarkKind.ROLLOUT, at_ns=seen_ns, name=name, detail=detail, engine=entered.engine
            )
        )

    def put(self, landmark: Landmark) -> _Key:
        """File it; told anew if it has changed."""
        key = _key(landmark)
        if self._known.get(key) != landmark:
            self._known[key] = landmark
            self._fresh.add(key)
        return key


def _key(landmark: Landmark) -> _Key:
    return landmark.kind, landmark.engine, landmark.name, landmark.at_ns


def _why(facts: ContainerFacts) -> str:
    return facts.error or f"exit {facts.exit_code}"
