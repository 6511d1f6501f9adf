"""Latency and throughput by starts in flight, the knee, and where the engine stands now."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from patchdeck.model import Knee, KneePoint
from themes.ramps import UNICODE, Glyphs
from widgets import units
from widgets.ink import Ink
from widgets.line import Line, Span, Spans
from widgets.panel import Panel

_GUTTER = 9
"""Cells for the labels of the upright axes, the axes included."""
_LINEAR_CELLS = 3
"""Cells for each number in flight, from which the scale is linear; with less room it is logarithmic."""
_NEAR_OCTAVES = 0.3
"""A bar reaches this far to either side of its point; further away nothing was seen, and the chart stays blank."""
_AROUND_ROWS = 4
"""Heading, knee, now, axis."""
_LEAST_ROWS = 4
"""Rows for both charts together, below which the heading has to do."""
_WIDEST_BARS = 0.4
"""Share of the rows that the throughput takes."""


class _Scale(NamedTuple):
    """Numbers in flight to cells, from one at the left end to `most` at the right."""

    most: int
    cells: int

    @property
    def linear(self) -> bool:
        return self.most * _LINEAR_CELLS <= self.cells

    def place(self, in_flight: float) -> int:
        share = self._share(max(in_flight, 1.0))
        return min(round(share * (self.cells - 1)), self.cells - 1)

    def _share(self, in_flight: float) -> float:
        if self.most <= 1:
            return 0.0
        if self.linear:
            return (in_flight - 1) / (self.most - 1)
        return math.log(in_flight) / math.log(self.most)

    def marks(self) -> list[int]:
        """Numbers that are written on the axis, ascending; far enough apart for their digits."""
        step = max(1, -(-self.most * (len(str(self.most)) + 2) // self.cells))
        numbers = range(1, self.most + 1, step) if self.linear else _doublings(self.most)
        return list(numbers)


def _doublings(most: int) -> list[int]:
    return [1 << power for power in range(most.bit_length())]


class KneeChart(Panel):
    """Candles from p50 to p95 over bars of throughput, on one axis of starts in flight.

    Beneath them the knee with its interval, and the number in flight now. Where there is no knee, why not.
    """

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
            title="Knee", glyphs=glyphs, joined=joined, closed=closed, name=name, id=id, classes=classes
        )
        self._knee: Knee | None = None
        self._now = 0

    def show(self, knee: Knee, in_flight_now: int) -> None:
        """Show the knee of one engine and how many starts are in flight there now."""
        self._knee, self._now = knee, in_flight_now
        self._title = f"Knee {self.glyphs.dot} {knee.engine}"
        self.redraw()

    def note(self) -> Sequence[Span]:
        if self._knee is None:
            return ()
        return (("n ", Ink.MUTED, ""), (units.count(self._knee.startups), Ink.STRONG, ""))

    def foot(self) -> Sequence[Span]:
        if self._knee is None or not self._knee.points:
            return ()
        glyphs = self.glyphs
        return (
            (f"{glyphs.live} p50  {glyphs.ascending} p95  ", Ink.MUTED, ""),
            (f"{glyphs.bars[-1]} throughput  starts in flight {glyphs.arrow}", Ink.MUTED, ""),
        )

    def draw(self, width: int, height: int) -> Sequence[Spans]:
        knee = self._knee
        if knee is None:
            return [self.line(width).gap(1).free("nothing is known yet", Ink.MUTED).spans()]
        lines = [self._heading(knee, width)]
        rows, cells = height - _AROUND_ROWS, width - _GUTTER - 1
        if not knee.points or rows < _LEAST_ROWS or cells < _LEAST_ROWS:
            return lines
        most = max(self._now, knee.high or 0, knee.at or 0, *(point.in_flight for point in knee.points))
        scale = _Scale(most, cells)
        bar_rows = max(1, round(rows * _WIDEST_BARS))
        lines += self._latencies(knee.points, scale, width, rows - bar_rows)
        lines += self._throughputs(knee.points, scale, width, bar_rows)
        lines += [self._mark(knee, scale, width), self._here(knee, scale, width), self._axis(scale, width)]
        return lines

    # Words

    def _heading(self, knee: Knee, width: int) -> Spans:
        line = self.line(width).gap(1)
        dash = self.glyphs.dash
        if knee.at is not None:
            line.put(f"knee {knee.at}", Ink.STRONG)
            if knee.low is not None and knee.high is not None and knee.low < knee.high:
                line.put(f" ({knee.low}{dash}{knee.high})", Ink.MUTED)
        elif knee.low is not None and knee.high is None:
            line.put(f"at least {knee.low}", Ink.STRONG)
        else:
            line.put("not enough yet", Ink.STRONG)
        line.gap(2).put(f"now {units.count(self._now)}", self._now_ink(knee))
        if self._past(knee):
            line.put(" past the knee", self._now_ink(knee))
        if knee.reason:
            line.gap(2).free(knee.reason, Ink.MUTED)
        return line.spans()

    def _past(self, knee: Knee) -> bool:
        return knee.at is not None and self._now > knee.at

    def _now_ink(self, knee: Knee) -> Ink:
        if self._past(knee):
            return Ink.BUSY
        return Ink.CALM if knee.at is not None else Ink.TEXT

    # Charts

    def _latencies(self, points: Sequence[KneePoint], scale: _Scale, width: int, rows: int) -> list[Spans]:
        """On a log scale from the least p50 to the greatest p95."""
        low, high = min(point.p50_s for point in points), max(point.p95_s for point in points)
        low, high = max(low, 1e-3), max(high, 2e-3, low * 2)
        canvas = [[" "] * scale.cells for _ in range(rows)]

        def row(seconds: float) -> int:
            share = math.log(max(seconds, low) / low) / math.log(high / low)
            return rows - 1 - round(min(share, 1.0) * (rows - 1))

        for point in points:
            column, middle, upper = scale.place(point.in_flight), row(point.p50_s), row(point.p95_s)
            for between in range(upper + 1, middle):
                canvas[between][column] = self.glyphs.vertical
            canvas[upper][column] = self.glyphs.ascending
            canvas[middle][column] = self.glyphs.live
        labels = {0: units.latency(high), rows - 1: units.latency(low)}
        return [
            self._gutter(width, labels.get(index, "") if rows > 1 else units.latency(high))
            .put("".join(drawn), Ink.TEXT)
            .spans()
            for index, drawn in enumerate(canvas)
        ]

    def _throughputs(self, points: Sequence[KneePoint], scale: _Scale, width: int, rows: int) -> list[Spans]:
        """From zero."""
        top = max(point.throughput_per_s for point in points)
        by_cell = self._by_cell(points, scale)
        lines = []
        for row in range(rows - 1, -1, -1):
            label = f"{top:.3g}/s" if row == rows - 1 else ""
            text = "".join(
                " " if value is None else _piece(value / top, row, rows, self.glyphs.bars)
                for value in by_cell
            )
            lines.append(self._gutter(width, label).put(text, Ink.ACCENT).spans())
        return lines

    def _by_cell(self, points: Sequence[KneePoint], scale: _Scale) -> list[float | None]:
        """The throughput of the nearest point of each cell."""
        values: list[float | None] = [None] * scale.cells
        nearest = [math.inf] * scale.cells
        for point in points:
            centre = scale.place(point.in_flight)
            first = scale.place(point.in_flight * 2**-_NEAR_OCTAVES)
            last = scale.place(min(point.in_flight * 2**_NEAR_OCTAVES, scale.most))
            for cell in range(first, last + 1):
                if abs(cell - centre) < nearest[cell]:
                    nearest[cell], values[cell] = abs(cell - centre), point.throughput_per_s
        return values

    def _gutter(self, width: int, label: str) -> Line:
        line = self.line(width).value(label, _GUTTER - 2, Ink.MUTED, align="right").gap(1)
        return line.put(self.glyphs.axis, Ink.FRAME)

    # Marks

    def _mark(self, knee: Knee, scale: _Scale, width: int) -> Spans:
        line = self._gutter(width, "knee")
        if knee.low is None:
            return line.spans()
        cells = [" "] * scale.cells
        first = scale.place(knee.low)
        last = scale.place(knee.high) if knee.high is not None else scale.cells - 1
        cells[first : last + 1] = self.glyphs.uncertain * (last + 1 - first)
        if knee.high is None:
            cells[-1] = self.glyphs.beyond
        if knee.at is not None:
            cells[scale.place(knee.at)] = self.glyphs.ready
        return line.put("".join(cells).rstrip(), Ink.STRONG).spans()

    def _here(self, knee: Knee, scale: _Scale, width: int) -> Spans:
        line = self._gutter(width, "now")
        if not self._now:
            return line.spans()
        return line.gap(scale.place(self._now)).put(self.glyphs.warning, self._now_ink(knee)).spans()

    def _axis(self, scale: _Scale, width: int) -> Spans:
        line = self.line(width).gap(_GUTTER - 1).put(self.glyphs.axis_corner, Ink.FRAME)
        for number in scale.marks():
            at, label = _GUTTER + scale.place(number), str(number)
            if at < line.taken or at + len(label) > width:
                continue
            line.put(self.glyphs.horizontal * (at - line.taken), Ink.FRAME).put(label, Ink.MUTED)
            if line.room > 1:
                line.put(self.glyphs.horizontal, Ink.FRAME)
        return line.put(self.glyphs.horizontal * (line.room - 1), Ink.FRAME).spans()


def _piece(share: float, row: int, rows: int, bars: str) -> str:
    """What of a bar that fills this share of `rows` is in one row, 0 the lowest."""
    height = round(min(share, 1.0) * rows * len(bars)) - row * len(bars)
    if height <= 0:
        return bars[0] if row == 0 else " "
    return bars[min(height, len(bars)) - 1]
