"""What of a snapshot is shown."""

from __future__ import annotations

import pytest

from patchdeck.model import Engine, Snapshot, SourceState
from tui.looking import Looking
from tui.matching import Matcher
from tui.shown import Shown

NOW_NS = 1_800_000_000_000_000_000


@pytest.mark.parametrize(
    ("state", "expected"), [(SourceState.LOST, True), (SourceState.STALE, True), (SourceState.LIVE, False)]
)
def test_an_outage_that_lasts_is_a_gap_and_no_calm(state: SourceState, expected: bool) -> None:
    engine = Engine(name="e", state=state, heard_ns=NOW_NS - 120_000_000_000)
    shown = Shown(Snapshot(at_ns=NOW_NS, engines=(engine,)), Looking(), Matcher(""))
    columns = shown.grid(60, 8).columns
    assert columns[-2].gap is expected
    assert not columns[0].gap
