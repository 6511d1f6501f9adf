"""DELETE /images/{name}: a name, and with its last name the image."""

from __future__ import annotations

from patchdeck.simulator.container import Container
from patchdeck.simulator.images import Image, Kept, canonical
from patchdeck.simulator.world import World


class Untagging:
    def __init__(self, world: World) -> None:
        self._world = world

    def remove(self, name: str, *, force: bool) -> list[dict[str, str]]:
        """What was untagged and deleted. Raises: EngineFault."""
        kept = self._world.images.get(name)
        said = canonical(name)
        if said in kept.tags or said in kept.digests:
            return self._by_name(kept, said, force=force)
        return self._by_id(kept, force=force)

    def _by_name(self, kept: Kept, name: str, *, force: bool) -> list[dict[str, str]]:
        users = self._users(kept.image)
        repository = name.partition("@")[0].rpartition(":")[0] or name
        last = not [one for one in kept.tags if one != name]
        if last and users and not force:
            raise self._world.words.image_in_use(name, users[0].id, kept.image.id)
        done = [self._untag(kept, name)]
        if last:
            # Digests of the same repository go with its last tag.
            done += [
                self._untag(kept, one) for one in sorted(kept.digests) if one.startswith(f"{repository}@")
            ]
        if not kept.tags and not kept.digests and not users:
            done += [{"Deleted": gone} for gone in self._world.images.drop(kept)]
        return done

    def _by_id(self, kept: Kept, *, force: bool) -> list[dict[str, str]]:
        users = self._users(kept.image)
        running = [one for one in users if one.running]
        if running or (users and not force):
            one = (running or users)[0]
            raise self._world.words.image_id_in_use(kept.image.id, one.id, running=bool(running))
        done = [self._untag(kept, one) for one in (*sorted(kept.tags), *sorted(kept.digests))]
        return [*done, *({"Deleted": gone} for gone in self._world.images.drop(kept))]

    def _untag(self, kept: Kept, name: str) -> dict[str, str]:
        self._world.images.untag(kept, name)
        return {"Untagged": name}

    def _users(self, image: Image) -> list[Container]:
        return [one for one in self._world.containers if one.image.id == image.id]
