"""Who we are to a registry, by Docker's own rules: config.json and the helpers that it names.

What a secret is, and what a helper writes, is never part of a message.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import contextlib
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Final, TypeVar

import msgspec

from patchdeck.sources.contexts import config_folder

T = TypeVar("T")

HELPER_S: Final = 10.0
_LONGEST: Final = 65_536
_HELPER = re.compile(r"[A-Za-z0-9_.-]{1,100}", re.ASCII)
_TOKEN_USER: Final = "<token>"  # noqa: S105 - how helpers say that the secret is an identity token
_NOT_FOUND: Final = b"credentials not found"
"""How every helper says that it knows nobody there."""


class CredentialsError(Exception):
    """The user's credentials can not be read, told in one line that says what to do."""


class Credentials(msgspec.Struct, frozen=True, kw_only=True):
    """A name and a password, or a token that stands for both."""

    user: str = ""
    password: str = ""
    identity_token: str = ""

    def __repr__(self) -> str:
        return "<credentials>"

    def header(self, server: str) -> str:
        """X-Registry-Auth, with which an engine asks a registry in the user's name."""
        told = {"serveraddress": server}
        if self.identity_token:
            told["identitytoken"] = self.identity_token
        else:
            told |= {"username": self.user, "password": self.password}
        return base64.urlsafe_b64encode(msgspec.json.encode(told)).decode()


class _Auth(msgspec.Struct):
    auth: str = ""
    username: str = ""
    password: str = ""
    identitytoken: str = ""


class _Config(msgspec.Struct):
    """The part of Docker's config.json that is about registries, as Docker spells it."""

    auths: dict[str, _Auth] | None = None
    credsStore: str = ""  # noqa: N815
    credHelpers: dict[str, str] | None = None  # noqa: N815


class _Told(msgspec.Struct):
    """A helper's answer."""

    Username: str = ""
    Secret: str = ""


async def find(server: str, environ: Mapping[str, str], home: Path) -> Credentials | None:
    """Those for a registry: its host with its port, or the address of the engine's default one. None: nobody.

    Raises: CredentialsError.
    """
    path = config_folder(environ, home) / "config.json"
    config = await asyncio.to_thread(_read, path)
    helper = _of(config.credHelpers or {}, server) or config.credsStore
    if helper:
        return await _ask(helper, server, environ)
    auth = _of(config.auths or {}, server)
    return None if auth is None else _decoded(auth, path, server)


def _read(path: Path) -> _Config:
    try:
        return msgspec.json.decode(path.read_bytes(), type=_Config)
    except FileNotFoundError:
        return _Config()
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise CredentialsError(f"{path} can not be read: {reason}") from error
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise CredentialsError(f"{path} is not Docker's configuration: {error}") from error


def _of(table: Mapping[str, T], server: str) -> T | None:
    """The entry of a registry: under its very name, else under one that names the same host."""
    if server in table:
        return table[server]
    return next((entry for key, entry in table.items() if _host(key) == _host(server)), None)


def _host(server: str) -> str:
    return server.removeprefix("https://").removeprefix("http://").partition("/")[0]


def _decoded(auth: _Auth, path: Path, server: str) -> Credentials | None:
    if auth.identitytoken:
        return Credentials(identity_token=auth.identitytoken)
    if auth.auth:
        try:
            user, colon, password = base64.b64decode(auth.auth, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            user = colon = password = ""
        if not colon:
            raise CredentialsError(f"{path}: the entry of {server} can not be read; run `docker login` again")
        return Credentials(user=user, password=password.rstrip("\0"))
    return Credentials(user=auth.username, password=auth.password) if auth.username else None


async def _ask(helper: str, server: str, environ: Mapping[str, str]) -> Credentials | None:
    """`docker-credential-NAME get`, with the registry on its standard input."""
    name = f"docker-credential-{helper}"
    program = shutil.which(name, path=environ.get("PATH")) if _HELPER.fullmatch(helper) else None
    if program is None:
        raise CredentialsError(
            f"{name}, which Docker's config.json names for {server}, is not on PATH: install it or run "
            "`docker login` without it"
        )
    try:
        process = await asyncio.create_subprocess_exec(
            program,
            "get",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env=dict(environ),
        )
    except OSError as error:
        raise CredentialsError(f"{name} can not be run: {(error.strerror or str(error)).lower()}") from error
    try:
        async with asyncio.timeout(HELPER_S):
            output, _ = await process.communicate(server.encode())
    except TimeoutError as error:
        raise CredentialsError(
            f"{name} did not answer within {HELPER_S:g} s; run `echo {server} | {name} get` by hand to see why"
        ) from error
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
    if process.returncode:
        if _NOT_FOUND in output:
            return None
        raise CredentialsError(
            f"{name} ended with status {process.returncode}; run `echo {server} | {name} get` by hand to see why"
        )
    return _from_helper(output, name)


def _from_helper(output: bytes, name: str) -> Credentials | None:
    try:
        told = msgspec.json.decode(output[:_LONGEST], type=_Told)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        # Not chained: the exception may hold a piece of what was written.
        raise CredentialsError(f"{name} wrote something else than credentials") from None
    if told.Username == _TOKEN_USER:
        return Credentials(identity_token=told.Secret)
    return Credentials(user=told.Username, password=told.Secret) if told.Username else None
