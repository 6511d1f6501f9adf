"""View 4: rollouts, open and past."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical

from tui import keymap
from tui.rollout_left import left_to_do
from tui.screens.views import View
from tui.shown import Shown
from widgets.rollout_head import RolloutHead
from widgets.rollout_list import RolloutList


class RolloutsScreen(View, inherit_bindings=False):
    """A list, and beneath it how the one under the cursor stands."""

    NAME = keymap.ROLLOUTS
    BINDINGS: ClassVar[list[BindingType]] = [*keymap.bindings(keymap.ROLLOUTS)]
    DEFAULT_CSS = """
    RolloutsScreen {
        & > .body { height: 1fr; }
    }
    """

    def compose_body(self) -> ComposeResult:
        with Vertical(classes="body"):
            yield RolloutList(glyphs=self.glyphs, utc=self.utc)
            yield RolloutHead(glyphs=self.glyphs, utc=self.utc)

    @property
    def rollout_in_view(self) -> str:
        selected = self.query_one(RolloutList).selected
        return selected.id if selected else ""

    def give_focus(self) -> None:
        self.query_one(RolloutList).focus()

    def show(self, shown: Shown) -> None:
        rollouts = shown.rollouts
        self.query_one(RolloutList).show(
            rollouts,
            now_ns=shown.snapshot.at_ns,
            empty="no rollouts match the filter; escape clears it"
            if shown.snapshot.rollouts
            else shown.snapshot.journal_trouble or "no rollouts yet",
            total=len(shown.snapshot.rollouts),
        )
        self._show_selected()

    @on(RolloutList.Highlighted)
    def _show_selected(self) -> None:
        selected, snapshot = self.query_one(RolloutList).selected, self.patchdeck.snapshot
        head = self.query_one(RolloutHead)
        head.display = selected is not None
        if selected is not None and snapshot is not None:
            head.show(
                selected,
                snapshot.engine(selected.engine),
                now_ns=snapshot.at_ns,
                keys=self.patchdeck.rollout_keys,
                submitted=self.patchdeck.submitted_words.get(selected.id, ""),
                left=left_to_do(selected, snapshot),
            )

    @on(RolloutList.Opened)
    def _opened(self, event: RolloutList.Opened) -> None:
        self.patchdeck.open_rollout(event.rollout)
