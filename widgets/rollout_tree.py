"""The steps of a rollout as a tree: when each began, the judgements of its gates, and every replica of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import msgspec
from textual.message import Message

from patchdeck.model import GateJudged, Rollout, RolloutUnit, UnitPhase, Verdict
from themes.ramps import UNICODE, Glyphs
from widgets import rollout_words, units
from widgets.ink import Ink
from widgets.line import Line, Span, Spans
from widgets.ratio_bar import ratio_bar
from widgets.rows import RowPanel

_NAME_CELLS = 22
_BAR_CELLS = 17
_PHASES = {
    UnitPhase.WAITING: Ink.MUTED,
    UnitPhase.READY: Ink.CALM,
    UnitPhase.BAKED: Ink.CALM,
    UnitPhase.COMMITTED: Ink.CALM,
    UnitPhase.RETURNING: Ink.BUSY,
    UnitPhase.RETURNED: Ink.BUSY,
    UnitPhase.FAILED: Ink.FAILED,
}
"""The rest is under way."""
_VERDICTS = {Verdict.PASS: Ink.CALM, Verdict.HOLD: Ink.BUSY, Verdict.FAIL: Ink.FAILED}


class Branch(msgspec.Struct, frozen=True):
    """One row: a step, or beneath it one of its gates or units."""

    key: str
    step: str = ""
    mark: Span = ("", "", "")
    took: str = ""
    began_ns: int | None = None
    unit: RolloutUnit | None = None
    gate: GateJudged | None = None
    last: bool = False


class RolloutTree(RowPanel[Branch]):
    """The cursor goes along with the steps until it is moved."""

    @dataclass
    class Opened(Message):
        """The container of this unit was asked for: its successor if there is one, else the old one."""

        tree: RolloutTree
        container_id: str

        @property
        def control(self) -> RolloutTree:
            return self.tree

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
            title="Steps",
            empty="it has no steps",
            glyphs=glyphs,
            joined=joined,
            closed=closed,
            name=name,
            id=id,
            classes=classes,
        )
        self._utc = utc
        self._rollout: Rollout | None = None
        self._went_to = ""
        """The row that the cursor was put on as the rollout went on."""

    def show(self, rollout: Rollout) -> None:
        before, self._rollout = self._rollout, rollout
        if before is not None and before.id != rollout.id:
            self._went_to = ""
        rows = list(self._branches(rollout))
        self.set_rows(rows)
        at = f"step {rollout.step or 0}"
        selected = self.selected
        if at != self._went_to and (selected is None or selected.key == (self._went_to or rows[0].key)):
            self._went_to = at
            self.select(at)

    def _branches(self, rollout: Rollout) -> Iterator[Branch]:
        times = rollout_words.step_times(rollout)
        for index, (name, mark) in enumerate(rollout_words.steps(rollout, self.glyphs)):
            began_ns, ended_ns = times.get(index, (None, None))
            took = units.latency((ended_ns - began_ns) / 1e9) if began_ns and ended_ns else ""
            yield Branch(key=f"step {index}", step=name, mark=mark, took=took, began_ns=began_ns)
            gates = [gate for gate in rollout.gates if gate.step == index]
            members = [unit for unit in rollout.units if unit.step == index]
            rest = len(gates) + len(members)
            for gate in gates:
                rest -= 1
                yield Branch(key=f"gate {index} {gate.gate}", gate=gate, last=not rest)
            for unit in members:
                rest -= 1
                yield Branch(key=f"unit {unit.index}", unit=unit, last=not rest)

    def note(self) -> tuple[Span, ...]:
        rollout = self._rollout
        if rollout is None:
            return ()
        done, every = rollout_words.units_done(rollout), len(rollout.units)
        return ((f"{done} of {every} on the new version", Ink.NEW if done else Ink.MUTED, ""),)

    def row_key(self, row: Branch) -> str:
        return row.key

    def opened(self, row: Branch) -> None:
        if row.unit is not None:
            self.post_message(self.Opened(self, row.unit.new_id or row.unit.old_id))

    def draw_row(self, row: Branch, width: int, *, selected: bool) -> Spans:
        glyphs = self.glyphs
        line = self.line(width).put(glyphs.cursor if selected else " ", Ink.ACCENT)
        if row.unit is None and row.gate is None:
            self._put_step(line, row)
            return line.spans(self.cursor_ink(selected=selected))
        line.put(f" {glyphs.bottom_left if row.last else glyphs.join_left} ", Ink.FRAME)
        if row.unit is not None:
            self._put_unit(line, row.unit)
        elif row.gate is not None:
            self._put_gate(line, row.gate)
        return line.spans(self.cursor_ink(selected=selected))

    def _put_step(self, line: Line, row: Branch) -> None:
        mark, ink, _ = row.mark
        line.put(mark, ink).gap(1).value(row.step, _NAME_CELLS, Ink.STRONG)
        if row.began_ns is not None:
            line.gap(1).put(units.clock(row.began_ns, utc=self._utc), Ink.MUTED)
        if row.took:
            line.put(f"  took {row.took}", Ink.MUTED)

    def _put_unit(self, line: Line, unit: RolloutUnit) -> None:
        ink = _PHASES.get(unit.phase, Ink.NEW)
        line.value(unit.container, min(_NAME_CELLS, line.room // 2), cut="middle").gap(1)
        line.value(unit.phase.value, 11, ink)
        since = units.clock(unit.since_ns, utc=self._utc) if unit.since_ns else ""
        line.gap(1).value(since, 8, Ink.MUTED).gap(1)
        if unit.latency_s is not None:
            line.put(f"started {units.latency(unit.latency_s):<6}", Ink.TEXT)
        if unit.ready_s is not None:
            line.put(f"ready {units.latency(unit.ready_s):<6}", Ink.TEXT)
        if unit.detail:
            line.free(unit.detail, Ink.FAILED if unit.phase is UnitPhase.FAILED else Ink.MUTED)

    def _put_gate(self, line: Line, gate: GateJudged) -> None:
        ink = _VERDICTS[gate.verdict]
        line.value(f"gate {gate.gate}", min(_NAME_CELLS, line.room // 2), Ink.TEXT).gap(1)
        mark = {Verdict.PASS: self.glyphs.done, Verdict.FAIL: self.glyphs.failure}
        line.value(f"{mark.get(gate.verdict, self.glyphs.warning)} {gate.verdict.value}", 6, ink).gap(1)
        if None not in (gate.low, gate.ratio, gate.high) and line.room > 2 * _BAR_CELLS:
            low, ratio, high = gate.low or 0.0, gate.ratio or 0.0, gate.high or 0.0
            for text, bar_ink, _ in ratio_bar(low, ratio, high, _BAR_CELLS, glyphs=self.glyphs, ink=ink):
                line.put(text, bar_ink)
            line.gap(1)
        line.free(gate.evidence, ink if gate.verdict is not Verdict.PASS else Ink.MUTED)
