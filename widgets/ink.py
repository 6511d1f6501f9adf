"""The names of what things look like. A widget says what a stretch of text means; the theme says how that looks."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from rich.style import Style
from textual.color import Color

from themes.ramps import HEAT_STEPS

PHASE_STEPS = 8


class Ink(StrEnum):
    """Meanings; `style_of` says how they look."""

    TEXT = "text"
    STRONG = "strong"
    MUTED = "muted"
    FRAME = "frame"
    FRAME_FOCUS = "frame-focus"
    TITLE = "title"
    ACCENT = "accent"
    CALM = "calm"
    BUSY = "busy"
    SATURATED = "saturated"
    FAILED = "failed"
    OLD = "version-old"
    NEW = "version-new"
    STALE = "stale"
    GAP = "gap"
    ARMED = "armed"
    CALLS = "calls"
    """It waits for a person."""
    SIMULATED = "simulated"
    CURSOR = "cursor"
    """Laid over the row or cell that the keyboard is on."""
    CELL = "cell"
    """As CURSOR, for a single cell of a heatmap, which has to be found among bright ones."""
    NONE = ""


HEAT = tuple(f"heat-{step}" for step in range(1, HEAT_STEPS + 1))
"""By level less one."""
PHASES = tuple(f"phase-{step}" for step in range(1, PHASE_STEPS + 1))

_LOOKS: dict[str, tuple[str, str]] = {
    Ink.TEXT: ("foreground", ""),
    Ink.STRONG: ("strong", "bold"),
    Ink.MUTED: ("muted", "$quiet-style"),
    Ink.FRAME: ("frame", "$quiet-style"),
    Ink.FRAME_FOCUS: ("frame-focus", ""),
    Ink.TITLE: ("foreground", "bold"),
    Ink.ACCENT: ("accent", ""),
    Ink.CALM: ("calm", ""),
    Ink.BUSY: ("busy", ""),
    Ink.SATURATED: ("saturated", "bold"),
    Ink.FAILED: ("failed", ""),
    Ink.OLD: ("version-old", ""),
    Ink.NEW: ("version-new", ""),
    Ink.STALE: ("stale", "$quiet-style"),
    Ink.GAP: ("gap", "$quiet-style"),
    Ink.ARMED: ("armed", "bold reverse"),
    Ink.CALLS: ("failed", "bold reverse"),
    Ink.SIMULATED: ("simulated", "bold"),
    Ink.CELL: ("strong", "reverse"),
    **{name: (name, "") for name in (*HEAT, *PHASES)},
}
"""The theme's variable with the colour of each ink, and its text style; a `$` names a variable that holds it."""


def style_of(ink: str, variables: Mapping[str, str]) -> Style:
    """How an ink looks in the theme that has these variables.

    Read from the variables and not from component classes: Textual would match some forty of them to every panel each
    time that anything on the screen changes its class.
    """
    if ink == Ink.CURSOR:
        ground = Color.parse(variables["cursor"]).rich_color
        return Style(bgcolor=ground) + Style.parse(variables["cursor-style"])
    colour, look = _LOOKS[ink]
    look = variables[look[1:]] if look.startswith("$") else look
    return Style(color=Color.parse(variables[colour]).rich_color) + Style.parse(look)
