"""The deliberate act of arming: what it means, and why it is done."""

from __future__ import annotations

from patchdeck import durations
from patchdeck.model import Severity
from patchdeck.settings import ArmingSettings
from themes.ramps import Glyphs
from tui.screens.typed import TypedScreen


class ArmingScreen(TypedScreen):
    """The reason to arm; None: it stays disarmed."""

    def __init__(self, settings: ArmingSettings, *, window: str, override: str, glyphs: Glyphs) -> None:
        """`override` is why the window that is closed is not waited for; empty where it is not closed."""
        lasts = durations.written(settings.lasts_s)
        ends = (
            "and when data go stale" if override else "when data go stale, and when the change window closes"
        )
        lines = [
            (
                "Armed, this console may start rollouts, and pause, promote, abort and undo them.",
                Severity.WARNING,
            ),
            (f"It disarms itself after {lasts}, {ends}.", Severity.INFO),
            *([(f"Change window: {window}.", Severity.INFO)] if window else []),
            *([(f"The window is closed. Override: {override}", Severity.WARNING)] if override else []),
            ("The reason goes into the journal with everything that is done.", Severity.INFO),
        ]
        super().__init__(
            "Arm this console",
            lines,
            "why: a change number, a CVE, an incident" if settings.reason_required else "why, or: yes",
            yes="arm",
            no="stay disarmed",
            glyphs=glyphs,
        )
