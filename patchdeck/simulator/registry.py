"""The registries of the simulated world: one place, whatever host a reference names."""

from __future__ import annotations

from patchdeck.registry.reference import Reference
from patchdeck.simulator.images import Image
from patchdeck.simulator.words import Words


class Registry:
    """`failing` refuses everything, as one does that can not be reached."""

    def __init__(self, words: Words) -> None:
        self._words = words
        self._by_tag: dict[tuple[str, str], Image] = {}
        self._by_digest: dict[tuple[str, str], Image] = {}
        self.failing = False

    def publish(self, repository: str, tag: str, image: Image) -> None:
        self._by_tag[repository, tag] = image
        self._by_digest[repository, image.manifest] = image

    def find(self, reference: Reference) -> Image:
        """Raises: EngineFault, as a pull."""
        image = self._look(reference)
        if image is None and not reference.registry and not self._has(reference.name):
            raise self._words.pull_denied(reference.name)
        if image is None:
            raise self._words.no_manifest(str(reference))
        return image

    def read(self, reference: Reference) -> Image:
        """Raises: EngineFault, as GET /distribution."""
        image = self._look(reference)
        if image is None:
            raise self._words.no_manifest_to_read()
        return image

    def _look(self, reference: Reference) -> Image | None:
        if self.failing:
            raise self._words.registry_down(reference.registry or "registry-1.docker.io")
        if reference.digest:
            return self._by_digest.get((reference.name, reference.digest))
        return self._by_tag.get((reference.name, reference.tag))

    def _has(self, repository: str) -> bool:
        return any(name == repository for name, _ in self._by_tag)
