"""Docker's contexts, as its command line keeps them on disk."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

import msgspec


class ContextError(ValueError):
    """A context that can not be read, told in one line."""


class Context(msgspec.Struct, frozen=True, kw_only=True):
    host: str
    skip_verify: bool = False
    ca: Path | None = None
    certificate: Path | None = None
    key: Path | None = None

    @property
    def has_tls(self) -> bool:
        return self.skip_verify or any((self.ca, self.certificate, self.key))


class _Config(msgspec.Struct):
    currentContext: str = ""  # noqa: N815  # spelled by Docker


class _Endpoint(msgspec.Struct):
    Host: str
    SkipTLSVerify: bool = False


class _Endpoints(msgspec.Struct):
    docker: _Endpoint


class _Meta(msgspec.Struct):
    Endpoints: _Endpoints


def config_folder(environ: Mapping[str, str], home: Path) -> Path:
    """DOCKER_CONFIG, else ~/.docker."""
    return Path(environ.get("DOCKER_CONFIG") or home / ".docker")


def current(environ: Mapping[str, str], home: Path) -> str | None:
    """The context that config.json selects, None where it selects none.

    Raises: ContextError where the file is there and can not be understood.
    """
    path = config_folder(environ, home) / "config.json"
    try:
        return msgspec.json.decode(path.read_bytes(), type=_Config).currentContext or None
    except FileNotFoundError:
        return None
    except (OSError, msgspec.MsgspecError) as error:
        raise ContextError(f"{path}: {error}") from error


def read(name: str, environ: Mapping[str, str], home: Path) -> Context:
    """The context of this name.

    Raises: ContextError if there is none, or if it names no Docker endpoint.
    """
    folder = config_folder(environ, home) / "contexts"
    digest = hashlib.sha256(name.encode()).hexdigest()
    meta_path = folder / "meta" / digest / "meta.json"
    try:
        endpoint = msgspec.json.decode(meta_path.read_bytes(), type=_Meta).Endpoints.docker
    except FileNotFoundError as error:
        raise ContextError(
            f"there is no Docker context {name!r} (looked in {folder / 'meta'}); `docker context ls` lists them"
        ) from error
    except (OSError, msgspec.MsgspecError) as error:
        raise ContextError(f"Docker context {name!r}: {meta_path}: {error}") from error
    tls = folder / "tls" / digest / "docker"
    return Context(
        host=endpoint.Host,
        skip_verify=endpoint.SkipTLSVerify,
        ca=existing(tls / "ca.pem"),
        certificate=existing(tls / "cert.pem"),
        key=existing(tls / "key.pem"),
    )


def existing(path: Path) -> Path | None:
    """A file that may not be read counts as there: its error is told when it is used."""
    try:
        return path if path.exists() else None
    except PermissionError:
        return path
