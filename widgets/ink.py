"""The names of what things look like. A widget says what a stretch of text means; the theme says how that looks."""

from __future__ import annotations

from enum import StrEnum

from themes.ramps import HEAT_STEPS

PHASE_STEPS = 8


class Ink(StrEnum):
    """Meanings; each is a component class `ink--<name>` of every panel."""

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
    SIMULATED = "simulated"
    CURSOR = "cursor"
    """Laid over the row or cell that the keyboard is on."""
    CELL = "cell"
    """As CURSOR, for a single cell of a heatmap, which has to be found among bright ones."""
    NONE = ""


HEAT = tuple(f"heat-{step}" for step in range(1, HEAT_STEPS + 1))
"""By level less one."""
PHASES = tuple(f"phase-{step}" for step in range(1, PHASE_STEPS + 1))

INK_CLASSES = frozenset(f"ink--{name}" for name in (*(ink for ink in Ink if ink), *HEAT, *PHASES))

_RULES: dict[str, str] = {
    Ink.TEXT: "color: $foreground;",
    Ink.STRONG: "color: $strong; text-style: bold;",
    Ink.MUTED: "color: $muted; text-style: $quiet-style;",
    Ink.FRAME: "color: $frame; text-style: $quiet-style;",
    Ink.FRAME_FOCUS: "color: $frame-focus;",
    Ink.TITLE: "color: $foreground; text-style: bold;",
    Ink.ACCENT: "color: $accent;",
    Ink.CALM: "color: $calm;",
    Ink.BUSY: "color: $busy;",
    Ink.SATURATED: "color: $saturated; text-style: bold;",
    Ink.FAILED: "color: $failed;",
    Ink.OLD: "color: $version-old;",
    Ink.NEW: "color: $version-new;",
    Ink.STALE: "color: $stale; text-style: $quiet-style;",
    Ink.GAP: "color: $gap; text-style: $quiet-style;",
    Ink.ARMED: "color: $armed; text-style: bold;",
    Ink.SIMULATED: "color: $simulated; text-style: bold;",
    Ink.CURSOR: "background: $cursor; text-style: $cursor-style;",
    Ink.CELL: "color: $strong; text-style: reverse;",
}


def ink_css(selector: str) -> str:
    """The rules of all inks for the widgets that `selector` names."""
    rules = {**_RULES, **{name: f"color: ${name};" for name in (*HEAT, *PHASES)}}
    return "\n".join(f"{selector} > .ink--{name} {{ {rule} }}" for name, rule in rules.items())
