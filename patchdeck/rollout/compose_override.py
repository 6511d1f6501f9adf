"""The Compose file that keeps `compose up` from taking a committed rollout back."""

from __future__ import annotations

from patchdeck.model.journal import RolloutState
from patchdeck.model.rollouts import Rollout
from patchdeck.rollout.journal import Journal
from patchdeck.rollout.keeping import BACK, kept_documents
from patchdeck.rollout.recreate import compose
from patchdeck.rollout.recreate.documents import config_of


def compose_override(journal: Journal, rollout: Rollout) -> str:
    """Its text; empty where none is wanted: not committed, not Compose's, or back at what Compose knows.

    Raises JournalError.
    """
    undoes = journal.kept(rollout.id, BACK) is not None
    kept = kept_documents(journal, rollout.id)
    if rollout.state is not RolloutState.COMMITTED or undoes or kept is None:
        return ""
    replaced = [kept.containers[unit.container_id] for unit in rollout.plan.units]
    services = {config_of(one)["Labels"][compose.SERVICE] for one in replaced if compose.made(one)}
    return compose.override(dict.fromkeys(services, rollout.plan.to.image)) if services else ""
