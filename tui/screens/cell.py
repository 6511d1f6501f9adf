"""The startups behind one cell of the heatmap."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical

from patchdeck.model import HeatColumn, Startup
from patchdeck.startup import PHASES
from tui import keymap
from tui.evidence import evidence
from tui.screens.base import ConsoleScreen
from tui.shown import Shown
from widgets import units
from widgets.sentence import Sentence
from widgets.startup_list import StartupList


class CellScreen(ConsoleScreen, inherit_bindings=False):
    """Those that were in the cell when it was opened, as they are now."""

    NAME = keymap.CELL
    BINDINGS: ClassVar[list[BindingType]] = [*keymap.bindings(keymap.CELL)]

    def __init__(self, startups: Sequence[Startup], column: HeatColumn) -> None:
        super().__init__()
        self._startups = {startup.startup_id: startup for startup in startups}
        self._began_ns = column.began_ns
        self._explained: tuple[Startup, ...] = ()

    def compose_body(self) -> ComposeResult:
        with Vertical(classes="body"):
            yield StartupList(phases=tuple(PHASES), glyphs=self.glyphs, utc=self.utc)
            yield Sentence(title="Why they took that long", glyphs=self.glyphs)

    def show(self, shown: Shown) -> None:
        for startup in shown.snapshot.startups:
            if startup.startup_id in self._startups:
                self._startups[startup.startup_id] = startup
        parts = ["Startups of one cell", f"from {units.clock(self._began_ns, utc=self.utc)}"]
        self.query_one(StartupList).show(
            tuple(self._startups.values()),
            title=f" {self.glyphs.dot} ".join(parts),
            with_engine=shown.several_engines,
            stale=shown.stale,
            empty="no startups in this cell",
        )
        chosen = tuple(self._startups.values())
        if chosen != self._explained:
            self._explained = chosen
            self.query_one(Sentence).show(evidence(chosen, shown.snapshot).sentence)

    @on(StartupList.Opened)
    def _opened(self, event: StartupList.Opened) -> None:
        startup = event.startups.selected
        if startup is not None:
            self.patchdeck.open_container(startup.container_id)
