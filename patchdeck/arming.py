"""Armed or not: whether this console may start rollouts. Pure; it begins disarmed and disarms itself.

What disarms is listed in `weigh`: the time that was given, data that are not live, a change window that closes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from patchdeck import durations
from patchdeck.model import Snapshot, SourceState
from patchdeck.model.facts import Value
from patchdeck.policy.windows import Opening
from patchdeck.settings import ArmingSettings

NOT_YET: Final = "disarmed"


class Arming(Value, frozen=True, kw_only=True):
    """Whether this console acts; `why` says how it came to be disarmed."""

    until_ns: int | None = None
    """Armed until then; None: disarmed."""
    reason: str = ""
    override: str = ""
    """Why it may not wait for the window, where that was closed: it stays armed though it is."""
    why: str = NOT_YET

    @property
    def armed(self) -> bool:
        return self.until_ns is not None


class CannotArmError(ValueError):
    """The text says why not, and what to do."""


def arm(
    settings: ArmingSettings,
    snapshot: Snapshot,
    openings: Sequence[Opening],
    reason: str,
    now_ns: int,
    *,
    override: str = "",
) -> Arming:
    """Armed from now on; outside of the window by an `override` only, of the rollout that is to begin.

    Raises: CannotArmError.
    """
    if settings.read_only:
        raise CannotArmError("this console is read-only: arming.read_only is set in the configuration")
    if settings.reason_required and not reason.strip():
        raise CannotArmError("say why: the reason is kept in the journal")
    override = override.strip() if _closed(snapshot, openings) else ""
    if problem := _blocked(snapshot, openings, override):
        raise CannotArmError(problem)
    until_ns = now_ns + round(settings.lasts_s * 1e9)
    return Arming(until_ns=until_ns, reason=reason.strip(), override=override)


def disarm(why: str = NOT_YET) -> Arming:
    """Disarmed, and how that came to be."""
    return Arming(why=why)


def weigh(arming: Arming, snapshot: Snapshot, openings: Sequence[Opening], now_ns: int) -> Arming:
    """What becomes of it now. Called with every snapshot and once a second; it never arms."""
    if arming.until_ns is None:
        return arming
    if now_ns >= arming.until_ns:
        return disarm("disarmed itself: its time was over")
    if problem := _blocked(snapshot, openings, arming.override):
        return disarm(f"disarmed itself: {problem}")
    return arming


def left(arming: Arming, now_ns: int) -> str:
    """How long it stays armed, as in "14m"; empty when disarmed."""
    if arming.until_ns is None:
        return ""
    seconds = max(0, (arming.until_ns - now_ns) // 10**9)
    return (
        durations.written(60.0 * round(seconds / 60)) if seconds >= 90 else durations.written(float(seconds))
    )


def _blocked(snapshot: Snapshot, openings: Sequence[Opening], override: str) -> str:
    """Why it may not be armed; empty if it may."""
    if not any(engine.state is SourceState.LIVE for engine in snapshot.engines):
        told = snapshot.engines[0].detail if snapshot.engines else ""
        return f"no engine's data are live{f' ({told})' if told else ''}: wait until they are"
    if _closed(snapshot, openings) and not override:
        return f"the change window is closed ({openings[0].text}): wait, or compose a rollout that names its override"
    return ""


def _closed(snapshot: Snapshot, openings: Sequence[Opening]) -> bool:
    """Nothing may begin now.

    Outside of the window an open rollout can still be paused, aborted and promoted; that a new one is not begun is the
    policy's rule.
    """
    return (
        bool(openings)
        and not any(one.is_open for one in openings)
        and not any(one.open for one in snapshot.rollouts)
    )
