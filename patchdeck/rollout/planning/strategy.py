"""A strategy as people write it, in the configuration file and on the command line."""

from __future__ import annotations

import re
from typing import Final

from patchdeck.model import Amount, Order, Strategy
from patchdeck.settings import RolloutSettings

AUTO: Final = "auto"
AMOUNT: Final = '"auto", a number or a share in per cent, as in "3" or "25%"'
PACE: Final = '"auto" or a number from 1 to 1000'
GATE: Final = 'a gate and its value, as in "ratio=1.25"'
PAUSES: Final = ("canary", "batch")

_AMOUNT = re.compile(r"(\d{1,6})|(\d{1,3}(?:\.\d{1,3})?)%", re.ASCII)
_GATE = re.compile(r"([a-z][a-z0-9_-]{0,39})=(.*\S.*)", re.ASCII | re.DOTALL)
_FASTEST: Final = 1_000


def amount(text: str, *, least: int = 1) -> Amount | None:
    """None is auto. With `least` 0 none at all may be meant, as 0 or 0%.

    Raises: ValueError, in one line.
    """
    if text == AUTO:
        return None
    found = _AMOUNT.fullmatch(text)
    if found is None:
        raise ValueError(f"expected {AMOUNT}")
    if found[1] is not None:
        if int(found[1]) < least:
            raise ValueError(f"expected at least {least}")
        return Amount(count=int(found[1]))
    share = float(found[2]) / 100
    if not (1e-9 if least else 0) <= share <= 1:
        raise ValueError(f"expected a share from {'0%' if least == 0 else 'more than 0%'} to 100%")
    return Amount(share=round(share, 9))


def pace(text: str) -> int | None:
    """None is auto. Raises: ValueError, in one line."""
    if text == AUTO:
        return None
    if not (text.isascii() and text.isdecimal() and 1 <= int(text[:9]) <= _FASTEST):
        raise ValueError(f"expected {PACE}")
    return int(text)


def gate(text: str) -> tuple[str, str]:
    """Its name and its value. Raises: ValueError, in one line."""
    found = _GATE.fullmatch(text)
    if found is None:
        raise ValueError(f"expected {GATE}")
    return found[1], found[2].strip()


def order(text: str) -> Order | None:
    """None is auto. Raises: ValueError for a word that is no order."""
    return None if text == AUTO else Order(text)


def from_settings(settings: RolloutSettings) -> Strategy:
    """The strategy where nothing else is asked for. The settings have been checked."""
    return Strategy(
        canary=amount(settings.canary),
        batch=amount(settings.batch),
        order=order(settings.order),
        max_unavailable=amount(settings.max_unavailable, least=0),
        pace=pace(settings.pace),
        bake_s=settings.bake_s,
        deadline_s=settings.deadline_s,
        hold_timeout_s=settings.hold_timeout_s,
        gates=dict(settings.gates),
        pause_after=tuple(word for word in PAUSES if word in settings.pause_after),
        keep_image=settings.keep_image,
    )
