"""What inspects tell of a container's runs, and of starts that were refused."""

from __future__ import annotations

import msgspec

from patchdeck.model import ContainerFacts, Value


class Stamp(Value, frozen=True, kw_only=True):
    """One run of the container's process as inspects told of it."""

    started_ns: int
    finished_ns: int | None = None
    exit_code: int | None = None
    oom_killed: bool = False
    seen_ns: int
    """The newest telling; it counts for what is above, unless an older one knows the end and it does not."""
    first_seen_ns: int
    restart_policy: str = "no"
    """As first seen: a later change of the policy does not change why this run began."""
    restarts: int = 0
    """Restarts by policy before this run."""
    healthy_ns: int | None = None
    """The first inspect that found it healthy."""

    def merged(self, other: Stamp) -> Stamp:
        """Both tellings of one run in one, whichever came first."""
        newer = max(self, other, key=_newness)
        first = min(self, other, key=lambda stamp: (stamp.first_seen_ns, stamp.restart_policy))
        healthy = [stamp.healthy_ns for stamp in (self, other) if stamp.healthy_ns is not None]
        return msgspec.structs.replace(
            newer,
            first_seen_ns=first.first_seen_ns,
            restart_policy=first.restart_policy,
            restarts=min(self.restarts, other.restarts),
            healthy_ns=min(healthy, default=None),
        )


class Refusal(Value, frozen=True, kw_only=True):
    """A start that ended in error 500 at whoever asked for it, as an inspect told of it."""

    at_ns: int
    run_ns: int = 0
    """The start of the run before it; 0 if there was none."""
    error: str
    exit_code: int | None


def start_was_refused(facts: ContainerFacts) -> bool:
    """The runtime could not start it the last time it was asked to. A start that succeeds clears the error."""
    if facts.live:
        return False
    return bool(facts.error) or (facts.started_ns is None and bool(facts.exit_code))


def order_of(refusal: Refusal) -> tuple[int, int, str, int]:
    """By when they were told; any rule will do between those of one moment."""
    return (refusal.at_ns, refusal.run_ns, refusal.error, refusal.exit_code or 0)


def stamp_of(at_ns: int, facts: ContainerFacts, started_ns: int) -> Stamp:
    """Of the run that began at `started_ns`, as an inspect at `at_ns` told of it."""
    # While the process runs, FinishedAt is of the run before. After it, FinishedAt may lie before StartedAt: engines
    # up to 26 stamp the start late.
    ended = facts.status not in ("running", "paused") and facts.finished_ns is not None
    healthy = facts.health is not None and facts.health.status == "healthy"
    return Stamp(
        started_ns=started_ns,
        finished_ns=max(facts.finished_ns or 0, started_ns) if ended else None,
        # A start that is refused after it leaves its own code behind, and the run's times.
        exit_code=facts.exit_code if ended and not start_was_refused(facts) else None,
        oom_killed=facts.oom_killed,
        seen_ns=at_ns,
        first_seen_ns=at_ns,
        restart_policy=facts.restart_policy,
        restarts=facts.restart_count,
        healthy_ns=at_ns if healthy else None,
    )


def _newness(stamp: Stamp) -> tuple[int, bool, int, bool, int]:
    known = stamp.exit_code is not None
    return (stamp.finished_ns or 0, known, stamp.seen_ns, stamp.oom_killed, stamp.exit_code or 0)
