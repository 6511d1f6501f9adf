"""Which instances of Prometheus speak of which engine. What is not certain is told, not guessed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from patchdeck.model import EngineDescribed
from patchdeck.sources.prometheus.address import is_loopback
from patchdeck.sources.prometheus.expressions import Role

HERE = "localhost"
"""Every loopback address, as Prometheus sees it: the machine that Prometheus is on."""


class Instance(msgspec.Struct, frozen=True, kw_only=True):
    """One value of the label `instance`, in one role."""

    instance: str
    role: Role
    node_name: str = ""
    """The host's own name. Source: node_uname_info."""
    engine_id: str = ""
    """Source: engine_daemon_engine_info."""

    @property
    def place(self) -> str:
        """The host part, without a port."""
        return place_of(self.instance)


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of an engine that is to be found."""

    name: str
    address: str = ""
    """The host it is reached at; empty for a socket on this host."""
    described: EngineDescribed | None = None
    mapped: tuple[str, ...] = ()
    """Instances that the config names for it; they decide for the roles they have."""


class Match(msgspec.Struct, frozen=True, kw_only=True):
    """An engine's instance in each role, and why there is none in others."""

    instances: Mapping[Role, str] = {}
    doubts: tuple[str, ...] = ()


def place_of(instance: str) -> str:
    """The host part of an instance, which may have a port, and `HERE` for every loopback address."""
    host, colon, port = instance.rpartition(":")
    host = host if colon and port.isdigit() else instance
    host = host.strip("[]").rstrip(".").lower()
    return HERE if is_loopback(host) else host


def find(wanted: Wanted, instances: Sequence[Instance], *, prometheus_here: bool) -> Match:
    """The instance of `wanted` in each role. `prometheus_here`: it runs on this host, as far as its address tells."""
    mapped = [one for one in instances if one.instance in wanted.mapped]
    free = [one for one in instances if one.role not in {other.role for other in mapped}]
    names = _names(wanted, instances, mapped, prometheus_here=prometheus_here)
    found: dict[Role, str] = {}
    doubts: list[str] = []
    for role in Role:
        candidates = [one for one in mapped if one.role is role] or _best(
            wanted, [one for one in free if one.role is role], names
        )
        several = sorted({one.instance for one in candidates})
        if len(several) == 1:
            found[role] = several[0]
        elif several:
            doubts.append(f"several instances may be its {role}: {listed(several)}")
    return Match(instances=found, doubts=tuple(doubts))


def _names(
    wanted: Wanted, instances: Sequence[Instance], mapped: Sequence[Instance], *, prometheus_here: bool
) -> frozenset[str]:
    """Every name that the engine's host is known by, and the hosts of instances that are surely its own."""
    host_name = wanted.described.host_name.lower() if wanted.described else ""
    engine_id = wanted.described.engine_id if wanted.described else ""
    names = {name for name in (wanted.address.lower(), host_name) if name and not is_loopback(name)}
    local = wanted.described.local if wanted.described else not wanted.address
    strangers = {
        one.node_name
        for one in instances
        if one.place == HERE and one.node_name and not _same(one.node_name, host_name)
    }
    if local and prometheus_here and not (host_name and strangers):
        names.add(HERE)
    names.update(one.place for one in mapped)
    names.update(one.place for one in instances if engine_id and one.engine_id == engine_id)
    names.update(one.place for one in instances if host_name and one.node_name.lower() == host_name)
    return frozenset(names)


def _best(wanted: Wanted, candidates: Sequence[Instance], names: frozenset[str]) -> Sequence[Instance]:
    """By the engine's own ID, else by whole names, else by the first part of a name."""
    engine_id = wanted.described.engine_id if wanted.described else ""
    if engine_id and (own := [one for one in candidates if one.engine_id == engine_id]):
        return own
    # An instance that tells another engine's ID is another engine's, wherever it is.
    candidates = [one for one in candidates if not (engine_id and one.engine_id)]
    whole = [one for one in candidates if one.place in names or one.node_name.lower() in names]
    return whole or [
        one
        for one in candidates
        if any(_same(part, name) for name in names for part in (one.place, one.node_name))
    ]


def _same(one: str, other: str) -> bool:
    """Equal, or one is the other's first part: `prod-a` and `prod-a.example`. Addresses have no parts."""
    one, other = one.lower(), other.lower()
    if not one or not other or one == other:
        return bool(one) and one == other
    shorter, longer = sorted((one, other), key=len)
    return (
        "." not in shorter
        and ":" not in shorter
        and not shorter.isdigit()
        and longer.startswith(f"{shorter}.")
    )


def listed(names: Iterable[str], most: int = 4) -> str:
    """`a, b and 7 more`."""
    whole = list(names)
    shown = [name if len(name) <= 60 else f"{name[:59]}…" for name in whole[:most]]
    more = len(whole) - len(shown)
    if more:
        return f"{', '.join(shown)} and {more} more"
    return " and ".join(([", ".join(shown[:-1])] if shown[:-1] else []) + shown[-1:])
