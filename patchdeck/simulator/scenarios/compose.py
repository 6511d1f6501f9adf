"""A service's replica as Compose asks an engine for it. Pure."""

from __future__ import annotations

import hashlib
from typing import Any

from patchdeck.simulator.scenarios.script import Service, Version


def image_of(service: Service, version: Version) -> str:
    """The reference of a version's image."""
    return f"{service.name}:{version.name}"


def name_of(service: Service, number: int) -> str:
    """Of a replica, as Compose names it."""
    return f"{service.project}-{service.short}-{number}"


def request_for(service: Service, version: Version, number: int) -> dict[str, Any]:
    """The body of POST /containers/create."""
    image = image_of(service, version)
    folder = f"/srv/{service.project}"
    host: dict[str, Any] = {
        "RestartPolicy": {"Name": "unless-stopped"},
        "NetworkMode": f"{service.project}_default",
    }
    if service.limit_bytes is not None:
        host["Memory"] = service.limit_bytes
    if service.cpu_limit is not None:
        host["NanoCpus"] = round(service.cpu_limit * 1e9)
    return {
        "Image": image,
        "Labels": {
            "com.docker.compose.config-hash": hashlib.sha256(f"{service.name}/{image}".encode()).hexdigest(),
            "com.docker.compose.container-number": str(number),
            "com.docker.compose.depends_on": "",
            "com.docker.compose.oneoff": "False",
            "com.docker.compose.project": service.project,
            "com.docker.compose.project.config_files": f"{folder}/compose.yaml",
            "com.docker.compose.project.working_dir": folder,
            "com.docker.compose.service": service.short,
            "com.docker.compose.version": "2.29.7",
        },
        "HostConfig": host,
    }
