"""What is mounted into a container: all the ways to ask for it, as one list."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from patchdeck.simulator.container import Container, Mount
from patchdeck.simulator.containers import ContainerStore
from patchdeck.simulator.errors import EngineFault
from patchdeck.simulator.volumes import VolumeStore
from patchdeck.simulator.words import Words


class Mounting:
    def __init__(self, volumes: VolumeStore, containers: ContainerStore, words: Words) -> None:
        self._volumes = volumes
        self._containers = containers
        self._words = words

    def check(self, host: dict[str, Any]) -> None:
        """Raises: EngineFault for what can not be mounted anywhere."""
        for bind in host["Binds"] or ():
            destination = bind.partition(":")[2].partition(":")[0]
            if not destination.startswith("/"):
                raise self._words.relative_mount(bind, destination)
        for mount in host.get("Mounts") or ():
            if not (mount.get("Target") or "").startswith("/"):
                kind = mount.get("Type") or "volume"
                raise EngineFault(
                    400, f'invalid mount config for type "{kind}": field Target must not be empty'
                )

    def of(self, config: dict[str, Any], host: dict[str, Any]) -> list[Mount]:
        """Makes the volumes that are not there yet. Raises: EngineFault."""
        found: dict[str, Mount] = {}
        for mount in (*self._from_others(host), *self._binds(host), *self._mounts(host)):
            found[mount.destination] = mount
        for destination in config.get("Volumes") or {}:
            if destination not in found:
                found[destination] = self._volume("", destination, mode="", writable=True)
        return list(found.values())

    def _from_others(self, host: dict[str, Any]) -> Iterator[Mount]:
        for entry in host["VolumesFrom"] or ():
            name, _, mode = entry.partition(":")
            other = self._containers.find(name)
            if other is None:
                raise EngineFault(400, self._words.no_container(name).message)
            for mount in other.mounts:
                if mount.kind != "tmpfs":
                    writable = mount.writable and mode != "ro"
                    yield replace(mount, mode=mode, writable=writable, anonymous=False, inherited=True)

    def _binds(self, host: dict[str, Any]) -> Iterator[Mount]:
        for bind in host["Binds"] or ():
            source, _, rest = bind.partition(":")
            destination, _, mode = rest.partition(":")
            writable = "ro" not in mode.split(",")
            if source.startswith("/"):
                yield Mount("bind", destination, source=source, mode=mode, writable=writable)
            else:
                yield self._volume(source, destination, mode=mode or "z", writable=writable)

    def _mounts(self, host: dict[str, Any]) -> Iterator[Mount]:
        for mount in host.get("Mounts") or ():
            kind, target = mount.get("Type") or "volume", mount.get("Target") or ""
            source, writable = mount.get("Source") or "", not mount.get("ReadOnly")
            if kind == "volume":
                options = mount.get("VolumeOptions") or {}
                yield self._volume(source, target, mode="z", writable=writable, labels=options.get("Labels"))
            else:
                yield Mount(kind, target, source=source if kind == "bind" else "", writable=writable)
        for target in host.get("Tmpfs") or {}:
            yield Mount("tmpfs", target)

    def _volume(
        self,
        name: str,
        destination: str,
        *,
        mode: str,
        writable: bool,
        labels: dict[str, str] | None = None,
    ) -> Mount:
        volume = self._volumes.make(name, labels)
        return Mount("volume", destination, volume.name, volume.source, mode, writable, anonymous=not name)

    def hold(self, container: Container) -> None:
        """Its volumes can not be removed as long as it is there."""
        for mount in container.mounts:
            if mount.kind == "volume" and not mount.inherited:
                self._volumes.get(mount.name).users.add(container.id)

    def let_go(self, container: Container, *, remove_anonymous: bool) -> None:
        for mount in container.mounts:
            if mount.kind != "volume" or mount.inherited:
                continue
            users = self._volumes.get(mount.name).users
            users.discard(container.id)
            if mount.anonymous and remove_anonymous and not users:
                self._volumes.remove(mount.name)
