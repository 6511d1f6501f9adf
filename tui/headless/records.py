"""Startups and services as JSON objects. docs/command-line.md has the tables of their fields."""

from __future__ import annotations

import json
import math
from collections.abc import Callable

from patchdeck.model import Quantiles, Service, Startup, Version
from tui.headless.times import rfc3339

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]


def seconds(value: float | None) -> float | None:
    """To the nanosecond. Infinity, which stands for longer than anything seen, is no JSON number and becomes null."""
    return None if value is None or not math.isfinite(value) else round(value, 9)


def startup_record(startup: Startup) -> dict[str, Json]:
    """The fields that scripts rely on first and in its order, then what helps to judge them."""
    return {name: value(startup) for name, value in STARTUP_FIELDS.items()}


STARTUP_FIELDS: dict[str, Callable[[Startup], Json]] = {
    "container": lambda startup: startup.container_id,
    "name": lambda startup: startup.name,
    "service": lambda startup: startup.service,
    "engine": lambda startup: startup.engine,
    "image": lambda startup: startup.image,
    "image_id": lambda startup: startup.image_id,
    "version": lambda startup: startup.version,
    "kind": lambda startup: startup.kind.value,
    "outcome": lambda startup: startup.outcome.value,
    "exit_code": lambda startup: startup.exit_code,
    "began_at": lambda startup: rfc3339(startup.began_ns),
    "started_at": lambda startup: rfc3339(startup.started_ns),
    "ready_at": lambda startup: rfc3339(startup.ready_ns),
    "latency_s": lambda startup: seconds(startup.latency_s),
    "ready_s": lambda startup: seconds(startup.ready_s),
    "in_flight": lambda startup: startup.in_flight,
    "phases": lambda startup: {phase.name: seconds(phase.seconds) for phase in startup.phases},
    "reason": lambda startup: startup.reason,
    "evidence": lambda startup: startup.evidence.value,
    "ready_error_s": lambda startup: seconds(startup.ready_error_s),
    "approximate": lambda startup: startup.approximate,
    "role": lambda startup: startup.role.value,
}


def service_record(service: Service) -> dict[str, Json]:
    """Counts are of live containers now; `failed` and the percentiles are over the startups that are kept."""
    return {
        "service": service.name,
        "engine": service.engine,
        "grouping": service.grouping.value,
        "live": service.live,
        "running": service.running,
        "starting": service.starting,
        "restarting": service.restarting,
        "unhealthy": service.unhealthy,
        "failed": service.failed,
        "one_offs": service.one_offs,
        "in_flight": service.in_flight,
        "last_start_at": rfc3339(service.last_start_ns),
        "starts": _quantiles(service.starts),
        "ready": _quantiles(service.ready),
        "restarts": _quantiles(service.restarts),
        "versions": [_version(version) for version in service.versions],
    }


def _version(version: Version) -> Json:
    return {
        "name": version.name,
        "image_id": version.image_id,
        "images": list(version.images),
        "created_at": rfc3339(version.created_ns),
        "since": rfc3339(version.since_ns),
        "live": version.live,
        "running": version.running,
        "starting": version.starting,
        "restarting": version.restarting,
        "unhealthy": version.unhealthy,
        "failed": version.failed,
        "size_bytes": version.size_bytes,
        "starts": _quantiles(version.starts),
        "ready": _quantiles(version.ready),
        "restarts": _quantiles(version.restarts),
    }


def _quantiles(of: Quantiles) -> Json:
    """A percentile that is null where n is not 0 lies among the censored: longer than anything seen."""
    return {
        "n": of.n,
        "censored": of.censored,
        "p50_s": seconds(of.p50_s),
        "p95_s": seconds(of.p95_s),
        "p99_s": seconds(of.p99_s),
    }


def json_line(record: Json) -> str:
    """One line of pure ASCII: text from outside can neither break it nor act on a terminal."""
    return json.dumps(record, ensure_ascii=True, allow_nan=False)


def json_document(record: Json) -> str:
    """The same for a document of its own, laid out for reading."""
    return json.dumps(record, ensure_ascii=True, allow_nan=False, indent=2)
