"""Starts in flight as an indicator: how many are too many is for the knee to say."""

from __future__ import annotations

from typing import Final

from patchdeck.model import Indicator, Knee, Level

SATURATED: Final = 2
"""Past so many times the knee a start mostly waits for the others."""


def of_starts(in_flight: int, knee: Knee | None) -> Indicator:
    """Calm up to the knee, saturated past twice the knee; without a knee, of no level."""
    at = None if knee is None else knee.at
    return Indicator(
        name="starts",
        unit="starts",
        value=float(in_flight),
        level=_level(in_flight, knee),
        reason=_reason(in_flight, knee),
        source="events",
        busy=None if at is None else float(at + 1),
        saturated=None if at is None else float(SATURATED * at + 1),
    )


def _level(in_flight: int, knee: Knee | None) -> Level:
    """Without a knee nothing can be said of how many are too many, unless there are fewer than it is at least."""
    if not in_flight:
        return Level.CALM
    if knee is None:
        return Level.UNKNOWN
    if knee.at is None:
        return Level.CALM if knee.low is not None and in_flight <= knee.low else Level.UNKNOWN
    if in_flight > SATURATED * knee.at:
        return Level.SATURATED
    return Level.BUSY if in_flight > knee.at else Level.CALM


def _reason(in_flight: int, knee: Knee | None) -> str:
    if knee is None or knee.at is None:
        counted = f"{in_flight} starts in flight" if in_flight else "nothing is starting"
        return counted + (f"; knee not known: {knee.reason}" if knee is not None and knee.reason else "")
    interval = "" if knee.high is None else f", surely {knee.low} to {knee.high}"
    return f"starts {in_flight} (knee {knee.at}{interval}, from {knee.startups} startups)"
