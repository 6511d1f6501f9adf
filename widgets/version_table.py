"""Services and the versions that are live of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.message import Message

from patchdeck.model import Measure, Service
from themes.ramps import UNICODE, Glyphs
from widgets import units
from widgets.ink import Ink
from widgets.line import Line, Span, Spans, inked
from widgets.rows import RowPanel
from widgets.version_columns import (
    GAP_CELLS,
    RIGHT_ALIGNED,
    Column,
    layers_text,
    layout,
    quantiles,
    replicas,
    sort_key,
    state,
    versions,
)

_DESCENDING_AT_FIRST = frozenset(Column) - {Column.ENGINE, Column.SERVICE}
_MARGIN = 1
"""For the cursor's glyph."""


class VersionTable(RowPanel[Service]):
    """One row a service. Which services is for the screen to say; in what order is for this table."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("s", "sort_next", "Sort", show=False, id="versions.sort"),
        Binding("S", "sort_reverse", "Reverse", show=False, id="versions.reverse"),
    ]

    @dataclass
    class Highlighted(Message):
        """The cursor came to this service."""

        table: VersionTable
        key: str

        @property
        def control(self) -> VersionTable:
            return self.table

    @dataclass
    class Opened(Highlighted):
        """This service was asked for."""

    def __init__(
        self,
        *,
        glyphs: Glyphs = UNICODE,
        joined: bool = False,
        closed: bool = True,
        name: str | None = None,
        id: str | None = None,  # noqa: A002 - Textual's own name for it
        classes: str | None = None,
    ) -> None:
        super().__init__(
            title="Versions in flight",
            empty="no containers yet",
            # Services are learned of one after the other: the first to come is no one's choice.
            follow="top",
            glyphs=glyphs,
            joined=joined,
            closed=closed,
            name=name,
            id=id,
            classes=classes,
        )
        self._measure = Measure.STARTED
        self._with_engine = False
        self._stale: frozenset[str] = frozenset()
        self._rolling: Mapping[str, str] = {}
        self._sort = Column.SERVICE
        self._descending = False
        self._services: Sequence[Service] = ()
        self._total = 0

    def show(
        self,
        services: Sequence[Service],
        *,
        measure: Measure = Measure.STARTED,
        with_engine: bool = False,
        stale: frozenset[str] = frozenset(),
        empty: str = "no containers yet",
        total: int | None = None,
        rolling: Mapping[str, str] | None = None,
    ) -> None:
        """Show these services.

        `with_engine` adds a column for it; services of the engines named in `stale` are grey. `empty` is said where
        there are none. `total` is how many there are without a filter. `rolling` says, by the keys of services, how
        the rollout stands that is open.
        """
        self._rolling = rolling or {}
        self._measure, self._with_engine, self._stale, self._empty = measure, with_engine, stale, empty
        self._total = len(services) if total is None else total
        self._services = services
        self.set_rows(self._sorted())

    def sort_by(self, column: Column, *, descending: bool | None = None) -> None:
        """Sort by a column; again by the same one turns the order round."""
        if descending is None:
            again = column is self._sort
            descending = not self._descending if again else column in _DESCENDING_AT_FIRST
        self._sort, self._descending = column, descending
        self.set_rows(self._sorted())

    @property
    def sort(self) -> tuple[Column, bool]:
        """The column that is sorted by, and whether the greatest comes first."""
        return self._sort, self._descending

    def action_sort_next(self) -> None:
        columns = list(self._layout(self.inner_size.width))
        at = columns.index(self._sort) if self._sort in columns else -1
        column = columns[(at + 1) % len(columns)]
        self.sort_by(column, descending=column in _DESCENDING_AT_FIRST)

    def action_sort_reverse(self) -> None:
        self.sort_by(self._sort, descending=not self._descending)

    # Rows

    def row_key(self, row: Service) -> str:
        return row.key

    def highlighted(self, row: Service) -> None:
        self.post_message(self.Highlighted(self, row.key))

    def opened(self, row: Service) -> None:
        self.post_message(self.Opened(self, row.key))

    def visual_state(self) -> object:
        return (self._measure, self._with_engine, self._stale, tuple(self._rolling.items()))

    def note(self) -> Sequence[Span]:
        shown = len(self._services)
        flying = sum(service.in_flight for service in self._services)
        words = f"{shown} of {self._total} services" if shown != self._total else f"{shown} services"
        if shown == self._total == 1:
            words = "1 service"
        return ((f"{flying} in flight  ", Ink.NEW if flying else Ink.MUTED, ""), (words, Ink.MUTED, ""))

    def header(self, width: int) -> Sequence[Spans]:
        line = self.line(width).gap(_MARGIN)
        for index, (column, cells) in enumerate(self._layout(width).items()):
            line.gap(GAP_CELLS if index else 0)
            sorted_by = column is self._sort
            glyph = (
                (self.glyphs.descending if self._descending else self.glyphs.ascending) if sorted_by else ""
            )
            ink = Ink.TEXT if sorted_by else Ink.MUTED
            line.value(column.value + glyph, cells, ink, align="right" if column in RIGHT_ALIGNED else "left")
        return (line.spans(),)

    def header_clicked(self, x: int, y: int) -> None:
        del y
        start = _MARGIN
        for column, cells in self._layout(self.inner_size.width).items():
            if start <= x < start + cells:
                self.sort_by(column)
                return
            start += cells + GAP_CELLS

    def draw_row(self, row: Service, width: int, *, selected: bool) -> Spans:
        line = self.line(width).put(self.glyphs.cursor if selected else " ", Ink.ACCENT)
        for index, (column, cells) in enumerate(self._layout(width).items()):
            line.gap(GAP_CELLS if index else 0)
            self._put(line, column, row, cells)
        over = self.cursor_ink(selected=selected)
        spans = line.spans(over)
        return inked(spans, Ink.STALE) if row.engine in self._stale else spans

    def _put(self, line: Line, column: Column, service: Service, cells: int) -> None:
        values = quantiles(service, self._measure)
        match column:
            case Column.ENGINE:
                line.value(service.engine, cells, Ink.MUTED, cut="middle")
            case Column.SERVICE:
                line.value(service.name, cells, Ink.STRONG if service.in_flight else Ink.TEXT, cut="middle")
            case Column.VERSIONS:
                self._put_spans(line, versions(service, cells, self.glyphs), cells)
            case Column.REPLICAS:
                self._put_spans(line, replicas(service, cells), cells)
            case Column.P50:
                line.value(units.latency(values.p50_s), cells, Ink.TEXT, align="right")
            case Column.P95:
                ink = Ink.FAILED if values.p95_s == float("inf") else Ink.TEXT
                line.value(units.latency(values.p95_s), cells, ink, align="right")
            case Column.LAYERS:
                self._put_spans(line, layers_text(service), cells)
            case Column.STATE:
                self._put_spans(line, state(service, self.glyphs, self._rolling.get(service.key, "")), cells)

    def _put_spans(self, line: Line, spans: Sequence[Span], cells: int) -> None:
        part = self.line(cells)
        for text, ink, _ in spans:
            part.put(text, ink)
        for text, ink, _ in part.spans():
            line.put(text, ink)

    def _layout(self, width: int) -> dict[Column, int]:
        return layout(width - _MARGIN, with_engine=self._with_engine)

    def _sorted(self) -> Sequence[Service]:
        """Equals stand by name from A to Z whichever way round the rest is."""

        def value(service: Service) -> tuple[object, ...]:
            key = sort_key(self._sort, service, self._measure)
            return key[:-2] or key

        by_name = sorted(self._services, key=lambda service: (service.name, service.engine))
        return sorted(by_name, key=value, reverse=self._descending)
