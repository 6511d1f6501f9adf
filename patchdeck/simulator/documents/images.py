"""GET /images/json, /images/{name}/json and /images/{name}/history, and what a registry says."""

from __future__ import annotations

from typing import Any, Final

from patchdeck.simulator.documents.containers import graph_driver
from patchdeck.simulator.generation import Generation
from patchdeck.simulator.images import Image, Kept
from patchdeck.simulator.times import rfc3339

Document = dict[str, Any]

_CONFIG: Final[Document] = {
    "Cmd": None,
    "Entrypoint": None,
    "Env": [],
    "Labels": None,
    "OnBuild": None,
    "User": "",
    "Volumes": None,
    "WorkingDir": "",
}
_RUN: Final[Document] = {
    "Hostname": "",
    "Domainname": "",
    "AttachStdin": False,
    "AttachStdout": False,
    "AttachStderr": False,
    "Tty": False,
    "OpenStdin": False,
    "StdinOnce": False,
    "Image": "",
}
"""What older engines tell of an image's configuration although it means nothing there."""


def inspected(kept: Kept, generation: Generation) -> Document:
    """The whole of an image."""
    image = kept.image
    config = _CONFIG | image.config
    if not generation.since_27:
        config = _RUN | config
    found: Document = {
        "Id": image.id,
        "RepoTags": sorted(kept.tags),
        "RepoDigests": sorted(kept.digests),
        "Parent": "",
        "Comment": "",
        "Created": rfc3339(image.created_ns),
    }
    if not generation.since_24:
        found |= {"Container": "", "ContainerConfig": config}
    found |= {
        "DockerVersion": generation.version,
        "Author": "",
        "Config": config,
        "Architecture": "amd64",
        "Os": "linux",
        "Size": image.size_bytes,
    }
    if not generation.since_24:
        found["VirtualSize"] = image.size_bytes
    name = image.id.removeprefix("sha256:")
    driver = graph_driver(name, generation)
    driver["Data"].pop("ID", None)
    return found | {
        "GraphDriver": driver,
        "RootFS": {"Type": "layers", "Layers": [layer.diff_id for layer in image.layers]},
        "Metadata": {"LastTagTime": rfc3339(kept.tagged_ns)},
    }


def listed(kept: Kept, generation: Generation, containers: int) -> Document:
    """One entry of the listing; so many containers are made of it."""
    image = kept.image
    found: Document = {
        "Containers": containers if generation.since_24 else -1,
        "Created": image.created_ns // 1_000_000_000,
        "Id": image.id,
        "Labels": image.config.get("Labels"),
        "ParentId": "",
        "RepoDigests": sorted(kept.digests) or (None if not generation.since_24 else []),
        "RepoTags": sorted(kept.tags) or (None if not generation.since_24 else []),
        "SharedSize": -1,
        "Size": image.size_bytes,
    }
    if not generation.since_24:
        found["VirtualSize"] = image.size_bytes
    return found


def history(kept: Kept) -> list[Document]:
    """Newest first: what the configuration says, then a line for each layer."""
    image = kept.image
    created = image.created_ns // 1_000_000_000
    steps = [(layer.instruction or f"COPY {layer.content} /", layer.size_bytes) for layer in image.layers]
    steps += [(f"ENV {entry}", 0) for entry in image.config.get("Env") or ()]
    steps += [(f"CMD {image.config.get('Cmd')}", 0)]
    found: list[Document] = [
        {
            "Comment": "",
            "Created": created,
            "CreatedBy": f"/bin/sh -c #(nop) {instruction}",
            "Id": "<missing>",
            "Size": size_bytes,
            "Tags": None,
        }
        for instruction, size_bytes in reversed(steps)
    ]
    found[0] |= {"Id": image.id, "Tags": sorted(kept.tags) or None}
    return found


def distribution(image: Image) -> Document:
    """GET /distribution/{name}/json."""
    return {
        "Descriptor": {
            "mediaType": "application/vnd.docker.distribution.manifest.v2+json",
            "digest": image.manifest,
            "size": 500 + 120 * len(image.layers),
        },
        "Platforms": [{"architecture": "amd64", "os": "linux"}],
    }
