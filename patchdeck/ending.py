"""How a start ended: ready, failed and why, or neither; and what of that is known for good.

Only what happens within a window after the start says something about the start: the settling time of a container
without a healthcheck, the deadline of one with. A container that breaks later has started well, or was never ready.
"""

from __future__ import annotations

import msgspec

from patchdeck.attempts import Attempt
from patchdeck.model import StartupOutcome
from patchdeck.settings import StartupSettings
from patchdeck.stamps import Refusal
from patchdeck.timeline import Timeline

_FOREVER_NS = 1 << 63


class Ending(msgspec.Struct, frozen=True):
    outcome: StartupOutcome
    ended_ns: int | None = None
    """When it failed, or stopped before it was ready."""
    exit_code: int | None = None
    reason: str = ""
    is_final: bool = False
    """A start that ended before its window did, without having failed."""
    by_exit: bool = False
    """It hangs on the exit code."""
    given_up: bool = False
    """Nothing was heard of it for so long that it is not counted as starting any more; it may come all the same."""


def ending(
    attempt: Attempt,
    timeline: Timeline,
    *,
    started_ns: int | None,
    refusal: Refusal | None,
    gone: bool,
    settings: StartupSettings,
) -> Ending:
    """Times by the engine's clock; `refusal` if the engine gave the start up, `gone` if the container is no more."""
    if started_ns is None:
        return _of_unstarted(attempt, timeline, refusal, gone=gone)
    facts = timeline.facts
    expects_ready = facts is not None and facts.healthcheck is not None
    window_s = settings.ready_deadline_s if expects_ready else settings.settle_s
    until_ns = started_ns + round(window_s * 1e9)
    died_ns = _died(attempt)
    spoiled_ns = min(_or_never(died_ns), _or_never(attempt.unhealthy_ns))
    if _was_healthy(attempt, spoiled_ns, until_ns):
        return Ending(StartupOutcome.READY)
    if attempt.unhealthy_ns is not None and attempt.unhealthy_ns <= min(until_ns, _or_never(died_ns)):
        return Ending(StartupOutcome.FAILED, attempt.unhealthy_ns, reason="unhealthy before it was ready")
    if died_ns is None or died_ns > until_ns:
        return Ending(StartupOutcome.STARTED)
    if attempt.stop_asked:
        return Ending(StartupOutcome.STARTED, died_ns if expects_ready else None, is_final=True)
    exit_code = exit_code_of(attempt)
    after_s = max(0.0, (died_ns - started_ns) / 1e9)
    if attempt.oom or (attempt.stamp is not None and attempt.stamp.oom_killed):
        reason = f"out of memory after {after_s:.2f} s"
    elif expects_ready:
        code = "code unknown" if exit_code is None else exit_code
        reason = f"exit {code} after {after_s:.2f} s, before it was ready"
    elif exit_code:
        reason = f"exit {exit_code} after {after_s:.2f} s"
    else:
        return Ending(StartupOutcome.STARTED, exit_code=exit_code, is_final=True, by_exit=True)
    return Ending(StartupOutcome.FAILED, died_ns, exit_code, reason, by_exit=True)


def _of_unstarted(attempt: Attempt, timeline: Timeline, refusal: Refusal | None, *, gone: bool) -> Ending:
    if refusal is not None:
        reason = f"the engine could not start it: {refusal.error or 'no reason given'}"
        return Ending(StartupOutcome.FAILED, refusal.at_ns, refusal.exit_code, reason)
    if attempt.died is not None:
        # A process that ended was started, at a time that a gap has swallowed.
        return Ending(StartupOutcome.STARTED, attempt.died.at_ns, attempt.died.exit_code)
    if attempt.destroyed_ns is not None or gone:
        ended_ns = attempt.destroyed_ns if attempt.destroyed_ns is not None else timeline.last_ns
        return Ending(StartupOutcome.FAILED, ended_ns, reason="removed before it was started")
    return Ending(StartupOutcome.STARTING)


def exit_code_of(attempt: Attempt) -> int | None:
    """The inspect's where it speaks of this run: a label can hide the event's."""
    if (
        attempt.stamp is not None
        and attempt.stamp.finished_ns is not None
        and attempt.stamp.exit_code is not None
    ):
        return attempt.stamp.exit_code
    return attempt.died.exit_code if attempt.died is not None else None


def _died(attempt: Attempt) -> int | None:
    if attempt.died is not None:
        return attempt.died.at_ns
    if attempt.stamp is not None and attempt.stamp.finished_ns is not None:
        return attempt.stamp.finished_ns
    return attempt.destroyed_ns


def _was_healthy(attempt: Attempt, spoiled_ns: int, until_ns: int) -> bool:
    """Healthy in time, by the event or by an inspect; or found healthy when it was first seen, running for long."""
    if attempt.healthy_ns is not None and attempt.healthy_ns <= min(spoiled_ns, until_ns):
        return True
    stamp = attempt.stamp
    if stamp is None or stamp.healthy_ns is None or stamp.healthy_ns > spoiled_ns:
        return False
    return stamp.healthy_ns <= until_ns or (
        attempt.started_event_ns is None and stamp.healthy_ns == stamp.first_seen_ns
    )


def ready_at(attempt: Attempt, timeline: Timeline, started_ns: int | None) -> int | None:
    """Of a ready one: the event's time, else the end of the first probe that passed if the log reaches back to it."""
    found_ns = attempt.stamp.healthy_ns if attempt.stamp else None
    watched = attempt.started_event_ns is not None
    if attempt.healthy_ns is not None and (watched or found_ns is None or attempt.healthy_ns <= found_ns):
        return attempt.healthy_ns
    check = timeline.facts.healthcheck if timeline.facts else None
    if started_ns is None or check is None:
        return None
    probes = [probe for probe in timeline.probes if probe.began_ns >= started_ns]
    passed = next((index for index, probe in enumerate(probes) if probe.exit_code == 0), None)
    if passed is None:
        return None
    first_probe_s = (probes[0].began_ns - started_ns) / 1e9
    reaches_back = first_probe_s <= 1.5 * check.interval_s
    return probes[passed].ended_ns if reaches_back else None


def ready_error_s(timeline: Timeline, started_ns: int | None, ready_ns: int | None) -> float:
    """A probe that passes was ready at any time since the probe before it ended, or since the start."""
    if started_ns is None or ready_ns is None:
        return 0.0
    earlier = [
        probe.ended_ns
        for probe in timeline.probes
        if probe.exit_code != 0 and started_ns <= probe.ended_ns <= ready_ns
    ]
    return (ready_ns - max(earlier, default=started_ns)) / 1e9


def _or_never(moment_ns: int | None) -> int:
    return _FOREVER_NS if moment_ns is None else moment_ns
