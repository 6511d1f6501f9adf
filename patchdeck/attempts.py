"""A container's events and stamps, cut into its starts.

Events tell of starts one after the other; a stamp is one inspect's word for a start. A stamp whose `start` event was
never seen (it was before the watch, or in a gap) is a start all the same, and cuts the events like one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from patchdeck.model import ContainerEvent, StartupKind
from patchdeck.stamps import Stamp
from patchdeck.timeline import Timeline

_NOT_STOPPING: Final = frozenset(
    {"1", "10", "12", "17", "18", "23", "28", "HUP", "SIGHUP", "USR1", "SIGUSR1", "USR2", "SIGUSR2"}
)
"""Signals of `kill` events that are not meant to end a process."""

_STAMP_EARLY_NS: Final = {True: 120_000_000_000, False: 10_000_000_000}
"""How much earlier than its start event the stamp of a start may be, on engines that stamp before it, and after."""

_STAMP_LATE_NS: Final = 5_000_000
"""How much later than its start event the stamp may be, on engine 26 and earlier."""


class Attempt(msgspec.Struct):
    """One start, put together from what was observed."""

    previous: Attempt | None = None
    """The run before it, if that was observed to end."""
    superseded: bool = False
    """Another start came after it although it was not seen to come about."""
    created: bool = False
    create_event_ns: int | None = None
    connects: list[int] = msgspec.field(default_factory=list)
    attached: bool = False
    refused_ns: int | None = None
    """The engine released the networks of a container that it had not started: it gave up."""
    started_event_ns: int | None = None
    restarted_by_hand: bool = False
    """`docker restart`, whose event follows the start."""
    healthy_ns: int | None = None
    unhealthy_ns: int | None = None
    stop_asked: bool = False
    oom: bool = False
    died: ContainerEvent | None = None
    destroyed_ns: int | None = None
    stamp: Stamp | None = None

    @property
    def running(self) -> bool:
        """It was started; it may have ended since."""
        return self.started_event_ns is not None or self.stamp is not None

    @property
    def requested(self) -> bool:
        """Something shows that a start was asked for, not only a create."""
        return bool(self.connects) or self.attached or self.refused_ns is not None or self.running

    @property
    def died_before_ns(self) -> int | None:
        """The end of the process before it, by its event."""
        return self.previous.died.at_ns if self.previous and self.previous.died else None

    @property
    def first_ns(self) -> int:
        """The first that was seen of it."""
        moments = (
            self.create_event_ns,
            self.connects[0] if self.connects else None,
            self.stamp.started_ns if self.stamp else None,
            self.started_event_ns,
            self.refused_ns,
        )
        return min((moment for moment in moments if moment is not None), default=0)

    def ended_by(self, at_ns: int) -> bool:
        if self.died is not None:
            return True
        finished_ns = self.stamp.finished_ns if self.stamp else None
        return finished_ns is not None and finished_ns <= at_ns

    def trace_ns(self, *, stamps_before_start: bool) -> int | None:
        """The first sign of the start itself, which is later than its request."""
        traces = self.connects[:1]
        if self.stamp is not None and (stamps_before_start or not traces):
            traces.append(self.stamp.started_ns)
        if not traces and self.started_event_ns is not None:
            traces.append(self.started_event_ns)
        return min(traces, default=None)


class _Cutter:
    """Events that come in the order of time, and the starts that they make."""

    def __init__(self, timeline: Timeline, *, stamps_before_start: bool) -> None:
        self.attempts: list[Attempt] = []
        self._stamps_before_start = stamps_before_start
        self._timeline = timeline
        self._current = Attempt()
        """At first the run before the watch, of which nothing is known; it is no startup that could be told of."""

    def take(self, item: ContainerEvent | Stamp, stamp: Stamp | None) -> None:
        """`stamp` is the one that belongs to a start event."""
        if isinstance(item, Stamp):
            if self._current.created and item.restarts:
                self._begin_again()
            self._started(item.started_ns)
            self._current.stamp = item
            return
        event = item
        match event.action:
            case "create":
                self._begin(Attempt(created=True, create_event_ns=event.at_ns))
            case "start":
                self._started(event.at_ns)
                self._current.started_event_ns = event.at_ns
                self._current.stamp = stamp
            case "connect":
                if self._is_over(event.at_ns) or self._is_unknown:
                    self._begin_again()
                if not self._current.running:
                    self._current.connects.append(event.at_ns)
            case "disconnect":
                self._released(event.at_ns)
            case _:
                _note(self._current, event)

    @property
    def _is_unknown(self) -> bool:
        """Nothing is known but that the container exists."""
        return not self.attempts and not self._current.running

    def _started(self, at_ns: int) -> None:
        if self._is_over(at_ns) or self._is_unknown or self._current.running:
            self._begin_again()

    def _is_over(self, at_ns: int) -> bool:
        """Whether a sign of a start at this time is of another start than the current one."""
        current = self._current
        if current.ended_by(at_ns):
            return True
        if current.running:
            return False
        if current.refused_ns is None and current.created:
            told = self._timeline.refusal(current.first_ns)
            return told is not None and told.at_ns < at_ns
        return current.refused_ns is not None

    def _begin_again(self) -> None:
        self._current.superseded = not self._current.running
        ended = self._current if self._current.died is not None else None
        self._begin(Attempt(previous=ended))

    def _begin(self, attempt: Attempt) -> None:
        self._current = attempt
        self.attempts.append(attempt)

    def _released(self, at_ns: int) -> None:
        """Networks are released after a run, when a start is given up, and by hand.

        Engines up to 26 log a connect first where they give up; a disconnect without one is by hand. Engines from 27
        on log no connect then, and log the disconnect of a run before its die.
        """
        current = self._current
        if current.died is not None and self._stamps_before_start:
            self._begin_again()
            self._current.refused_ns = at_ns
        elif (
            self.attempts
            and not current.running
            and current.died is None
            and current.refused_ns is None
            and (current.connects or self._stamps_before_start)
        ):
            current.refused_ns = at_ns


def cut(
    timeline: Timeline, *, stamps_before_start: bool, until_ns: int, idle_ns: int
) -> list[tuple[Attempt, StartupKind]]:
    """The starts of a container in the order they began. What is later than `until_ns` is left out."""
    events = [event for event in timeline.events if event.at_ns <= until_ns]
    stamps = [stamp for stamp in timeline.stamps if stamp.started_ns <= until_ns]
    of_event = _matched(events, stamps, stamps_before_start=stamps_before_start)
    matched = {stamp.started_ns for stamp in of_event.values()}
    alone = [stamp for stamp in stamps if stamp.started_ns not in matched]
    cutter = _Cutter(timeline, stamps_before_start=stamps_before_start)
    for item in _by_time(events, alone):
        start_ns = item.at_ns if isinstance(item, ContainerEvent) and item.action == "start" else None
        cutter.take(item, of_event.get(start_ns) if start_ns is not None else None)
    kinds = _Kinds(timeline, stamps_before_start=stamps_before_start, idle_ns=idle_ns)
    return [
        (attempt, kinds.of(attempt, earlier=bool(index)))
        for index, attempt in enumerate(cutter.attempts)
        # Of a container that no inspect told of, a connect may be by hand and to a running one.
        if timeline.facts is not None or attempt.created or attempt.running
    ]


class _Kinds:
    """First start or restart."""

    def __init__(self, timeline: Timeline, *, stamps_before_start: bool, idle_ns: int) -> None:
        self._facts = timeline.facts
        self._stamps = timeline.stamps
        self._before = stamps_before_start
        self._idle_ns = idle_ns

    def of(self, attempt: Attempt, *, earlier: bool) -> StartupKind:
        if attempt.created:
            return StartupKind.FIRST
        if earlier or attempt.previous is not None or self._facts is None:
            return StartupKind.RESTART
        stamp, trace_ns = attempt.stamp, attempt.trace_ns(stamps_before_start=self._before)
        ran_before = stamp is not None and (stamp.restarts > 0 or stamp is not self._stamps[0])
        # Created long before, and not seen to be: this may be its first start or its hundredth.
        at_once = trace_ns is not None and trace_ns - self._facts.created_ns <= self._idle_ns
        return StartupKind.FIRST if at_once and not ran_before else StartupKind.RESTART


def _matched(
    events: Sequence[ContainerEvent], stamps: Sequence[Stamp], *, stamps_before_start: bool
) -> dict[int, Stamp]:
    """The stamp of each start event, by the event's time."""
    found: dict[int, Stamp] = {}
    floor_ns = position = 0
    for event in events:
        if event.action == "start":
            earliest_ns = max(floor_ns, event.at_ns - _STAMP_EARLY_NS[stamps_before_start])
            while position < len(stamps) and stamps[position].started_ns <= event.at_ns + _STAMP_LATE_NS:
                if stamps[position].started_ns >= earliest_ns:
                    found[event.at_ns] = stamps[position]
                position += 1
        if event.action in ("start", "die", "create"):
            floor_ns = event.at_ns
    return found


