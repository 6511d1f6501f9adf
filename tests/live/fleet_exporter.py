"""Many hosts' node metrics from one process: enough of them for Prometheus to hold, cheap to scrape."""

from __future__ import annotations

import time
from collections.abc import Mapping

from tests.unit.fake_prometheus import FakePrometheus, Request, answer

METRICS = """\
node_uname_info{{nodename="{name}",machine="x86_64"}} 1
node_pressure_cpu_waiting_seconds_total {now}
node_pressure_memory_stalled_seconds_total {now}
node_pressure_io_stalled_seconds_total {now}
node_cpu_seconds_total{{cpu="0",mode="idle"}} {now}
node_netstat_Tcp_RetransSegs {now}
node_netstat_Tcp_OutSegs {now}
node_vmstat_oom_kill 0
"""


class FleetExporter(FakePrometheus):
    """`.targets` maps an instance to where it is scraped, for `Prometheus.add_others`."""

    def __init__(self, hosts: int) -> None:
        super().__init__(self._metrics)
        self._names = [f"host-{number:04d}" for number in range(hosts)]

    @property
    def targets(self) -> Mapping[str, str]:
        return {f"{name}:9100": f"{self.url}/{name}" for name in self._names}

    async def _metrics(self, request: Request) -> bytes:
        text = METRICS.format(name=request.path.strip("/"), now=time.time())
        self.requests.clear()
        return answer(text.encode(), kind="text/plain")
