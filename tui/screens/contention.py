"""View 3: each indicator over the window, what it says now, and why."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll

from tui import keymap
from tui.screens.views import View
from tui.shown import Shown
from widgets.contention_chart import ContentionChart


class ContentionScreen(View, inherit_bindings=False):
    """One chart an engine, one beneath the other."""

    NAME = keymap.CONTENTION
    BINDINGS: ClassVar[list[BindingType]] = [*keymap.bindings(keymap.CONTENTION)]

    def compose_body(self) -> ComposeResult:
        yield VerticalScroll(classes="body")

    def give_focus(self) -> None:
        self.query_one(".body").focus()

    def show(self, shown: Shown) -> None:
        engines = shown.engines
        body = self.query_one(".body")
        charts = list(body.query(ContentionChart))
        for chart in charts[len(engines) :]:
            chart.remove()
        for index, engine in enumerate(engines):
            if index < len(charts):
                chart = charts[index]
            else:
                chart = ContentionChart(glyphs=self.glyphs, utc=self.utc)
                body.mount(chart)
            # One without a history has nothing to chart and leaves its room to the others.
            charted = any(indicator.history for indicator in engine.indicators)
            chart.styles.height = "1fr" if charted else max(len(engine.indicators), 1) + 2
            now_ns = shown.snapshot.at_ns + engine.clock_offset_ns
            chart.show(engine, now_ns=now_ns, window_s=shown.looking.window_s)
