"""Every way in which a real Prometheus fails, or what lies before it, for as long as a block lasts."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from functools import partial

from tests.lab.prometheus import Prometheus
from tests.live.broken_proxy import Break, BrokenProxy

Fault = Callable[[], AbstractContextManager[None]]

DOWN_S = 3.0
"""How long a Prometheus that is restarted is away."""


def of_the_server(prometheus: Prometheus) -> Mapping[str, Fault]:
    """For a console that asks it directly, by name."""
    return {
        "killed": partial(_killed, prometheus),
        "stopped": partial(_stopped, prometheus),
        "restarted": partial(_restarted, prometheus),
    }


def of_the_proxy(proxy: BrokenProxy) -> Mapping[str, Fault]:
    """For a console that asks it through the proxy, by name."""
    return {one.value: partial(_broken, proxy, one) for one in Break if one is not Break.NOTHING}


@contextmanager
def _killed(prometheus: Prometheus) -> Iterator[None]:
    prometheus.kill()
    try:
        yield
    finally:
        prometheus.restart()


@contextmanager
def _stopped(prometheus: Prometheus) -> Iterator[None]:
    """By SIGSTOP."""
    prometheus.pause()
    try:
        yield
    finally:
        prometheus.resume()


@contextmanager
def _restarted(prometheus: Prometheus) -> Iterator[None]:
    """It comes up again, and reads its data, within the block."""
    prometheus.kill()
    starting = threading.Timer(DOWN_S, prometheus.restart)
    starting.start()
    try:
        yield
    finally:
        starting.join()


@contextmanager
def _broken(proxy: BrokenProxy, broken: Break) -> Iterator[None]:
    proxy.breaks = broken
    try:
        yield
    finally:
        proxy.breaks = Break.NOTHING
