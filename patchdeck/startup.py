"""From the facts about one container to its startups: when each began, its phases, and how it ended.

What an engine tells of a start differs by its version (docs/startups.md). Engines up to 26 stamp StartedAt once the
process runs. Engines from 27 on stamp it before the runtime and the network are set up, so that there the `start`
event is the end of the start and StartedAt marks a boundary inside it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from patchdeck.model import (
    ContainerEvent,
    Evidence,
    Phase,
    Role,
    Startup,
    StartupKind,
    StartupOutcome,
)
from patchdeck.settings import StartupSettings
from patchdeck.timeline import Stamp, Timeline

PHASES = {
    "create": "create was asked for until the container exists: image lookup, read-write layer",
    "setup": "until StartedAt (engine 27 and later): waiting for the start, mounts, sandbox",
    "runtime+network": "from StartedAt until the process runs (engine 27 and later)",
    "setup+network": "until the last network is connected (engine 26 and earlier): waiting, mounts, network",
    "runtime": "from the last network until the process runs (engine 26 and earlier)",
    "start": "the whole start, where nothing tells its parts",
    "ready": "from started until the health check passed",
}
"""Every phase and what it spans. Those up to started add up to the latency."""

_NOT_STOPPING = frozenset(
    {"1", "10", "12", "17", "18", "23", "28", "HUP", "SIGHUP", "USR1", "SIGUSR1", "USR2", "SIGUSR2"}
)
"""Signals of `kill` events that are not meant to end a process."""

_TRACES = frozenset({"create", "attach", "connect", "start"})

_INSPECT_NS = 60_000_000_000
"""How long an engine in the middle of a herd may owe an inspect; until then its times may still become exact."""

_FOREVER_NS = 1 << 63

_STAMP_SLACK_NS = 5_000_000
"""How much later than its start event the stamp of a start on engine 26 and earlier may be."""


class Attempt(msgspec.Struct):
    """One start while it is being put together from the events."""

    kind: StartupKind
    died_ns: int | None = None
    """The end of the process before it."""
    died_by_hand: bool = False
    create_event_ns: int | None = None
    connects: list[int] = []
    attached: bool = False
    disconnected_ns: int | None = None
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
    def requested(self) -> bool:
        """Something shows that a start was asked for, not only a create."""
        return (
            bool(self.connects)
            or self.attached
            or self.started_event_ns is not None
            or self.stamp is not None
        )


class Deriver:
    """Derives the startups of one container at one moment.

    `now_ns` is by the engine's clock. `stamps_before_start` is `EngineDescribed.stamps_before_start`.
    """

    def __init__(
        self,
        timeline: Timeline,
        *,
        engine: str,
        stamps_before_start: bool,
        now_ns: int,
        settings: StartupSettings,
        service: str = "",
        role: Role = Role.REPLICA,
        version: str = "",
    ) -> None:
        self._timeline = timeline
        self._facts = timeline.facts
        self._engine = engine
        self._before = stamps_before_start
        self._now_ns = now_ns
        self._settings = settings
        self._service = service
        self._role = role
        self._version = version

    def startups(self) -> tuple[Startup, ...]:
        """In the order they began."""
        attempts = collect_attempts(self._timeline.events)
        self._place_stamps(attempts)
        made = (self._startup(attempt) for attempt in attempts)
        return tuple(startup for startup in made if startup is not None)

    # ------------------------------------------------------------------------------------------------ stamps

    def _place_stamps(self, attempts: list[Attempt]) -> None:
        """Give every attempt its StartedAt. A stamp that fits none is a start whose event was missed."""
        unplaced: list[Stamp] = []
        for stamp in self._timeline.stamps:
            fitting = next((attempt for attempt in attempts if self._fits(stamp, attempt)), None)
            if fitting is not None:
                fitting.stamp = stamp
            else:
                unplaced.append(stamp)
        for attempt in attempts:
            self._recall_earlier_run(attempt)
        attempts.extend(self._attempt_from(stamp) for stamp in unplaced)
        attempts.sort(key=_attempt_time)

    def _recall_earlier_run(self, attempt: Attempt) -> None:
        """A start without a create that events tell of is a restart if inspects know of a run before it."""
        if attempt.create_event_ns is not None or attempt.died_ns is not None:
            return
        trace = self._first_trace(attempt) or 0
        earlier = [
            stamp
            for stamp in self._timeline.stamps
            if stamp.started_ns < trace and stamp is not attempt.stamp
        ]
        if earlier:
            attempt.kind = StartupKind.RESTART
            finished_ns = earlier[-1].finished_ns
            if finished_ns is not None and finished_ns <= trace:
                attempt.died_ns = finished_ns

    def _fits(self, stamp: Stamp, attempt: Attempt) -> bool:
        if attempt.stamp is not None:
            return False
        floor = (
            attempt.died_ns or attempt.create_event_ns or (attempt.connects[0] if attempt.connects else None)
        )
        if self._before and attempt.connects and attempt.create_event_ns is None and attempt.died_ns is None:
            # The stamp comes before the first trace that events leave.
            floor = None
        ceiling = attempt.started_event_ns
        if ceiling is None and attempt.died is not None:
            ceiling = attempt.died.at_ns
        if floor is not None and stamp.started_ns < floor:
            return False
        if ceiling is not None:
            if floor is None and ceiling - stamp.started_ns > self._settings.idle_s * 1e9:
                return False
            return stamp.started_ns <= ceiling + _STAMP_SLACK_NS
        return floor is not None

    def _attempt_from(self, stamp: Stamp) -> Attempt:
        facts = self._facts
        first = facts is not None and facts.restart_count == 0 and stamp is self._timeline.stamps[0]
        if first and facts is not None and stamp.started_ns - facts.created_ns > self._settings.idle_s * 1e9:
            # Created long before: this may be its first start or its hundredth.
            first = False
        attempt = Attempt(kind=StartupKind.FIRST if first else StartupKind.RESTART, stamp=stamp)
        for event in self._timeline.events:
            if event.at_ns > stamp.started_ns and event.action not in _TRACES:
                _note(attempt, event)
                if event.action == "die":
                    break
        return attempt

    # ------------------------------------------------------------------------------------------------ one startup

    def _startup(self, attempt: Attempt) -> Startup | None:
        began_ns, evidence = self._beginning(attempt)
        started_ns = self._started(attempt)
        if started_ns is None and not self._is_a_start(attempt):
            return None
        if began_ns is not None and started_ns is not None and began_ns > started_ns:
            began_ns, evidence = None, Evidence.NONE
        outcome, ended_ns, reason = self._outcome(attempt, started_ns)
        ready_ns = self._ready(attempt, started_ns) if outcome is StartupOutcome.READY else None
        return Startup(
            engine=self._engine,
            container_id=self._timeline.container_id,
            anchor_ns=_anchor(attempt, began_ns, started_ns),
            name=self._timeline.name,
            service=self._service,
            role=self._role,
            image=self._timeline.image,
            image_id=self._facts.image_id if self._facts else "",
            version=self._version,
            kind=attempt.kind,
            outcome=outcome,
            settled=self._settled(attempt, outcome, started_ns, ended_ns),
            evidence=evidence,
            expects_ready=self._expects_ready,
            began_ns=began_ns,
            started_ns=started_ns,
            ready_ns=ready_ns,
            ready_error_s=self._ready_error_s(started_ns, ready_ns),
            ended_ns=ended_ns,
            exit_code=self._exit_code(attempt) if ended_ns is not None else None,
            reason=reason,
            phases=self._phases(attempt, began_ns, started_ns, ready_ns),
            approximate=attempt.started_event_ns is None and started_ns is not None,
        )

    @property
    def _expects_ready(self) -> bool:
        return self._facts is not None and self._facts.healthcheck is not None

    def _first_trace(self, attempt: Attempt) -> int | None:
        """The first sign of the start itself, which is later than its request."""
        traces = list(attempt.connects)
        if attempt.stamp is not None and (self._before or not traces):
            traces.append(attempt.stamp.started_ns)
        if not traces and attempt.started_event_ns is not None:
            traces.append(attempt.started_event_ns)
        return min(traces, default=None)

    def _beginning(self, attempt: Attempt) -> tuple[int | None, Evidence]:
        trace = self._first_trace(attempt)
        if attempt.kind is StartupKind.FIRST:
            created_ns = self._facts.created_ns if self._facts else None
            known = created_ns if created_ns is not None else attempt.create_event_ns
            idle_from = attempt.create_event_ns or created_ns
            if known is not None and (
                trace is None or idle_from is None or trace - idle_from <= self._settings.idle_s * 1e9
            ):
                return known, Evidence.CREATED if created_ns is not None else Evidence.CREATE_EVENT
        elif attempt.died_ns is not None and (
            attempt.restarted_by_hand or self._restarted_by_policy(attempt, trace)
        ):
            return attempt.died_ns, Evidence.DIED
        started_ns = self._started(attempt)
        if trace is not None and trace != started_ns:
            return trace, Evidence.CONNECTED
        return None, Evidence.NONE

    def _restarted_by_policy(self, attempt: Attempt, trace: int | None) -> bool:
        if attempt.died_by_hand or attempt.died_ns is None:
            return False
        policy = self._facts.restart_policy if self._facts else "no"
        near = trace is None or trace - attempt.died_ns <= self._settings.restart_s * 1e9
        return policy not in ("", "no") and near

    def _started(self, attempt: Attempt) -> int | None:
        """The engine's own time of the process running: the event from 27 on, StartedAt before."""
        stamp_ns = attempt.stamp.started_ns if attempt.stamp else None
        if attempt.started_event_ns is None:
            return None if stamp_ns is not None and self._awaits_event(attempt, stamp_ns) else stamp_ns
        if self._before or stamp_ns is None:
            return attempt.started_event_ns
        return stamp_ns

    def _awaits_event(self, attempt: Attempt, stamp_ns: int) -> bool:
        """An inspect in the middle of a start: the stamp is there, and the event that ends the start will follow."""
        followed = attempt.create_event_ns is not None or bool(attempt.connects) or attempt.died_ns is not None
        return self._before and followed and attempt.died is None and self._now_ns - stamp_ns < _INSPECT_NS

    def _is_a_start(self, attempt: Attempt) -> bool:
        """Whether something that has not started is a startup at all, and not a container that was only created."""
        if attempt.died is not None or self._refused(attempt):
            return True
        if attempt.destroyed_ns is not None or self._timeline.vanished:
            return attempt.requested
        if attempt.disconnected_ns is not None:
            # Its networks were released: the engine gave up, and the next inspect says why. Or a person did it.
            return (
                self._refused(attempt)
                or self._now_ns - attempt.disconnected_ns <= self._settings.late_s * 1e9
            )
        waiting_since = attempt.create_event_ns or (self._facts.created_ns if self._facts else None)
        if attempt.requested or waiting_since is None:
            return attempt.requested
        return self._now_ns - waiting_since <= self._settings.idle_s * 1e9

    def _refused(self, attempt: Attempt) -> bool:
        facts = self._facts
        if facts is None or attempt.started_event_ns is not None or attempt.stamp is not None:
            return False
        if attempt.kind is StartupKind.FIRST:
            return self._timeline.failed_ns is not None
        gave_up_ns = attempt.disconnected_ns
        return (
            bool(facts.error)
            and not facts.live
            and gave_up_ns is not None
            and self._timeline.facts_ns > gave_up_ns
        )

    def _outcome(self, attempt: Attempt, started_ns: int | None) -> tuple[StartupOutcome, int | None, str]:
        """Outcome, when it failed or stopped, and the reason of a failure."""
        if started_ns is None:
            return self._outcome_of_unstarted(attempt)
        died_ns = self._ended(attempt)
        exit_code = self._exit_code(attempt)
        spoiled_ns = min(
            moment for moment in (died_ns, attempt.unhealthy_ns, _FOREVER_NS) if moment is not None
        )
        if attempt.healthy_ns is not None and attempt.healthy_ns <= spoiled_ns:
            return StartupOutcome.READY, None, ""
        if died_ns is None and self._found_healthy(attempt):
            return StartupOutcome.READY, None, ""
        if attempt.unhealthy_ns is not None:
            return StartupOutcome.FAILED, attempt.unhealthy_ns, "unhealthy before it was ready"
        if died_ns is None or attempt.stop_asked:
            return StartupOutcome.STARTED, died_ns if self._expects_ready else None, ""
        after_s = max(0.0, (died_ns - started_ns) / 1e9)
        if self._oom(attempt) and (self._expects_ready or after_s <= self._settings.settle_s):
            return StartupOutcome.FAILED, died_ns, f"out of memory after {after_s:.2f} s"
        if self._expects_ready:
            return (
                StartupOutcome.FAILED,
                died_ns,
                f"exit {_code(exit_code)} after {after_s:.2f} s, before it was ready",
            )
        if exit_code and after_s <= self._settings.settle_s:
            return StartupOutcome.FAILED, died_ns, f"exit {exit_code} after {after_s:.2f} s"
        return StartupOutcome.STARTED, None, ""

    def _found_healthy(self, attempt: Attempt) -> bool:
        """It was healthy when it was inspected, so that its becoming so was missed or lies before the watch."""
        facts = self._facts
        if facts is None or facts.health is None or facts.health.status != "healthy" or attempt.stamp is None:
            return False
        return attempt.stamp.started_ns == facts.started_ns

    def _ready(self, attempt: Attempt, started_ns: int | None) -> int | None:
        """The event's time; without one, the end of the probe that first passed if the log reaches back to it."""
        if attempt.healthy_ns is not None or started_ns is None:
            return attempt.healthy_ns
        probes = [probe for probe in self._timeline.probes if probe.began_ns >= started_ns]
        passed = next((index for index, probe in enumerate(probes) if probe.exit_code == 0), None)
        check = self._facts.healthcheck if self._facts else None
        if passed is None or check is None:
            return None
        first_probe_s = (probes[0].began_ns - started_ns) / 1e9
        reaches_back = passed > 0 or first_probe_s <= 1.5 * check.interval_s
        return probes[passed].ended_ns if reaches_back else None

    def _outcome_of_unstarted(self, attempt: Attempt) -> tuple[StartupOutcome, int | None, str]:
        if self._refused(attempt):
            ended_ns = attempt.disconnected_ns or self._timeline.failed_ns
            error = self._facts.error if self._facts else ""
            return (
                StartupOutcome.FAILED,
                ended_ns,
                f"the engine could not start it: {error or 'no reason given'}",
            )
        if attempt.died is not None:
            return (
                StartupOutcome.FAILED,
                attempt.died.at_ns,
                f"exit {_code(attempt.died.exit_code)} before it was started",
            )
        if attempt.destroyed_ns is not None or self._timeline.vanished:
            ended_ns = attempt.disconnected_ns or attempt.destroyed_ns or self._timeline.last_ns
            return StartupOutcome.FAILED, ended_ns, "removed before it was started"
        return StartupOutcome.STARTING, None, ""

    def _ended(self, attempt: Attempt) -> int | None:
        if attempt.died is not None:
            return attempt.died.at_ns
        stamp = attempt.stamp
        if stamp is not None and stamp.finished_ns is not None and stamp.finished_ns >= stamp.started_ns:
            return stamp.finished_ns
        return attempt.destroyed_ns

    def _exit_code(self, attempt: Attempt) -> int | None:
        """The inspect's where it speaks of this run: a label can hide the event's."""
        if attempt.stamp is not None and attempt.stamp.exit_code is not None:
            return attempt.stamp.exit_code
        if attempt.died is not None:
            return attempt.died.exit_code
        if self._refused(attempt) and self._facts is not None:
            return self._facts.exit_code
        return None

    def _oom(self, attempt: Attempt) -> bool:
        return attempt.oom or (attempt.stamp is not None and attempt.stamp.oom_killed)

    def _settled(
        self, attempt: Attempt, outcome: StartupOutcome, started_ns: int | None, ended_ns: int | None
    ) -> bool:
        if outcome is StartupOutcome.STARTING:
            return False
        gone = self._timeline.vanished
        newest_ns = max(moment for moment in (started_ns, ended_ns, 0) if moment is not None)
        if self._facts is None and not gone and self._now_ns - newest_ns < _INSPECT_NS:
            return False
        wants_stamp = started_ns is not None and attempt.stamp is None and not gone
        if wants_stamp and self._now_ns - newest_ns < _INSPECT_NS:
            return False
        if outcome is not StartupOutcome.STARTED or started_ns is None:
            return True
        if self._ended(attempt) is not None:
            return True
        wait_s = self._settings.ready_deadline_s if self._expects_ready else self._settings.settle_s
        return self._now_ns - started_ns >= wait_s * 1e9

    def _ready_error_s(self, started_ns: int | None, ready_ns: int | None) -> float:
        """A probe that passes was ready at any time since the probe before it ended, or since the start."""
        if started_ns is None or ready_ns is None:
            return 0.0
        earlier = [
            probe.ended_ns
            for probe in self._timeline.probes
            if probe.exit_code != 0 and started_ns <= probe.ended_ns <= ready_ns
        ]
        return (ready_ns - max(earlier, default=started_ns)) / 1e9

    def _phases(
        self, attempt: Attempt, began_ns: int | None, started_ns: int | None, ready_ns: int | None
    ) -> tuple[Phase, ...]:
        if started_ns is None:
            return ()
        phases: list[Phase] = []
        if began_ns is not None:
            cuts: list[tuple[str, int]] = []
            if attempt.create_event_ns is not None and began_ns <= attempt.create_event_ns:
                cuts.append(("create", attempt.create_event_ns))
            connects = [moment for moment in attempt.connects if moment <= started_ns]
            if self._before and attempt.stamp is not None and attempt.started_event_ns is not None:
                cuts += [("setup", attempt.stamp.started_ns), ("runtime+network", started_ns)]
            elif not self._before and connects:
                cuts += [("setup+network", connects[-1]), ("runtime", started_ns)]
            else:
                cuts.append(("start", started_ns))
            phases += _stretches(began_ns, started_ns, cuts)
        if ready_ns is not None:
            phases.append(Phase(name="ready", seconds=(ready_ns - started_ns) / 1e9))
        return tuple(phases)


