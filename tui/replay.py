"""The console on a recording: the same screens, with a line and keys to move through its time."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC
from typing import ClassVar, Final

from textual import on
from textual.binding import BindingType
from textual.widget import Widget

from patchdeck.model import Snapshot
from patchdeck.recording.values import Landmark, LandmarkKind
from patchdeck.replay.moment import EXAMPLES, MomentError, parse
from patchdeck.replay.position import Position, ReplayState, faster, slower
from patchdeck.replay.thread import ReplayThread
from patchdeck.settings import Settings
from themes.ramps import UNICODE, Glyphs
from tui import keymap
from tui.app import PatchdeckApp
from tui.clock import Clock
from tui.screens.base import ConsoleScreen
from widgets.prompt import Prompt
from widgets.scrubber import Marked, Notch, Scrubber

SECOND_NS: Final = 1_000_000_000
TOLD_NS: Final = 5 * SECOND_NS
"""So long after it a landmark is told in words."""

_MARKS = frozenset({LandmarkKind.MARK})
_ROLLOUTS = frozenset({LandmarkKind.ROLLOUT})
_FAILURES = frozenset({LandmarkKind.FAILURE, LandmarkKind.LOST})
_NOTCHES = {
    LandmarkKind.MARK: Notch.MARK,
    LandmarkKind.ROLLOUT: Notch.ROLLOUT,
    LandmarkKind.FAILURE: Notch.FAILURE,
    LandmarkKind.LOST: Notch.GAP,
    LandmarkKind.GAP: Notch.GAP,
}


class ReplayApp(PatchdeckApp, inherit_bindings=False):
    """Shows what a recorded watch saw. `replay` is started after the first frame."""

    BINDINGS: ClassVar[list[BindingType]] = [*keymap.bindings(on=keymap.REPLAY)]
    ON = keymap.REPLAY

    def __init__(
        self, settings: Settings, replay: ReplayThread, *, glyphs: Glyphs = UNICODE, theme: str = "dark"
    ) -> None:
        super().__init__(settings, lambda: replay, glyphs=glyphs, theme=theme)
        self.replay = replay
        self._said: tuple[str, int] = ("", 0)
        """An answer to a key, and the moment from which it was given."""

    # What is shown

    def extra_lines(self) -> Iterable[Widget]:
        scrubber = Scrubber(glyphs=self.glyphs, utc=self.settings.screen.utc)
        scrubber.add_class("extra")
        return (scrubber,)

    def show_besides(self, screen: ConsoleScreen) -> None:
        position = self.replay.position
        screen.query_one(Clock).show(position.at_ns)
        screen.query_one(Scrubber).show(
            words_of(position, ascii_only=self.glyphs.ascii),
            at_ns=position.at_ns,
            began_ns=position.began_ns,
            ended_ns=position.ended_ns,
            marked=[Marked(_NOTCHES[one.kind], one.at_ns, one.ended_ns) for one in position.landmarks],
            stopped=not position.running,
        )

    @property
    def notice(self) -> str:
        """What keeps the screen from showing everything, else what the replay has just come by."""
        position = self.replay.position
        said, at_ns = self._said
        return (
            position.trouble or (said if at_ns == position.at_ns else "") or super().notice or told(position)
        )

    def _say(self, answer: str) -> None:
        """Answer on the first line, for as long as the replay stays where it is: a toast would lie over the track."""
        self._said = (answer, self.replay.position.at_ns)
        self._draw()

    def _search_or_show(self, snapshot: Snapshot) -> None:
        """There is nothing to search for: an engine that was not there when this was recorded is told as it was."""

    # What moves it

    def action_play(self) -> None:
        if self.replay.position.running:
            self.replay.pause()
        else:
            self.replay.play()

    def action_step(self) -> None:
        self.replay.step()

    def action_second_on(self) -> None:
        self._move(SECOND_NS)

    def action_second_back(self) -> None:
        self._move(-SECOND_NS)

    def action_faster(self) -> None:
        self.replay.set_speed(faster(self.replay.position.speed))

    def action_slower(self) -> None:
        self.replay.set_speed(slower(self.replay.position.speed))

    def action_skip_idle(self) -> None:
        self.replay.skip_idle(skipping=not self.replay.position.skipping_idle)

    def action_next_mark(self) -> None:
        self._go_on_to(_MARKS, "mark")

    def action_previous_mark(self) -> None:
        self._go_back_to(_MARKS, "mark")

    def action_next_rollout_step(self) -> None:
        self._go_on_to(_ROLLOUTS, "rollout step")

    def action_previous_rollout_step(self) -> None:
        self._go_back_to(_ROLLOUTS, "rollout step")

    def action_next_failure(self) -> None:
        self._go_on_to(_FAILURES, "failure")

    def action_previous_failure(self) -> None:
        self._go_back_to(_FAILURES, "failure")

    def action_beginning(self) -> None:
        self.replay.seek(self.replay.position.began_ns)

    def action_end(self) -> None:
        self.replay.seek(self.replay.position.ended_ns)

    async def action_go_to_time(self) -> None:
        await self.ask(f"go to: {EXAMPLES}", id="go-to")

    @on(Prompt.Answered, "#go-to")
    async def _go_to(self, event: Prompt.Answered) -> None:
        try:
            at_ns = parse(event.text, self.replay.position, UTC if self.settings.screen.utc else None)
        except MomentError as error:
            self.notify(str(error), severity="warning", markup=False)
            return
        await event.prompt.action_close()
        position = self.replay.position
        self.replay.seek(at_ns)
        if not position.began_ns <= at_ns <= position.ended_ns:
            self._say("outside the recording: its nearest moment")

    @on(Scrubber.Sought)
    def _sought(self, event: Scrubber.Sought) -> None:
        self.replay.seek(event.at_ns)

    def _move(self, by_ns: int) -> None:
        self.replay.pause()
        self.replay.seek(self.replay.position.at_ns + by_ns)

    def _go_on_to(self, kinds: frozenset[LandmarkKind], what: str) -> None:
        position = self.replay.position
        self._go_to_landmark(position.landmark_after(kinds, position.at_ns), f"no {what} after this")

    def _go_back_to(self, kinds: frozenset[LandmarkKind], what: str) -> None:
        position = self.replay.position
        self._go_to_landmark(position.landmark_before(kinds, position.at_ns), f"no {what} before this")

    def _go_to_landmark(self, landmark: Landmark | None, otherwise: str) -> None:
        if landmark is None:
            self._say(otherwise)
        else:
            self.replay.pause()
            self.replay.seek(landmark.at_ns)


def words_of(position: Position, *, ascii_only: bool) -> str:
    """What the replay does, for the left end of the scrubber."""
    state = position.state.value
    if position.state is ReplayState.ENDED and position.cut_short:
        state = "at the end, cut short"
    fractions = {0.25: "1/4", 0.5: "1/2"} if ascii_only else {0.25: "¼", 0.5: "½"}
    speed = fractions.get(position.speed, f"{position.speed:.0f}")
    idle = " skips idle" if position.skipping_idle else ""
    return f"{state} {speed}{'x' if ascii_only else '×'}{idle}"


def told(position: Position) -> str:
    """The newest landmark that the replay has just come by."""
    landmark = position.landmark_before(frozenset(LandmarkKind), position.at_ns + 1)
    if landmark is None or position.at_ns - landmark.at_ns > TOLD_NS:
        return ""
    return ": ".join(filter(None, (landmark.kind.value, landmark.name, landmark.detail)))
