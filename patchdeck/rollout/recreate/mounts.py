"""Volumes that nobody named: the successor of a container that holds one must adopt it, or its data is lost."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Sequence
from typing import Any

from patchdeck.model import Refusal
from patchdeck.model.facts import Value
from patchdeck.rollout.recreate.documents import Document, host_config_of, name_of
from patchdeck.rollout.recreate.references import find

_FOLDER = re.compile(r"/volumes/([0-9a-f]{64})/_data$")


class AdoptedVolume(Value, frozen=True, kw_only=True):
    """An anonymous volume that goes over to the successor."""

    name: str
    """The engine's: 64 hexadecimal digits."""
    destination: str
    read_write: bool = True


def adopted(container: Document, containers: Sequence[Document]) -> tuple[AdoptedVolume, ...]:
    """The volumes of a container that its HostConfig does not name, by destination.

    `containers` are the inspect documents of those that it may take volumes from.
    """
    return tuple(
        AdoptedVolume(name=name, destination=mount["Destination"], read_write=bool(mount.get("RW", True)))
        for mount in _anonymous(container, containers)
        if (name := _name(mount))
    )


def refusals(container: Document, containers: Sequence[Document]) -> tuple[Refusal, ...]:
    """A refusal for each volume that would have to be adopted and that the engine does not tell the name of."""
    return tuple(
        Refusal(
            rule="unnamed-volume",
            text=f"the volume at {mount['Destination']} of {name_of(container)} has no name that the engine tells, so "
            "its data would be lost: restart the engine, which makes it tell, or recreate the container by hand",
        )
        for mount in _anonymous(container, containers)
        if not _name(mount)
    )


def _anonymous(container: Document, containers: Sequence[Document]) -> Iterator[Document]:
    host_config = host_config_of(container)
    named = {_target(bind) for bind in host_config.get("Binds") or [] if _source(bind)}
    named |= {_clean(mount["Target"]) for mount in host_config.get("Mounts") or [] if mount.get("Source")}
    taken = _taken_from_others(host_config, containers)
    for mount in sorted(container.get("Mounts") or [], key=lambda one: str(one["Destination"])):
        place = _clean(mount["Destination"])
        if mount.get("Type") == "volume" and place not in named and (place, _name(mount)) not in taken:
            yield mount


def _name(mount: Document) -> str:
    """Engines leave the name out where the volume was asked for as a bind without a source; its folder tells it."""
    in_folder = _FOLDER.search(str(mount.get("Source", "")))
    return str(mount.get("Name") or (in_folder[1] if in_folder else ""))


def with_adopted(host_config: dict[str, Any], volumes: Sequence[AdoptedVolume]) -> dict[str, Any]:
    """The same with each adopted volume named, in place of the request for a new one where there was one."""
    new = dict(host_config)
    left = {_clean(volume.destination): volume for volume in volumes}
    binds = []
    for bind in host_config.get("Binds") or []:
        volume = None if _source(bind) else left.pop(_target(bind), None)
        binds.append(bind if volume is None else f"{volume.name}:{bind}")
    mounts = []
    for mount in host_config.get("Mounts") or []:
        volume = None if mount.get("Source") else left.pop(_clean(mount["Target"]), None)
        mounts.append(mount if volume is None else {**mount, "Source": volume.name})
    mounts += [_mount(volume) for volume in left.values()]
    if binds:
        new["Binds"] = binds
    if mounts:
        new["Mounts"] = mounts
    return new


def _mount(volume: AdoptedVolume) -> dict[str, Any]:
    mount: dict[str, Any] = {"Type": "volume", "Source": volume.name, "Target": volume.destination}
    return mount if volume.read_write else mount | {"ReadOnly": True}


def _taken_from_others(host_config: Document, containers: Sequence[Document]) -> set[tuple[str, str]]:
    """Destination and name of the volumes that come by VolumesFrom."""
    taken: set[tuple[str, str]] = set()
    for entry in host_config.get("VolumesFrom") or []:
        other = find(entry.partition(":")[0], containers)
        if other is not None:
            taken |= {(_clean(one["Destination"]), _name(one)) for one in other.get("Mounts") or []}
    return taken


def _source(bind: str) -> str:
    """The folder or volume of `source:target[:options]`; empty in `target`, which asks for a new volume."""
    return bind.partition(":")[0] if ":" in bind else ""


def _target(bind: str) -> str:
    return _clean(bind.split(":")[1] if ":" in bind else bind)


def _clean(path: str) -> str:
    return posixpath.normpath(path)
