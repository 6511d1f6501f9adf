"""A container's successor: the requests that make the same container on another image."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from patchdeck.model import ConfigChange, Refusal
from patchdeck.model.facts import Value
from patchdeck.rollout.recreate import changes as config_changes
from patchdeck.rollout.recreate import compose, mounts, ports, references, subtract
from patchdeck.rollout.recreate.documents import (
    Document,
    config_of,
    host_config_of,
    name_of,
    short_id,
    short_image_id,
)
from patchdeck.rollout.recreate.mounts import AdoptedVolume
from patchdeck.rollout.recreate.networks import (
    SEVERAL_AT_CREATE,
    Api,
    Connection,
    networks,
)
from patchdeck.rollout.recreate.ordering import Hindrance, hindrances

KERNEL_MEMORY_UNTIL: Api = (1, 42)
_KERNEL_MEMORY = ("KernelMemory", "KernelMemoryTCP")
_NOT_ASKED_FOR = ("ContainerIDFile",)
"""Written by whoever created the container, for itself."""


class Surroundings(Value, frozen=True, kw_only=True):
    """What else there is, and how requests will be made."""

    api: Api
    """The version that requests are made with, and that the container was inspected with: (1, 41)."""
    containers: tuple[Document, ...] = ()
    """Inspect documents of all that the engine has; at least of those that the container refers to."""
    replaced: Mapping[str, str] = {}
    """IDs of containers that were replaced before, to those of their successors."""
    predecessors: frozenset[str] = frozenset()
    """IDs of containers that this one has succeeded: a host name made of one is not the user's."""


class Successor(Value, frozen=True, kw_only=True):
    """What to ask of the engine, and what to tell a person before.

    The body holds the environment, and so secrets: it goes into the journal's vault and is never shown.
    """

    name: str
    """The name that it shall have in the end: that of its predecessor."""
    image_id: str
    """What the created container's Image must be; the tag in the body may have moved meanwhile."""
    body: dict[str, Any] = msgspec.field(default_factory=dict)
    """Of POST /containers/create. Empty where there is a refusal."""
    connect: tuple[Connection, ...] = ()
    """Networks to connect between create and start."""
    adopted: tuple[AdoptedVolume, ...] = ()
    changes: tuple[ConfigChange, ...] = ()
    unclear: tuple[str, ...] = ()
    """Values that may be the container's own or the old image's, and are taken for the image's."""
    refusals: tuple[Refusal, ...] = ()
    hindrances: tuple[Hindrance, ...] = ()
    """Why it cannot run beside its predecessor; none: start-first is possible."""

    @property
    def start_first(self) -> bool:
        return not self.hindrances and not self.refusals


def successor(
    container: Document,
    old_image: Document | None,
    new_image: Document,
    around: Surroundings,
    *,
    image: str,
    keep_host_ports: bool = False,
    compose_files: Sequence[str] = (),
) -> Successor:
    """The successor of `container` on `new_image`. All documents are answers of inspect.

    `old_image` is the one with the ID `container["Image"]`, None where the engine no longer has it. Of a `new_image`
    that is not on the engine yet the Config is enough for telling what changes. `image` is what the successor's image
    shall be called. With `keep_host_ports` a port that was any free one becomes the one it got. `compose_files` are
    those that `compose.written_files` found.
    """
    image_id = str(new_image.get("Id", ""))
    refused = (*_refusals(container, old_image, around), *compose.refusals(container, compose_files))
    if old_image is None or refused:
        return Successor(name=name_of(container), image_id=image_id, refusals=refused)
    old, default = config_of(container), config_of(old_image)
    own = subtract.subtracted(old, default, published=ports.published(container))
    changed = config_changes.changes(old, subtract.merged(own, config_of(new_image)))
    own["Labels"] = compose.relabelled(own["Labels"], image_id)
    host_config = dict(host_config_of(container))
    if keep_host_ports:
        host_config = ports.frozen(host_config, container)
    same = _same(container, own | {"Image": image}, host_config, around)
    return msgspec.structs.replace(
        same,
        image_id=image_id,
        changes=changed,
        unclear=(*config_changes.unclear(old, default, changed), *same.unclear),
    )


def rebuilt(container: Document, image: Document | None, around: Surroundings) -> Successor:
    """The same container again, on its own image, from an inspect document that was kept.

    For what is gone when it stops (`--rm`), and for dependents of a container that is replaced. `image` is the one
    with the ID `container["Image"]`; the request names it by that ID where its tag has moved.
    """
    refused = _refusals(container, image, around)
    if image is None or refused:
        return Successor(name=name_of(container), image_id=container["Image"], refusals=refused)
    own = subtract.whole(config_of(container), config_of(image)) | {"Image": _still_named(container, image)}
    return _same(container, own, dict(host_config_of(container)), around)


def _still_named(container: Document, image: Document) -> str:
    """What the container was created from, as long as that is what it names."""
    name = str(config_of(container).get("Image") or "")
    names = [*(image.get("RepoTags") or []), *(image.get("RepoDigests") or [])]
    return name if name in names or f"{name}:latest" in names else str(container["Image"])


def _refusals(container: Document, image: Document | None, around: Surroundings) -> tuple[Refusal, ...]:
    found = (
        *references.gone(container, around.containers, around.replaced),
        *mounts.refusals(container, around.containers),
    )
    if image is not None and image["Id"] == container["Image"]:
        return found
    text = (
        f"the engine no longer has the image of {name_of(container)} ({short_image_id(container)}), so what is its "
        "own cannot be told from what came with the image: recreate it by hand"
    )
    return (Refusal(rule="no-old-image", text=text), *found)


def _same(
    container: Document, own: dict[str, Any], host_config: dict[str, Any], around: Surroundings
) -> Successor:
    """The requests that make `container` again, with `own` for its configuration."""
    attached = networks(container, around.api)
    adopted = mounts.adopted(container, around.containers)
    for key in (*_NOT_ASKED_FOR, *(_KERNEL_MEMORY if around.api >= KERNEL_MEMORY_UNTIL else ())):
        host_config.pop(key, None)
    host_config["NetworkMode"] = attached.mode
    host_config = mounts.with_adopted(references.remapped(host_config, around.replaced), adopted)
    body = {key: value for key, value in own.items() if value not in (None, [], {})}
    for key in _not_its_own(container, around):
        body.pop(key, None)
    body["HostConfig"] = host_config
    if attached.at_create:
        endpoints = {one.network: one.endpoint for one in attached.at_create}
        body["NetworkingConfig"] = {"EndpointsConfig": endpoints}
    return Successor(
        name=name_of(container),
        image_id=container["Image"],
        body=body,
        connect=attached.connect,
        adopted=adopted,
        unclear=attached.unclear,
        hindrances=hindrances(container, attached, around.containers),
    )


def _not_its_own(container: Document, around: Surroundings) -> Iterator[str]:
    """Keys of the configuration that the engine filled in, or that are asked for elsewhere."""
    host_config, config = host_config_of(container), config_of(container)
    generated = {short_id(container), *(identifier[:12] for identifier in around.predecessors)}
    if str(host_config.get("NetworkMode") or "").startswith("container:"):
        yield from ("Hostname", "Domainname")  # those of the other, recorded here at start
    elif host_config.get("UTSMode") == "host" or config.get("Hostname") in generated:
        yield "Hostname"
    if around.api >= SEVERAL_AT_CREATE:
        yield "MacAddress"  # it goes with the endpoint
