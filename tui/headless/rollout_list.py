"""`rollout list` as a table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from patchdeck.model import Rollout, RolloutState
from tui.headless.rollout_lines import way
from tui.headless.rollout_records import step_name
from tui.headless.table import Cell, Colour, Column, Table
from widgets.units import MISSING, date_and_clock, latency

_COLUMNS = (
    Column("id", 8),
    Column("service", 10, grows=2, cut_middle=True),
    Column("version", 14, grows=3, cut_middle=True),
    Column("state", 14),
    Column("step", 8),
    Column("began", 20),
    Column("took", 5, "right"),
    Column("engine", 8, grows=1),
    Column("held by", 10, grows=2),
    Column("why", 12, grows=4),
)

STATE_COLOURS = {
    RolloutState.COMMITTED: Colour.GOOD,
    RolloutState.ROLLED_BACK: Colour.WARNING,
    RolloutState.ROLLING_BACK: Colour.WARNING,
    RolloutState.HOLDING: Colour.WARNING,
    RolloutState.PAUSED: Colour.WARNING,
    RolloutState.FAILED: Colour.BAD,
    RolloutState.LOST: Colour.BAD,
    RolloutState.NEEDS_PERSON: Colour.BAD,
}


def list_lines(
    rollouts: Sequence[tuple[Rollout, str]], *, width: int, colour: bool, ascii_only: bool, utc: bool
) -> Iterator[str]:
    """Each rollout with who holds it; oldest first."""
    table = Table(_COLUMNS, width=width, colour=colour, ascii_only=ascii_only)
    yield table.header()
    for rollout, held_by in rollouts:
        took = MISSING
        if rollout.began_ns is not None and rollout.ended_ns is not None:
            took = latency((rollout.ended_ns - rollout.began_ns) / 1e9)
        yield table.row(
            [
                Cell(rollout.id),
                Cell(rollout.service),
                Cell(way(rollout.plan)),
                Cell(rollout.state.value, STATE_COLOURS.get(rollout.state, Colour.NONE)),
                Cell(step_name(rollout) or MISSING),
                Cell(date_and_clock(rollout.began_ns, utc=utc)),
                Cell(took),
                Cell(rollout.engine),
                Cell(held_by or MISSING),
                Cell(rollout.text),
            ]
        )
