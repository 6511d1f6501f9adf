"""View 3: each indicator against the startups of the same minutes, the knee, and who takes the most meanwhile."""

from __future__ import annotations

from functools import partial
from typing import ClassVar

import msgspec
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Grid, VerticalScroll

from patchdeck.knee import estimate
from patchdeck.model import Engine, Knee
from themes.ramps import Glyphs
from tui import keymap
from tui.screens.takers import takers
from tui.screens.views import View
from tui.shown import Shown
from tui.starts_over_time import with_startups
from widgets.contention_chart import ContentionChart
from widgets.details import Details
from widgets.knee_chart import KneeChart
from widgets.scroll_bar import in_glyphs


class EnginePart(Grid):
    """What the view tells of one engine."""

    def __init__(self, *, glyphs: Glyphs, utc: bool) -> None:
        super().__init__()
        self._glyphs = glyphs
        self._utc = utc

    def compose(self) -> ComposeResult:
        yield ContentionChart(glyphs=self._glyphs, utc=self._utc)
        yield KneeChart(glyphs=self._glyphs)
        yield Details(glyphs=self._glyphs, utc=self._utc)

    def show(self, engine: Engine, shown: Shown) -> None:
        if not self.is_mounted or not self.children:
            return
        # Indicators are by this host's clock, and the startups among them are brought to it.
        self.query_one(ContentionChart).show(
            msgspec.structs.replace(engine, indicators=with_startups(engine, shown)),
            now_ns=shown.snapshot.at_ns,
            window_s=shown.looking.window_s,
        )
        self.query_one(KneeChart).show(_knee(engine), engine.in_flight)
        words = shown.looking.words
        title = f"Services of {engine.name}" if shown.several_engines else "Services"
        self.query_one(Details).show(
            f"{title} {self._glyphs.dot} filter: {words}" if words else title,
            takers(engine, shown.snapshot, partial(shown.keeps, engine.name) if words else None),
        )


class ContentionScreen(View, inherit_bindings=False):
    """One part an engine, one beneath the other."""

    NAME = keymap.CONTENTION
    BINDINGS: ClassVar[list[BindingType]] = [*keymap.bindings(keymap.CONTENTION)]
    DEFAULT_CSS = """
    ContentionScreen {
        & EnginePart { grid-size: 2 2; grid-columns: 1fr 46; grid-rows: 1fr 1fr; height: 1fr; min-height: 20; }
        & ContentionChart { row-span: 2; }
        &.-narrow EnginePart { grid-size: 1 3; grid-columns: 1fr; grid-rows: 20 14 12; height: 46; }
        &.-narrow ContentionChart { row-span: 1; }
    }
    """

    def compose_body(self) -> ComposeResult:
        yield VerticalScroll(classes="body")

    def opened(self) -> None:
        in_glyphs(self.query_one(".body"), self.glyphs)
        super().opened()

    def give_focus(self) -> None:
        self.query_one(".body").focus()

    def show(self, shown: Shown) -> None:
        engines = shown.engines
        body = self.query_one(".body")
        parts = list(body.query(EnginePart))
        for part in parts[len(engines) :]:
            part.remove()
        for index, engine in enumerate(engines):
            if index < len(parts):
                parts[index].show(engine, shown)
            else:
                part = EnginePart(glyphs=self.glyphs, utc=self.utc)
                body.mount(part)
                part.call_after_refresh(part.show, engine, shown)


def _knee(engine: Engine) -> Knee:
    """Before anything was observed of it there is no estimate, and the reason is that of having seen nothing."""
    return engine.knee or estimate((), engine=engine.name, now_ns=0)
