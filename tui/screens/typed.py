"""A question that is answered by typing something: nothing typed is no."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.geometry import Size

from patchdeck.model import Severity
from themes.ramps import Glyphs
from tui.screens.modal import Modal
from widgets.ink import Ink
from widgets.line import Spans
from widgets.prompt import Prompt
from widgets.question import Question

_WIDEST = 92
_PROMPT_ROWS = 3


class _Told(Question):
    """As a question, with how to answer by typing."""

    def draw(self, width: int, height: int) -> Sequence[Spans]:
        *lines, _ = super().draw(width, height)
        answers = self.line(width).gap(1).put("escape", Ink.ACCENT).put(f" {self._no}   ", Ink.STRONG)
        answers.put("type it, then enter", Ink.ACCENT).put(f" {self._yes}", Ink.MUTED)
        return [*lines, answers.spans()]


class TypedScreen(Modal[str | None]):
    """What was typed; None for escape, for enter with nothing typed, and for a click outside."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel", "No", show=False, id="typed.no", priority=True),
    ]
    DEFAULT_CSS = """
    TypedScreen { align: center middle; background: $background 0%; }
    TypedScreen > Vertical { background: $background; }
    TypedScreen Prompt, TypedScreen Prompt:focus { height: 3; border: solid $frame-focus !important; }
    TypedScreen Prompt.-ascii, TypedScreen Prompt.-ascii:focus { border: ascii $frame-focus !important; }
    """

    def __init__(
        self,
        title: str,
        lines: Sequence[tuple[str, Severity]],
        placeholder: str,
        *,
        yes: str,
        no: str,
        glyphs: Glyphs,
    ) -> None:
        super().__init__()
        self._told = _Told(title, lines, yes, no, glyphs=glyphs)
        self._prompt = Prompt(placeholder)
        self._prompt.set_class(glyphs.ascii, "-ascii")
        self._both = Vertical(self._told, self._prompt)

    def compose(self) -> ComposeResult:
        # Before it is drawn for the first time: else it would fill the terminal for a moment.
        self._fit(self.app.size)
        yield self._both

    def on_resize(self, event: events.Resize) -> None:
        self._fit(event.size)

    def _fit(self, size: Size) -> None:
        width = max(min(_WIDEST, size.width - 4), 1)
        height = max(min(self._told.wanted_height(width), size.height - _PROMPT_ROWS), 1)
        self._told.styles.height = height
        self._both.styles.width, self._both.styles.height = width, height + _PROMPT_ROWS

    def on_click(self, event: events.Click) -> None:
        if event.widget is self:
            self.dismiss(None)

    def action_cancel(self) -> None:
        self.dismiss(None)

    @on(Prompt.Answered)
    def _answered(self, event: Prompt.Answered) -> None:
        event.stop()
        self.dismiss(event.text or None)
