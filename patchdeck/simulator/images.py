"""Images and their names, as an engine keeps them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

import msgspec

from patchdeck.registry.reference import InvalidReference, Reference, parse
from patchdeck.simulator.behaviour import Behaviour
from patchdeck.simulator.events import EventLog
from patchdeck.simulator.ids import digest
from patchdeck.simulator.words import Words

PATH: Final = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_HUB: Final = "docker.io"


class Layer(msgspec.Struct, frozen=True):
    """The same content is the same layer, wherever it is used."""

    content: str
    """Stands for what is in it."""
    size_bytes: int
    instruction: str = ""
    """That made it, for the history."""

    @property
    def diff_id(self) -> str:
        return digest(f"layer {self.content}")

    @property
    def blob(self) -> str:
        """Its digest in a registry, compressed."""
        return digest(f"blob {self.content}")

    @property
    def blob_bytes(self) -> int:
        """What goes over the link."""
        return max(1, self.size_bytes * 2 // 5)


class Image(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """An image as it was built. Its ID follows from what it is."""

    layers: tuple[Layer, ...]
    config: dict[str, Any]
    """As the API's Config; what it leaves out is empty."""
    created_ns: int
    behaviour: Behaviour = Behaviour()

    @cached_property
    def id(self) -> str:
        parts = (self.layers, self.config, self.created_ns, self.behaviour)
        return digest(f"image {msgspec.json.encode(parts).decode()}")

    @cached_property
    def manifest(self) -> str:
        """Its digest in a registry."""
        return digest(f"manifest {self.id}")

    @property
    def size_bytes(self) -> int:
        return sum(layer.size_bytes for layer in self.layers)

    @property
    def labels(self) -> dict[str, str]:
        return self.config.get("Labels") or {}


def image(
    *layers: Layer,
    created_ns: int,
    labels: dict[str, str] | None = None,
    env: Iterable[str] = (),
    cmd: Iterable[str] = ("/app/serve",),
    healthcheck: dict[str, Any] | None = None,
    behaviour: Behaviour | None = None,
    **config: Any,
) -> Image:
    """An image with the usual configuration; `config` as the API spells it."""
    whole: dict[str, Any] = {"Env": [PATH, *env], "Cmd": list(cmd), "Labels": labels, **config}
    if healthcheck is not None:
        whole["Healthcheck"] = healthcheck
    return Image(layers=layers, config=whole, created_ns=created_ns, behaviour=behaviour or Behaviour())


@dataclass
class Kept:
    """An image that the engine has, with the names it goes by."""

    image: Image
    tags: set[str] = field(default_factory=set)
    """`shop/web:1.1`"""
    digests: set[str] = field(default_factory=set)
    """`shop/web@sha256:…`"""
    tagged_ns: int | None = None


class ImageStore:
    """Every method that names an image raises EngineFault where there is none."""

    def __init__(self, events: EventLog, words: Words) -> None:
        self._events = events
        self._words = words
        self._kept: dict[str, Kept] = {}
        self._by_name: dict[str, str] = {}
        self._layers: dict[str, int] = {}
        """Of each layer on the disk, how many images have it."""

    def __len__(self) -> int:
        return len(self._kept)

    def all(self) -> list[Kept]:
        """The newest first."""
        return sorted(self._kept.values(), key=lambda one: one.image.created_ns, reverse=True)

    def has_layer(self, layer: Layer) -> bool:
        return layer.diff_id in self._layers

    def keep(self, made: Image, *names: str, at_ns: int | None = None) -> Kept:
        """With these tags and digests, which other images lose."""
        kept = self._kept.get(made.id)
        if kept is None:
            kept = self._kept[made.id] = Kept(made)
            for layer in made.layers:
                self._layers[layer.diff_id] = self._layers.get(layer.diff_id, 0) + 1
        for name in names:
            before = self._by_name.get(name)
            if before is not None and before != made.id:
                self._kept[before].tags.discard(name)
            self._by_name[name] = made.id
            (kept.digests if "@" in name else kept.tags).add(name)
            kept.tagged_ns = at_ns if at_ns is not None else made.created_ns
        return kept

    def find(self, name: str) -> Kept | None:
        """By ID, the beginning of one, tag or digest."""
        bare = name.removeprefix("sha256:")
        if (found := self._by_name.get(canonical(name))) is not None:
            return self._kept[found]
        if (kept := self._kept.get(f"sha256:{bare}")) is not None:
            return kept
        if len(bare) >= 1 and all(letter in "0123456789abcdef" for letter in bare):
            found_ids = [one for one in self._kept if one.startswith(f"sha256:{bare}")]
            if len(found_ids) == 1:
                return self._kept[found_ids[0]]
        return None

    def get(self, name: str) -> Kept:
        found = self.find(name)
        if found is None:
            raise self._words.no_image(_with_tag(name))
        return found

    def tag(self, name: str, repository: str, tag: str, at_ns: int) -> None:
        kept = self.get(name)
        new = f"{repository}:{tag or 'latest'}"
        try:
            parse(new)
        except InvalidReference as error:
            raise self._words.bad_reference(repository, status=self._words.bad_new_tag_status) from error
        new = canonical(new)
        self.keep(kept.image, new, at_ns=at_ns)
        self._events.emit("image", "tag", kept.image.id, {"name": new, **kept.image.labels})

    def untag(self, kept: Kept, name: str) -> None:
        del self._by_name[name]
        kept.tags.discard(name)
        kept.digests.discard(name)
        self._events.emit("image", "untag", kept.image.id, {"name": kept.image.id, **kept.image.labels})

    def drop(self, kept: Kept) -> list[str]:
        """The image itself, and its layers that no other has; what was deleted, by ID."""
        del self._kept[kept.image.id]
        gone = [kept.image.id]
        for layer in reversed(kept.image.layers):
            self._layers[layer.diff_id] -= 1
            if not self._layers[layer.diff_id]:
                del self._layers[layer.diff_id]
                gone.append(layer.diff_id)
        self._events.emit("image", "delete", kept.image.id, {"name": kept.image.id})
        return gone


def canonical(name: str) -> str:
    """As the engine shows a reference: without the default registry, and with a tag. Others are left as they are."""
    try:
        found = parse(name, default_registry=_HUB)
    except InvalidReference:
        return name
    return f"{found.name}@{found.digest}" if found.digest else str(found)


def read(name: str, words: Words) -> Reference:
    """Raises: EngineFault."""
    try:
        return parse(name, default_registry=_HUB)
    except InvalidReference as error:
        raise words.bad_reference(name.partition(":")[0], status=400) from error


def _with_tag(name: str) -> str:
    bare = name.rpartition("/")[2]
    return name if ":" in bare or "@" in bare else f"{name}:latest"
