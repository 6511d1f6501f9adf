"""What a rollout that is over leaves to a person. Pure."""

from __future__ import annotations

from patchdeck.model import Rollout, RolloutState, Snapshot

_COMPOSE = "com.docker.compose.project"


def left_to_do(rollout: Rollout, snapshot: Snapshot) -> str:
    """Empty where nothing is."""
    if rollout.state is not RolloutState.COMMITTED:
        return ""
    made = (snapshot.containers.get(unit.new_id) for unit in rollout.units)
    if any(one is not None and _COMPOSE in one.facts.labels for one in made):
        # Compose compares its containers with its files: it would put the old image back.
        return f"name {rollout.plan.to.image} in its Compose file"
    return ""
