"""Services of N replicas, labelled exactly as Compose labels them."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from tests.lab.client import EngineClient

COMPOSE_VERSION = "2.29.7"


@dataclass(frozen=True)
class Container:
    id: str
    name: str


def compose_labels(
    project: str, service: str, number: int, image: str, image_id: str, *, oneoff: bool = False
) -> dict[str, str]:
    """The labels of Compose v2 on one container."""
    folder = f"/srv/{project}"
    return {
        "com.docker.compose.config-hash": hashlib.sha256(f"{project}/{service}/{image}".encode()).hexdigest(),
        "com.docker.compose.container-number": str(number),
        "com.docker.compose.depends_on": "",
        "com.docker.compose.image": image_id,
        "com.docker.compose.oneoff": "True" if oneoff else "False",
        "com.docker.compose.project": project,
        "com.docker.compose.project.config_files": f"{folder}/compose.yaml",
        "com.docker.compose.project.working_dir": folder,
        "com.docker.compose.service": service,
        "com.docker.compose.version": COMPOSE_VERSION,
    } | ({"com.docker.compose.slug": secrets.token_hex(32)} if oneoff else {})


def start_service(
    engine: EngineClient,
    image: str,
    replicas: int,
    *,
    project: str = "shop",
    service: str = "web",
    first: int = 1,
    oneoff: bool = False,
    at_once: int = 4,
    env: Mapping[str, str] | None = None,
    labels: Mapping[str, str] | None = None,
    restart: str = "no",
    network: str = "",
    config: Mapping[str, Any] | None = None,
    host_config: Mapping[str, Any] | None = None,
) -> list[Container]:
    """Creates and starts replicas `first` to `first + replicas - 1`; a few at once.

    `config` and `host_config` go into the request of the Engine API as they are. The network is the engine's default
    where it has a bridge, else none.
    """
    image_id: str = engine.get(f"/images/{image}/json")["Id"]
    numbers = range(first, first + replicas)

    def start(number: int) -> Container:
        mine = compose_labels(project, service, number, image, image_id, oneoff=oneoff)
        name = (
            f"{project}-{service}-run-{secrets.token_hex(6)}" if oneoff else f"{project}-{service}-{number}"
        )
        body = {
            "Image": image,
            "Env": [f"{key}={value}" for key, value in (env or {}).items()],
            "Labels": mine | dict(labels or {}),
            **(config or {}),
            "HostConfig": {
                "NetworkMode": network or engine.default_network,
                "RestartPolicy": {"Name": restart},
                **(host_config or {}),
            },
        }
        identifier: str = engine.post(f"/containers/create?name={name}", body)["Id"]
        engine.post(f"/containers/{identifier}/start")
        return Container(identifier, name)

    with ThreadPoolExecutor(at_once) as pool:
        return list(pool.map(start, numbers))
