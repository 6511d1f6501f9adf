"""What the views on 1, 2 and 3 share: the window and the filter."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from textual.app import ComposeResult

from tui.footer import Footer
from tui.screens.base import ConsoleScreen
from widgets.filter_note import FilterNote

if TYPE_CHECKING:
    from widgets.filter_line import FilterLine


class View(ConsoleScreen, inherit_bindings=False):
    """A screen that shows a stretch of time through the filter."""

    DEFAULT_CSS = "View.-too-small FilterNote { display: none; }"

    _filter_line: FilterLine | None = None

    def compose(self) -> ComposeResult:
        yield from super().compose()
        yield FilterNote(glyphs=self.glyphs)

    async def action_filter(self) -> None:
        await self._open_filter()

    async def _open_filter(self) -> None:
        if self._filter_line is None:
            # Made when it is first wanted: it brings Textual's input, which the first frame can do without.
            from widgets.filter_line import FilterLine  # noqa: PLC0415

            self._filter_line = FilterLine()
            await self.mount(self._filter_line, before=self.query_one(Footer))
        self.query_one(FilterNote).show("")
        self._filter_line.value = self.patchdeck.looking.words
        self._filter_line.open()

    def on_filter_line_filtered(self, event: FilterLine.Filtered) -> None:
        event.stop()
        self.patchdeck.look(replace(self.patchdeck.looking, words=event.text))

    def on_filter_line_left(self, event: FilterLine.Left) -> None:
        event.stop()
        self.give_focus()
        self._note_filter()

    def give_focus(self) -> None:
        """Put the keyboard where it belongs on this view."""
        raise NotImplementedError

    def action_clear(self) -> None:
        if self._filter_line is not None:
            self._filter_line.action_cancel()
        self.patchdeck.look(replace(self.patchdeck.looking, words="", only_failed=False, only_slow=False))

    def update_shown(self) -> None:
        super().update_shown()
        if self.is_there:
            # It may have been changed on another view.
            self._note_filter()

    def _note_filter(self) -> None:
        typing = self._filter_line is not None and self._filter_line.is_open
        for note in self.query(FilterNote):  # none on a view that is being taken down
            note.show("" if typing else self.patchdeck.looking.words)

    def action_zoom_out(self) -> None:
        self.patchdeck.look(self.patchdeck.looking.longer())

    def action_zoom_in(self) -> None:
        self.patchdeck.look(self.patchdeck.looking.shorter())
