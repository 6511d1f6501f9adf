"""The four themes and the variables that widgets draw with.

An app registers `THEMES` and returns `VARIABLE_DEFAULTS` from `get_theme_variable_defaults`, so that the variables
exist under any other theme too.
"""

from __future__ import annotations

from collections.abc import Sequence

from textual.theme import Theme

from themes.ramps import EMBER, INFERNO, SIXTEEN, VIRIDIS


def _variables(
    *,
    ramp: Sequence[str],
    phases: Sequence[str],
    calm: str,
    busy: str,
    saturated: str,
    failed: str,
    version_old: str,
    version_new: str,
    stale: str,
    gap: str,
    armed: str,
    simulated: str,
    muted: str,
    frame: str,
    frame_focus: str,
    strong: str,
    cursor: str,
    cursor_style: str = "none",
    quiet_style: str = "none",
) -> dict[str, str]:
    """All variables of a theme by their CSS names; naming them here makes a missing one a type error."""
    return {
        "calm": calm,
        "busy": busy,
        "saturated": saturated,
        "failed": failed,
        "version-old": version_old,
        "version-new": version_new,
        "stale": stale,
        "gap": gap,
        "armed": armed,
        "simulated": simulated,
        "muted": muted,
        "frame": frame,
        "frame-focus": frame_focus,
        "strong": strong,
        "cursor": cursor,
        "cursor-style": cursor_style,
        "quiet-style": quiet_style,
        **{f"heat-{step}": colour for step, colour in enumerate(ramp, start=1)},
        **{f"phase-{step}": colour for step, colour in enumerate(phases, start=1)},
    }


DARK = Theme(
    name="patchdeck-dark",
    primary="#7aa7d0",
    secondary="#5f7f9f",
    accent="#7aa7d0",
    warning="#d9a657",
    error="#f0675c",
    success="#7fb08a",
    foreground="#c9d1d9",
    background="#0e1217",
    surface="#0e1217",
    panel="#161c23",
    variables=_variables(
        ramp=INFERNO,
        phases=("#7aa7d0", "#8fb8a0", "#c8a86b", "#b48ead", "#d08770", "#88c0d0", "#a3be8c", "#9a8fb8"),
        calm="#7fb08a",
        busy="#e0ac55",
        saturated="#f0675c",
        failed="#f0675c",
        version_old="#98a2ad",
        version_new="#8cc8ff",
        stale="#6e7883",
        gap="#4a525c",
        armed="#ff9a4d",
        simulated="#c79bd0",
        muted="#8a949e",
        frame="#39424d",
        frame_focus="#7aa7d0",
        strong="#f0f4f8",
        cursor="#1f2a36",
    )
    | {"footer-background": "#0e1217", "footer-key-foreground": "#7aa7d0", "border": "#39424d"},
)

LIGHT = Theme(
    name="patchdeck-light",
    primary="#1f5f99",
    secondary="#53708c",
    accent="#1f5f99",
    warning="#8f5f00",
    error="#b3261e",
    success="#2f7040",
    foreground="#22272e",
    background="#f7f8f9",
    surface="#f7f8f9",
    panel="#eceff2",
    dark=False,
    variables=_variables(
        ramp=EMBER,
        phases=("#1f5f99", "#2f7040", "#8f5f00", "#7a3e8f", "#a3461f", "#0f6f7f", "#5a6f1f", "#54489a"),
        calm="#2f7040",
        busy="#8f5f00",
        saturated="#b3261e",
        failed="#b3261e",
        version_old="#5d6772",
        version_new="#0b62b0",
        stale="#858e97",
        gap="#b4bbc2",
        armed="#b34700",
        simulated="#7a3e8f",
        muted="#5d6772",
        frame="#bcc4cc",
        frame_focus="#1f5f99",
        strong="#0b0f14",
        cursor="#dde6ef",
    )
    | {"footer-background": "#f7f8f9", "footer-key-foreground": "#1f5f99", "border": "#bcc4cc"},
)

COLOUR_BLIND = Theme(
    name="patchdeck-colour-blind",
    primary="#56b4e9",
    secondary="#4f86a8",
    accent="#56b4e9",
    warning="#f0e442",
    error="#e8702a",
    success="#56b4e9",
    foreground="#d0d6dc",
    background="#0e1217",
    surface="#0e1217",
    panel="#161c23",
    variables=_variables(
        ramp=VIRIDIS,
        phases=("#56b4e9", "#e69f00", "#009e73", "#f0e442", "#cc79a7", "#e8702a", "#4f86c8", "#b0b8c0"),
        calm="#56b4e9",
        busy="#f0e442",
        saturated="#e8702a",
        failed="#e8702a",
        version_old="#98a2ad",
        version_new="#56b4e9",
        stale="#6e7883",
        gap="#4a525c",
        armed="#f0e442",
        simulated="#cc79a7",
        muted="#8a949e",
        frame="#39424d",
        frame_focus="#56b4e9",
        strong="#f4f7fa",
        cursor="#1f2a36",
    )
    | {"footer-background": "#0e1217", "footer-key-foreground": "#56b4e9", "border": "#39424d"},
)

ANSI = Theme(
    name="patchdeck-ansi",
    primary="ansi_cyan",
    secondary="ansi_blue",
    accent="ansi_cyan",
    warning="ansi_yellow",
    error="ansi_red",
    success="ansi_green",
    foreground="ansi_default",
    background="ansi_default",
    surface="ansi_default",
    panel="ansi_default",
    boost="ansi_default",
    ansi=True,
    # Quiet text is dimmed, not bright black: some palettes make that the colour of the ground.
    variables=_variables(
        ramp=SIXTEEN,
        phases=(
            "ansi_cyan",
            "ansi_green",
            "ansi_yellow",
            "ansi_magenta",
            "ansi_red",
            "ansi_bright_cyan",
            "ansi_bright_green",
            "ansi_bright_magenta",
        ),
        calm="ansi_green",
        busy="ansi_yellow",
        saturated="ansi_red",
        failed="ansi_red",
        version_old="ansi_default",
        version_new="ansi_cyan",
        stale="ansi_default",
        gap="ansi_default",
        armed="ansi_yellow",
        simulated="ansi_magenta",
        muted="ansi_default",
        frame="ansi_default",
        frame_focus="ansi_cyan",
        strong="ansi_default",
        cursor="ansi_default",
        cursor_style="reverse",
        quiet_style="dim",
    )
    | {
        "footer-key-foreground": "ansi_cyan",
        "border": "ansi_default",
        "block-cursor-foreground": "ansi_default",
        "block-cursor-background": "ansi_default",
        "block-cursor-text-style": "reverse",
        "block-cursor-blurred-text-style": "reverse",
        "input-selection-background": "ansi_blue",
        "screen-selection-background": "ansi_blue",
        "screen-selection-foreground": "ansi_default",
        # Textual's own style sheets name these, and an ANSI theme has to say them itself.
        "ansi-background": "ansi_default",
        "ansi-foreground": "ansi_default",
        "foreground-disabled": "ansi_default",
        "surface-active": "ansi_default",
    },
)

THEMES = (DARK, LIGHT, COLOUR_BLIND, ANSI)
"""The first is the default."""

BY_SETTING = {"dark": DARK, "light": LIGHT, "colour-blind": COLOUR_BLIND, "ansi": ANSI}
"""The values of the setting `screen.theme`."""

VARIABLE_DEFAULTS = dict(DARK.variables)
