"""Real loads on a real host: each turns its own indicator busy, and no other saturated; all is calm again after.

Levels of busy go by the 60 s window, so that none can be reached at once: the time given is two scrapes at Prometheus's
usual 15 s. The machine may be at work for others too. What was busy before a load began shows nothing of that load, and
is left out of what must not become saturated.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from patchdeck.model import Indicator, IndicatorRead, Level
from patchdeck.settings import PressureLevels, PrometheusSettings, Settings
from tests.lab.engine import Engine
from tests.lab.images import Images
from tests.lab.prometheus import Prometheus
from tests.live.watching import Watching

TWO_SCRAPES_S = 30.0
LOAD_S = 40
CALM_S = 120.0
"""An average over 60 s takes so long to fall from where a load left it."""

BURN = "for i in 1 2 3 4 5 6; do while :; do :; done & done; wait"
FSYNC = (
    "for i in 1 2 3; do while :; do dd if=/dev/zero of=/load$i bs=16k count=64 conv=fsync 2>/dev/null;"
    " done & done; wait"
)
RECLAIM = "dd if=/dev/zero of=/load bs=1M count=96 2>/dev/null; while :; do cat /load /load > /dev/null; done"
AT_WORK = (Level.BUSY, Level.SATURATED)


def indicators(watching: Watching) -> dict[str, Indicator]:
    (engine,) = watching.snapshot.engines
    return {one.name: one for one in engine.indicators}


@contextmanager
def loaded(engine: Engine, image: str, script: str, *limits: str) -> Iterator[str]:
    """A container that does this for LOAD_S at most."""
    name = "load"
    network = ("--network", "none")
    engine.docker(
        "run", "-d", "--name", name, *network, *limits, image, "timeout", str(LOAD_S), "sh", "-c", script
    )
    try:
        yield name
    finally:
        engine.docker("rm", "-f", name)


def turns_busy(watching: Watching, name: str, before: dict[str, Indicator]) -> Indicator:
    """Raises AssertionError if it does not, or if what was calm before becomes saturated meanwhile."""
    others = {one for one, indicator in before.items() if indicator.level is Level.CALM} - {name, "starts"}
    saturated: dict[str, str] = {}
    ends = time.monotonic() + TWO_SCRAPES_S
    while time.monotonic() < ends:
        now = indicators(watching)
        saturated |= {one: now[one].reason for one in others if now[one].level is Level.SATURATED}
        if now[name].level in AT_WORK and _rose(now[name], before[name]):
            assert not saturated
            return now[name]
        time.sleep(0.25)
    raise AssertionError({one.name: (one.level, one.reason) for one in indicators(watching).values()})


def _rose(now: Indicator, before: Indicator) -> bool:
    """Of one that others held busy before, the load must be seen in its value."""
    return before.level not in AT_WORK or (now.value or 0.0) > 1.2 * (before.value or 0.0)


def calm_again(watching: Watching, name: str, before: dict[str, Indicator]) -> bool:
    """At least as calm as it was: others may be at work here."""
    allowed = (Level.CALM, before[name].level)
    return watching.until(lambda: indicators(watching)[name].level in allowed, CALM_S)


def known(watching: Watching) -> dict[str, Indicator]:
    assert watching.until(lambda: indicators(watching)["io"].value is not None)
    return indicators(watching)


@pytest.mark.slow
def test_a_cpu_burner_is_seen_as_cpu(stock: Engine, stock_images: Images) -> None:
    image = stock_images.web("1.0")
    with Watching(stock) as watching:
        before = known(watching)
        with loaded(stock, image, BURN):
            found = turns_busy(watching, "cpu", before)
            assert found.source == "/proc/pressure"
            assert found.reason.startswith("cpu some ")
        assert calm_again(watching, "cpu", before)


def test_a_cpu_burner_with_a_limit_is_seen_as_throttled_and_as_who_takes_most(
    engine: Engine, images: Images
) -> None:
    """By container stats, of both engine generations; a quarter of a processor burdens no host."""
    with Watching(engine) as watching:
        before = known(watching)
        with loaded(engine, images.web("1.0"), BURN, "--cpus", "0.25", "--memory", "64m"):
            found = turns_busy(watching, "throttling", before)
            assert found.source == "stats"

            def taken() -> dict[str, float]:
                (seen,) = watching.snapshot.engines
                return {one.indicator: one.value for one in seen.of_services if one.service == "load"}

            assert watching.until(lambda: 0.1 < taken().get("used-cpu", 0.0) < 0.5), taken()
            assert taken()["throttling"] > PressureLevels().throttling_busy
        assert watching.until(lambda: indicators(watching)["throttling"].level not in AT_WORK, CALM_S)


@pytest.mark.slow
def test_an_fsync_loop_is_seen_as_io(stock: Engine, stock_images: Images) -> None:
    image = stock_images.web("1.0")
    with Watching(stock) as watching:
        before = known(watching)
        with loaded(stock, image, FSYNC):
            found = turns_busy(watching, "io", before)
            assert found.reason.startswith("io full ")
        assert calm_again(watching, "io", before)


@pytest.mark.slow
def test_a_container_driven_into_reclaim_is_seen_as_memory(engine: Engine, images: Images) -> None:
    with Watching(engine) as watching:
        before = known(watching)
        with loaded(engine, images.web("1.0"), RECLAIM, "--memory", "24m"):
            found = turns_busy(watching, "memory", before)
            assert "stats" in found.source
            assert "memory limit of load" in found.reason or "memory full" in found.reason
        assert calm_again(watching, "memory", before)


def test_prometheus_tells_the_same_where_the_host_does_not(
    stock: Engine, stock_images: Images, prometheus: Prometheus
) -> None:
    settings = Settings(prometheus=PrometheusSettings(url=f"http://127.0.0.1:{prometheus.port}"))
    image = stock_images.web("1.0")
    with Watching(stock, settings=settings) as watching:
        before = known(watching)
        assert watching.until(lambda: indicators(watching)["network"].value is not None, TWO_SCRAPES_S)
        assert indicators(watching)["network"].source == "prometheus"
        with loaded(stock, image, BURN):
            turns_busy(watching, "cpu", before)

            def by_prometheus() -> list[float]:
                return [
                    one.sustained or 0.0
                    for one in watching.seen(IndicatorRead)
                    if one.indicator == "cpu" and one.source == "prometheus" and not one.service
                ]

            busy = PressureLevels().cpu_busy
            assert watching.until(lambda: (by_prometheus() or [0.0])[-1] >= busy, TWO_SCRAPES_S)
