"""The exit status of a command that followed a rollout, from what the journal tells of it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from patchdeck.model import ActRefused, AnyEntry, Intended, LockTaken, Rollout, RolloutState

FAILED, ROLLED_BACK, NEEDS_PERSON, REFUSED = 1, 3, 4, 5
"""0 is committed, 2 a wrong use."""

_ENDS: Final = {RolloutState.COMMITTED: 0, RolloutState.ROLLED_BACK: ROLLED_BACK}


def exit_status(rollout: Rollout, entries: Iterable[AnyEntry]) -> int:
    """Of a rollout that no worker carries out any more. `entries` are all of its journal."""
    if rollout.state is not RolloutState.FAILED:
        return _ENDS.get(rollout.state, NEEDS_PERSON)
    known = list(entries)
    asked = any(
        isinstance(one, ActRefused) or (isinstance(one, Intended) and one.act == "lock") for one in known
    )
    # It asked for the lock and never had it: someone else has.
    return REFUSED if asked and not any(isinstance(one, LockTaken) for one in known) else FAILED
