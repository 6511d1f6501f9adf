"""The images of a scenario: a base that all share, a runtime for each service, and what a version adds."""

from __future__ import annotations

from typing import Any, Final

from patchdeck.simulator.behaviour import Behaviour
from patchdeck.simulator.images import Image, Layer, image
from patchdeck.simulator.scenarios.script import MB, Service, Version

_BASE: Final = Layer(content="base", size_bytes=74 * MB, instruction="/bin/sh -c #(nop) ADD file:base in / ")
_APART_NS: Final = 86_400 * 10**9
"""Each version was built a day after the one before."""
PATIENT_S: Final = 60.0
"""The start period of a version that takes long; of others a sixth."""


def images_of(service: Service, now_ns: int) -> dict[str, Image]:
    """By version."""
    count = len(service.versions)
    return {
        version.name: _built(service, version, now_ns - (count - index) * _APART_NS)
        for index, version in enumerate(service.versions)
    }


def _built(service: Service, version: Version, at_ns: int) -> Image:
    runtime = Layer(
        content=f"{service.name} runtime",
        size_bytes=service.runtime_bytes,
        instruction="RUN /bin/sh -c install-runtime",
    )
    program = Layer(
        content=f"{service.name} {version.name}", size_bytes=version.size_bytes, instruction="COPY app /app"
    )
    return image(
        _BASE,
        runtime,
        program,
        created_ns=at_ns,
        labels={"org.opencontainers.image.version": version.name},
        env=("LOG_LEVEL=info",),
        cmd=("/app/serve",),
        healthcheck=_healthcheck(service, version),
        behaviour=version.behaviour or Behaviour(healthy_after_s=service.ready_s or 0.0),
    )


def _healthcheck(service: Service, version: Version) -> dict[str, Any] | None:
    if service.ready_s is None:
        return None
    ready_s = version.behaviour.healthy_after_s if version.behaviour else None
    period_s = PATIENT_S if ready_s else PATIENT_S / 6
    return {
        "Test": ["CMD", "/app/healthy"],
        "Interval": 5 * 10**9,
        "Timeout": 2 * 10**9,
        "StartPeriod": round(period_s * 1e9),
        "StartInterval": 5 * 10**8,
        "Retries": 3,
    }
