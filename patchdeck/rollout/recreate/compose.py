"""Containers that Compose made: the labels by which it knows them again, and the files that it put into them."""

from __future__ import annotations

import json
import posixpath
from collections.abc import Mapping, Sequence
from typing import Any

from patchdeck.model import Refusal
from patchdeck.rollout.recreate.documents import Document, config_of, name_of

PROJECT = "com.docker.compose.project"
SERVICE = "com.docker.compose.service"
NUMBER = "com.docker.compose.container-number"
IMAGE = "com.docker.compose.image"
REPLACE = "com.docker.compose.replace"

_SECRETS = "/run/secrets/"
_SECOND_NS = 1_000_000_000
_AROUND_CREATE_NS = 5 * _SECOND_NS
"""Compose writes its files right after it created the container; a busy engine takes its time for that."""


def made(container: Document) -> bool:
    """Whether Compose made this container."""
    labels = config_of(container).get("Labels") or {}
    return bool(labels.get(PROJECT) and labels.get(SERVICE))


def relabelled(labels: Mapping[str, str], image_id: str) -> dict[str, str]:
    """The labels of a successor: as Compose would label it, had Compose made it anew on this image."""
    if not (labels.get(PROJECT) and labels.get(SERVICE)):
        return dict(labels)
    return {**labels, REPLACE: f"{labels[SERVICE]}-{labels.get(NUMBER, '1')}", IMAGE: image_id}


# --- files in the layer ---------------------------------------------------------------------------
#
# Configs and secrets given by `content:` or `environment:` are copied into the container's own layer between create
# and start. Nothing in the inspect document tells of them; they are lost with the container. What gives them away:
# they lie in /run/secrets, or they were modified when the container was created, at a whole second (the times in the
# archives that Compose sends have no fraction; what a program writes nearly always has one).


def candidates(container: Document, changed: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """Paths that Compose may have written, for a look at their times; shallow ones first.

    `changed` is the answer of GET /containers/{id}/changes: `{"Path": …, "Kind": 0 modified, 1 added, 2 deleted}`.
    """
    if not made(container):
        return ()
    paths = {str(change["Path"]) for change in changed if change.get("Kind") in (0, 1)}
    folders = {posixpath.dirname(path) for path in paths}
    mounted = [f"{mount['Destination']}/" for mount in container.get("Mounts") or []]
    leaves = [
        path for path in paths - folders if not any(f"{path}/".startswith(folder) for folder in mounted)
    ]
    return tuple(sorted(leaves, key=lambda path: (path.count("/"), path)))


def written_files(created_ns: int, modified_ns: Mapping[str, int]) -> tuple[str, ...]:
    """Those of the candidates, path to time of modification, that Compose wrote."""
    return tuple(
        path
        for path, at_ns in sorted(modified_ns.items())
        if path.startswith(_SECRETS)
        or (at_ns % _SECOND_NS == 0 and -_SECOND_NS <= at_ns - created_ns <= _AROUND_CREATE_NS)
    )


def refusals(container: Document, written: Sequence[str]) -> tuple[Refusal, ...]:
    """A refusal where Compose wrote files into the container: a successor would be without them."""
    if not written:
        return ()
    text = (
        f"Compose wrote {', '.join(written)} into {name_of(container)}, which would be lost: give configs and "
        "secrets by `file:`, or patch this service with `docker compose up`"
    )
    return (Refusal(rule="compose-files", text=text),)


# --- the override file ----------------------------------------------------------------------------


def override(images: Mapping[str, str]) -> str:
    """A Compose file, to be given after the project's own, that keeps `compose up` from going back to the old images.

    `images` are references by service name. Strings are quoted as JSON, which YAML reads too.
    """
    lines = ["services:"]
    for service, image in sorted(images.items()):
        lines += [f"  {json.dumps(service)}:", f"    image: {json.dumps(image)}"]
    return "\n".join(lines) + "\n"
