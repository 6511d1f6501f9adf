"""Restart policies: whether a container that has ended is started again, and after how long. Pure."""

from __future__ import annotations

from typing import Final

from patchdeck.simulator.container import MANUAL_POLICIES, Container

FIRST_BACKOFF_S: Final = 0.1
MOST_BACKOFF_S: Final = 60.0
CALM_S: Final = 10.0
"""A container that ran for so long begins with the shortest wait again."""


def wants_restart(container: Container) -> bool:
    """By its policy, after the end it had."""
    name, most = container.policy
    if name in MANUAL_POLICIES:
        return False
    if name == "unless-stopped":
        return not container.stopped_by_hand
    if name == "on-failure":
        return container.exit_code != 0 and (not most or container.restart_count < most)
    return True


def backoff_s(container: Container) -> float:
    """Before its next start: doubled with each end that comes soon."""
    lived_s = ((container.finished_ns or 0) - (container.started_ns or 0)) / 1e9
    if lived_s >= CALM_S or not container.backoff_s:
        return FIRST_BACKOFF_S
    return min(2 * container.backoff_s, MOST_BACKOFF_S)
