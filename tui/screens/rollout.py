"""The page of one rollout: its steps with their units and gates, the pull, and the journal."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Grid

from patchdeck.model import (
    ActRefused,
    Answered,
    AnyEntry,
    Commanded,
    GateJudged,
    PauseAdded,
    Rollout,
    RolloutState,
    Severity,
    StateEntered,
    UnitMoved,
    UnitPhase,
    Verdict,
)
from tui import keymap
from tui.rollout_left import left_to_do
from tui.screens.base import ConsoleScreen
from tui.shown import Shown
from widgets.journal_list import JournalLine, JournalList
from widgets.pull_bars import PullBars
from widgets.rollout_head import RolloutHead
from widgets.rollout_tree import RolloutTree

_BAD = (RolloutState.FAILED, RolloutState.ROLLING_BACK, RolloutState.NEEDS_PERSON)
_DOUBTFUL = (RolloutState.HOLDING, RolloutState.PAUSED, RolloutState.ROLLED_BACK)


class RolloutScreen(ConsoleScreen, inherit_bindings=False):
    """Enter on a unit opens its container."""

    NAME = keymap.ROLLOUT
    BINDINGS: ClassVar[list[BindingType]] = [*keymap.bindings(keymap.ROLLOUT)]
    AUTO_FOCUS = "RolloutTree"
    DEFAULT_CSS = """
    RolloutScreen {
        & > .body { grid-size: 1; grid-columns: 1fr; grid-rows: 9 3fr 2fr; }
        & PullBars { display: none; }
        &.-pulling PullBars { display: block; }
        &.-pulling > .body { grid-rows: 9 2fr 5 1fr; }
        &.-pulling.-short > .body { grid-rows: 9 1fr 4 4; }

        &.-wide > .body { grid-size: 2; grid-columns: 3fr 2fr; grid-rows: 9 1fr 2fr; }
        &.-wide RolloutHead { column-span: 2; }
        &.-wide RolloutTree, &.-wide JournalList { row-span: 2; }
        &.-wide.-pulling JournalList { row-span: 1; }
    }
    """

    def __init__(self, rollout: str) -> None:
        super().__init__()
        self._rollout = rollout
        self._said: dict[int, JournalLine] = {}

    @property
    def rollout_in_view(self) -> str:
        return self._rollout

    def compose_body(self) -> ComposeResult:
        with Grid(classes="body"):
            yield RolloutHead(glyphs=self.glyphs, utc=self.utc)
            yield RolloutTree(glyphs=self.glyphs, utc=self.utc)
            yield PullBars(glyphs=self.glyphs)
            yield JournalList(glyphs=self.glyphs, utc=self.utc)

    def show(self, shown: Shown) -> None:
        snapshot, app = shown.snapshot, self.patchdeck
        rollout = next((one for one in snapshot.rollouts if one.id == self._rollout), None)
        if rollout is None:
            self.query_one(JournalList).show(())
            return
        self.set_class(bool(rollout.layers), "-pulling")
        self.query_one(RolloutHead).show(
            rollout,
            snapshot.engine(rollout.engine),
            now_ns=snapshot.at_ns,
            keys=app.rollout_keys,
            submitted=app.submitted_words.get(rollout.id, ""),
            left=left_to_do(rollout, snapshot),
        )
        self.query_one(RolloutTree).show(rollout)
        self.query_one(PullBars).show(rollout.layers)
        self.query_one(JournalList).show([self._line(entry, rollout) for entry in rollout.entries])

    def _line(self, entry: AnyEntry, rollout: Rollout) -> JournalLine:
        """Entries never change: each is put into words once."""
        line = self._said.get(entry.sequence)
        if line is None:
            from tui.headless.rollout_lines import sentence  # noqa: PLC0415 - what only this page needs

            line = JournalLine(
                entry.sequence, entry.at_ns, sentence(entry, rollout.plan, utc=self.utc), severity_of(entry)
            )
            self._said[entry.sequence] = line
        return line

    @on(RolloutTree.Opened)
    def _opened(self, event: RolloutTree.Opened) -> None:
        self.patchdeck.open_container(event.container_id)


def severity_of(entry: AnyEntry) -> Severity:
    """How much an entry is to stand out."""
    match entry:
        case UnitMoved(phase=UnitPhase.FAILED) | GateJudged(verdict=Verdict.FAIL) | Answered(ok=False):
            return Severity.FAILURE
        case StateEntered(state=state) if state in _BAD:
            return Severity.FAILURE
        case StateEntered(state=state) if state in _DOUBTFUL:
            return Severity.WARNING
        case GateJudged(verdict=Verdict.HOLD) | PauseAdded() | ActRefused() | Commanded():
            return Severity.WARNING
    return Severity.INFO
