"""What a value of the gate ratio asks for, and which of two values asks for as much as the other. Pure."""

from __future__ import annotations

import math
from typing import Final

from patchdeck.model.facts import Value

PASS_BELOW: Final = 1.25
"""It passes where even the upper end of the interval is below this, unless another limit is asked for."""
OFF: Final = "off"
ON: Final = "on"
REQUIRED: Final = "required"


class RatioValue(Value, frozen=True, kw_only=True):
    """Of a gate that is on."""

    pass_below: float = PASS_BELOW
    required: bool = False
    """It holds of too few startups, where else it does not judge."""

    def asks_as_much_as(self, other: RatioValue) -> bool:
        """Whatever this one passes, the other passes too."""
        return self.pass_below <= other.pass_below and (self.required or not other.required)


def ratio_value(text: str) -> RatioValue | None:
    """None: it is off. Empty is what it is by itself. Raises: ValueError, which says what it takes."""
    if text == OFF:
        return None
    if text in ("", ON):
        return RatioValue()
    if text == REQUIRED:
        return RatioValue(required=True)
    try:
        limit = float(text)
    except ValueError:
        limit = math.nan
    if not 1.0 < limit <= 10.0:
        raise ValueError(f"ratio={text}: it takes off, on, required, or a factor over 1 and up to 10")
    return RatioValue(pass_below=limit, required=True)
