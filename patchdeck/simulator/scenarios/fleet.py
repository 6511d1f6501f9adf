"""The services that several scenarios share: a shop, its payments, what delivers its orders, and its tools."""

from __future__ import annotations

from patchdeck.simulator.behaviour import Behaviour
from patchdeck.simulator.scenarios.script import MB, Service, Version

CRASHES = Behaviour(exits_after_s=0.8, exit_code=1)
NEVER_HEALTHY = Behaviour(healthy_after_s=None)
SLOW = Behaviour(healthy_after_s=18.0)

WEB = Service(
    name="shop/web",
    versions=(Version("1.4.2"), Version("1.4.3"), Version("1.5.0", SLOW), Version("1.4.4", CRASHES)),
    replicas=12,
    ready_s=0.8,
)
API = Service(
    name="shop/api",
    versions=(Version("2.0.1"), Version("2.1.0"), Version("2.1.1", NEVER_HEALTHY)),
    replicas=10,
    ready_s=1.5,
    memory_bytes=160 * MB,
)
SEARCH = Service(
    name="shop/search",
    versions=(Version("3.2.0"), Version("3.3.0", CRASHES), Version("3.2.1")),
    replicas=6,
    memory_bytes=180 * MB,
)
CACHE = Service(
    name="shop/cache",
    versions=(Version("7.2.4", size_bytes=4 * MB), Version("7.2.5", size_bytes=4 * MB)),
    replicas=3,
)
PAYMENTS = Service(
    name="payments/gateway",
    versions=(Version("5.0.3"), Version("5.0.4"), Version("5.1.0", NEVER_HEALTHY)),
    replicas=8,
    ready_s=2.0,
)
LEDGER = Service(name="payments/ledger", versions=(Version("1.9.0"), Version("1.9.1")), replicas=6)
ORDERS = Service(
    name="delivery/orders",
    versions=(Version("4.4.0"), Version("4.4.1"), Version("4.5.0", SLOW)),
    replicas=10,
    ready_s=1.0,
)
MAIL = Service(
    name="tools/mail",
    versions=(Version("0.8.2"), Version("0.8.3")),
    replicas=5,
    limit_bytes=None,
    cpu_limit=None,
)

FLEET = (WEB, API, SEARCH, CACHE, PAYMENTS, LEDGER, ORDERS, MAIL)
"""Sixty containers."""
