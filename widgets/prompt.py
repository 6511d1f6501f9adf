"""A line that asks one question."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import Input

from widgets.cells import clean

_LONGEST = 200


class Prompt(Input):
    """Enter answers, with nothing too; Escape leaves. Whoever opened it takes it away."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Leave", show=False, id="prompt.leave"),
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

    @dataclass
    class Left(Message):
        """It is not to be answered."""

        prompt: Prompt

        @property
        def control(self) -> Prompt:
            return self.prompt

    def __init__(self, question: str, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own name for it
        super().__init__(placeholder=question, max_length=_LONGEST, compact=True, id=id)

    def action_leave(self) -> None:
        self.post_message(self.Left(self))

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
