"""Readings in words, for the reason of an indicator."""

from __future__ import annotations

from patchdeck.contention.reading import Reading


def amount(value: float, unit: str) -> str:
    """A value with its unit: 31 %, 41 ms, 1.2 s, 3 kills, 12 MB/s."""
    match unit:
        case "share":
            return f"{value * 100:.1f} %" if 0.0005 <= value < 0.0995 else f"{value * 100:.0f} %"
        case "s":
            return f"{value * 1e3:.0f} ms" if value < 0.9995 else f"{value:.1f} s"
        case "bytes/s":
            return f"{value / 1e6:.1f} MB/s" if value >= 1e5 else f"{value / 1e3:.0f} kB/s"
        case _:
            return f"{value:.3g} {unit}".rstrip()


def span(seconds: float) -> str:
    """A window."""
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"


def age(seconds: float) -> str:
    """How old something is."""
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.0f} h"


def over(reading: Reading) -> str:
    """As in: io full 31 % over 10 s, 28 % over 60 s."""
    short = reading.value if reading.short is None else reading.short
    text = f"{reading.words} {amount(short, reading.unit)}"
    if reading.window_s:
        text += f" over {span(reading.window_s)}"
    if reading.sustained is not None and reading.sustained_s:
        text += f", {amount(reading.sustained, reading.unit)} over {span(reading.sustained_s)}"
    return text


def stale(reading: Reading, now_ns: int) -> str:
    """What is left of a reading that is no longer of the present."""
    was = f"{reading.words} was {amount(reading.value, reading.unit)}"
    return f"{was} {age(reading.age_s(now_ns))} ago, nothing newer from {reading.source}"
