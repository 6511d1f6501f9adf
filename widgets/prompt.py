"""A line that asks one question."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input

from widgets.cells import clean

_LONGEST = 200


class Prompt(Input):
    """Enter answers, with nothing too; Escape closes it. Whoever takes the answer closes it too.

    It takes the keyboard, and gives it back to `asked_from`.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "close", "Leave", show=False, id="prompt.close"),
    ]
    DEFAULT_CSS = """
    Prompt {
        height: 1;
        border: none;
        padding: 0 1;
        background: $background;
        color: $foreground;
        &:focus { border: none; background: $panel; background-tint: $foreground 0%; }
    }
    """

    @dataclass
    class Answered(Message):
        prompt: Prompt
        text: str

        @property
        def control(self) -> Prompt:
            return self.prompt

    def __init__(
        self,
        question: str,
        *,
        asked_from: Widget | None = None,
        id: str | None = None,  # noqa: A002 - Textual's own name for it
    ) -> None:
        super().__init__(placeholder=question, max_length=_LONGEST, compact=True, id=id)
        self._asked_from = asked_from

    def on_mount(self) -> None:
        self.focus()

    async def action_close(self) -> None:
        await self.remove()
        if self._asked_from is not None and self._asked_from.is_mounted:
            self._asked_from.focus()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.post_message(self.Answered(self, event.value.strip()))

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()

    def _on_paste(self, event: events.Paste) -> None:
        """What is pasted may hold anything."""
        event.stop()
        event.prevent_default()
        lines = event.text.splitlines()
        self.insert_text_at_cursor(clean(lines[0][:_LONGEST]) if lines else "")
