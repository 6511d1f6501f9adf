"""Which environment variables of a container are its own, and which came from its image.

An engine keeps no record of that, but it keeps the order: those that the container was created with come first, and
after them those of the image that they left alone, in the image's order. So a variable that stands before the rest of
the image's is the container's own, even where its value is the image's.
"""

from __future__ import annotations

from collections.abc import Sequence

from patchdeck.rollout.recreate.documents import variable


def split(container: Sequence[str], image: Sequence[str]) -> tuple[list[str], list[str]]:
    """The entries that the container was created with, and those that came from the image, as far as can be told.

    Nobody gives a container the very PATH of its image. One that stands before the container's own shows that the list
    was not ordered by Docker; what equals the image's is then taken for the image's.
    """
    whole = len(container)
    fits = (count for count in range(whole) if merged(container[:count], image) == list(container))
    count = next(fits, whole)
    defaults = set(image)
    if not any(entry in defaults and variable(entry) == "PATH" for entry in container[:count]):
        return list(container[:count]), list(container[count:])
    own = [entry for entry in container if entry not in defaults]
    return own, [entry for entry in container if entry in defaults]


def merged(container: Sequence[str], image: Sequence[str]) -> list[str]:
    """What the engine makes of a container's entries and its image's."""
    names = {variable(entry) for entry in container}
    return [*container, *(entry for entry in image if variable(entry) not in names)]


def unclear(container: Sequence[str], image: Sequence[str]) -> list[str]:
    """Names of those taken for the image's that may be the container's own, given with the image's very value.

    Behind a PATH that is the image's there are none: they would stand before it.
    """
    names = []
    for entry in split(container, image)[1]:
        if variable(entry) == "PATH":
            break
        names.append(variable(entry))
    return names
