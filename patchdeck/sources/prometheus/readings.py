"""From Prometheus's answers to observations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import msgspec

from patchdeck.model import IndicatorRead
from patchdeck.sources.prometheus import promql
from patchdeck.sources.prometheus.asking import Asked
from patchdeck.sources.prometheus.client import Series, number
from patchdeck.sources.prometheus.faults import BadQuery
from patchdeck.sources.prometheus.standing import SOURCE
from patchdeck.sources.prometheus.timing import Windows
from patchdeck.versions import group

Values = Mapping[tuple[str, str], Mapping[str, Series]]
"""Series by instance and service, and by window."""


def readings(
    asked: Asked,
    series: Sequence[Series],
    *,
    windows: Windows,
    at_ns: Mapping[str, int],
    group_by: Sequence[str],
) -> list[IndicatorRead]:
    """Of the present; `at_ns` is when the newest samples of each instance are from.

    Raises: BadQuery, Malformed.
    """
    found: list[IndicatorRead] = []
    for (instance, service), by_window in _sorted_out(asked, series, group_by).items():
        values = {
            window: value
            for window, one in by_window.items()
            if one.value is not None and (value := number(one.value[1])) is not None
        }
        if instance in at_ns:
            found += _reads(asked, (instance, service), values, at_ns[instance], windows)
    return found


def past_readings(
    asked: Asked,
    series: Sequence[Series],
    *,
    windows: Windows,
    offset_ns: int,
    engines: frozenset[str],
) -> list[IndicatorRead]:
    """Of the moments of a range, oldest first; what Prometheus has no value for has no reading.

    Raises: BadQuery, Malformed.
    """
    found: list[IndicatorRead] = []
    for (instance, service), by_window in _sorted_out(asked, series, ()).items():
        moments: dict[float, dict[str, float]] = {}
        for window, one in by_window.items():
            for moment, text in one.values:
                value = number(text)
                if value is not None:
                    moments.setdefault(moment, {})[window] = value
        for moment, values in moments.items():
            at_ns = round(moment * 1e9) - offset_ns
            found += _reads(asked, (instance, service), values, at_ns, windows)
    wanted = [one for one in found if one.engine in engines]
    return sorted(wanted, key=lambda read: read.at_ns)


def _sorted_out(asked: Asked, series: Sequence[Series], group_by: Sequence[str]) -> Values:
    found: dict[tuple[str, str], dict[str, Series]] = {}
    for one in series:
        instance = one.metric.get("instance", "")
        if not instance:
            raise BadQuery("its values have no label instance: aggregate by (instance)")
        if instance not in asked.engines:
            continue
        service = _service(one.metric, group_by) if asked.expression.per == "service" else ""
        by_window = found.setdefault((instance, service), {})
        window = one.metric.get(promql.WINDOW, promql.SHORT)
        if window in by_window:
            what = "(instance, service)" if service else "(instance)"
            raise BadQuery(f"it has several values for one: aggregate by {what}")
        by_window[window] = one
    return found


def _service(metric: Mapping[str, str], group_by: Sequence[str]) -> str:
    """Its label of that name, else as a container with these labels would be grouped."""
    service = metric.get("service", "")
    if not service:
        labels = {
            label: metric.get(promql.container_label(label), "")
            for rule in group_by
            for label in rule.split("+")
        }
        service, _ = group(metric.get("name", ""), labels, group_by)
    if not service:
        raise BadQuery("its values have no label service: aggregate by (instance, service)")
    return service


def _reads(
    asked: Asked, whose: tuple[str, str], values: Mapping[str, float], at_ns: int, windows: Windows
) -> Iterator[IndicatorRead]:
    """One for each engine that the instance speaks of; none without a value of the short window."""
    value = values.get(promql.SHORT)
    if value is None:
        return
    instance, service = whose
    expression = asked.expression
    read = IndicatorRead(
        engine="",
        at_ns=at_ns,
        indicator=expression.indicator,
        source=SOURCE,
        value=value,
        sustained=values.get(promql.LONG),
        window_s=windows.short_s if expression.windowed else 0.0,
        sustained_s=windows.long_s if expression.windowed else 0.0,
        service=service,
        detail=expression.words,
        unit=expression.unit,
        stand_in=expression.stand_in,
    )
    for engine in asked.engines[instance]:
        yield msgspec.structs.replace(read, engine=engine)
