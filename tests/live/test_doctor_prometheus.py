"""What the doctor says of a real Prometheus."""

from __future__ import annotations

from patchdeck.doctor import EngineReport, Finding, Report, examine
from patchdeck.settings import PrometheusSettings, Settings
from tests.lab.engine import Engine
from tests.lab.processes import wait_until
from tests.lab.prometheus import Prometheus


async def look(engine: Engine, url: str) -> Report:
    settings = Settings(prometheus=PrometheusSettings(url=url))
    return await examine(settings, (engine.host,), with_prometheus=True)


def found(report: EngineReport, name: str) -> Finding:
    (one,) = (one for one in report.pressure if one.name == name)
    return one


async def test_the_doctor_tells_which_metrics_prometheus_has_of_an_engine(
    stock: Engine, prometheus: Prometheus
) -> None:
    prometheus.add(stock, "stock")
    assert wait_until(lambda: prometheus.query("engine_daemon_engine_info"), 20)
    report = await look(stock, prometheus.url)
    assert report.prometheus.available, report.prometheus
    assert "1 of node metrics" in report.prometheus.detail
    (engine,) = report.engines
    node, metrics, cadvisor = (
        found(engine, name) for name in ("node metrics", "the engine's metrics", "cAdvisor")
    )
    assert (node.available, node.advice) == (True, "")
    assert node.detail.startswith(f"127.0.0.1:{prometheus.node_port}: cpu, memory, io, network")
    assert metrics.available
    # Whether it has allocated a network yet is for other tests to say.
    assert metrics.detail in (f"{stock.metrics}: start", f"{stock.metrics}: allocation, start")
    assert not cadvisor.available
    assert cadvisor.advice.startswith("Let Prometheus scrape cAdvisor on that host")
