"""Inspect documents to recreate from, as an engine writes them, with what a test is about set."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

OLD_IMAGE = "sha256:" + "0" * 64
NEW_IMAGE = "sha256:" + "1" * 64
WEB = "a" * 64
DB = "b" * 64
VOLUME = "f" * 64


def image(image_id: str = OLD_IMAGE, **config: Any) -> dict[str, Any]:
    return {"Id": image_id, "Config": config}


def container(
    container_id: str = WEB,
    name: str = "web",
    *,
    config: Mapping[str, Any] | None = None,
    host_config: Mapping[str, Any] | None = None,
    networks: Mapping[str, Any] | None = None,
    ports: Mapping[str, Any] | None = None,
    mounts: list[dict[str, Any]] | None = None,
    running: bool = True,
) -> dict[str, Any]:
    return {
        "Id": container_id,
        "Name": f"/{name}",
        "Image": OLD_IMAGE,
        "State": {"Running": running},
        "Config": {"Hostname": container_id[:12], "Image": "shop/web:1.0", **(config or {})},
        "HostConfig": {"NetworkMode": "default", **(host_config or {})},
        "NetworkSettings": {
            "Networks": {"bridge": {"NetworkID": "9" * 64}} if networks is None else networks,
            "Ports": ports or {},
        },
        "Mounts": mounts or [],
    }


def volume(name: str, destination: str, **more: Any) -> dict[str, Any]:
    return {"Type": "volume", "Name": name, "Destination": destination, "RW": True, **more}