def _by_time(events: Iterable[ContainerEvent], stamps: Iterable[Stamp]) -> list[ContainerEvent | Stamp]:
    """Events keep their order; a stamp goes after the events of its moment."""
    items: list[tuple[int, int, ContainerEvent | Stamp]] = [(event.at_ns, 0, event) for event in events]
    items += [(stamp.started_ns, 1, stamp) for stamp in stamps]
    items.sort(key=lambda item: item[:2])
    return [item for _, _, item in items]


def _note(attempt: Attempt, event: ContainerEvent) -> None:
    match event.action:
        case "attach" if not attempt.running:
            attempt.attached = True
        case "restart" if attempt.running:
            attempt.restarted_by_hand = True
        case "health_status" if event.detail == "healthy" and attempt.healthy_ns is None:
            attempt.healthy_ns = event.at_ns
        case "health_status" if event.detail == "unhealthy" and attempt.unhealthy_ns is None:
            attempt.unhealthy_ns = event.at_ns
        case "kill" if event.detail not in _NOT_STOPPING:
            attempt.stop_asked = True
        case "stop":
            # Engines differ in whether it comes before the die or after it.
            attempt.stop_asked = True
        case "oom":
            attempt.oom = True
        case "die" if attempt.died is None:
            attempt.died = event
        case "destroy":
            attempt.destroyed_ns = event.at_ns
