"""Startups, newest first, each as a waterfall of its phases."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual.message import Message

from patchdeck.model import Startup, StartupKind, StartupOutcome
from themes.ramps import UNICODE, Glyphs
from widgets import units
from widgets.ink import Ink
from widgets.line import Line, Span, Spans, headed, inked
from widgets.rows import RowPanel
from widgets.waterfall import PhaseKey, bar, scale_s

_CLOCK_CELLS = 8
_KIND_CELLS = 7
_FLIGHT_CELLS = 6
_TIME_CELLS = 6
_LEAST_BAR = 12
_REASON_CELLS = 32


class StartupList(RowPanel[Startup]):
    """Any number of startups; only those in view cost anything. The cursor follows the newest until it is moved.

    `phases` are the names of all phases there are, so that each keeps its glyph and ink.
    """

    @dataclass
    class Highlighted(Message):
        """The cursor came to this startup."""

        startups: StartupList
        startup_id: str

        @property
        def control(self) -> StartupList:
            return self.startups

    @dataclass
    class Opened(Highlighted):
        """This startup was asked for."""

    def __init__(
        self,
        *,
        phases: Sequence[str] = (),
        utc: bool = False,
        glyphs: Glyphs = UNICODE,
        joined: bool = False,
        closed: bool = True,
        name: str | None = None,
        id: str | None = None,  # noqa: A002 - Textual's own name for it
        classes: str | None = None,
    ) -> None:
        super().__init__(
            title="Startups",
            empty="no startups yet",
            follow="top",
            glyphs=glyphs,
            joined=joined,
            closed=closed,
            name=name,
            id=id,
            classes=classes,
        )
        self._utc = utc
        self._key_of_phases = PhaseKey(phases, glyphs)
        self._axis_s = scale_s(())
        self._with_engine = False
        self._stale: frozenset[str] = frozenset()
        self._phases_seen: tuple[str, ...] = ()

    def show(
        self,
        startups: Sequence[Startup],
        *,
        title: str = "Startups",
        with_engine: bool = False,
        stale: frozenset[str] = frozenset(),
        empty: str = "no startups yet",
    ) -> None:
        """Show these, given oldest first as in a snapshot. Those of the engines in `stale` are grey."""
        self._title, self._empty, self._with_engine, self._stale = title, empty, with_engine, stale
        self._axis_s = scale_s(startups)
        self._phases_seen = tuple(
            dict.fromkeys(phase.name for startup in startups[-200:] for phase in startup.phases)
        )
        self.set_rows(startups[::-1])

    def row_key(self, row: Startup) -> str:
        return row.startup_id

    def highlighted(self, row: Startup) -> None:
        self.post_message(self.Highlighted(self, row.startup_id))

    def opened(self, row: Startup) -> None:
        self.post_message(self.Opened(self, row.startup_id))

    def visual_state(self) -> object:
        return (self._axis_s, self._with_engine, self._stale)

    # Drawing

    def note(self) -> Sequence[Span]:
        failed = sum(startup.outcome is StartupOutcome.FAILED for startup in self._rows)
        return (
            (f"failed {units.count(failed)}  ", Ink.FAILED if failed else Ink.MUTED, ""),
            ("n ", Ink.MUTED, ""),
            (units.count(len(self._rows)), Ink.STRONG, ""),
        )

    def foot(self) -> Sequence[Span]:
        """The legend: every phase that is shown, with its glyph."""
        spans: list[Span] = []
        for name in self._phases_seen:
            glyph, ink = self._key_of_phases.look(name)
            spans += [(glyph * 2, ink, ""), (f" {name}  ", Ink.MUTED, "")]
        if spans:
            spans += [(f"{self.glyphs.uncertain * 2} may be ready earlier", Ink.MUTED, "")]
        return spans

    def header(self, width: int) -> Sequence[Spans]:
        widths = self._widths(width)
        line = self.line(width).gap(1)
        line.value("began", _CLOCK_CELLS, Ink.MUTED)
        if widths.engine:
            line.gap(1).value("engine", widths.engine, Ink.MUTED)
        line.gap(1).value("container", widths.name, Ink.MUTED)
        if widths.version:
            line.gap(1).value("version", widths.version, Ink.MUTED)
        line.gap(1).value("kind", _KIND_CELLS, Ink.MUTED)
        line.gap(1).value("others", _FLIGHT_CELLS, Ink.MUTED, align="right")
        line.gap(1).value("start", _TIME_CELLS, Ink.MUTED, align="right")
        line.gap(1).value("ready", _TIME_CELLS, Ink.MUTED, align="right").gap(2)
        self._put_axis(line, widths.bar)
        return (line.spans(),)

    def _put_axis(self, line: Line, cells: int) -> None:
        """`0 ──────── 1s ──────── 2s`"""
        rule = self.glyphs.horizontal
        middle, end = units.edge(self._axis_s / 2), units.edge(self._axis_s)
        half = cells // 2
        if half < len(middle) + 4 or cells - half < len(end) + 2:
            line.put(rule * max(cells - len(end) - 1, 0) + " " + end, Ink.FRAME)
            return
        line.put("0 ", Ink.MUTED).put(rule * (half - 3 - len(middle) // 2), Ink.FRAME)
        line.put(f" {middle} ", Ink.MUTED)
        line.put(rule * (line.room - len(end) - 1), Ink.FRAME).put(f" {end}", Ink.MUTED)

    def draw_row(self, row: Startup, width: int, *, selected: bool) -> Spans:
        widths = self._widths(width)
        over = self.cursor_ink(selected=selected)
        line = self.line(width).put(self.glyphs.cursor if selected else " ", Ink.ACCENT)
        line.value(units.clock(row.began_ns or row.at_ns or None, utc=self._utc), _CLOCK_CELLS, Ink.MUTED)
        if widths.engine:
            line.gap(1).value(row.engine, widths.engine, Ink.MUTED, cut="middle")
        line.gap(1).value(row.name or row.service, widths.name, Ink.TEXT, cut="middle")
        if widths.version:
            line.gap(1).value(row.version, widths.version, Ink.MUTED, cut="middle")
        line.gap(1).value(
            row.kind.value, _KIND_CELLS, Ink.MUTED if row.kind is StartupKind.FIRST else Ink.NEW
        )
        line.gap(1).value(units.count(row.in_flight), _FLIGHT_CELLS, Ink.TEXT, align="right")
        about = "~" if row.approximate else ""
        line.gap(1).value(about + units.latency(row.latency_s), _TIME_CELLS, Ink.TEXT, align="right")
        line.gap(1).value(self._ready(row), _TIME_CELLS, self._ready_ink(row), align="right").gap(2)
        self._put_bar(line, row)
        spans = line.spans(over)
        return inked(spans, Ink.STALE) if row.engine in self._stale else spans

    @staticmethod
    def _ready(row: Startup) -> str:
        if not row.expects_ready:
            return ""
        if row.ready_s is None and row.censored:
            return units.NEVER
        return units.latency(row.ready_s)

    @staticmethod
    def _ready_ink(row: Startup) -> str:
        return Ink.FAILED if row.censored else Ink.TEXT

    def _put_bar(self, line: Line, row: Startup) -> None:
        """A failed one says why after its bar, in the room that the bar leaves."""
        cells = line.room
        spans = bar(row, cells, self._axis_s, self._key_of_phases, self.glyphs)
        if row.outcome is not StartupOutcome.FAILED:
            for text, ink, _ in spans:
                line.put(text, ink)
            return
        reason = row.reason or "failed"
        drawn = len("".join(text for text, _, _ in spans).rstrip())
        kept = min(drawn, max(cells - min(len(reason), _REASON_CELLS, cells // 2) - 1, 0))
        for text, ink, _ in headed(spans, kept):
            line.put(text, ink)
        line.gap(1).free(reason, Ink.FAILED)

    def _widths(self, width: int) -> _Widths:
        fixed = 1 + _CLOCK_CELLS + 1 + 1 + _KIND_CELLS + 1 + _FLIGHT_CELLS + 2 * (1 + _TIME_CELLS) + 2
        room = width - fixed
        engine = 10 if self._with_engine and room > 70 else 0
        version = min(max((room - 24) // 5, 0), 20) if room >= 50 else 0
        room -= engine + bool(engine) + version + bool(version)
        name = max(min(room - _LEAST_BAR, max(room // 3, 14), 32), 4)
        return _Widths(engine=engine, name=name, version=version, bar=max(room - name, 0))


@dataclass(frozen=True, slots=True)
class _Widths:
    """Cells of the columns whose width depends on the panel's; 0 leaves a column out."""

    engine: int
    name: int
    version: int
    bar: int