def collect_attempts(events: Iterable[ContainerEvent]) -> list[Attempt]:
    """Cut a container's events, sorted by time, into its starts."""
    attempts: list[Attempt] = []
    current: Attempt | None = None
    died: ContainerEvent | None = None
    died_by_hand = False
    for event in events:
        match event.action:
            case "create":
                current = Attempt(kind=StartupKind.FIRST, create_event_ns=event.at_ns)
                attempts.append(current)
            case "connect" | "start" | "attach" if current is None or current.died is not None:
                if event.action == "attach":
                    continue
                current = Attempt(
                    kind=StartupKind.RESTART if died or attempts else StartupKind.FIRST,
                    died_ns=died.at_ns if died else None,
                    died_by_hand=died_by_hand,
                )
                attempts.append(current)
                _note(current, event)
            case "die" if current is None:
                died, died_by_hand = event, False
            case "stop" if current is None or current.died is not None:
                # Engines differ in whether `stop` comes before or after `die`.
                died_by_hand = True
            case _ if current is not None:
                _note(current, event)
                if event.action == "die":
                    died, died_by_hand = event, current.stop_asked
    return attempts


def _note(attempt: Attempt, event: ContainerEvent) -> None:  # noqa: C901 - a flat table, one case an action
    running = attempt.started_event_ns is not None
    match event.action:
        case "connect" if not running:
            attempt.connects = [*attempt.connects, event.at_ns]
        case "attach":
            attempt.attached = True
        case "disconnect" if not running:
            attempt.disconnected_ns = event.at_ns
        case "start" if not running:
            attempt.started_event_ns = event.at_ns
        case "restart" if running:
            attempt.restarted_by_hand = True
        case "health_status" if event.detail == "healthy" and attempt.healthy_ns is None:
            attempt.healthy_ns = event.at_ns
        case "health_status" if event.detail == "unhealthy" and attempt.unhealthy_ns is None:
            attempt.unhealthy_ns = event.at_ns
        case "kill" if event.detail not in _NOT_STOPPING:
            attempt.stop_asked = True
        case "stop":
            attempt.stop_asked = True
        case "oom":
            attempt.oom = True
        case "die" if attempt.died is None:
            attempt.died = event
        case "destroy":
            attempt.destroyed_ns = event.at_ns


def _stretches(began_ns: int, started_ns: int, cuts: Sequence[tuple[str, int]]) -> list[Phase]:
    """Phases without holes: a boundary never lies before the one before it, nor after started."""
    phases = []
    since_ns = began_ns
    for name, until_ns in cuts:
        bounded = min(max(until_ns, since_ns), started_ns)
        phases.append(Phase(name=name, seconds=(bounded - since_ns) / 1e9))
        since_ns = bounded
    return phases


def _anchor(attempt: Attempt, began_ns: int | None, started_ns: int | None) -> int:
    if attempt.kind is StartupKind.FIRST:
        return 0
    return attempt.died_ns or started_ns or began_ns or 0


def _attempt_time(attempt: Attempt) -> int:
    moments = (
        attempt.create_event_ns,
        attempt.died_ns,
        attempt.connects[0] if attempt.connects else None,
        attempt.started_event_ns,
        attempt.stamp.started_ns if attempt.stamp else None,
    )
    return next((moment for moment in moments if moment is not None), 0)


def _code(exit_code: int | None) -> str:
    return "code unknown" if exit_code is None else str(exit_code)
