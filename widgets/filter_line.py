"""The `/` line: narrows what a list shows while it is typed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import Input

from widgets.cells import clean

_LONGEST = 200


class FilterLine(Input):
    """Hidden until `open`, and again once it is left: Enter keeps the filter, Escape takes it away."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel", "Clear filter", show=False, id="filter.cancel"),
    ]
    DEFAULT_CSS = """
    FilterLine {
        height: 1;
        border: none;
        padding: 0 1;
        background: $background;
        color: $foreground;
        display: none;
        &.-open { display: block; }
        &:focus { border: none; background: $panel; background-tint: $foreground 0%; }
    }
    """

    @dataclass
    class Filtered(Message):
        """Show only what contains this text; all where it is empty."""

        line: FilterLine
        text: str

        @property
        def control(self) -> FilterLine:
            return self.line

    @dataclass
    class Left(Message):
        """The line was left; the focus should go back to the list."""

        line: FilterLine
        text: str

        @property
        def control(self) -> FilterLine:
            return self.line

    def __init__(
        self,
        *,
        placeholder: str = "/ filter by name, version or image",
        name: str | None = None,
        id: str | None = None,  # noqa: A002 - Textual's own name for it
        classes: str | None = None,
    ) -> None:
        super().__init__(
            placeholder=placeholder,
            max_length=_LONGEST,
            compact=True,
            name=name,
            id=id,
            classes=classes,
        )

    def open(self) -> None:
        """Show the line and take the keyboard."""
        self.add_class("-open")
        self.focus()

    @property
    def is_open(self) -> bool:
        return self.has_class("-open")

    def action_cancel(self) -> None:
        self.value = ""
        self._leave()

    def _leave(self) -> None:
        self.remove_class("-open")
        self.post_message(self.Left(self, self.value))

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self.post_message(self.Filtered(self, event.value))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self._leave()

    def _on_paste(self, event: events.Paste) -> None:
        """What is pasted may hold anything."""
        event.stop()
        event.prevent_default()
        lines = event.text.splitlines()
        self.insert_text_at_cursor(clean(lines[0][:_LONGEST]) if lines else "")
