"""The question before something is done that can break something."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.geometry import Size

from patchdeck.model import Severity
from themes.ramps import Glyphs
from tui.screens.modal import Modal
from widgets.question import Question

_WIDEST = 92


class ConfirmScreen(Modal[bool]):
    """True only for `y`. Enter, escape and a click outside say no; other keys say nothing.

    Nobody says yes to what was not on the screen yet: a `y` that was pressed before it was drawn says nothing either.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,escape,n,ctrl+c,ctrl+q", "answer(False)", "No", show=False, id="confirm.no"),
        Binding("y", "answer(True)", "Yes", show=False, id="confirm.yes"),
    ]
    DEFAULT_CSS = """
    ConfirmScreen { align: center middle; background: $background 0%; }
    """

    def __init__(
        self,
        title: str,
        lines: Sequence[tuple[str, Severity]],
        *,
        yes: str,
        no: str = "leave it as it is",
        glyphs: Glyphs,
    ) -> None:
        super().__init__()
        self._question = Question(title, lines, yes, no, glyphs=glyphs)

    def compose(self) -> ComposeResult:
        # Before it is drawn for the first time: else it would fill the terminal for a moment.
        self._fit(self.app.size)
        yield self._question

    def on_resize(self, event: events.Resize) -> None:
        self._fit(event.size)

    def _fit(self, size: Size) -> None:
        width = max(min(_WIDEST, size.width - 4), 1)
        self._question.styles.width = width
        self._question.styles.height = min(self._question.wanted_height(width), size.height)

    def on_click(self, event: events.Click) -> None:
        if event.widget is self:
            self.dismiss(False)  # noqa: FBT003 - as Textual has it

    def action_answer(self, answer: bool) -> None:  # noqa: FBT001 - an action's argument
        if self._question.was_drawn or not answer:
            self.dismiss(answer)
