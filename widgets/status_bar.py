"""The top line: which engines, how they are doing, whether this console is armed, what time it is."""

from __future__ import annotations

from collections.abc import Sequence

from patchdeck.model import Engine, SourceState
from themes.ramps import UNICODE, Glyphs
from widgets import units
from widgets.ink import Ink
from widgets.line import Line, Span, Spans, cells_of
from widgets.panel import Panel

_INKS = {
    SourceState.LIVE: Ink.CALM,
    SourceState.CONNECTING: Ink.BUSY,
    SourceState.STALE: Ink.STALE,
    SourceState.LOST: Ink.FAILED,
    SourceState.MALFORMED: Ink.FAILED,
    SourceState.ABSENT: Ink.MUTED,
}
_NAME_CELLS = 20
_NOTICE_LEAST = 16
"""With less room than this a notice says nothing any more."""


class StatusBar(Panel):
    """One line. What has the least to say gives way first: other sources, then the names of engines."""

    DEFAULT_CSS = """
    StatusBar { height: 1; }
    """

    def __init__(
        self,
        *,
        glyphs: Glyphs = UNICODE,
        name: str | None = None,
        id: str | None = None,  # noqa: A002 - Textual's own name for it
        classes: str | None = None,
    ) -> None:
        super().__init__(glyphs=glyphs, framed=False, name=name, id=id, classes=classes)
        self._engines: Sequence[Engine] = ()
        self._now_ns = 0
        self._sources: Sequence[tuple[str, SourceState]] = ()
        self._notice = ""
        self._armed = ""
        self._is_armed = False
        self._clock = ""
        self._simulated = self._replaying = False
        self._calls = ""
        self._recording = ""
        self._recording_failed = False

    def show(
        self,
        engines: Sequence[Engine],
        *,
        now_ns: int,
        clock: str,
        armed_label: str,
        is_armed: bool = False,
        sources: Sequence[tuple[str, SourceState]] = (),
        notice: str = "",
        simulated: bool = False,
        replaying: bool = False,
        calls: str = "",
        recording: str = "",
        recording_failed: bool = False,
    ) -> None:
        """Show this.

        `now_ns` is the snapshot's time, against which ages are told. `clock` and `armed_label` are written as they
        are. `sources` are other sources than engines. `notice` is a word on the window or the replay. `calls` is what
        waits for a person. `recording` is how much is recorded so far; empty where nothing is.
        """
        self._engines, self._now_ns, self._clock = engines, now_ns, clock
        self._armed, self._is_armed = armed_label, is_armed
        self._sources, self._notice, self._simulated = sources, notice, simulated
        self._replaying = replaying
        self._calls = calls
        self._recording, self._recording_failed = recording, recording_failed
        self.redraw()

    def draw(self, width: int, height: int) -> Sequence[Spans]:
        del height
        right = self._right()
        room = width - cells_of(right) - 2
        for names, sources in ((_NAME_CELLS, True), (_NAME_CELLS, False), (8, False)):
            left = self._left(room, names, with_sources=sources)
            if left.taken <= room:
                break
        else:
            left = self._left(room, 8, with_sources=False)
        line = self.line(width)
        short = self.line(max(room, 0))
        for text, ink, _ in left.so_far():
            short.put(text, ink)
        for text, ink, _ in short.so_far():
            line.put(text, ink)
        # The whole line, so that it is seen from across the room, and without colours too.
        return (line.right(right).spans(Ink.ARMED if self._is_armed else ""),)

    def _right(self) -> Spans:
        line = self.line(60)
        if self._simulated:
            line.put("SIMULATED", Ink.SIMULATED).gap(3)
        if self._recording:
            dot = self.glyphs.lost if self._recording_failed else self.glyphs.live
            line.put(f"{dot} REC {self._recording}", Ink.FAILED).gap(3)
        if self._replaying:
            line.put("REPLAY", Ink.SIMULATED).gap(3)
        if self._calls:
            line.put(f" {self._calls} ", Ink.CALLS).gap(3)
        if self._armed:
            label = f" {self._armed} " if self._is_armed else self._armed
            line.free(label, Ink.ARMED if self._is_armed else Ink.MUTED).gap(3)
        line.free(self._clock, Ink.TEXT).gap(1)
        return line.so_far()

    def _left(self, room: int, name_cells: int, *, with_sources: bool) -> Line:
        """As long as it is, up to twice the room: the caller sees whether it fits."""
        line = self.line(max(room, 1) * 2).gap(1).put("PATCHDECK", Ink.STRONG).gap(1)
        for engine in self._engines:
            line.gap(1)
            for text, ink, _ in self._engine(engine, name_cells):
                line.put(text, ink)
        if with_sources:
            for name, state in self._sources:
                line.gap(2).free(name, Ink.MUTED).gap(1).put(self._dot(state), _INKS[state])
            left = room - line.taken - 3
            if self._notice and left >= _NOTICE_LEAST:
                line.gap(3)
                for text, ink, _ in self.line(left).free(self._notice, Ink.MUTED).so_far():
                    line.put(text, ink)
        return line

    def _engine(self, engine: Engine, name_cells: int) -> Sequence[Span]:
        line = self.line(name_cells + 24)
        stale = engine.state is not SourceState.LIVE
        line.put(self._dot(engine.state), _INKS[engine.state]).gap(1)
        line.value(
            engine.name,
            min(name_cells, len(engine.name) * 2 or 1),
            Ink.STALE if stale else Ink.TEXT,
            cut="middle",
        )
        spans = list(line.so_far())
        text, ink, over = spans[-1]
        spans[-1] = (text.rstrip(), ink, over)
        if stale:
            spans.append((f" {engine.state.value}{self._age(engine)}", _INKS[engine.state], ""))
        return spans

    def _age(self, engine: Engine) -> str:
        """How long nothing was heard; nothing before the first word."""
        heard = engine.heard_ns if engine.heard_ns is not None else engine.since_ns
        return "" if heard is None else f" {units.age((self._now_ns - heard) / 1e9)}"

    def _dot(self, state: SourceState) -> str:
        glyphs = self.glyphs
        return {
            SourceState.LIVE: glyphs.live,
            SourceState.CONNECTING: glyphs.connecting,
            SourceState.STALE: glyphs.stale,
            SourceState.LOST: glyphs.lost,
            SourceState.MALFORMED: glyphs.lost,
            SourceState.ABSENT: glyphs.absent,
        }[state]
