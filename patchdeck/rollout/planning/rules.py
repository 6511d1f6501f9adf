"""The words of refusals. They are fixed: pipelines compare them, and docs/plans.md lists them."""

from __future__ import annotations

from enum import StrEnum


class Rule(StrEnum):
    """Why something is not planned, or no longer to be run as planned."""

    UNKNOWN_SERVICE = "unknown-service"
    SWARM = "swarm"
    OPEN_ROLLOUT = "open-rollout"
    NOT_RUNNING = "not-running"
    UNKNOWN_IMAGE = "unknown-image"
    CREDENTIALS = "credentials"
    REGISTRY_LOGIN = "registry-login"
    REGISTRY = "registry"
    PLATFORM = "platform"
    SAME_IMAGE = "same-image"
    NO_OLD_IMAGE = "no-old-image"
    REFERENCE_GONE = "reference-gone"
    COMPOSE_FILES = "compose-files"
    UNNAMED_VOLUME = "unnamed-volume"
    ENTANGLED = "entangled"
    DISK = "disk"
    START_FIRST = "start-first"
    MAX_UNAVAILABLE = "max-unavailable"
    OTHER_ENGINE = "other-engine"
    CONTAINER_GONE = "container-gone"
    CONTAINER_RESTARTED = "container-restarted"
    NEW_REPLICA = "new-replica"
