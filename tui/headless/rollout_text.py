"""`rollout show`: all there is to know of one rollout, for a person."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from patchdeck.model import AnyEntry, Rollout, RolloutUnit
from tui.headless.rollout_lines import because, sentence, way, what_next, who
from tui.headless.rollout_list import STATE_COLOURS
from tui.headless.table import RESET, Colour
from tui.headless.wrapping import wrapped
from widgets.cells import clean
from widgets.rollout_summary import in_numbers
from widgets.units import clock, date_and_clock, latency

_LABEL = 10


class RolloutText:
    """A rollout as lines of at most `width` cells. `entries` are all of its journal."""

    def __init__(
        self,
        rollout: Rollout,
        entries: Sequence[AnyEntry],
        *,
        held_by: str,
        width: int,
        colour: bool,
        ascii_only: bool,
        utc: bool,
    ) -> None:
        self._rollout = rollout
        self._entries = entries
        self._held_by = held_by
        self._width = width
        self._colour = colour
        self._ascii_only = ascii_only
        self._utc = utc

    def lines(self) -> Iterator[str]:
        """What became of it comes first and last, the journal between."""
        yield from self._about()
        for step in self._rollout.plan.steps:
            yield ""
            yield from self._paragraph(f"{step.name}")
            for index in step.units:
                yield from self._item(_unit(self._rollout.units[index]))
            for gate in self._rollout.gates:
                if gate.step == step.index:
                    yield from self._item(f"gate {gate.gate}: {gate.verdict.value}, {gate.evidence}")
        yield from ("", *self._paragraph("Journal"))
        for entry in self._entries:
            text = sentence(entry, self._rollout.plan, utc=self._utc)
            yield from self._item(f"{clock(entry.at_ns, utc=self._utc)}  {text}")

    def _about(self) -> Iterator[str]:
        rollout = self._rollout
        yield from self._paragraph(
            f"{rollout.id}  {rollout.service} on {rollout.engine}: {way(rollout.plan)}"
        )
        text = rollout.state.value + (f": {rollout.text}" if rollout.text else "")
        colour = STATE_COLOURS.get(rollout.state, Colour.NONE)
        for line in self._labelled("state", text):
            yield f"{colour}{line}{RESET}" if self._colour and colour else line
        yield from self._labelled("from", rollout.plan.origin.image)
        yield from self._labelled("to", rollout.plan.to.image)
        by = who(rollout.by) if rollout.by else "not known"
        yield from self._labelled("asked by", by + because(rollout.reason))
        yield from self._labelled("began", date_and_clock(rollout.began_ns, utc=self._utc))
        if rollout.ended_ns:
            yield from self._labelled("ended", date_and_clock(rollout.ended_ns, utc=self._utc))
        if self._held_by:
            yield from self._labelled("held by", self._held_by)
        if rollout.summary:
            yield from self._labelled("summary", in_numbers(rollout.summary))
        for pause in rollout.pauses:
            yield from self._labelled("paused", f"{pause.kind.value}: {pause.text}")
        if advice := what_next(rollout):
            yield from self._labelled("next", advice)

    def _labelled(self, label: str, text: str) -> Iterator[str]:
        return self._paragraph(text, first=f"  {label:<{_LABEL}}", rest=" " * (_LABEL + 2))

    def _item(self, text: str) -> Iterator[str]:
        return self._paragraph(text, first="  ", rest="    ")

    def _paragraph(self, text: str, *, first: str = "", rest: str = "") -> Iterator[str]:
        shown = clean(text, ascii_only=self._ascii_only)
        return wrapped(shown, self._width, first=first, rest=rest)


def _unit(unit: RolloutUnit) -> str:
    ids = f"{unit.old_id[:12]} → {unit.new_id[:12]}" if unit.new_id else unit.old_id[:12]
    started = "" if unit.latency_s is None else f", started in {latency(unit.latency_s)}"
    ready = "" if unit.ready_s is None else f", ready in {latency(unit.ready_s)}"
    detail = f": {unit.detail}" if unit.detail else ""
    return f"{unit.container}  {unit.phase.value}  {ids}{started}{ready}{detail}"
