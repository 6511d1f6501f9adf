"""A gate by any PromQL expression from the configuration."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from operator import eq, ge, gt, le, lt, ne
from typing import TYPE_CHECKING, Final

from patchdeck.model import Verdict
from patchdeck.rollout.gates.compared import COMPARISON
from patchdeck.rollout.gates.gate import Context, Judgement, Need, hold

if TYPE_CHECKING:
    from patchdeck.settings import PrometheusSettings
    from patchdeck.sources.prometheus.client import Series

_OPERATORS: Final[Mapping[str, Callable[[float, float], bool]]] = {
    "<": lt,
    "<=": le,
    ">": gt,
    ">=": ge,
    "==": eq,
    "!=": ne,
}


class Expression:
    """It passes where every series of the answer compares as asked, and fails where one does not.

    An empty answer, NaN, and a Prometheus that does not answer are holds: nothing was seen, which is not the same as
    nothing being wrong.
    """

    needs = frozenset({Need.REPLICAS})

    def __init__(self, name: str, promql: str, compare: str, prometheus: PrometheusSettings) -> None:
        """`compare` as COMPARISON; the configuration has checked it."""
        self.name = name
        self._promql = promql
        self._prometheus = prometheus
        parts = COMPARISON.fullmatch(compare)
        assert parts is not None
        self._operator, self._limit = parts[1], float(parts[2])

    @property
    def rule(self) -> str:
        return f"{self._promql} {self._operator} {self._limit:g}"

    @property
    def source(self) -> str:
        return "Prometheus" if self._prometheus.url else "Prometheus, which is not configured: it will hold"

    async def judge(self, context: Context) -> Judgement:
        if not self._prometheus.url:
            return hold(
                "no Prometheus is configured: name it by --prometheus, PATCHDECK_PROMETHEUS or prometheus.url"
            )
        from patchdeck.sources.prometheus.client import Client  # noqa: PLC0415 - loads requests
        from patchdeck.sources.prometheus.faults import Fault  # noqa: PLC0415

        client = Client(self._prometheus)
        try:
            answered = await client.instant(filled(self._promql, context))
            return self._judged([_told(series) for series in answered.series])
        except Fault as fault:
            return hold(f"Prometheus: {fault}")
        finally:
            client.close()

    def _judged(self, values: list[tuple[str, float | None]]) -> Judgement:
        if not values:
            return hold("an empty answer: no series matches")
        blind = [name for name, value in values if value is None]
        if blind:
            return hold(f"no number for {blind[0]}" if blind[0] else "the answer is no number")
        compares = _OPERATORS[self._operator]
        told = [(name, value, compares(value, self._limit)) for name, value in values if value is not None]
        wrong = [one for one in told if not one[2]]
        name, value, _ = (wrong or told)[0]
        more = f", and {len(wrong) - 1} more" if len(wrong) > 1 else ""
        series = f" ({name})" if name and len(told) > 1 else ""
        verb = "is not" if wrong else "is"
        return Judgement(
            verdict=Verdict.FAIL if wrong else Verdict.PASS,
            evidence=f"{value:g}{series} {verb} {self._operator} {self._limit:g}{more}",
        )


def filled(promql: str, context: Context) -> str:
    """With $service, $engine and $containers put in, the last as a regular expression of the successors' names."""
    names = "|".join(re.escape(one.name) for one in context.replaced)
    values = {"$service": context.plan.service, "$engine": context.plan.engine, "$containers": names}
    return re.sub(r"\$(?:service|engine|containers)\b", lambda found: _quoted(values[found[0]]), promql)


def _quoted(text: str) -> str:
    """For the inside of a PromQL string in double quotes."""
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _told(series: Series) -> tuple[str, float | None]:
    from patchdeck.sources.prometheus.client import number  # noqa: PLC0415 - loads requests

    labels = ", ".join(f"{key}={value}" for key, value in sorted(series.metric.items()) if key != "__name__")
    return labels, number(series.value[1]) if series.value is not None else None
