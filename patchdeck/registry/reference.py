"""Image references, as people write them: `shop/web:1.1`, `registry.example:5000/shop/web@sha256:…`."""

from __future__ import annotations

import re
from typing import Final

import msgspec

EXPECTED: Final = "an image, as in shop/web:1.1, registry.example:5000/shop/web:1.1 or shop/web@sha256:…"

_COMPONENT = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_PATH = re.compile(rf"{_COMPONENT}(?:/{_COMPONENT})*", re.ASCII)
_HOST = re.compile(
    r"(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9a-fA-F:]+\])(?::[0-9]{1,5})?", re.ASCII
)
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}", re.ASCII)
_DIGEST = re.compile(r"[a-z0-9]+(?:[.+_-][a-z0-9]+)*:[0-9a-f]{32,}", re.ASCII)
_IMAGE_ID = re.compile(r"(?:sha256:)?[0-9a-f]{64}|sha256:[0-9a-f]{12,64}", re.ASCII)
_LONGEST_NAME = 255
_OFFICIAL = "library"
"""The folder of the default registry's images that are named by one word."""


class InvalidReference(ValueError):
    """A text that names no image, told in one line."""


class Reference(msgspec.Struct, frozen=True, kw_only=True):
    """Where an image is to be had."""

    registry: str = ""
    """Host and port; empty for the engine's default registry."""
    repository: str
    """Without the registry: `shop/web`."""
    tag: str = ""
    """`latest` where neither a tag nor a digest was given."""
    digest: str = ""
    """`sha256:…`; it decides where there is one."""

    @property
    def name(self) -> str:
        """Without tag and digest, as an engine writes it in RepoDigests."""
        return f"{self.registry}/{self.repository}" if self.registry else self.repository

    @property
    def path(self) -> str:
        """The repository as the registry's API wants it."""
        if self.registry or "/" in self.repository:
            return self.repository
        return f"{_OFFICIAL}/{self.repository}"

    @property
    def version(self) -> str:
        """What to ask the registry for: the digest, else the tag."""
        return self.digest or self.tag

    def __str__(self) -> str:
        return self.name + (f":{self.tag}" if self.tag else "") + (f"@{self.digest}" if self.digest else "")


def is_image_id(text: str) -> bool:
    """The ID of an image, which only an engine knows and no registry."""
    return _IMAGE_ID.fullmatch(text) is not None


def parse(text: str, *, default_registry: str = "") -> Reference:
    """The parts of a reference. `default_registry` is the host that the engine takes where none is named; naming it
    is the same as naming none.

    Raises: InvalidReference.
    """
    rest, at, digest = text.partition("@")
    if at and not _DIGEST.fullmatch(digest):
        raise InvalidReference(f"expected {EXPECTED}, found {text!r}")
    head, slash, tail = rest.partition("/")
    names_a_host = bool(slash) and ("." in head or ":" in head or head == "localhost")
    registry, rest = (head, tail) if names_a_host else ("", rest)
    repository, colon, tag = rest.partition(":")
    if (
        (registry and not _HOST.fullmatch(registry))
        or not _PATH.fullmatch(repository)
        or (colon and not _TAG.fullmatch(tag))
        or len(registry) + len(repository) > _LONGEST_NAME
    ):
        raise InvalidReference(f"expected {EXPECTED}, found {text!r}")
    if default_registry and registry in (default_registry, default_registry.removeprefix("index.")):
        registry, repository = "", repository.removeprefix(f"{_OFFICIAL}/")
    return Reference(
        registry=registry,
        repository=repository,
        tag=tag or ("" if digest else "latest"),
        digest=digest,
    )
