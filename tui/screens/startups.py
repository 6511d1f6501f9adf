"""View 2: every startup of the window as a waterfall of its phases, newest first."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical

from patchdeck.model import Startup
from patchdeck.startup import PHASES
from tui import keymap
from tui.evidence import evidence
from tui.screens.views import View
from tui.shown import Shown
from widgets import units
from widgets.sentence import Sentence
from widgets.startup_list import StartupList


class StartupsScreen(View, inherit_bindings=False):
    """One list, and what of it is shown in its title."""

    NAME = keymap.STARTUPS
    BINDINGS: ClassVar[list[BindingType]] = [*keymap.bindings(keymap.STARTUPS)]
    DEFAULT_CSS = "StartupsScreen.-short Sentence { height: 3; }"

    _explained: Startup | None = None

    def compose_body(self) -> ComposeResult:
        with Vertical(classes="body"):
            yield StartupList(phases=tuple(PHASES), glyphs=self.glyphs, utc=self.utc)
            yield Sentence(title="Why it took that long", glyphs=self.glyphs)

    def give_focus(self) -> None:
        self.query_one(StartupList).focus()

    def show(self, shown: Shown) -> None:
        self.query_one(StartupList).show(
            shown.startups,
            title=self._title(shown),
            with_engine=shown.several_engines,
            stale=shown.stale,
            empty=shown.empty("startups"),
        )
        self._explain()

    @on(StartupList.Highlighted)
    def _explain(self) -> None:
        """The evidence on the startup under the cursor; looked at anew only when that one has changed."""
        startup, snapshot = self.query_one(StartupList).selected, self.patchdeck.snapshot
        if startup is not None and startup == self._explained:
            return
        self._explained = startup
        said = evidence([startup], snapshot).sentence if startup is not None and snapshot is not None else ""
        self.query_one(Sentence).show(said)

    def _title(self, shown: Shown) -> str:
        looking = shown.looking
        parts = ["Startups", f"last {units.span(looking.window_s)}"]
        if looking.only_failed:
            parts.append("failed only")
        if looking.only_slow:
            parts.append(f"slow only, from {units.latency(shown.slow_from_s)}")
        if shown.filtered:
            parts.append(f"{len(shown.startups)} of {len(shown.in_window)}")
        return f" {self.glyphs.dot} ".join(parts)

    @on(StartupList.Opened)
    def _opened(self, event: StartupList.Opened) -> None:
        startup = event.startups.selected
        if startup is not None:
            self.patchdeck.open_container(startup.container_id)

    def action_only_failed(self) -> None:
        looking = self.patchdeck.looking
        self.patchdeck.look(replace(looking, only_failed=not looking.only_failed))

    def action_only_slow(self) -> None:
        looking = self.patchdeck.looking
        self.patchdeck.look(replace(looking, only_slow=not looking.only_slow))
