"""Startup latency as a heatmap: time to the right, latency upwards, darker where more startups are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import events
from textual.binding import BindingType
from textual.geometry import Size
from textual.message import Message

from patchdeck.model import HeatColumn, HeatGrid, HeatMode
from themes.ramps import UNICODE, Glyphs
from widgets import heat_text
from widgets.cursor_keys import cursor_keys
from widgets.heat_axes import step_columns, time_marks
from widgets.ink import HEAT, Ink
from widgets.line import Span, Spans, merged, overlaid
from widgets.panel import Panel

FAILED_ROW = -1
"""The cursor's row number for the row of failed and never ready startups, which messages call None."""

_GUTTER = 8
_NAME_GUTTER = 20
_EXTRA_LINES = 3
"""The failed row above the rows; the time axis and the starts in flight below them."""


class Heatmap(Panel, can_focus=True):
    """Draws a `HeatGrid` that was computed for `capacity`.

    The cursor stays on its stretch of time while the grid moves on; on the newest column it goes with the newest.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        *cursor_keys(
            "heatmap",
            left="move(-1, 0)",
            right="move(1, 0)",
            up="move(0, 1)",
            down="move(0, -1)",
            first="oldest",
            last="newest",
            open="open",
        )
    ]

    @dataclass
    class Resized(Message):
        """The grid that can be shown has this many columns and rows now."""

        heatmap: Heatmap
        columns: int
        rows: int

        @property
        def control(self) -> Heatmap:
            return self.heatmap

    @dataclass
    class CellHighlighted(Message):
        """The cursor is on this column and row of the grid; None is the row of failures."""

        heatmap: Heatmap
        column: int
        row: int | None

        @property
        def control(self) -> Heatmap:
            return self.heatmap

    @dataclass
    class CellOpened(CellHighlighted):
        """The startups behind this cell were asked for."""

    def __init__(
        self,
        *,
        utc: bool = False,
        glyphs: Glyphs = UNICODE,
        joined: bool = False,
        closed: bool = True,
        name: str | None = None,
        id: str | None = None,  # noqa: A002 - Textual's own name for it
        classes: str | None = None,
    ) -> None:
        super().__init__(
            title="Startup latency",
            glyphs=glyphs,
            joined=joined,
            closed=closed,
            name=name,
            id=id,
            classes=classes,
        )
        self._utc = utc
        self._grid: HeatGrid | None = None
        self._stale = False
        self._steps: frozenset[int] = frozenset()
        """Columns of the grid in which a step of a rollout began."""
        self._announced = Size(0, 0)
        self._column_ns: int | None = None
        """When the cursor's column began; None: the newest."""
        self._row = 0

    def show(self, grid: HeatGrid, *, stale: bool = False, steps_ns: Sequence[int] = ()) -> None:
        """Show this grid. `stale` draws it grey: nothing new is being heard. `steps_ns` is when steps of rollouts
        began; they are marked on the axis of time.
        """
        before = self.capacity
        self._grid, self._stale = grid, stale
        self._steps = step_columns([column.began_ns for column in grid.columns], grid.column_s, steps_ns)
        self._title = heat_text.title(grid, self.glyphs)
        self.redraw()
        if self.capacity != before:
            self._announce()

    @property
    def grid(self) -> HeatGrid | None:
        return self._grid

    @property
    def capacity(self) -> tuple[int, int]:
        """Columns and rows of cells that there is room for, in the mode that is shown."""
        return self.capacity_for(self._grid.mode if self._grid else HeatMode.ALL)

    def capacity_for(self, mode: HeatMode) -> tuple[int, int]:
        """As `capacity`, for a mode that is about to be shown: named rows need a wider margin."""
        width, height = self.inner_size
        return max(width - self._gutter(mode, width), 0), max(height - _EXTRA_LINES, 0)

    @property
    def cursor(self) -> tuple[int, int | None] | None:
        """The column and row the cursor is on; None while there is no grid."""
        if self._grid is None or not self._grid.columns:
            return None
        return self._cell

    # Drawing

    @staticmethod
    def _gutter(mode: HeatMode, width: int) -> int:
        return _GUTTER if mode is HeatMode.ALL else min(_NAME_GUTTER, max(width // 4, _GUTTER))

    def draw(self, width: int, height: int) -> Sequence[Spans]:
        grid = self._grid
        if grid is None or height <= _EXTRA_LINES:
            return ()
        gutter = self._gutter(grid.mode, width)
        columns = self._shown(width - gutter)
        first = len(grid.columns) - len(columns)
        rows = min(height - _EXTRA_LINES, self._row_count)
        blank = width - gutter - len(columns)
        marks = dict(enumerate(grid.row_labels))
        cursor = self._cursor_column() - first if self.has_focus else -1
        axis: Span = (self.glyphs.axis, Ink.FRAME, "")
        pad: Span = (" " * blank, Ink.TEXT, "")

        def assembled(label: str, ink: str, cells: Iterable[Span]) -> Spans:
            line = self.line(gutter - 1).value(label, gutter - 2, ink, align="right", cut="middle")
            return merged((*line.spans(), axis, pad, *cells))

        lines = [
            assembled(
                "failed",
                Ink.FAILED if any(column.failed for column in columns) and not self._stale else Ink.MUTED,
                self._failed_cells(columns, cursor),
            )
        ]
        for row in range(rows - 1, -1, -1):
            cells = self._row_cells(columns, row, cursor if row == self._row else -1)
            lines.append(assembled(marks.get(row, ""), Ink.MUTED, cells))
        lines += [self.line(width).spans()] * (height - _EXTRA_LINES - rows)
        lines.append(self._time_axis(width, gutter + blank, columns))
        lines.append(assembled("starts", Ink.MUTED, self._in_flight_cells(columns)))
        return lines

    def _row_cells(self, columns: Sequence[HeatColumn], row: int, cursor: int) -> Iterable[Span]:
        """Cells of one row. `cursor` is the cell to mark, -1 for none."""
        heat, gap = self.glyphs.heat, self.glyphs.gap
        for index, column in enumerate(columns):
            level = column.levels[row] if row < len(column.levels) else 0
            over = Ink.CELL if index == cursor else ""
            if level:
                level = min(level, len(HEAT))
                ink = Ink.STALE if self._stale else HEAT[level - 1]
                yield heat[level], ink, over
            elif column.gap:
                yield gap, Ink.GAP, over
            else:
                yield " ", Ink.TEXT, over

    def _failed_cells(self, columns: Sequence[HeatColumn], cursor: int) -> Iterable[Span]:
        """A mark where something failed; its count where it stands alone, since two counts would read as one."""
        on_row = self._row == FAILED_ROW
        counts = [0, *(column.failed for column in columns), 0]
        for index, column in enumerate(columns):
            over = Ink.CELL if on_row and index == cursor else ""
            before, failed, after = counts[index : index + 3]
            if failed:
                alone = not before and not after
                text = str(failed) if alone and 1 < failed < 10 else self.glyphs.failure
                yield text, Ink.STALE if self._stale else Ink.FAILED, over
            elif column.gap:
                yield self.glyphs.gap, Ink.GAP, over
            else:
                yield " ", Ink.TEXT, over

    def _in_flight_cells(self, columns: Sequence[HeatColumn]) -> Iterable[Span]:
        bars = self.glyphs.bars
        peak = max((column.in_flight for column in columns), default=0)
        for column in columns:
            if column.gap and not column.in_flight:
                yield self.glyphs.gap, Ink.GAP, ""
            elif column.in_flight:
                step = 1 + (column.in_flight * (len(bars) - 2)) // max(peak, 1)
                yield bars[step], Ink.STALE if self._stale else Ink.ACCENT, ""
            else:
                yield bars[0], Ink.FRAME, ""

    def _time_axis(self, width: int, before: int, columns: Sequence[HeatColumn]) -> Spans:
        grid, glyphs = self._grid, self.glyphs
        assert grid is not None
        line = self.line(width).gap(self._gutter(grid.mode, width) - 1).put(glyphs.axis_corner, Ink.FRAME)
        line.put(glyphs.horizontal * (before - line.taken), Ink.FRAME)
        marks = time_marks([column.began_ns for column in columns], grid.column_s, utc=self._utc)
        for index, label in marks.items():
            room = index - (line.taken - before)
            if room < 0 or index + 1 + len(label) > len(columns):
                continue
            line.put(glyphs.horizontal * room, Ink.FRAME).put(glyphs.axis_tick, Ink.FRAME)
            line.put(label, Ink.MUTED)
        spans = line.put(glyphs.horizontal * line.room, Ink.FRAME).spans()
        first = len(grid.columns) - len(columns)
        cells = [before + step - first for step in self._steps if step >= first]
        return overlaid(spans, cells, (glyphs.warning, Ink.NEW, "")) if cells else spans

    def note(self) -> Sequence[Span]:
        return heat_text.quantiles(self._grid.quantiles) if self._grid else ()

    def foot(self) -> Sequence[Span]:
        grid = self._grid
        if grid is None or not grid.columns:
            return ()
        if not self.has_focus:
            return heat_text.legend(grid, self.glyphs, steps=bool(self._steps))
        row = None if self._row == FAILED_ROW else self._row
        return heat_text.readout(grid, self._cursor_column(), row, self.glyphs, utc=self._utc)

    def _shown(self, room: int) -> Sequence[HeatColumn]:
        """The newest columns, as many as there is room for."""
        assert self._grid is not None
        return self._grid.columns[-room:] if room > 0 else ()

    # The cursor

    @property
    def _row_count(self) -> int:
        return len(self._grid.row_labels) if self._grid else 0

    def _cursor_column(self) -> int:
        columns = self._grid.columns if self._grid else ()
        last = len(columns) - 1
        if self._column_ns is None:
            return last
        first = max(len(columns) - self.capacity[0], 0)
        for index in range(last, first, -1):
            if columns[index].began_ns <= self._column_ns:
                return index
        return first

    def _move_to(self, column: int, row: int) -> None:
        grid = self._grid
        if grid is None or not grid.columns:
            return
        last = len(grid.columns) - 1
        column = min(max(column, last + 1 - self.capacity[0], 0), last)
        self._row = min(max(row, FAILED_ROW), max(self._row_count - 1, 0))
        self._column_ns = None if column == last else grid.columns[column].began_ns
        self.redraw()
        self.post_message(self.CellHighlighted(self, *self._cell))

    @property
    def _cell(self) -> tuple[int, int | None]:
        return self._cursor_column(), None if self._row == FAILED_ROW else self._row

    def action_move(self, columns: int, rows: int) -> None:
        """The row of failures is above the topmost row, so that up from there leads to it."""
        top = self._row_count - 1
        row = top + 1 if self._row == FAILED_ROW else self._row
        row = min(max(row + rows, 0), top + 1)
        self._move_to(self._cursor_column() + columns, FAILED_ROW if row > top else row)

    def action_oldest(self) -> None:
        self._move_to(0, self._row)

    def action_newest(self) -> None:
        self._move_to(len(self._grid.columns) - 1 if self._grid else 0, self._row)

    def action_open(self) -> None:
        if self.cursor is not None:
            self.post_message(self.CellOpened(self, *self._cell))

    def on_click(self, event: events.Click) -> None:
        grid = self._grid
        if grid is None:
            return
        width, height = self.inner_size
        gutter = self._gutter(grid.mode, width)
        x, y = event.x - 1 - gutter, event.y - self.inner_top
        columns = self._shown(width - gutter)
        x -= width - gutter - len(columns)
        rows = min(height - _EXTRA_LINES, self._row_count)
        if not 0 <= x < len(columns) or not 0 <= y <= rows:
            return
        self._move_to(len(grid.columns) - len(columns) + x, FAILED_ROW if y == 0 else rows - y)
        if event.chain > 1:
            self.action_open()

    def on_resize(self, event: events.Resize) -> None:
        super().on_resize(event)
        self._announce()

    def _announce(self) -> None:
        capacity = Size(*self.capacity)
        if capacity != self._announced:
            self._announced = capacity
            self.post_message(self.Resized(self, *capacity))
