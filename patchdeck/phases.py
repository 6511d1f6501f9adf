"""The phases of a startup: stretches without holes that add up to its latency, and one more until it was ready."""

from __future__ import annotations

from collections.abc import Sequence

from patchdeck.attempts import Attempt
from patchdeck.model import Phase

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


def phases(
    attempt: Attempt,
    *,
    began_ns: int | None,
    started_ns: int | None,
    ready_ns: int | None,
    stamps_before_start: bool,
) -> tuple[Phase, ...]:
    """None before it has started; only `ready` where its beginning is not known."""
    if started_ns is None:
        return ()
    found: list[Phase] = []
    if began_ns is not None:
        cuts: list[tuple[str, int]] = []
        # A boundary at the very beginning is the first that is known, not a phase that took no time.
        if attempt.create_event_ns is not None and began_ns < attempt.create_event_ns:
            cuts.append(("create", attempt.create_event_ns))
        connects = [moment for moment in attempt.connects if moment <= started_ns]
        if stamps_before_start and attempt.stamp is not None and attempt.started_event_ns is not None:
            if attempt.stamp.started_ns > began_ns:
                cuts.append(("setup", attempt.stamp.started_ns))
            cuts.append(("runtime+network", started_ns))
        elif not stamps_before_start and connects and connects[-1] > began_ns:
            cuts += [("setup+network", connects[-1]), ("runtime", started_ns)]
        else:
            cuts.append(("start", started_ns))
        found += _stretches(began_ns, started_ns, cuts)
    if ready_ns is not None:
        found.append(Phase(name="ready", seconds=(ready_ns - started_ns) / 1e9))
    return tuple(found)


def _stretches(began_ns: int, started_ns: int, cuts: Sequence[tuple[str, int]]) -> list[Phase]:
    """Phases without holes: a boundary never lies before the one before it, nor after started."""
    found = []
    since_ns = began_ns
    for name, until_ns in cuts:
        bounded = min(max(until_ns, since_ns), started_ns)
        found.append(Phase(name=name, seconds=(bounded - since_ns) / 1e9))
        since_ns = bounded
    return found
