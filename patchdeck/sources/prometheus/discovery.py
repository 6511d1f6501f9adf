"""Asking Prometheus what it has: which instances, which metrics, and so which questions can be asked of whom."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from patchdeck.settings import Settings
from patchdeck.sources.prometheus import asking, promql
from patchdeck.sources.prometheus.address import host_of, is_loopback
from patchdeck.sources.prometheus.client import Answered, Client
from patchdeck.sources.prometheus.expressions import MARKERS, Role
from patchdeck.sources.prometheus.matching import Instance, Match, Wanted, find, listed

NOTHING_OF_USE = (
    "it has none of the metrics that are read here: let it scrape node_exporter (with --collector.pressure), cAdvisor "
    "or the engine's own metrics"
)
_MAP_IT = "say which in [prometheus.instances]"


class Found(msgspec.Struct, frozen=True, kw_only=True):
    instances: tuple[Instance, ...]
    matches: Mapping[str, Match]
    """By engine."""
    metrics: Mapping[str, frozenset[str]]
    """Their names, by instance, of the matched ones."""
    asked: tuple[asking.Asked, ...]
    cut: bool = False
    """There are more instances than were looked at."""

    def sentence(self, engine: str) -> str:
        """Why there is nothing to be read of an engine, or not all; empty if there is no doubt."""
        match = self.matches[engine]
        doubts = "; ".join(match.doubts) + f"; {_MAP_IT}" if match.doubts else ""
        if match.instances:
            read = any(engine in engines for asked in self.asked for engines in asked.engines.values())
            return (
                doubts
                if read
                else doubts or f"{listed(sorted(set(match.instances.values())))}: {NOTHING_OF_USE}"
            )
        if not self.instances:
            return NOTHING_OF_USE
        if doubts:
            return doubts
        names = sorted({one.instance for one in self.instances})
        some = " (too many to look at all)" if self.cut else ""
        return f"none of its instances is surely this engine's host; it has {listed(names)}{some}: {_MAP_IT}"

    def has_readings(self, engine: str) -> bool:
        return any(engine in engines for asked in self.asked for engines in asked.engines.values())


async def discover(client: Client, settings: Settings, wanted: Sequence[Wanted]) -> tuple[Found, int | None]:
    """Two questions, however many targets there are. With it, how far Prometheus's clock is ahead, if that can be told.

    Raises: Fault.
    """
    answer = await client.instant(promql.all_instances())
    known = _instances(answer)
    named = {instance for one in wanted for instance in one.mapped}
    here = is_loopback(host_of(settings.prometheus.url))
    matches = {one.name: find(one, known, prometheus_here=here) for one in wanted}
    matched = named | {instance for match in matches.values() for instance in match.instances.values()}
    metrics = _metrics(await client.instant(promql.metrics_of(matched))) if matched else {}
    # What the config names need not have the metrics by which instances are found.
    unmarked = tuple(
        Instance(instance=instance, role=role)
        for instance in sorted(named)
        for role in Role
        if role in asking.roles_by_name(metrics, instance)
        and not any(one.instance == instance and one.role is role for one in known)
    )
    if unmarked:
        known += unmarked
        matches = {one.name: find(one, known, prometheus_here=here) for one in wanted}
    expressions = asking.candidates(settings.prometheus, settings.indicators)
    found = Found(
        instances=known,
        matches=matches,
        metrics=metrics,
        asked=asking.choose(expressions, matches, metrics),
        cut=len(answer.series) >= promql.MOST_INSTANCES,
    )
    return found, answer.offset_ns


def _instances(answer: Answered) -> tuple[Instance, ...]:
    role_of = {name: role for role, names in MARKERS.items() for name in names}
    told: dict[tuple[str, Role], tuple[str, str]] = {}
    for series in answer.series:
        instance, role = series.metric.get("instance", ""), role_of.get(series.metric.get("__name__", ""))
        if not instance or role is None:
            continue
        node_name, engine_id = told.get((instance, role), ("", ""))
        told[instance, role] = (
            series.metric.get("nodename", "") or node_name,
            series.metric.get("daemon_id", "") or engine_id,
        )
    return tuple(
        Instance(instance=instance, role=role, node_name=node_name, engine_id=engine_id)
        for (instance, role), (node_name, engine_id) in sorted(told.items())
    )


def _metrics(answer: Answered) -> dict[str, frozenset[str]]:
    names: dict[str, set[str]] = {}
    for series in answer.series:
        if instance := series.metric.get("instance", ""):
            names.setdefault(instance, set()).add(series.metric.get("__name__", ""))
    return {instance: frozenset(found) for instance, found in names.items()}
