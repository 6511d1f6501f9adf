"""The two sides of a rollout: from which image to which."""

from __future__ import annotations

from collections.abc import Sequence

from patchdeck.model import ImageChoice
from patchdeck.registry.reference import InvalidReference, parse
from patchdeck.rollout.planning.members import origin_image
from patchdeck.rollout.planning.world import ContainerSeen, ImageSeen, TargetSeen, World
from patchdeck.versions import version_name

NONE = ImageChoice(image="")


def origin(world: World, members: Sequence[ContainerSeen]) -> ImageChoice:
    """The version that most of the service's replicas run."""
    image_id = origin_image(members)
    image = next(member.facts.image for member in members if member.facts.image_id == image_id)
    seen = world.images.get(image_id)
    return ImageChoice(
        image=image,
        image_id=image_id,
        digest=_digest(image, seen) if seen else "",
        version=version_name(image_id, image, seen.facts if seen else None),
        size_bytes=seen.facts.size_bytes if seen else None,
    )


def _digest(image: str, seen: ImageSeen) -> str:
    """Under the name that it was created from, else under any."""
    try:
        name = f"{parse(image).name}@"
    except InvalidReference:  # by its ID
        name = ""
    ordered = sorted(seen.facts.digests, key=lambda digest: (not digest.startswith(name), digest))
    return ordered[0] if ordered else ""


def target(seen: TargetSeen) -> ImageChoice:
    """The image asked for, as far as it is known."""
    known_as = seen.image_id or seen.digest.partition("@")[2]
    return ImageChoice(
        image=seen.image,
        image_id=seen.image_id,
        digest=seen.digest,
        version=version_name(known_as, seen.image, seen.facts) if seen.resolved else "",
        size_bytes=seen.facts.size_bytes if seen.facts else None,
    )


def runs_already(world: World, member: ContainerSeen) -> bool:
    """This container was made from the image asked for."""
    wanted = world.target
    if wanted.image_id and member.facts.image_id == wanted.image_id:
        return True
    image = world.images.get(member.facts.image_id)
    return bool(wanted.digest) and image is not None and wanted.digest in image.facts.digests
