"""From the facts about one container to its startups: when each began, its phases, and how it ended.

What an engine tells of a start differs by its version (docs/startups.md). Engines up to 26 stamp StartedAt once the
process runs. Engines from 27 on stamp it before the runtime and the network are set up, so that there the `start`
event is the end of the start and StartedAt marks a boundary inside it.

What is settled stays: outcome, beginning and start do not change any more, whatever else happens to the container.
"""

from __future__ import annotations

import msgspec

from patchdeck.attempts import Attempt, cut
from patchdeck.ending import Ending, ending, ready_at, ready_error_s
from patchdeck.model import Evidence, Role, Startup, StartupKind, StartupOutcome
from patchdeck.phases import PHASES, phases
from patchdeck.settings import StartupSettings
from patchdeck.stamps import Refusal
from patchdeck.timeline import Timeline

__all__ = ["PHASES", "Deriver"]


class Deriver:
    """Derives the startups of one container at one moment.

    `now_ns` is by the engine's clock: the time up to which the engine is known to have told everything. `gone`: it is
    known not to exist any more. `stamps_before_start` is `EngineDescribed.stamps_before_start`.
    """

    def __init__(
        self,
        timeline: Timeline,
        *,
        engine: str,
        stamps_before_start: bool,
        now_ns: int,
        settings: StartupSettings,
        gone: bool = False,
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
        self._gone = gone
        self._service = service
        self._role = role
        self._version = version
        self.due_ns: int | None = None
        """After `startups`: the first moment after `now_ns` at which they may change though nothing is observed."""

    def startups(self, until_ns: int) -> tuple[Startup, ...]:
        """In the order they began. What claims to be later than `until_ns` is left out."""
        self.due_ns = None
        idle_ns = round(self._settings.idle_s * 1e9)
        made = (
            self._startup(attempt, kind)
            for attempt, kind in cut(
                self._timeline, stamps_before_start=self._before, until_ns=until_ns, idle_ns=idle_ns
            )
        )
        return tuple(startup for startup in made if startup is not None)

    def _startup(self, attempt: Attempt, kind: StartupKind) -> Startup | None:
        began_ns, evidence = self._beginning(attempt, kind)
        started_ns = self._started(attempt)
        if started_ns is None and not self._is_a_start(attempt, kind):
            return None
        if began_ns is not None and started_ns is not None and began_ns > started_ns:
            began_ns, evidence = None, Evidence.NONE
        end = self._ending(attempt, kind, started_ns)
        ready_ns = (
            ready_at(attempt, self._timeline, started_ns) if end.outcome is StartupOutcome.READY else None
        )
        approximate = attempt.started_event_ns is None and attempt.running
        bound = approximate and self._before
        return Startup(
            engine=self._engine,
            container_id=self._timeline.container_id,
            anchor_ns=0 if kind is StartupKind.FIRST else attempt.died_before_ns or attempt.first_ns,
            name=self._timeline.name,
            service=self._service,
            role=self._role,
            image=self._timeline.image,
            image_id=self._facts.image_id if self._facts else "",
            version=self._version,
            kind=kind,
            outcome=end.outcome,
            settled=self._settled(attempt, end, started_ns),
            evidence=evidence,
            expects_ready=self._expects_ready,
            began_ns=began_ns,
            started_ns=started_ns,
            ready_ns=ready_ns,
            ready_error_s=ready_error_s(self._timeline, started_ns, ready_ns),
            ended_ns=end.ended_ns,
            exit_code=end.exit_code,
            reason=end.reason,
            phases=phases(
                attempt,
                began_ns=began_ns,
                started_ns=started_ns,
                ready_ns=ready_ns,
                stamps_before_start=self._before,
            )
            if not bound
            else (),
            approximate=approximate,
            started_bound=bound,
        )

    def _ending(self, attempt: Attempt, kind: StartupKind, started_ns: int | None) -> Ending:
        end = ending(
            attempt,
            self._timeline,
            started_ns=started_ns,
            refusal=self._refusal(attempt, kind),
            gone=self._gone,
            settings=self._settings,
        )
        patience_s = self._settings.ready_deadline_s
        waits = end.outcome is StartupOutcome.STARTING and attempt.requested
        if not waits or not self._passed(attempt.first_ns, patience_s):
            return end
        # As after an engine that was killed while it was starting it.
        return Ending(
            StartupOutcome.FAILED,
            attempt.first_ns + round(patience_s * 1e9),
            reason=f"not started after {patience_s:.0f} s",
            given_up=True,
        )

    @property
    def _expects_ready(self) -> bool:
        return self._facts is not None and self._facts.healthcheck is not None

    def _passed(self, since_ns: int, wait_s: float) -> bool:
        """Whether so much time has gone by; if not, the result will change when it has."""
        due_ns = since_ns + round(wait_s * 1e9)
        if self._now_ns >= due_ns:
            return True
        self.due_ns = due_ns if self.due_ns is None else min(self.due_ns, due_ns)
        return False

    # ------------------------------------------------------------------------------------------------ its beginning

    def _beginning(self, attempt: Attempt, kind: StartupKind) -> tuple[int | None, Evidence]:
        trace = attempt.trace_ns(stamps_before_start=self._before)
        if kind is StartupKind.FIRST:
            created_ns = self._facts.created_ns if self._facts else None
            known = created_ns if created_ns is not None else attempt.create_event_ns
            idle_from = attempt.create_event_ns or created_ns
            if known is not None and (
                trace is None or idle_from is None or trace - idle_from <= self._settings.idle_s * 1e9
            ):
                return known, Evidence.CREATED if created_ns is not None else Evidence.CREATE_EVENT
        elif attempt.died_before_ns is not None and (
            attempt.restarted_by_hand or self._is_by_policy(attempt, attempt.died_before_ns, trace)
        ):
            return attempt.died_before_ns, Evidence.DIED
        if trace is not None and trace != self._started(attempt):
            return trace, Evidence.CONNECTED
        return None, Evidence.NONE

    def _is_by_policy(self, attempt: Attempt, died_ns: int, trace: int | None) -> bool:
        if attempt.previous is not None and attempt.previous.stop_asked:
            return False
        if attempt.stamp is not None:
            policy = attempt.stamp.restart_policy
        else:
            policy = self._facts.restart_policy if self._facts else "no"
        near = trace is None or trace - died_ns <= self._settings.restart_s * 1e9
        return policy not in ("", "no") and near

    def _started(self, attempt: Attempt) -> int | None:
        """The engine's own time of the process running: the event from 27 on, StartedAt before."""
        stamp_ns = attempt.stamp.started_ns if attempt.stamp else None
        if attempt.started_event_ns is None:
            return stamp_ns
        return attempt.started_event_ns if self._before or stamp_ns is None else stamp_ns

    # ------------------------------------------------------------------------------------------------ not started yet

    def _is_a_start(self, attempt: Attempt, kind: StartupKind) -> bool:
        """Whether something that has not started is a startup at all, and not a container that was only created."""
        if attempt.died is not None or self._refusal(attempt, kind) is not None:
            return True
        if attempt.superseded or not (attempt.created or attempt.connects or attempt.attached):
            return False
        if attempt.requested or attempt.destroyed_ns is not None or self._gone:
            return attempt.requested
        waiting_since = attempt.create_event_ns or (self._facts.created_ns if self._facts else None)
        return waiting_since is not None and not self._passed(waiting_since, self._settings.idle_s)

    def _refusal(self, attempt: Attempt, kind: StartupKind) -> Refusal | None:
        """That the engine gave a start up, with the reason where an inspect told it."""
        if attempt.running:
            return None
        told = self._timeline.refusal(attempt.first_ns)
        if attempt.refused_ns is None:
            return told if kind is StartupKind.FIRST else None
        if told is None and not (attempt.created or attempt.connects):
            # A disconnect and nothing else may be by hand, unless the engine says that it could not start it.
            return None
        if told is None:
            return Refusal(at_ns=attempt.refused_ns, error="", exit_code=None)
        return msgspec.structs.replace(told, at_ns=attempt.refused_ns)

    # ------------------------------------------------------------------------------------------------ settled

    def _settled(self, attempt: Attempt, end: Ending, started_ns: int | None) -> bool:
        """Nothing that arrives in time would change the outcome."""
        if end.outcome is StartupOutcome.STARTING or end.given_up:
            return False
        seen_ns = attempt.stamp.first_seen_ns if attempt.stamp else None
        newest_ns = max(moment for moment in (started_ns, end.ended_ns, seen_ns, 0) if moment is not None)
        if not self._is_told(attempt, end, started_ns) and not self._passed(newest_ns, self._settings.late_s):
            return False
        if end.outcome is not StartupOutcome.STARTED or started_ns is None or end.is_final:
            return True
        wait_s = self._settings.ready_deadline_s if self._expects_ready else self._settings.settle_s
        return self._passed(started_ns, wait_s)

    def _is_told(self, attempt: Attempt, end: Ending, started_ns: int | None) -> bool:
        """Inspects have said all that the outcome hangs on: until then a label may hide an exit code."""
        if self._facts is None:
            return False
        if started_ns is None:
            return end.exit_code is not None
        stamp = attempt.stamp
        if attempt.started_event_ns is None:
            # Known from inspects alone, of which an earlier one may still arrive.
            return False
        return stamp is not None and (not end.by_exit or stamp.exit_code is not None)
