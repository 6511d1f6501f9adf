"""What is asked for each indicator: PromQL as data, the best alternative first.

Placeholders: `$engines` is a matcher of the instances that are asked about, `$window` a duration, `<<x>>` is x with a
label `service` as the containers are grouped here. Every expression aggregates in Prometheus, by (instance) or by
(instance, service), so that an answer is as long as there are engines watched, however many targets there are.

The config's `[prometheus.expressions]` replaces those of an engine's indicator; `[[indicators]]` adds others.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

import msgspec


class Role(StrEnum):
    """What an instance tells of."""

    NODE = "node metrics"
    CADVISOR = "cAdvisor"
    ENGINE = "the engine's metrics"


MARKERS: Final[Mapping[Role, tuple[str, ...]]] = {
    Role.NODE: ("node_uname_info", "node_exporter_build_info", "node_time_seconds"),
    Role.CADVISOR: ("cadvisor_version_info", "machine_cpu_cores"),
    Role.ENGINE: ("engine_daemon_engine_info", "engine_daemon_engine_cpus_cpus"),
}
"""Metrics that every instance of a role has, once: they show that it is there, and how old its samples are."""


class Expression(msgspec.Struct, frozen=True, kw_only=True):
    indicator: str
    promql: str
    words: str
    """What is read, for the reason on screen."""
    role: Role | None = None
    """None: a user's own, asked of all instances of an engine."""
    needs: tuple[str, ...] = ()
    """Metrics without which it has no answer."""
    per: str = "engine"
    """engine or service"""
    unit: str = "share"
    stand_in: bool = False
    """It tells use, not waiting: full use may be busy, and shows no saturation."""

    @property
    def windowed(self) -> bool:
        return "$window" in self.promql


def _node(
    indicator: str, words: str, promql: str, *needs: str, unit: str = "share", stand_in: bool = False
) -> Expression:
    return Expression(
        indicator=indicator,
        promql=promql,
        words=words,
        role=Role.NODE,
        needs=needs,
        unit=unit,
        stand_in=stand_in,
    )


def _pressure(indicator: str, words: str, metric: str) -> Expression:
    return _node(indicator, words, f"max by (instance) (rate({metric}{{$engines}}[$window]))", metric)


def _mean_time(indicator: str, words: str, metric: str, action: str) -> Expression:
    """Seconds a call took; no answer when there was none."""
    one = f'{{action="{action}",$engines}}[$window]'
    return Expression(
        indicator=indicator,
        promql=f"sum by (instance) (rate({metric}_sum{one})) / (sum by (instance) (rate({metric}_count{one})) > 0)",
        words=words,
        role=Role.ENGINE,
        needs=(f"{metric}_sum", f"{metric}_count"),
        unit="s",
    )


def _of_services(indicator: str, words: str, promql: str, *needs: str, unit: str = "share") -> Expression:
    return Expression(
        indicator=indicator,
        promql=f"topk({MOST_SERVICES}, {promql})",
        words=words,
        role=Role.CADVISOR,
        needs=needs,
        per="service",
        unit=unit,
    )


def _service_pressure(indicator: str, words: str, metric: str) -> Expression:
    """The replica that waits most speaks for its service."""
    promql = f'max by (instance, service) (<<rate({metric}{{name!="",$engines}}[$window])>>)'
    return _of_services(indicator, words, promql, metric)


MOST_SERVICES: Final = 100
"""Of each per-service expression: those with the highest values."""

_DISKS = 'device!~"loop.*|ram.*|sr.*|dm-.*|md.*"'
_WIRES = 'device!~"lo|veth.*|br-.*|docker.*|virbr.*|cni.*|flannel.*|cali.*|vxlan.*"'
_DROPPED = ("node_network_receive_drop_total", "node_network_transmit_drop_total")
_PACKETS = ("node_network_receive_packets_total", "node_network_transmit_packets_total")
_THROTTLED = ("container_cpu_cfs_throttled_periods_total", "container_cpu_cfs_periods_total")


def _both(metrics: tuple[str, str]) -> str:
    return " + ".join(
        f"sum by (instance) (rate({metric}{{{_WIRES},$engines}}[$window]))" for metric in metrics
    )


