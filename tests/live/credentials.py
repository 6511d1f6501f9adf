"""Who may read a registry of the lab, and how a user's Docker knows them."""

from __future__ import annotations

import base64
import json
from pathlib import Path

from tests.lab.registry import Registry

USER, PASSWORD = "ops", "open sesame"
USERS = f"{USER}:$2b$04$i2quZRHOEYUJAL1dbziya.hVUbDx5plUfsQxjcsY1y11KHCs5b7fK\n"
"""htpasswd's form of that password."""
NOBODY = "nobody:$2b$04$i2quZRHOEYUJAL1dbziya.\n"
"""No password is this one's."""


def logged_in(folder: Path, registry: Registry, password: str = PASSWORD) -> str:
    """As `docker login` leaves a file of credentials; the secret as it is written there."""
    auth = base64.b64encode(f"{USER}:{password}".encode()).decode()
    (folder / "config.json").write_text(json.dumps({"auths": {registry.address: {"auth": auth}}}))
    return auth


def helped(folder: Path, registry: Registry) -> None:
    """As `docker login` leaves it to a helper, which is a program in the same folder."""
    helper = folder / "docker-credential-lab"
    helper.write_text(f'#!/bin/sh\necho \'{{"Username": "{USER}", "Secret": "{PASSWORD}"}}\'\n')
    helper.chmod(0o755)
    (folder / "config.json").write_text(json.dumps({"credHelpers": {registry.address: "lab"}}))
