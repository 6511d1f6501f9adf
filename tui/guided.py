"""The console on a simulated engine, with a guide: the same screens, with two lines and a key to hide them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, ClassVar

from textual.binding import BindingType
from textual.widget import Widget

from patchdeck.model import Snapshot
from patchdeck.settings import Settings
from patchdeck.simulator.scenarios.guide import View, words
from patchdeck.simulator.scenarios.lessons import Guide, Progress, further
from themes.ramps import UNICODE, Glyphs
from tui import keymap
from tui.app import PatchdeckApp, WatchMaker
from tui.screens.base import ConsoleScreen
from widgets.guide_line import GuideLine

if TYPE_CHECKING:
    from patchdeck.recording.switch import Switch


class GuidedApp(PatchdeckApp, inherit_bindings=False):
    """Goes on by what is seen in the snapshots, whoever did it and in whatever order."""

    BINDINGS: ClassVar[list[BindingType]] = [*keymap.bindings(on=keymap.GUIDED)]
    CSS = "ToastRack { margin-bottom: 4; }"
    """Above the guide: what it says is to be read together with what was just told."""
    ON = keymap.GUIDED

    def __init__(
        self,
        guide: Guide,
        settings: Settings,
        make_watch: WatchMaker,
        *,
        switch: Switch | None = None,
        glyphs: Glyphs = UNICODE,
        theme: str = "dark",
        armed: str | None = None,
    ) -> None:
        super().__init__(settings, make_watch, switch=switch, glyphs=glyphs, theme=theme, armed=armed)
        self._guide = guide
        self._progress = Progress()
        self._hidden = False
        # Written out: a newcomer may not know that ^g is ctrl+g.
        self._key_of = {
            one.id: re.sub(r"^\^(?=.)", "ctrl+", self.keymap.keys(one)[0]) for one in keymap.ACTIONS
        }

    def extra_lines(self) -> Iterable[Widget]:
        line = GuideLine(glyphs=self.glyphs)
        line.add_class("extra")
        return (line,)

    def receive(self, snapshot: Snapshot) -> None:
        self._progress = further(self._progress, snapshot)
        super().receive(snapshot)

    def show_besides(self, screen: ConsoleScreen) -> None:
        line = screen.query_one(GuideLine)
        line.set_class(self._hidden, "-hidden")
        view = View(
            snapshot=self.snapshot or Snapshot(),
            page=screen.NAME,
            armed=self.arming.armed,
            keys=self._key_of,
        )
        said = words(self._guide, self._progress, view)
        how_far = "" if said.lesson is None else f"{said.lesson}/{len(self._guide.lessons)}"
        line.show(said.now, said.next, how_far=how_far, key=self._key_of["guide"])

    def action_guide(self) -> None:
        self._hidden = not self._hidden
        self.redraw()
