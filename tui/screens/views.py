"""What the views on 1, 2 and 3 share: the window and the filter."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tui.footer import Footer
from tui.screens.base import ConsoleScreen

if TYPE_CHECKING:
    from widgets.filter_line import FilterLine


class View(ConsoleScreen, inherit_bindings=False):
    """A screen that shows a stretch of time through the filter."""

    _filter_line: FilterLine | None = None

    async def action_filter(self) -> None:
        await self._open_filter()

    async def _open_filter(self) -> None:
        if self._filter_line is None:
            # Made when it is first wanted: it brings Textual's input, which the first frame can do without.
            from widgets.filter_line import FilterLine  # noqa: PLC0415

            self._filter_line = FilterLine()
            await self.mount(self._filter_line, before=self.query_one(Footer))
        self._filter_line.value = self.patchdeck.looking.words
        self._filter_line.open()

    def on_filter_line_filtered(self, event: FilterLine.Filtered) -> None:
        event.stop()
        self.patchdeck.look(replace(self.patchdeck.looking, words=event.text))

    def on_filter_line_left(self, event: FilterLine.Left) -> None:
        event.stop()
        self.give_focus()

    def give_focus(self) -> None:
        """Put the keyboard where it belongs on this view."""
        raise NotImplementedError

    def action_clear(self) -> None:
        if self._filter_line is not None:
            self._filter_line.action_cancel()
        self.patchdeck.look(replace(self.patchdeck.looking, words="", only_failed=False, only_slow=False))

    def update_shown(self) -> None:
        super().update_shown()
        words = self.patchdeck.looking.words
        line = self._filter_line
        if line is not None and not line.has_focus and line.value != words:
            # The filter was changed on another view.
            with line.prevent(line.Changed):
                line.value = words
            line.set_class(bool(words), "-open")

    def action_zoom_out(self) -> None:
        self.patchdeck.look(self.patchdeck.looking.longer())

    def action_zoom_in(self) -> None:
        self.patchdeck.look(self.patchdeck.looking.shorter())
