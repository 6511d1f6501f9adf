"""Images that a service could be moved to, put in order: patches first, then what is on the engine. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from patchdeck.model import Rollout, Service
from patchdeck.registry.newer import newest_first, newest_patch

if TYPE_CHECKING:
    from patchdeck.rollout.planning.offers import Offers

MOST = 200
HERE, REGISTRY, HISTORY = "here", "registry", "history"


def running_image(service: Service) -> str:
    """As its containers were created from it: that of the version with the most of them."""
    most = max(service.versions, key=lambda version: version.live, default=None)
    return most.images[0] if most and most.images else ""


def proposed(image: str, offers: Offers) -> str:
    """The newest patch version of what runs; empty where none is known."""
    repository, _, tag = image.partition("@")[0].rpartition(":")
    if not repository or "/" in tag:
        return ""
    tags = {
        one.rpartition(":")[2] for one in (*offers.here, *offers.tags) if one.startswith(f"{repository}:")
    }
    newest = newest_patch(tag, tags)
    return f"{repository}:{newest}" if newest else ""


def offered(
    service: Service, rollouts: Iterable[Rollout], offers: Offers | None, typed: str
) -> list[tuple[str, str]]:
    """References with where they are known from, those of the service's own repository first, the newest on top.

    Of those that have `typed` in them, where that is no reference among them.
    """
    found: dict[str, str] = {}
    for image in offers.here if offers else ():
        found[image] = HERE
    for image in offers.tags if offers else ():
        found.setdefault(image, REGISTRY)
    for version in service.versions:
        for image in version.images:
            found.setdefault(image, HISTORY)
    for rollout in rollouts:
        if rollout.service == service.name:
            for image in (rollout.plan.origin.image, rollout.plan.to.image):
                found.setdefault(image, HISTORY)
    own = running_image(service).partition("@")[0].rpartition(":")[0]
    alike = [one for one in found if typed in found or typed in one]
    tags = newest_first({one.rpartition(":")[2] for one in alike if own and one.startswith(f"{own}:")})
    first = [f"{own}:{tag}" for tag in tags]
    others = sorted(one for one in alike if one not in set(first))
    return [(one, found[one]) for one in (*first, *others)][:MOST]
