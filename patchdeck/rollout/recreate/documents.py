"""Reading what an engine says of a container or of an image, as it says it.

The documents stay open-ended dictionaries: what a newer engine adds must be carried over without being known here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Document = Mapping[str, Any]
"""An inspect document of the Engine API, or a part of one."""


def config_of(document: Document) -> Document:
    """The part that an image and a container both have: environment, command, labels, …"""
    return document.get("Config") or {}


def host_config_of(container: Document) -> Document:
    """The part that says how the engine's host is used: resources, namespaces, ports, mounts."""
    return container.get("HostConfig") or {}


def endpoints_of(container: Document) -> Mapping[str, Document]:
    """Network name to what the container has there."""
    networks = (container.get("NetworkSettings") or {}).get("Networks") or {}
    return {name: endpoint or {} for name, endpoint in networks.items()}


def name_of(container: Document) -> str:
    """Without the leading slash."""
    return str(container.get("Name", "")).removeprefix("/")


def short_id(container: Document) -> str:
    """Twelve hexadecimal digits: what the engine names things of the container after."""
    return str(container["Id"])[:12]


def short_image_id(container: Document) -> str:
    """Of the image that the container was made from."""
    return str(container["Image"]).removeprefix("sha256:")[:12]


def variable(entry: str) -> str:
    """The name in `NAME=value`; an entry without a value is a name."""
    return entry.partition("=")[0]
