"""The user's registry credentials, by Docker's own rules; and that no message gives them away."""

from __future__ import annotations

import base64
import json
import os
from pathlib import Path
from typing import Any

import pytest

from patchdeck.registry import credentials
from patchdeck.registry.credentials import Credentials, CredentialsError, find

SERVER = "registry.example:5000"
SECRET = "correct-horse"


def encoded(user: str, password: str) -> dict[str, str]:
    return {"auth": base64.b64encode(f"{user}:{password}".encode()).decode()}


def helper(folder: Path, name: str, script: str) -> None:
    program = folder / f"docker-credential-{name}"
    program.write_text(f"#!/bin/sh\nread server\n{script}\n")
    program.chmod(0o755)


async def found(folder: Path, config: dict[str, Any] | str, server: str = SERVER) -> Credentials | None:
    (folder / "config.json").write_text(config if isinstance(config, str) else json.dumps(config))
    environ = {"DOCKER_CONFIG": str(folder), "PATH": f"{folder}:{os.environ['PATH']}"}
    return await find(server, environ, Path("/nowhere"))


async def test_without_a_configuration_nobody_is_logged_in(tmp_path: Path) -> None:
    assert await find(SERVER, {}, tmp_path) is None
    assert await found(tmp_path, {}) is None


@pytest.mark.parametrize("key", [SERVER, f"https://{SERVER}", f"https://{SERVER}/v1/"])
async def test_an_entry_of_the_file_is_found_however_it_spells_the_host(tmp_path: Path, key: str) -> None:
    them = await found(tmp_path, {"auths": {key: encoded("ops", SECRET)}})
    assert them == Credentials(user="ops", password=SECRET)


async def test_an_entry_of_another_registry_is_not_used(tmp_path: Path) -> None:
    assert await found(tmp_path, {"auths": {"other.example": encoded("ops", SECRET)}}) is None


async def test_an_identity_token_stands_for_both(tmp_path: Path) -> None:
    entry = encoded("ops", "") | {"identitytoken": SECRET}
    assert await found(tmp_path, {"auths": {SERVER: entry}}) == Credentials(identity_token=SECRET)


async def test_a_helper_of_the_registry_goes_over_the_store_and_the_file(tmp_path: Path) -> None:
    helper(tmp_path, "mine", f'echo "{{\\"Username\\": \\"$server\\", \\"Secret\\": \\"{SECRET}\\"}}"')
    helper(tmp_path, "store", "exit 9")
    config = {
        "auths": {SERVER: encoded("ops", "old")},
        "credsStore": "store",
        "credHelpers": {SERVER: "mine"},
    }
    assert await found(tmp_path, config) == Credentials(user=SERVER, password=SECRET)


async def test_a_helper_may_give_a_token_or_know_nobody(tmp_path: Path) -> None:
    helper(tmp_path, "token", f'echo \'{{"Username": "<token>", "Secret": "{SECRET}"}}\'')
    helper(tmp_path, "nobody", "echo credentials not found in native keychain; exit 1")
    assert await found(tmp_path, {"credsStore": "token"}) == Credentials(identity_token=SECRET)
    assert await found(tmp_path, {"credsStore": "nobody"}) is None


@pytest.mark.parametrize(
    ("config", "told"),
    [
        ("{", "is not Docker's configuration"),
        (
            {"auths": {SERVER: {"auth": base64.b64encode(SECRET.encode()).decode()}}},
            "run `docker login` again",
        ),
        ({"credsStore": "absent"}, "docker-credential-absent, which .* is not on PATH"),
        ({"credsStore": "../../bin/sh"}, "is not on PATH"),
        ({"credsStore": "failing"}, "ended with status 3; run `echo .* get` by hand"),
        ({"credsStore": "babbling"}, "wrote something else than credentials"),
        ({"credsStore": "sleeping"}, "did not answer within"),
    ],
    ids=["no JSON", "no pair", "no helper", "a path", "failing", "babbling", "sleeping"],
)
async def test_what_is_wrong_is_one_line_without_the_secret(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, config: dict[str, Any] | str, told: str
) -> None:
    monkeypatch.setattr(credentials, "HELPER_S", 0.3)
    helper(tmp_path, "failing", f"echo {SECRET}; echo {SECRET} >&2; exit 3")
    helper(tmp_path, "babbling", f"echo {SECRET}")
    helper(tmp_path, "sleeping", f"echo {SECRET}; exec sleep 5")
    with pytest.raises(CredentialsError, match=told) as error:
        await found(tmp_path, config)
    assert SECRET not in str(error.value)
    assert "\n" not in str(error.value)


def test_a_secret_is_in_the_header_and_in_no_repr() -> None:
    them = Credentials(user="ops", password=SECRET)
    header = json.loads(base64.urlsafe_b64decode(them.header(SERVER)))
    assert header == {"serveraddress": SERVER, "username": "ops", "password": SECRET}
    assert SECRET not in repr(them)
