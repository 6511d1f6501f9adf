"""Containers that a container refers to by ID, and those that refer to it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from patchdeck.model import Refusal
from patchdeck.model.facts import Value
from patchdeck.rollout.recreate.documents import Document, host_config_of, name_of

NAMESPACES = {"NetworkMode": "network", "IpcMode": "IPC namespace", "PidMode": "process namespace"}
_PREFIX = "container:"


class Reference(Value, frozen=True, kw_only=True):
    """One container that another cannot do without."""

    container: str
    """ID, the beginning of one, or name, as the engine recorded it."""
    what: str
    """What is shared: network, IPC namespace, process namespace, volumes, link."""


class Dependent(Value, frozen=True, kw_only=True):
    """A container that holds on to another, which it knows by ID."""

    container_id: str
    container: str
    on: str
    """The ID of the container that it refers to."""
    what: str


def references(container: Document) -> Iterator[Reference]:
    """The containers that this one refers to in its HostConfig."""
    host_config = host_config_of(container)
    for key, what in NAMESPACES.items():
        mode = str(host_config.get(key) or "")
        if mode.startswith(_PREFIX):
            yield Reference(container=mode.removeprefix(_PREFIX), what=what)
    for entry in host_config.get("VolumesFrom") or []:
        yield Reference(container=entry.partition(":")[0], what="volumes")
    for link in host_config.get("Links") or []:
        yield Reference(container=link.partition(":")[0].removeprefix("/"), what="link")


def find(reference: str, containers: Sequence[Document]) -> Document | None:
    """The container of this ID, of this name, or whose ID begins so."""
    for container in containers:
        if reference in (container["Id"], name_of(container)):
            return container
    begun = [container for container in containers if str(container["Id"]).startswith(reference)]
    return begun[0] if len(begun) == 1 else None


def dependents(container_id: str, containers: Sequence[Document]) -> tuple[Dependent, ...]:
    """All that refer to this container, and to those in turn: each after what it refers to, else by name.

    They must be made anew with it: an ID that is gone is accepted at create and fails at the next start.
    """
    held = {one["Id"]: _held(one, containers) for one in sorted(containers, key=name_of)}
    going = {container_id}
    while more := {one for one, targets in held.items() if one not in going and going & targets.keys()}:
        going |= more
    names = {one["Id"]: name_of(one) for one in containers}
    waiting = [one for one in held if one in going and one != container_id]
    found: list[Dependent] = []
    while waiting:
        # In a circle nothing is first; whichever comes by name then is.
        free = [one for one in waiting if not held[one].keys() & (set(waiting) - {one})] or waiting
        for target, whats in held[free[0]].items():
            if target in going:
                what = " and ".join(whats)
                found.append(Dependent(container_id=free[0], container=names[free[0]], on=target, what=what))
                break
        waiting.remove(free[0])
    return tuple(found)


def _held(container: Document, containers: Sequence[Document]) -> dict[str, list[str]]:
    """IDs of the containers that this one refers to, each with what for."""
    held: dict[str, list[str]] = {}
    for reference in references(container):
        target = find(reference.container, containers)
        if target is not None and target["Id"] != container["Id"]:
            held.setdefault(target["Id"], []).append(reference.what)
    return held


def remapped(host_config: dict[str, Any], replaced: Mapping[str, str]) -> dict[str, Any]:
    """The same with the IDs of `replaced` (old to new) in place of those that are gone."""
    new = dict(host_config)
    for key in NAMESPACES:
        mode = str(new.get(key) or "")
        target = mode.removeprefix(_PREFIX)
        if mode.startswith(_PREFIX) and target in replaced:
            new[key] = _PREFIX + replaced[target]
    if new.get("VolumesFrom"):
        new["VolumesFrom"] = [_from(entry, replaced) for entry in new["VolumesFrom"]]
    if new.get("Links"):
        new["Links"] = [_link(entry) for entry in new["Links"]]
    return new


def _from(entry: str, replaced: Mapping[str, str]) -> str:
    target, colon, mode = entry.partition(":")
    return replaced.get(target, target) + colon + mode


def _link(entry: str) -> str:
    """Recorded as `/dep:/self/alias`, asked for as `dep:alias`."""
    target, _, alias = entry.partition(":")
    return f"{target.removeprefix('/')}:{alias.rpartition('/')[2]}"


def gone(
    container: Document, containers: Sequence[Document], replaced: Mapping[str, str]
) -> tuple[Refusal, ...]:
    """A refusal for each container that this one needs and that is neither there nor replaced."""
    return tuple(
        Refusal(
            rule="reference-gone",
            text=f"{name_of(container)} takes its {reference.what} from container {reference.container[:12]}, "
            "which is gone: recreate this one by hand first",
        )
        for reference in references(container)
        if reference.container not in replaced and find(reference.container, containers) is None
    )
