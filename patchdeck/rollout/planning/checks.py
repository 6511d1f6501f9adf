"""What keeps a plan from being run, each with a sentence on what to do about it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from patchdeck.model import LayerPlan, Refusal, Role
from patchdeck.registry.image import Platform
from patchdeck.rollout.planning.members import near_names
from patchdeck.rollout.planning.rules import Rule
from patchdeck.rollout.planning.world import ContainerSeen, EngineSeen, ImageSeen, World
from patchdeck.rollout.seen import rollout_in
from patchdeck.versions import short_id

UNPACKED: Final = 3
"""An image needs about so many times its compressed size while it is pulled: the download, and what it unpacks to."""
_NAMED: Final = 3


def of_service(world: World, service: str, members: Sequence[ContainerSeen]) -> Iterator[Refusal]:
    """Whether there is such a service here, and whether it is one that is moved replica by replica."""
    if not members:
        near = near_names(service, world.containers)
        hint = f"did you mean {' or '.join(near)}?" if near else "`patchdeck services` lists them"
        text = f"there is no service {service} on {world.engine.name}; {hint}"
        yield Refusal(rule=Rule.UNKNOWN_SERVICE, text=text)
    if any(member.role is Role.TASK for member in members):
        text = (
            f"{service} is a Swarm service, whose tasks Swarm replaces; use `docker service update --image`"
        )
        yield Refusal(rule=Rule.SWARM, text=text)


def of_members(
    world: World, service: str, members: Sequence[ContainerSeen], going: Sequence[ContainerSeen]
) -> Iterator[Refusal]:
    """Whether its replicas can be replaced: they run, there is something to do, their old images exist."""
    amid = {member.facts.name: rollout for member in members if (rollout := rollout_in(member.facts.name))}
    for rollout in sorted(set(amid.values())):
        text = (
            f"{named(name for name in amid if amid[name] == rollout)} is of rollout {rollout} of {service}, which is "
            f"not over, and may be its way back: `patchdeck rollout resume {rollout}` goes on, `abort` goes back"
        )
        yield Refusal(rule=Rule.OPEN_ROLLOUT, text=text)
    stopped = [
        member for member in members if member.facts.status != "running" and member.facts.name not in amid
    ]
    if stopped:
        states = named(f"{member.facts.name} is {member.facts.status}" for member in stopped)
        text = f"not all replicas of {service} run: {states}; start them or remove them first"
        yield Refusal(rule=Rule.NOT_RUNNING, text=text)
    if not going and len(stopped) < len(members):
        text = f"all replicas of {service} run {world.target.image} already; there is nothing to do"
        yield Refusal(rule=Rule.SAME_IMAGE, text=text)
    lost = [member for member in going if member.facts.image_id not in world.images]
    if lost:
        names = named(f"{member.facts.name} (from {short_id(member.facts.image_id)})" for member in lost)
        text = (
            f"the old image of {names} is not on {world.engine.name} any more, so that nobody can tell the user's "
            "settings from the image's; pull or load the image of exactly this ID first"
        )
        yield Refusal(rule=Rule.NO_OLD_IMAGE, text=text)


def of_platform(
    engine: EngineSeen, platform: Platform | None, old: Iterable[ImageSeen], image: str
) -> Iterator[Refusal]:
    """An image of another platform is fine where the old one is of it too: then the host emulates it."""
    if platform is None or not platform.architecture or not engine.platform.architecture:
        return
    if engine.platform.runs(platform) or any(one.platform.runs(platform) for one in old):
        return
    text = f"{image} is for {platform} and {engine.name} is {engine.platform}; choose an image for that"
    yield Refusal(rule=Rule.PLATFORM, text=text)


def of_disk(engine: EngineSeen, layers: LayerPlan) -> Iterator[Refusal]:
    """Only where the engine's folder can be seen from here and the registry told how much is to be pulled."""
    if engine.free_bytes is None or not layers.new_bytes:
        return
    needed = UNPACKED * layers.new_bytes
    if needed > engine.free_bytes:
        text = (
            f"pulling needs about {_mb(needed)} and {engine.name} has {_mb(engine.free_bytes)} free where it keeps "
            "images; make room, for example with `docker image prune`"
        )
        yield Refusal(rule=Rule.DISK, text=text)


def _mb(size_bytes: int) -> str:
    return f"{size_bytes / 1e6:,.0f} MB"


def named(names: Iterable[str]) -> str:
    """A few of them, and how many more there are."""
    every = list(names)
    more = f" and {len(every) - _NAMED} more" if len(every) > _NAMED else ""
    return ", ".join(every[:_NAMED]) + more
