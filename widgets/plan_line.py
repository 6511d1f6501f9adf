"""Beneath the fields, where there is no room for the plan beside them: how it stands with it, in two lines."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from patchdeck.model import Plan, Refusal
from themes.ramps import Glyphs
from widgets import rollout_words, units
from widgets.cells import clean
from widgets.ink import Ink
from widgets.line import Spans
from widgets.panel import Panel

_LINES = 2


class PlanLine(Panel):
    """What is waited for or speaks against it comes before what it would do."""

    DEFAULT_CSS = f"PlanLine {{ height: {_LINES}; }}"

    def __init__(self, *, glyphs: Glyphs) -> None:
        super().__init__(glyphs=glyphs, framed=False)
        self._text, self._ink = "", str(Ink.MUTED)

    def show(self, plan: Plan | None, refusals: Sequence[Refusal], waiting: str) -> None:
        """As `PlanView.show_plan`."""
        self._text, self._ink = self._said(plan, refusals, waiting)
        self.redraw()

    def _said(self, plan: Plan | None, refusals: Sequence[Refusal], waiting: str) -> tuple[str, str]:
        glyphs = self.glyphs
        if waiting:
            return f"{glyphs.warning} {waiting}", Ink.BUSY
        if plan is None:
            return "", Ink.MUTED
        if refusals:
            more = f", and {len(refusals) - 1} more" if len(refusals) > 1 else ""
            return f"{glyphs.failure} refused: {refusals[0].text} ({refusals[0].rule}){more}", Ink.FAILED
        time = "" if plan.predicted_s is None else f"; about {units.latency(plan.predicted_s)}"
        way = rollout_words.way(plan, glyphs)
        return (
            f"{glyphs.done} {way}: {len(plan.units)} to be replaced; {rollout_words.in_steps(plan)}{time}",
            Ink.TEXT,
        )

    def draw(self, width: int, height: int) -> Sequence[Spans]:
        room = max(width - 2, 1)
        said = textwrap.wrap(clean(self._text, ascii_only=self.glyphs.ascii), room) or [""]
        lines = [*said[: height - 1], " ".join(said[height - 1 :])]
        return [self.line(width).gap(1).free(line, self._ink).spans() for line in lines]
