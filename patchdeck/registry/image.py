"""What a registry knows of an image: its manifest and its configuration, decoded and checked."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, Final

import msgspec

MANIFEST_TYPES: Final = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)


class Unusable(ValueError):
    """A registry's answer that is not what was asked for, told in one line."""


class Platform(msgspec.Struct, frozen=True):
    """As registries spell it: linux, arm, v7."""

    os: str = ""
    architecture: str = ""
    variant: str = ""

    def runs(self, other: Platform) -> bool:
        """Programs of `other` are at home here. A variant that is not told is no difference."""
        same = (self.os, self.architecture) == (other.os, other.architecture)
        return same and (self.variant == other.variant or not (self.variant and other.variant))

    def __str__(self) -> str:
        return "/".join(part for part in (self.os, self.architecture, self.variant) if part)


class Descriptor(msgspec.Struct, frozen=True):
    digest: str
    size: int = 0
    platform: Platform | None = None


class Manifest(msgspec.Struct, frozen=True):
    """Of one image, with `config` and `layers`, or an index of several, with `manifests`."""

    config: Descriptor | None = None
    layers: tuple[Descriptor, ...] = ()
    manifests: tuple[Descriptor, ...] = ()


class RootFs(msgspec.Struct, frozen=True):
    diff_ids: tuple[str, ...] = ()


class Configuration(msgspec.Struct, frozen=True):
    """The image's configuration. `config` is what containers get from it, spelled as an engine's inspect has it."""

    os: str = ""
    architecture: str = ""
    variant: str = ""
    config: Mapping[str, Any] = {}
    rootfs: RootFs = RootFs()

    @property
    def platform(self) -> Platform:
        return Platform(self.os, self.architecture, self.variant)


class RemoteImage(msgspec.Struct, frozen=True, kw_only=True):
    """An image as its registry describes it, not yet pulled."""

    manifest_digest: str
    """Of the image itself, also where the reference names an index of several."""
    config_digest: str
    configuration: Configuration
    layer_bytes: tuple[int, ...]
    """Compressed, base layer first; one for each of the configuration's diff IDs."""


def checked(body: bytes, digest: str) -> bytes:
    """The body, if it has this digest.

    Raises: Unusable.
    """
    algorithm, _, wanted = digest.partition(":")
    if algorithm not in ("sha256", "sha512"):
        raise Unusable(f"a digest by {algorithm} can not be checked")
    if hashlib.new(algorithm, body).hexdigest() != wanted:
        raise Unusable(f"what the registry sent for {digest[:19]}… has another digest")
    return body


def manifest(body: bytes) -> Manifest:
    """Raises: Unusable."""
    try:
        return msgspec.json.decode(body, type=Manifest)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise Unusable(f"the registry's manifest can not be read: {error}") from error


def configuration(body: bytes) -> Configuration:
    """Raises: Unusable."""
    try:
        return msgspec.json.decode(body, type=Configuration)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise Unusable(f"the image's configuration can not be read: {error}") from error


def of_platform(index: Manifest, wanted: Platform) -> Descriptor | None:
    """The image of an index that runs there; its first, as engines choose. None: there is none."""
    return next((one for one in index.manifests if one.platform and wanted.runs(one.platform)), None)
