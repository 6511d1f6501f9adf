"""All containers of the engine, by the names they can be asked for."""

from __future__ import annotations

from collections.abc import Iterator

from patchdeck.simulator.container import Container
from patchdeck.simulator.words import Words


class ContainerStore:
    def __init__(self, words: Words) -> None:
        self._words = words
        self._by_id: dict[str, Container] = {}
        self._id_by_name: dict[str, str] = {}

    def __len__(self) -> int:
        return len(self._by_id)

    def __iter__(self) -> Iterator[Container]:
        return iter(self._by_id.values())

    def add(self, container: Container) -> None:
        """Its name is reserved already."""
        self._by_id[container.id] = container

    def remove(self, container: Container) -> None:
        self._by_id.pop(container.id, None)
        container.gone.set()
        if self._id_by_name.get(container.name) == container.id:
            del self._id_by_name[container.name]

    def owner(self, name: str) -> str | None:
        """The ID of the container that has this name, or is about to."""
        return self._id_by_name.get(name)

    def reserve(self, name: str, container_id: str) -> None:
        """Raises: EngineFault where the name is taken."""
        if (owner := self._id_by_name.get(name)) is not None:
            raise self._words.name_taken(name, owner)
        self._id_by_name[name] = container_id

    def release(self, name: str) -> None:
        self._id_by_name.pop(name, None)

    def find(self, name: str) -> Container | None:
        """By full ID, name, or the beginning of an ID that only one has."""
        if (container := self._by_id.get(name)) is not None:
            return container
        if (owner := self._id_by_name.get(name.removeprefix("/"))) is not None:
            return self._by_id.get(owner)
        if not name:
            return None
        found = [one for one in self._by_id if one.startswith(name)]
        return self._by_id[found[0]] if len(found) == 1 else None

    def get(self, name: str) -> Container:
        """Raises: EngineFault where there is none."""
        found = self.find(name)
        if found is None:
            raise self._words.no_container(name)
        return found
