"""What is asked of Prometheus, decided from what it has: the best expression for each indicator of each engine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from patchdeck.settings import IndicatorSettings, PrometheusSettings
from patchdeck.sources.prometheus.expressions import INDICATORS, TABLE, Expression, Role
from patchdeck.sources.prometheus.matching import Match


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """One expression, and of which engines. One query answers for all of them."""

    expression: Expression
    engines: Mapping[str, tuple[str, ...]]
    """Instance to the engines that it speaks of: two may run on one host."""

    @property
    def name(self) -> str:
        per = f" per {self.expression.per}" if self.expression.per != "engine" else ""
        return f"{self.expression.indicator}{per}"


def candidates(
    settings: PrometheusSettings, indicators: Sequence[IndicatorSettings]
) -> tuple[Expression, ...]:
    """The table with what the config replaces and adds."""
    kept = [one for one in TABLE if one.per != "engine" or one.indicator not in settings.expressions]
    units = {one.indicator: one.unit for one in TABLE}
    replaced = [
        Expression(indicator=name, promql=promql, words=f"{name} by the configuration", unit=units[name])
        for name, promql in settings.expressions.items()
        if name in INDICATORS
    ]
    own = [
        Expression(indicator=one.name, promql=one.promql, words=one.name, unit=one.unit, per=one.per)
        for one in indicators
    ]
    return (*kept, *replaced, *own)


def choose(
    expressions: Sequence[Expression],
    matches: Mapping[str, Match],
    metrics: Mapping[str, frozenset[str]],
) -> tuple[Asked, ...]:
    """For each engine and indicator the first expression whose metrics its instance has.

    `metrics` are the names by instance.
    """
    chosen: dict[int, dict[str, list[str]]] = {}
    for engine, match in matches.items():
        settled: set[tuple[str, str]] = set()
        for number, expression in enumerate(expressions):
            what = (expression.indicator, expression.per)
            instances = _instances(expression, match, metrics)
            if what in settled or not instances:
                continue
            settled.add(what)
            for instance in instances:
                chosen.setdefault(number, {}).setdefault(instance, []).append(engine)
    return tuple(
        Asked(
            expression=expressions[number],
            engines={instance: tuple(engines) for instance, engines in chosen[number].items()},
        )
        for number in sorted(chosen)
    )


def _instances(expression: Expression, match: Match, metrics: Mapping[str, frozenset[str]]) -> Sequence[str]:
    if expression.role is None:
        return sorted(set(match.instances.values()))
    instance = match.instances.get(expression.role)
    if instance is None or not metrics.get(instance, frozenset()).issuperset(expression.needs):
        return ()
    return (instance,)


def roles_by_name(metrics: Mapping[str, frozenset[str]], instance: str) -> frozenset[Role]:
    """The roles of an instance that the config names, by the metrics it has."""
    prefixes = {Role.NODE: "node_", Role.CADVISOR: "container_", Role.ENGINE: "engine_daemon_"}
    names = metrics.get(instance, frozenset())
    return frozenset(
        role for role, prefix in prefixes.items() if any(name.startswith(prefix) for name in names)
    )