TABLE: Final[tuple[Expression, ...]] = (
    _pressure("cpu", "cpu some", "node_pressure_cpu_waiting_seconds_total"),
    _node(
        "cpu",
        "processors in use",
        '1 - avg by (instance) (rate(node_cpu_seconds_total{mode="idle",$engines}[$window]))',
        "node_cpu_seconds_total",
        stand_in=True,
    ),
    _pressure("memory", "memory full", "node_pressure_memory_stalled_seconds_total"),
    _node(
        "memory",
        "memory in use",
        "1 - max by (instance) (avg_over_time(node_memory_MemAvailable_bytes{$engines}[$window]))"
        " / max by (instance) (node_memory_MemTotal_bytes{$engines})",
        "node_memory_MemAvailable_bytes",
        "node_memory_MemTotal_bytes",
        stand_in=True,
    ),
    _pressure("io", "io full", "node_pressure_io_stalled_seconds_total"),
    _node(
        "io",
        "busiest disk in use",
        f"max by (instance) (rate(node_disk_io_time_seconds_total{{{_DISKS},$engines}}[$window]))",
        "node_disk_io_time_seconds_total",
        stand_in=True,
    ),
    _node(
        "network",
        "TCP segments sent again",
        "max by (instance) (rate(node_netstat_Tcp_RetransSegs{$engines}[$window]))"
        " / clamp_min(max by (instance) (rate(node_netstat_Tcp_OutSegs{$engines}[$window])), 1)",
        "node_netstat_Tcp_RetransSegs",
        "node_netstat_Tcp_OutSegs",
    ),
    _node(
        "drops",
        "packets dropped",
        f"({_both(_DROPPED)}) / clamp_min({_both(_PACKETS)}, 1)",
        *_DROPPED,
        *_PACKETS,
    ),
    Expression(
        indicator="throttling",
        promql=f"sum by (instance) (rate({_THROTTLED[0]}{{$engines}}[$window]))"
        f" / (sum by (instance) (rate({_THROTTLED[1]}{{$engines}}[$window])) > 0)",
        words="throttled periods",
        role=Role.CADVISOR,
        needs=_THROTTLED,
    ),
    _node(
        "oom",
        "processes killed for memory",
        "max by (instance) (increase(node_vmstat_oom_kill{$engines}[$window]))",
        "node_vmstat_oom_kill",
        unit="kills",
    ),
    Expression(
        indicator="oom",
        promql="sum by (instance) (increase(container_oom_events_total{$engines}[$window]))",
        words="containers out of memory",
        role=Role.CADVISOR,
        needs=("container_oom_events_total",),
        unit="kills",
    ),
    _mean_time("allocation", "network allocation", "engine_daemon_network_actions_seconds", "allocate"),
    _mean_time("start", "starts by the engine", "engine_daemon_container_actions_seconds", "start"),
    _node(
        "received",
        "received",
        f"sum by (instance) (rate(node_network_receive_bytes_total{{{_WIRES},$engines}}[$window]))",
        "node_network_receive_bytes_total",
        unit="bytes/s",
    ),
    _service_pressure("cpu", "cpu some", "container_pressure_cpu_waiting_seconds_total"),
    _service_pressure("memory", "memory full", "container_pressure_memory_stalled_seconds_total"),
    _service_pressure("io", "io full", "container_pressure_io_stalled_seconds_total"),
    _of_services(
        "throttling",
        "throttled periods",
        f'sum by (instance, service) (<<rate({_THROTTLED[0]}{{name!="",$engines}}[$window])>>)'
        f' / (sum by (instance, service) (<<rate({_THROTTLED[1]}{{name!="",$engines}}[$window])>>) > 0)',
        *_THROTTLED,
    ),
    _of_services(
        "oom",
        "containers out of memory",
        'sum by (instance, service) (<<increase(container_oom_events_total{name!="",$engines}[$window])>>) > 0',
        "container_oom_events_total",
        unit="kills",
    ),
    _of_services(
        "used-cpu",
        "processors in use",
        'sum by (instance, service) (<<rate(container_cpu_usage_seconds_total{name!="",$engines}[$window])>>)',
        "container_cpu_usage_seconds_total",
        unit="processors",
    ),
    _of_services(
        "used-memory",
        "memory in use",
        "sum by (instance, service)"
        ' (<<avg_over_time(container_memory_working_set_bytes{name!="",$engines}[$window])>>)',
        "container_memory_working_set_bytes",
        unit="bytes",
    ),
    _of_services(
        "used-io",
        "block IO",
        "sum by (instance, service)"
        ' (<<rate(container_fs_reads_bytes_total{name!="",$engines}[$window])>>)'
        " + sum by (instance, service)"
        ' (<<rate(container_fs_writes_bytes_total{name!="",$engines}[$window])>>)',
        "container_fs_reads_bytes_total",
        "container_fs_writes_bytes_total",
        unit="bytes/s",
    ),
)

INDICATORS: Final = frozenset(one.indicator for one in TABLE)
"""Names that the config's [prometheus.expressions] may replace, and that users' own indicators may not take."""
