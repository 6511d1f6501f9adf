"""A rollout that is under way, as lines that are drawn again and again: steps, units, gates, pace, pull, end. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from patchdeck.model import Rollout, RolloutUnit, UnitPhase, Verdict
from tui.headless.rollout_lines import way, what_next
from tui.headless.rollout_list import STATE_COLOURS
from tui.headless.table import Cell, Colour
from widgets.cells import fit
from widgets.units import age, clock, latency, size

_LABEL: Final = 10
_LAYERS: Final = 4
"""Layers and units that are told one by one; the rest is a number."""
_UNITS: Final = 4
_SERVING: Final = (UnitPhase.READY, UnitPhase.BAKED, UnitPhase.COMMITTED)
_AT_REST: Final = (UnitPhase.WAITING, *_SERVING, UnitPhase.RETURNED)
_BAR: Final = 20
_VERDICTS: Final = {Verdict.PASS: Colour.GOOD, Verdict.FAIL: Colour.BAD, Verdict.HOLD: Colour.WARNING}


def progress_lines(rollout: Rollout, now_ns: int, *, width: int, ascii_only: bool, utc: bool) -> list[Cell]:
    """At most `width` cells each; `now_ns` is by this host's clock."""
    lines = [*_head(rollout), *_pull(rollout, ascii_only=ascii_only), *_steps(rollout, ascii_only=ascii_only)]
    lines += [*_gates(rollout), *_pace(rollout), *_pauses(rollout, now_ns), *_end(rollout, now_ns, utc=utc)]
    ellipsis = "~" if ascii_only else "…"
    return [
        Cell(fit(cell.text, width, ellipsis=ellipsis, ascii_only=ascii_only).rstrip(), cell.colour)
        for cell in lines
    ]


def _line(label: str, text: str, colour: Colour = Colour.NONE) -> Cell:
    return Cell(f"{label:<{_LABEL}}{text}", colour)


def _head(rollout: Rollout) -> Iterator[Cell]:
    yield Cell(f"{rollout.service} on {rollout.engine}  {way(rollout.plan)}  {rollout.id}")
    text = rollout.state.value + (f": {rollout.text}" if rollout.text else "")
    yield _line("state", text, STATE_COLOURS.get(rollout.state, Colour.NONE))


def _pull(rollout: Rollout, *, ascii_only: bool) -> Iterator[Cell]:
    if not rollout.layers:
        return
    done = sum(layer.done_bytes for layer in rollout.layers)
    known = [layer.total_bytes for layer in rollout.layers if layer.total_bytes is not None]
    total = sum(known) if len(known) == len(rollout.layers) else None
    of = f" of {size(total)}" if total else ""
    bar = f"{_bar(done, total, ascii_only=ascii_only)} " if total else ""
    yield _line("pull", f"{bar}{size(done)}{of}, {len(rollout.layers)} layers")
    under_way = [
        layer for layer in rollout.layers if layer.total_bytes is None or layer.done_bytes < layer.total_bytes
    ]
    for layer in under_way[:_LAYERS]:
        total_text = f" of {size(layer.total_bytes)}" if layer.total_bytes else ""
        yield _line("", f"{layer.layer}  {size(layer.done_bytes)}{total_text}")
    if len(under_way) > _LAYERS:
        yield _line("", f"and {len(under_way) - _LAYERS} more")


def _steps(rollout: Rollout, *, ascii_only: bool) -> Iterator[Cell]:
    for step in rollout.plan.steps:
        units = [rollout.units[index] for index in step.units]
        ready = sum(unit.phase in _SERVING for unit in units)
        mark, colour = _mark(rollout, step.index, units, ascii_only=ascii_only)
        under_way = [unit for unit in units if unit.phase not in _AT_REST]
        told = ", ".join(f"{unit.container} {unit.phase.value}" for unit in under_way[:_UNITS])
        more = f" and {len(under_way) - _UNITS} more" if len(under_way) > _UNITS else ""
        text = (
            f"{mark} {_bar(ready, len(units), ascii_only=ascii_only)} {ready} of {len(units)}  {told}{more}"
        )
        yield _line(step.name, text.rstrip(), colour)


def _mark(
    rollout: Rollout, step: int, units: Sequence[RolloutUnit], *, ascii_only: bool
) -> tuple[str, Colour]:
    if any(unit.phase is UnitPhase.FAILED for unit in units):
        return ("x" if ascii_only else "✗"), Colour.BAD
    if rollout.step is not None and rollout.step > step:
        return ("+" if ascii_only else "✓"), Colour.GOOD
    if rollout.step == step:
        return (">" if ascii_only else "▶"), Colour.NONE
    return ("." if ascii_only else "·"), Colour.FAINT


def _gates(rollout: Rollout) -> Iterator[Cell]:
    newest = max((gate.step for gate in rollout.gates), default=None)
    for gate in rollout.gates:
        if gate.step == newest:
            text = f"{gate.gate}: {gate.verdict.value}, {gate.evidence}"
            yield _line("gate", text, _VERDICTS[gate.verdict])


def _pace(rollout: Rollout) -> Iterator[Cell]:
    if rollout.pace is None or rollout.state.over:
        return
    detail = f" ({rollout.binds_detail})" if rollout.binds_detail else ""
    yield _line(
        "pace",
        f"{rollout.pace:g} at once, {rollout.in_flight} in flight; {rollout.binds.value} binds{detail}",
    )


def _pauses(rollout: Rollout, now_ns: int) -> Iterator[Cell]:
    for pause in rollout.pauses:
        for_s = max(0.0, (now_ns - pause.since_ns) / 1e9)
        yield _line("paused", f"for {age(for_s)}, {pause.kind.value}: {pause.text}", Colour.WARNING)
    if rollout.pauses and (advice := what_next(rollout)):
        yield _line("", advice)


def _end(rollout: Rollout, now_ns: int, *, utc: bool) -> Iterator[Cell]:
    if rollout.predicted_end_ns is None or rollout.state.over:
        return
    left_s = (rollout.predicted_end_ns - now_ns) / 1e9
    left = f"in {latency(left_s)}" if left_s > 0 else "later than predicted"
    yield _line("end", f"about {clock(rollout.predicted_end_ns, utc=utc)}, {left}")


def _bar(done: int, total: int | None, *, ascii_only: bool) -> str:
    filled = round(_BAR * min(1.0, done / total)) if total else 0
    full, empty = ("#", "-") if ascii_only else ("█", "░")
    return full * filled + empty * (_BAR - filled)
