"""Short names for engines, from their addresses."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import PurePosixPath
from urllib.parse import urlsplit

_ADDRESS = re.compile(r"^[0-9.]+$|:")
_TELLS_NOTHING = {"run", "docker", "var"}


def unique_names(wanted_and_hosts: Sequence[tuple[str, str]]) -> tuple[str, ...]:
    """One name each, all different: the wanted one, else the shortest part of the address that tells them apart."""
    taken: set[str] = set()
    names: list[str] = []
    for wanted, host in wanted_and_hosts:
        candidates = [wanted] if wanted else _candidates(host)
        name = next((one for one in candidates if one not in taken), None)
        number = 2
        while name is None:
            numbered = f"{candidates[-1]}-{number}"
            name, number = (None if numbered in taken else numbered), number + 1
        taken.add(name)
        names.append(name)
    return tuple(names)


def _candidates(host: str) -> list[str]:
    """Shortest first. A first label tells machines apart, an IP address only as a whole."""
    parts = urlsplit(host)
    if parts.scheme == "unix":
        return [_of_socket(PurePosixPath(parts.path)), parts.path]
    name = parts.hostname or host
    whole = f"{name}:{parts.port}" if parts.port else name
    short = name if _ADDRESS.search(name) else name.split(".", 1)[0]
    return [short, name, whole]


def _of_socket(path: PurePosixPath) -> str:
    if path.name == "podman.sock":
        return "podman"
    if path.parent.parent.name == "user":  # /run/user/1000/docker.sock
        return "rootless"
    folder = path.parent.name
    return "local" if folder in _TELLS_NOTHING or not folder else folder
