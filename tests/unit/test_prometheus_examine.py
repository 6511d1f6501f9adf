"""What is told of a Prometheus that a person asks about: whether it answers, what it has, and what to do."""

from __future__ import annotations

import pytest

from patchdeck.doctor import Report
from patchdeck.settings import PrometheusSettings, Settings
from patchdeck.sources.finding import Finding
from patchdeck.sources.prometheus.examine import Examined, examine
from patchdeck.sources.prometheus.matching import Wanted
from tests.lab.processes import free_port
from tests.unit.fake_prometheus import FakePrometheus, Request, Respond, answer, nothing, sample, success
from tui.headless.checks import check_lines, prometheus_section

NODE = ("node_uname_info", "node_cpu_seconds_total", "node_pressure_io_stalled_seconds_total")


def having(*instances: str, metrics: tuple[str, ...] = NODE) -> Respond:
    """A Prometheus with node metrics of these instances."""

    async def respond(request: Request) -> bytes:
        if request.path == "/-/ready":
            return answer(b"Ready.", kind="text/plain")
        asked = [one for one in metrics if one in request.query]
        return success([sample(1, __name__=name, instance=one) for one in instances for name in asked])

    return respond


async def examined(respond: Respond, *mapped: str) -> Examined:
    with FakePrometheus(respond) as server:
        settings = Settings(prometheus=PrometheusSettings(url=server.url, timeout_s=0.5))
        return await examine(settings, [Wanted(name="prod", address="prod.example", mapped=mapped)])


async def test_what_is_read_of_an_engine_is_told_and_what_is_only_use() -> None:
    told = await examined(having("prod.example:9100"))
    assert told.server.available
    assert told.server.detail.endswith(": it answers; instances: 1 of node metrics")
    node, cadvisor, metrics = told.engines["prod"]
    assert node.available
    assert node.detail == "prod.example:9100: cpu, io; only what is in use of cpu"
    assert "--collector.pressure" in node.advice
    assert (cadvisor.available, metrics.available) == (False, False)
    assert '"metrics-addr"' in metrics.advice


async def test_an_instance_that_is_not_surely_the_engines_is_told_with_where_to_say_so() -> None:
    node, *_ = (await examined(having("one:9100", "other:9100"))).engines["prod"]
    assert (node.available, node.detail) == (False, "no instance is surely this engine's")
    assert "[prometheus.instances]" in node.advice
    several, *_ = (await examined(having("prod:1", "prod:2"))).engines["prod"]
    assert several.detail == "several instances may be its node metrics: prod:1 and prod:2"
    mapped, *_ = (await examined(having("one:9100", "other:9100"), "one:9100")).engines["prod"]
    assert mapped.available


async def test_a_prometheus_without_anything_of_use_is_no_source() -> None:
    told = await examined(nothing)
    assert not told.server.available
    assert "let it scrape node_exporter" in told.server.detail


async def garbage(_: Request) -> bytes:
    return answer(b"<html>", 200, "text/html")


@pytest.mark.parametrize(("there", "words"), [(True, "query API"), (False, "nothing listens")])
async def test_one_that_does_not_answer_is_a_fault_with_what_to_do(there: bool, words: str) -> None:
    with FakePrometheus(garbage) as server:
        url = server.url if there else f"http://127.0.0.1:{free_port()}"
        settings = Settings(prometheus=PrometheusSettings(url=url, timeout_s=0.5))
        told = await examine(settings, ())
    assert (told.server.available, told.server.asked_for) == (False, True)
    assert words in told.server.detail
    report = Report(attempts=(), engines=(), prometheus=told.server)
    heading, line = check_lines([prometheus_section(report)], colour=False, ascii_only=False)
    assert heading == "Prometheus"
    assert line.startswith("  ✗ prometheus: http://")


def test_one_that_nobody_named_is_no_fault() -> None:
    report = Report(
        attempts=(), engines=(), prometheus=Finding(name="prometheus", available=False, advice="Name it.")
    )
    lines = check_lines([prometheus_section(report)], colour=False, ascii_only=False)
    assert list(lines) == ["Prometheus", "  · prometheus: not available", "      Name it."]
