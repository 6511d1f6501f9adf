"""Three ways to go about a rollout, as changes to what the configuration says. Pure."""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from patchdeck.rollout.gates.ratio_value import ON, REQUIRED, RatioValue, ratio_value
from patchdeck.settings import RolloutSettings

CAREFUL, NORMAL, URGENT = "careful", "normal", "urgent"
PRESETS: Final = (CAREFUL, NORMAL, URGENT)
_LONG_S: Final = 60.0
_SHORT_S: Final = 3.0


def preset(settings: RolloutSettings, name: str) -> RolloutSettings:
    """`normal` is what the configuration says.

    `careful` lets one replica go first, waits for a person after it, bakes for a minute or longer, goes on by tenths,
    and wants the startups compared, with a stricter limit where the configuration has one. `urgent` goes on by halves
    after the canary, bakes for seconds, and waits for nobody; its gates are those of the configuration.
    """
    if name == CAREFUL:
        return replace(
            settings,
            canary="1",
            batch="10%",
            bake_s=max(settings.bake_s, _LONG_S),
            pause_after=("canary",),
            gates={**settings.gates, "ratio": _careful_ratio(settings.gates.get("ratio", ON))},
        )
    if name == URGENT:
        return replace(
            settings, canary="1", batch="50%", bake_s=min(settings.bake_s, _SHORT_S), pause_after=()
        )
    return settings


def _careful_ratio(configured: str) -> str:
    known = ratio_value(configured)
    return configured if known and known.asks_as_much_as(RatioValue(required=True)) else REQUIRED
