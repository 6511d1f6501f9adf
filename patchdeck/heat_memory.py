"""What of a heatmap is remembered for the next one.

A window holds thousands of startups, and from one snapshot to the next few of them change. So what the startups of a
column come to is kept beside them, and worked out anew only where they differ.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from patchdeck.heat_columns import (
    LONGEST_START_NS,
    Column,
    Crowd,
    Inside,
    Look,
    Window,
    column_of,
    crowd_of,
    cut,
)
from patchdeck.heat_rows import Cells, Rows
from patchdeck.model import Startup

_Edges = tuple[int, int]


class HeatMemory:
    """Of one grid after the other; whatever these are of, the memory changes nothing but the time they take."""

    def __init__(self) -> None:
        self._look: Look | None = None
        self._columns: dict[_Edges, tuple[Inside, Column]] = {}
        self._crowds: dict[_Edges, tuple[Inside, tuple[int, ...], Crowd]] = {}
        self._rows: Rows | None = None
        self._cells: dict[_Edges, tuple[Column, Cells]] = {}

    def columns(
        self, startups: Sequence[Startup], window: Window, look: Look
    ) -> tuple[Sequence[Column], Sequence[int]]:
        """What each column holds, and the most starts in flight during it, of every kind and whether chosen or not.

        `startups` are all, sorted by when they began.
        """
        if self._look != look:
            self._look, self._columns, self._crowds = look, {}, {}
        # What began before the window may be in flight when it begins.
        before = (window.edges_ns[0] - LONGEST_START_NS, window.edges_ns[0])
        edges = (before, *itertools.pairwise(window.edges_ns))
        inside = cut(startups, (before[0], *window.edges_ns), look.offsets_ns)
        self._crowds = self._crowded(dict(zip(edges, inside, strict=True)), look)
        self._columns = {
            one: self._column(one, own, look) for one, own in zip(edges[1:], inside[1:], strict=True)
        }
        return [column for _, column in self._columns.values()], [
            self._crowds[one][2].most for one in edges[1:]
        ]

    def _column(self, edges: _Edges, inside: Inside, look: Look) -> tuple[Inside, Column]:
        known = self._columns.get(edges)
        return known if known is not None and known[0] == inside else (inside, column_of(inside, look))

    def _crowded(
        self, inside: dict[_Edges, Inside], look: Look
    ) -> dict[_Edges, tuple[Inside, tuple[int, ...], Crowd]]:
        crowds = {}
        ends_ns: tuple[int, ...] = ()
        for edges, own in inside.items():
            known = self._crowds.get(edges)
            if known is None or known[:2] != (own, ends_ns):
                known = (own, ends_ns, crowd_of(own, ends_ns, edges[1], look))
            crowds[edges] = known
            ends_ns = known[2].ends_ns
        return crowds

    def cells(self, rows: Rows) -> Sequence[Cells]:
        """What the columns that were asked for last have in these rows."""
        if self._rows != rows:
            self._rows, self._cells = rows, {}
        cells: dict[_Edges, tuple[Column, Cells]] = {}
        for edges, (_, column) in self._columns.items():
            known = self._cells.get(edges)
            cells[edges] = known if known is not None and known[0] is column else (column, rows.cells(column))
        self._cells = cells
        return [own for _, own in cells.values()]
