"""Glyphs and shade ramps: every meaning is told by a glyph, and colour only says it again.

No screen library is imported here, so that the headless commands may draw with the same glyphs.
"""

from __future__ import annotations

from dataclasses import dataclass

HEAT_STEPS = 12
"""Shades above empty; as many as `patchdeck.model.HEAT_LEVELS` (a test compares them)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Glyphs:
    """One alphabet for everything that is drawn; each is one cell wide unless it says otherwise."""

    ascii: bool
    """Text from outside is reduced to ASCII too."""
    heat: str
    """One per level, 0 (empty) to HEAT_STEPS."""
    bars: str
    """Eight heights of a sparkline; the lowest is zero, not missing."""
    phases: str
    """Fillings of the stretches of a waterfall, in the order of the phases."""
    gap: str
    """Observations may be missing."""
    missing: str
    ellipsis: str
    substitute: str
    """Stands for what can not be shown harmlessly."""
    horizontal: str
    vertical: str
    top_left: str
    top_right: str
    bottom_left: str
    bottom_right: str
    join_left: str
    join_right: str
    thumb: str
    """The part of the frame beside what is in view, where a list is longer than its panel."""
    axis: str
    axis_corner: str
    axis_tick: str
    cursor: str
    share_old: str
    share_turn: str
    share_new: str
    ascending: str
    descending: str
    live: str
    connecting: str
    stale: str
    lost: str
    absent: str
    info: str
    warning: str
    failure: str
    ready: str
    uncertain: str
    """An error bar: somewhere along here."""
    beyond: str
    """It goes on past the end of the scale."""
    dot: str
    """Between two parts of one line."""
    dash: str
    """Between the ends of a range."""
    arrow: str
    done: str
    under_way: str
    paused: str
    returning: str
    """What is made undone."""


UNICODE = Glyphs(
    ascii=False,
    heat=" ··░░░▒▒▒▓▓██",
    bars="▁▂▃▄▅▆▇█",
    phases="█▓▒░▞▚▄▀",
    gap="╱",
    missing="–",
    ellipsis="…",
    substitute="�",
    horizontal="─",
    vertical="│",
    top_left="┌",
    top_right="┐",
    bottom_left="└",
    bottom_right="┘",
    join_left="├",
    join_right="┤",
    thumb="┃",
    axis="┤",
    axis_corner="└",
    axis_tick="┴",
    cursor="▸",
    share_old="━",
    share_turn="╺",
    share_new="━",
    ascending="▴",
    descending="▾",
    live="●",
    connecting="◌",
    stale="◐",
    lost="✗",
    absent="○",
    info="·",
    warning="▲",
    failure="✗",
    ready="◆",
    uncertain="┄",
    beyond="›",
    dot="·",
    dash="–",
    arrow="→",
    done="✓",
    under_way="▶",
    paused="‖",
    returning="◀",
)

ASCII = Glyphs(
    ascii=True,
    heat=" ..:--=++*#%@",
    bars="_.:-=+*#",
    phases="#=+-o%~w",
    gap="/",
    missing="-",
    ellipsis="~",
    substitute="?",
    horizontal="-",
    vertical="|",
    top_left="+",
    top_right="+",
    bottom_left="+",
    bottom_right="+",
    join_left="+",
    join_right="+",
    thumb="#",
    axis="|",
    axis_corner="+",
    axis_tick="+",
    cursor=">",
    share_old="=",
    share_turn=">",
    share_new="-",
    ascending="^",
    descending="v",
    live="*",
    connecting="o",
    stale="%",
    lost="X",
    absent="-",
    info=".",
    warning="!",
    failure="X",
    ready="|",
    uncertain=".",
    beyond=">",
    dot="|",
    dash="-",
    arrow="->",
    done="+",
    under_way=">",
    paused="=",
    returning="<",
)

INFERNO = (
    "#8f4a8c", "#a5488a", "#b84a80", "#c94f70", "#d65a5a", "#e26a44",
    "#ec7f30", "#f49622", "#fab01c", "#f7cc3a", "#f6e56b", "#fcffa4",
)  # fmt: skip
"""For a dark ground. Of the usual maps it keeps the most steps apart in 256 colours; its lightness only rises. The
low end is lifted, so that a lone startup, a dot, can be seen."""

VIRIDIS = (
    "#5566aa", "#4a76b0", "#3f86ae", "#3593a6", "#2f9f9b", "#38ab8c",
    "#4cb87b", "#66c468", "#86cf56", "#abd845", "#d2e038", "#fde725",
)  # fmt: skip
"""For a dark ground; reads the same to people who do not see red and green apart."""

EMBER = (
    "#cf9a35", "#d9892a", "#dd7725", "#dc6627", "#d35232", "#c4403f",
    "#b0324c", "#992757", "#7f1f60", "#641a62", "#48155a", "#2b0f45",
)  # fmt: skip
"""For a light ground: lightness only falls."""

SIXTEEN = (
    "ansi_blue", "ansi_blue", "ansi_magenta", "ansi_magenta", "ansi_red", "ansi_red",
    "ansi_bright_red", "ansi_bright_red", "ansi_yellow", "ansi_yellow", "ansi_bright_yellow", "ansi_bright_yellow",
)  # fmt: skip
"""For terminals of 16 colours: the terminal's own, which its owner has made readable."""
