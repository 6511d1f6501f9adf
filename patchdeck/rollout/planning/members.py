"""Which containers a rollout of a service is about, and in which order they go."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from difflib import get_close_matches

from patchdeck.model import Role
from patchdeck.rollout.planning.world import ContainerSeen

NUMBER_LABEL = "com.docker.compose.container-number"
_NUMBER = re.compile(r"(\d+)", re.ASCII)
_NO_NUMBER = 1 << 62


def replicas(containers: Iterable[ContainerSeen], service: str) -> tuple[ContainerSeen, ...]:
    """The service's containers in the order in which they go, running or not; those of `compose run` are none."""
    own = (one for one in containers if one.service == service and one.role is not Role.ONE_OFF)
    return tuple(sorted(own, key=_turn))


def _turn(container: ContainerSeen) -> tuple[int, list[tuple[int, str]], str]:
    """By Compose's number, then by name, with web-2 before web-10."""
    number = container.facts.labels.get(NUMBER_LABEL, "")
    parts = [
        (int(part), "") if index % 2 else (-1, part)
        for index, part in enumerate(_NUMBER.split(container.facts.name))
    ]
    return int(number) if number.isdecimal() else _NO_NUMBER, parts, container.facts.container_id


def origin_image(members: Sequence[ContainerSeen]) -> str:
    """The image ID that most of these run; of equals the one whose container goes first."""
    return Counter(member.facts.image_id for member in members).most_common(1)[0][0]


def near_names(service: str, containers: Iterable[ContainerSeen]) -> tuple[str, ...]:
    """Services that may have been meant: `web` for `shop/web`, then those that are spelled alike."""
    known = sorted({one.service for one in containers})
    same_end = [name for name in known if name.rpartition("/")[2] == service]
    return tuple(dict.fromkeys([*same_end, *get_close_matches(service, known, n=3)]))[:3]
