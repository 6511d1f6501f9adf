"""A container's configuration less what came from its image, and the engine's way of putting the two together again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from patchdeck.rollout.recreate import environment
from patchdeck.rollout.recreate.documents import Document

SCALARS = ("User", "WorkingDir", "StopSignal")
"""Fields that a container takes from its image where it was given none."""
PAIRS = ("Labels",)
KEYS = ("ExposedPorts", "Volumes")
HEALTHCHECK = ("Test", "Interval", "Timeout", "StartPeriod", "StartInterval", "Retries")
NO_ENTRYPOINT = [""]
"""How a request says that the image's entrypoint shall not be used; the engine then records none."""


def subtracted(
    config: Document, image: Document, *, published: frozenset[str] = frozenset()
) -> dict[str, Any]:
    """What to create a container with, so that on the image that `config` came from it is `config` again.

    `config` and `image` are the Config parts of the two inspect documents; `published` are ports (`80/tcp`) that the
    container publishes. Unknown keys are kept. What a container alone decides (host name, MAC address, image) is left
    as it is.
    """
    own = dict(config)
    for key in SCALARS:
        if own.get(key) == image.get(key):
            own.pop(key, None)
    own["Env"] = environment.split(own.get("Env") or [], image.get("Env") or [])[0]
    for key in PAIRS:
        own[key] = _without_pairs(own.get(key) or {}, image.get(key) or {})
    for key in KEYS:
        own[key] = _without_keys(own.get(key) or {}, image.get(key) or {}, published)
    own |= _command(config, image)
    own["Healthcheck"] = _healthcheck(own.get("Healthcheck"), image.get("Healthcheck") or {})
    return own


def merged(own: Document, image: Document) -> dict[str, Any]:
    """What the engine records for a container created with `own` on `image`. Source: moby, runconfig merge."""
    config = dict(own)
    for key in SCALARS:
        config[key] = own.get(key) or image.get(key) or ""
    config["Env"] = environment.merged(own.get("Env") or [], image.get("Env") or [])
    for key in (*PAIRS, *KEYS):
        config[key] = {**(image.get(key) or {}), **(own.get(key) or {})}
    entrypoint, command = own.get("Entrypoint") or [], own.get("Cmd") or []
    if not entrypoint:
        command = command or image.get("Cmd") or []
        entrypoint = image.get("Entrypoint") or []
    config["Entrypoint"] = [] if entrypoint == NO_ENTRYPOINT else entrypoint
    config["Cmd"] = command
    config["Healthcheck"] = _present(
        {**(image.get("Healthcheck") or {}), **_present(own.get("Healthcheck") or {})}
    )
    return config


def whole(config: Document, image: Document) -> dict[str, Any]:
    """What to create a container with, so that it is `config` whatever its image says, for the same image."""
    own = dict(config)
    if not own.get("Entrypoint") and image.get("Entrypoint"):
        own["Entrypoint"] = NO_ENTRYPOINT
    return own


def _without_pairs(own: Mapping[str, str], image: Mapping[str, str]) -> dict[str, str]:
    return {key: value for key, value in own.items() if image.get(key) != value}


def _without_keys(
    own: Mapping[str, Any], image: Mapping[str, Any], published: frozenset[str]
) -> dict[str, Any]:
    # Docker's command line exposes what it publishes: such a port is the container's own though the image has it too.
    return {key: value for key, value in own.items() if key not in image or key in published}


def _command(config: Document, image: Document) -> dict[str, Any]:
    """Entrypoint and command, which the engine takes from the image together or not at all."""
    entrypoint, command = config.get("Entrypoint") or [], config.get("Cmd") or []
    default_entrypoint, default_command = image.get("Entrypoint") or [], image.get("Cmd") or []
    if entrypoint != default_entrypoint:
        return {"Entrypoint": entrypoint or NO_ENTRYPOINT, "Cmd": command}
    if command == default_command:
        return {"Entrypoint": None, "Cmd": None}
    if not command:
        # Given no command, the image's would be used, unless an entrypoint was given too, though it is the same.
        return {"Entrypoint": entrypoint or NO_ENTRYPOINT, "Cmd": None}
    return {"Entrypoint": None, "Cmd": command}


def _healthcheck(own: Mapping[str, Any] | None, image: Mapping[str, Any]) -> dict[str, Any] | None:
    """Field by field; nothing, or zero, takes the image's."""
    kept = {key: value for key, value in (own or {}).items() if value and image.get(key) != value}
    return kept or None


def _present(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in fields.items() if value}
