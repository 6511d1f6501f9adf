"""What became of rollouts while one looked elsewhere. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from patchdeck.model import Rollout, RolloutState, Severity
from patchdeck.model.facts import Value
from widgets import rollout_now, rollout_words

Stand = tuple[RolloutState, bool]
"""Its state, and whether it calls for a person."""

_TOLD = {
    RolloutState.COMMITTED: Severity.INFO,
    RolloutState.ROLLING_BACK: Severity.FAILURE,
    RolloutState.ROLLED_BACK: Severity.WARNING,
    RolloutState.FAILED: Severity.FAILURE,
}
"""Besides those that call for a person."""


class News(Value, frozen=True, kw_only=True):
    """One thing worth a word."""

    rollout: str
    text: str
    severity: Severity


def stands(rollouts: Sequence[Rollout]) -> dict[str, Stand]:
    """By rollout, what `news` compares."""
    return {one.id: (one.state, rollout_words.calls(one)) for one in rollouts}


def news(
    before: Mapping[str, Stand], rollouts: Sequence[Rollout], *, since_ns: int, now_ns: int
) -> Iterator[News]:
    """Which have ended, go back, or have begun to wait for a person since.

    Of those that were not known before only what began after `since_ns`: it came so far between two looks. What was
    refused has no worker, and whoever asked for it was told.
    """
    after = stands(rollouts)
    for one in rollouts:
        was = before.get(one.id)
        if was is None and ((one.began_ns or 0) < since_ns or not one.workers):
            continue
        if was == after[one.id]:
            continue
        severity = Severity.WARNING if rollout_words.calls(one) else _TOLD.get(one.state)
        if severity is not None:
            sentence, _ = rollout_now.sentence(one, now_ns)
            text = f"{one.service} is {rollout_words.state_text(one)}: {sentence}"
            yield News(rollout=one.id, text=text, severity=severity)
