"""Scenarios by name, each a module that holds one as `SCENARIO`. Loaded one at a time."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from patchdeck.simulator.scenarios.script import Scenario

DEFAULT: Final = "change-window"
NAMES: Final = (
    DEFAULT,
    "calm",
    "herd",
    "bad-patch",
    "daemon-restart",
    "slow-disk",
    "registry-errors",
    "big",
)


def load(name: str) -> Scenario:
    """One of NAMES."""
    module = importlib.import_module(f"{__name__}.{name.replace('-', '_')}")
    scenario: Scenario = module.SCENARIO
    return scenario
