"""A panel of rows with a cursor, of which only those in view are drawn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Generic, Literal, TypeVar

from textual import events
from textual.binding import BindingType

from themes.ramps import UNICODE, Glyphs
from widgets.cursor_keys import cursor_keys
from widgets.ink import Ink
from widgets.line import Spans
from widgets.panel import Panel

Row = TypeVar("Row")
Edge = Literal["top", "bottom"]

_WHEEL_ROWS = 3


class RowPanel(Panel, Generic[Row], can_focus=True):
    """Rows that come and go while the cursor stays on the one it was put on.

    With `follow` the cursor starts on the newest row, at that edge, and goes with it until it is moved away; moved
    back to the edge it follows again. Without, it begins on the first row. The wheel moves the cursor.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        *cursor_keys(
            "rows",
            up="move(-1)",
            down="move(1)",
            page_up="page(-1)",
            page_down="page(1)",
            first="edge('top')",
            last="edge('bottom')",
            open="open",
        )
    ]

    def __init__(
        self,
        *,
        title: str = "",
        empty: str = "",
        follow: Edge | None = None,
        glyphs: Glyphs = UNICODE,
        framed: bool = True,
        joined: bool = False,
        closed: bool = True,
        name: str | None = None,
        id: str | None = None,  # noqa: A002 - Textual's own name for it
        classes: str | None = None,
    ) -> None:
        super().__init__(
            title=title,
            glyphs=glyphs,
            framed=framed,
            joined=joined,
            closed=closed,
            name=name,
            id=id,
            classes=classes,
        )
        self._empty = empty
        self._follow = follow
        self._rows: Sequence[Row] = ()
        self._index = 0
        self._key: str | None = None
        self._top = 0
        self._row_cache: dict[str, tuple[Row, object, Spans]] = {}

    # What a subclass says

    def row_key(self, row: Row) -> str:
        """What a row is known by however its values change."""
        raise NotImplementedError

    def draw_row(self, row: Row, width: int, *, selected: bool) -> Spans:
        raise NotImplementedError

    def visual_state(self) -> object:
        """Whatever else the drawing of a row depends on."""
        return None

    def header(self, width: int) -> Sequence[Spans]:
        """The lines above the rows."""
        del width
        return ()

    def highlighted(self, row: Row) -> None:
        """The cursor came to this row."""

    def opened(self, row: Row) -> None:
        """This row was asked for."""

    # What a subclass and the screen use

    @property
    def selected(self) -> Row | None:
        return self._rows[self._index] if self._rows else None

    @property
    def view_height(self) -> int:
        """Rows that can be seen at once."""
        width, height = self.inner_size
        return max(height - len(self.header(width)), 0)

    def set_rows(self, rows: Sequence[Row]) -> None:
        """Show these instead; the cursor stays on its row, and that row where it is on the screen."""
        before = self._index
        self._rows = rows
        self._index = self._found(before)
        if self._key is not None:
            self._top += self._index - before
            if rows:
                self._key = self.row_key(rows[self._index])
        elif self._follow is None and rows:
            self._key = self.row_key(rows[self._index])
        self.redraw()

    def select(self, key: str) -> bool:
        """Put the cursor on the row of that key; False if there is none."""
        for index, row in enumerate(self._rows):
            if self.row_key(row) == key:
                self._move_to(index)
                return True
        return False

    # Drawing

    def draw(self, width: int, height: int) -> Sequence[Spans]:
        lines = list(self.header(width))
        view = max(height - len(lines), 0)
        if not self._rows:
            return [*lines, *self._draw_empty(width, view)]
        self._scroll(view)
        state = (width, self.has_focus, self.visual_state())
        drawn: dict[str, tuple[Row, object, Spans]] = {}
        for index in range(self._top, min(self._top + view, len(self._rows))):
            row = self._rows[index]
            key = self.row_key(row)
            selected = index == self._index
            row_state = (selected, state)
            cached = self._row_cache.get(key)
            if cached is None or cached[1] != row_state or cached[0] != row:
                cached = (row, row_state, self.draw_row(row, width, selected=selected))
            drawn[key] = cached
            lines.append(cached[2])
        self._row_cache = drawn
        return lines

    def _draw_empty(self, width: int, view: int) -> list[Spans]:
        blank = self.line(width).spans()
        text = self.line(width).value(self._empty, width, Ink.MUTED, align="center").spans()
        return [*[blank] * min(view // 3, 4), text] if view else []

    def cursor_ink(self, *, selected: bool) -> str:
        return Ink.CURSOR if selected and self.has_focus else Ink.NONE

    def thumb(self, height: int) -> range:
        view = self.view_height
        total = len(self._rows)
        if total <= view or not view:
            return range(0)
        above = height - view
        length = max(view * view // total, 1)
        start = (view - length) * self._top // max(total - view, 1)
        return range(above + start, above + start + length)

    # Moving

    def action_move(self, rows: int) -> None:
        self._move_to(self._index + rows)

    def action_page(self, pages: int) -> None:
        self._move_to(self._index + pages * max(self.view_height - 1, 1))

    def action_edge(self, edge: Edge) -> None:
        self._move_to(0 if edge == "top" else len(self._rows) - 1)

    def action_open(self) -> None:
        row = self.selected
        if row is not None:
            self.opened(row)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        event.stop()
        self._move_to(self._index + _WHEEL_ROWS)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        event.stop()
        self._move_to(self._index - _WHEEL_ROWS)

    def on_click(self, event: events.Click) -> None:
        above = self.inner_top + len(self.header(self.inner_size.width))
        index = self._top + event.y - above
        if event.y < above:
            self.header_clicked(event.x - self.inner_top, event.y - self.inner_top)
        elif index < min(len(self._rows), self._top + self.view_height):
            again = index == self._index and event.chain > 1
            self._move_to(index)
            if again:
                self.action_open()

    def header_clicked(self, x: int, y: int) -> None:
        """A click above the rows, in cells from the upper left corner of the inside."""

    def _move_to(self, index: int) -> None:
        if not self._rows:
            return
        index = min(max(index, 0), len(self._rows) - 1)
        edge = {"top": 0, "bottom": len(self._rows) - 1}.get(self._follow or "")
        row = self._rows[index]
        moved = index != self._index
        self._index = index
        self._key = None if index == edge else self.row_key(row)
        self.redraw()
        if moved:
            self.highlighted(row)

    def _found(self, before: int) -> int:
        """Where the cursor's row is now; if it is gone, as near to where it was as there are rows."""
        last = max(len(self._rows) - 1, 0)
        if self._key is None:
            return last if self._follow == "bottom" else 0
        if before <= last and self._rows and self.row_key(self._rows[before]) == self._key:
            return before
        for index, row in enumerate(self._rows):
            if self.row_key(row) == self._key:
                return index
        return min(before, last)

    def _scroll(self, view: int) -> None:
        """Keep the cursor in view and the view within the rows."""
        top = min(max(self._top, self._index - view + 1), self._index)
        self._top = max(min(top, len(self._rows) - view), 0)
