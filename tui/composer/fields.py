"""The form of a rollout: a line for each field, and beneath the image those that are known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Horizontal, VerticalScroll
from textual.message import Message
from textual.suggester import SuggestFromList
from textual.widgets import Input

from themes.ramps import Glyphs
from tui.composer.form import BY_ID, FIELDS, IMAGE, Field
from widgets.cells import clean
from widgets.ink import Ink
from widgets.line import Spans
from widgets.panel import Panel
from widgets.rows import RowPanel
from widgets.scroll_bar import in_glyphs

_LABEL_CELLS = 14
_LONGEST = 400
_OFFERS_ROWS = 6
Offer = tuple[str, str]
"""A reference, and where it is known from."""


class _Label(Panel):
    DEFAULT_CSS = f"_Label {{ width: {_LABEL_CELLS}; height: 1; }}"

    def __init__(self, field: Field, *, glyphs: Glyphs) -> None:
        super().__init__(glyphs=glyphs, framed=False)
        self._field = field
        self._wrong = False

    def show(self, *, wrong: bool) -> None:
        self._wrong = wrong
        self.redraw()

    def draw(self, width: int, height: int) -> Sequence[Spans]:
        mark = self.glyphs.failure if self._wrong else " "
        line = self.line(width).put(mark, Ink.FAILED)
        return (line.put(self._field.label, Ink.FAILED if self._wrong else Ink.MUTED).spans(),)


class FieldInput(Input):
    """What is pasted is made harmless."""

    DEFAULT_CSS = """
    FieldInput {
        height: 1; width: 1fr; border: none; padding: 0; background: $background; color: $foreground;
        &:focus { border: none; background: $panel; background-tint: $foreground 0%; text-style: bold; }
    }
    """

    def __init__(self, field: Field, value: str) -> None:
        super().__init__(
            value,
            max_length=_LONGEST,
            compact=True,
            select_on_focus=False,
            id=field.id,
            suggester=SuggestFromList(field.words) if field.words else None,
        )

    async def _on_key(self, event: events.Key) -> None:
        # In the order in which they were typed: Textual looks for a binding once a key has come up to the app, and by
        # then what was typed after it is in the field.
        for binding in self._bindings.key_to_bindings.get(event.key, ()):
            event.stop()
            event.prevent_default()
            await self.run_action(binding.action)
            return
        await super()._on_key(event)

    def _on_paste(self, event: events.Paste) -> None:
        event.stop()
        event.prevent_default()
        lines = event.text.splitlines()
        self.insert_text_at_cursor(clean(lines[0][:_LONGEST]) if lines else "")


class OfferList(RowPanel[Offer]):
    """Images that the service could be moved to; enter takes one."""

    DEFAULT_CSS = "OfferList { height: 0; }"

    @dataclass
    class Taken(Message):
        image: str

    def __init__(self, *, glyphs: Glyphs) -> None:
        super().__init__(glyphs=glyphs, framed=False, empty="none is known")

    def show(self, offers: Sequence[Offer]) -> None:
        self.styles.height = min(len(offers), _OFFERS_ROWS)
        self.can_focus = bool(offers)
        self.set_rows(offers)
        if not self.has_focus:
            self.action_edge("top")

    def row_key(self, row: Offer) -> str:
        return row[0]

    def opened(self, row: Offer) -> None:
        self.post_message(self.Taken(row[0]))

    def draw_row(self, row: Offer, width: int, *, selected: bool) -> Spans:
        over = self.cursor_ink(selected=selected)
        line = (
            self.line(width).gap(_LABEL_CELLS - 2).put(self.glyphs.cursor if over else " ", Ink.ACCENT).gap(1)
        )
        where = row[1]
        line.value(row[0], max(line.room - len(where) - 1, 8), Ink.TEXT, cut="middle")
        return line.gap(1).put(where, Ink.MUTED).spans(over)


class Hint(Panel):
    """What the field with the keyboard takes, or what is wrong with it."""

    DEFAULT_CSS = "Hint { height: 1; }"

    def __init__(self, *, glyphs: Glyphs) -> None:
        super().__init__(glyphs=glyphs, framed=False)
        self._text, self._ink = "", Ink.MUTED

    def show(self, text: str, *, wrong: bool) -> None:
        self._text, self._ink = text, Ink.FAILED if wrong else Ink.MUTED
        self.redraw()

    def draw(self, width: int, height: int) -> Sequence[Spans]:
        return (self.line(width).gap(1).free(self._text, self._ink).spans(),)


class Fields(VerticalScroll, can_focus=False):
    """All fields with what stands in them."""

    DEFAULT_CSS = """
    Fields { scrollbar-size-vertical: 1; background: $background; }
    Fields > Horizontal { height: 1; }
    """

    @dataclass
    class Changed(Message):
        field: str

    def __init__(self, values: dict[str, str], *, glyphs: Glyphs) -> None:
        super().__init__()
        self._glyphs = glyphs
        self._values = values
        self._wrong: dict[str, str] = {}

    def compose(self) -> ComposeResult:
        for field in FIELDS:
            with Horizontal():
                yield _Label(field, glyphs=self._glyphs)
                yield FieldInput(field, self._values[field.id])
            if field.id == IMAGE:
                yield OfferList(glyphs=self._glyphs)
        yield Hint(glyphs=self._glyphs)

    def on_mount(self) -> None:
        in_glyphs(self, self._glyphs)

    @property
    def values(self) -> dict[str, str]:
        return dict(self._values)

    def fill(self, values: dict[str, str]) -> None:
        """Put these in their fields."""
        for name, text in values.items():
            self.query_one(f"#{name}", FieldInput).value = text

    def show_wrong(self, wrong: dict[str, str]) -> None:
        """Mark the fields that have mistakes; none of the others."""
        self._wrong = wrong
        for field, label in zip(FIELDS, self.query(_Label), strict=True):
            label.show(wrong=field.id in wrong)
        self._show_hint()

    @on(Input.Changed)
    def _changed(self, event: Input.Changed) -> None:
        event.stop()
        name = event.input.id or ""
        if self._values[name] != event.value:
            self._values[name] = event.value
            self.post_message(self.Changed(name))

    def on_descendant_focus(self) -> None:
        self._show_hint()

    def _show_hint(self) -> None:
        focused = self.screen.focused
        name = focused.id if isinstance(focused, FieldInput) and focused.id else IMAGE
        wrong = self._wrong.get(name, "")
        self.query_one(Hint).show(wrong or BY_ID[name].hint, wrong=bool(wrong))
