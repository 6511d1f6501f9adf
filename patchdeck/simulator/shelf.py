"""Images to try things with, named and behaving as those of the laboratory: shop/web in good and bad versions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from patchdeck.simulator.behaviour import Behaviour
from patchdeck.simulator.images import Image, Layer, image
from patchdeck.simulator.world import World

WEB: Final = "shop/web"
VERSION_LABEL: Final = "org.opencontainers.image.version"
_BASE: Final = Layer("busybox", 1_984_581, "ADD busybox")
_SECOND: Final = 1_000_000_000
BUILT_NS: Final = 1_735_689_600 * _SECOND
"""All of them, so that their IDs are always the same."""


def web(version: str, *, behaviour: Behaviour | None = None, check: dict[str, Any] | None = None) -> Image:
    """One version of shop/web: all share a layer and differ in a small one above it."""
    return image(
        _BASE,
        Layer(f"version {version}", 3, f"COPY version {version}"),
        created_ns=BUILT_NS,
        labels={VERSION_LABEL: version},
        env=[f"VERSION={version}"],
        healthcheck=check,
        behaviour=behaviour,
    )


_PASSES: Final = ("CMD", "/bin/test", "-f", "/run/ready")
_FAILS: Final = ("CMD", "/bin/false")


def _check(test: Sequence[str] = _PASSES, *, retries: int = 3, start_period_s: int = 0) -> dict[str, Any]:
    found: dict[str, Any] = {
        "Test": list(test),
        "Interval": _SECOND,
        "Timeout": 2 * _SECOND,
        "Retries": retries,
    }
    return found | ({"StartPeriod": start_period_s * _SECOND} if start_period_s else {})


def stock(world: World) -> None:
    """Puts all of them on the engine, and into the registry."""
    now_ns = world.clock.now_ns()
    shelf = {
        "1.0": web("1.0"),
        "1.1": web("1.1"),
        "1.0-health": web("1.0-health", check=_check()),
        "1.1-health": web("1.1-health", check=_check()),
        "1.3": web("1.3", check=_check(start_period_s=60), behaviour=Behaviour(healthy_after_s=4.0)),
        "1.4": web("1.4", behaviour=Behaviour(exits_after_s=0.5, exit_code=3)),
        "1.5": web("1.5", check=_check(_FAILS, retries=2), behaviour=Behaviour(healthy_after_s=None)),
    }
    for version, made in shelf.items():
        world.images.keep(made, f"{WEB}:{version}", at_ns=now_ns)
        world.registry.publish(WEB, version, made)
    plain = image(_BASE, Layer("plain", 3, "COPY plain"), created_ns=BUILT_NS)
    world.images.keep(plain, "lab/plain:1", at_ns=now_ns)
