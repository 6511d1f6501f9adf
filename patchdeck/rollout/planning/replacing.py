"""How one container is to be replaced, as the recreate tells it."""

from __future__ import annotations

from patchdeck.model import ConfigChange, Dependent, Refusal
from patchdeck.model.facts import Value


class Replacing(Value, frozen=True, kw_only=True):
    """Of one container. Where its old image does not exist any more, there is none."""

    changes: tuple[ConfigChange, ...] = ()
    unclear: tuple[str, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    why_not_start_first: tuple[str, ...] = ()
    """Empty: it may run beside its successor."""
    dependents: tuple[Dependent, ...] = ()
