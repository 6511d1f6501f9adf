"""A gate by PromQL, asked of a real Prometheus."""

from __future__ import annotations

import pytest

from patchdeck.model import ImageChoice, Plan, PlannedStep, Snapshot, Verdict
from patchdeck.rollout.gates.expression import Expression
from patchdeck.rollout.gates.gate import Context
from patchdeck.settings import PrometheusSettings
from tests.lab.prometheus import Prometheus

CONTEXT = Context(
    plan=Plan(
        service="shop/web", engine="lab", origin=ImageChoice(image="web:1.0"), to=ImageChoice(image="web:1.1")
    ),
    step=PlannedStep(index=0, name="canary", units=(0,)),
    snapshot=Snapshot(),
)


@pytest.mark.parametrize(
    ("promql", "compare", "verdict", "evidence"),
    [
        ("vector(0.004)", "< 0.01", Verdict.PASS, "0.004 is < 0.01"),
        ("vector(0.5)", "< 0.01", Verdict.FAIL, "0.5 is not < 0.01"),
        ('no_such_series{service="$service"}', "< 0.01", Verdict.HOLD, "an empty answer: no series matches"),
        ("vector(0) / vector(0)", "< 0.01", Verdict.HOLD, "the answer is no number"),
        ("sum(", "< 0.01", Verdict.HOLD, "Prometheus: "),
    ],
)
async def test_an_answer_passes_fails_or_holds(
    prometheus: Prometheus, promql: str, compare: str, verdict: Verdict, evidence: str
) -> None:
    told = await Expression("errors", promql, compare, PrometheusSettings(url=prometheus.url)).judge(CONTEXT)
    assert told.verdict is verdict, told
    assert told.evidence.startswith(evidence)


async def test_a_prometheus_that_is_not_there_holds(prometheus: Prometheus) -> None:
    nobody = PrometheusSettings(url=prometheus.url.rsplit(":", 1)[0] + ":9", timeout_s=1)
    told = await Expression("errors", "up", "== 1", nobody).judge(CONTEXT)
    assert told.verdict is Verdict.HOLD
    assert told.evidence.startswith("Prometheus: ")
