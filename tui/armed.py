"""Whether this console is armed: what the pure arming needs of keys, snapshots and the clock, and what it tells."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from patchdeck.arming import Arming, CannotArmError, arm, disarm, left, weigh
from patchdeck.model import Snapshot
from patchdeck.policy.rules import when
from patchdeck.policy.windows import Opening
from patchdeck.settings import Settings
from tui.rollout_actions import RolloutKeys
from tui.screens.base import ConsoleScreen

if TYPE_CHECKING:
    from patchdeck.recording.switch import Switch

SILENT_S: Final = 10.0
"""The watch tells something every second: after so long without a word its data are not live, whatever they say."""
_WEIGH_S: Final = 1.0
_LOOK_S: Final = 10.0
"""Between two looks at the windows, unless one opens or closes before."""


class ArmedKeys(RolloutKeys, inherit_bindings=False):
    """An app that begins disarmed, is armed by a deliberate act, and disarms itself."""

    def __init__(self, settings: Settings, switch: Switch | None = None, *, armed: str | None = None) -> None:
        """`armed` is the reason to be armed with the first live data; None: begin disarmed."""
        super().__init__(switch)
        self.settings = settings
        self._wanted = armed
        self._heard_s = time.monotonic()
        self._openings: tuple[Opening, ...] = ()
        self._looked_at: tuple[tuple[str, ...], float] = ((), 0.0)
        self._told = ""

    def on_mount(self) -> None:
        self.set_interval(_WEIGH_S, self._look_at_arming)

    # What is shown

    @property
    def armed_label(self) -> str:
        """`ARMED 14m`, `DISARMED`, or `READ-ONLY` where it can not be armed."""
        if self.settings.arming.read_only:
            return "READ-ONLY"
        return f"ARMED {left(self.arming, time.time_ns())}" if self.arming.armed else "DISARMED"

    @property
    def window_words(self) -> str:
        """Until when rollouts may begin, or from when on; empty where there are no windows."""
        openings = self.openings
        told = next((one for one in openings if one.is_open), openings[0] if openings else None)
        if told is None or not told.text:
            return ""
        engines = self.snapshot.engines if self.snapshot else ()
        if len({one.text for one in openings}) > 1:
            return f"{engines[openings.index(told)].name}: {told.text}"
        return told.text

    @property
    def openings(self) -> tuple[Opening, ...]:
        """Of each engine of the snapshot, whether rollouts may begin."""
        names = tuple(engine.name for engine in self.snapshot.engines) if self.snapshot else ()
        now_ns, now_s = time.time_ns(), time.monotonic()
        known, at_s = self._looked_at
        changed = any(one.changes_ns is not None and now_ns >= one.changes_ns for one in self._openings)
        if names != known or changed or now_s - at_s >= _LOOK_S:
            self._openings = tuple(when(self.settings, name, now_ns) for name in names)
            self._looked_at = (names, now_s)
        return self._openings

    # What changes it

    def heard(self) -> None:
        """A snapshot has arrived."""
        self._heard_s = time.monotonic()
        if self._wanted is not None and self.snapshot is not None and _has_engines(self.snapshot):
            reason, self._wanted = self._wanted, None
            self.arm_for(reason)
        self.weigh_arming()

    def weigh_arming(self) -> None:
        """Disarm where that is due, and say why."""
        before = self.arming
        if not before.armed:
            return
        silent_s = time.monotonic() - self._heard_s
        if silent_s > SILENT_S:
            self.arming = disarm(f"disarmed itself: the watch has said nothing for {silent_s:.0f} s")
        else:
            snapshot = self.snapshot or Snapshot()
            self.arming = weigh(before, snapshot, self.openings, time.time_ns())
        if not self.arming.armed:
            self._tell(f"This console {self.arming.why}", severe=True)
            self._show_arming()

    def arm_for(self, reason: str, override: str = "") -> bool:
        """Armed from now on; where it can not be, that is told."""
        if not self._is_live():
            self._tell("Not armed: the watch says nothing. Wait until it does.", severe=True)
            return False
        try:
            self.arming = self._armed_now(reason, override)
        except CannotArmError as error:
            self._tell(f"Not armed: {error}", severe=True)
            return False
        self._show_arming()
        return True

    def action_arm(self) -> None:
        """Arm, which takes a reason, or disarm, which takes nothing."""
        if self.arming.armed:
            self.arming = Arming(why="disarmed by its key")
            self._show_arming()
        else:
            self.run_worker(self.asked_to_arm(), group="arm", exclusive=True)

    async def asked_to_arm(self, override: str = "") -> bool:
        """Whether it is armed once its person was asked for a reason. In a worker only."""
        from tui.screens.arming import ArmingScreen  # noqa: PLC0415

        # What would be refused whatever the reason is refused before one is asked for.
        try:
            would_be = self._armed_now("-", override)
        except CannotArmError as error:
            self._tell(f"Not armed: {error}", severe=True)
            return False
        question = ArmingScreen(
            self.settings.arming, window=self.window_words, override=would_be.override, glyphs=self.glyphs
        )
        reason = await self.push_screen_wait(question)
        return reason is not None and self.arm_for(reason, override)

    def cannot_arm(self, override: str = "") -> str:
        """Why it can not be armed now, whatever the reason; empty where it can."""
        try:
            self._armed_now("-", override)
        except CannotArmError as error:
            return str(error)
        return ""

    def _armed_now(self, reason: str, override: str) -> Arming:
        """Raises: CannotArmError."""
        snapshot = self.snapshot or Snapshot()
        return arm(self.settings.arming, snapshot, self.openings, reason, time.time_ns(), override=override)

    def may_act(self) -> bool:
        # A screen that stood still for a while has not weighed it meanwhile.
        self.weigh_arming()
        return super().may_act()

    def _is_live(self) -> bool:
        return time.monotonic() - self._heard_s <= SILENT_S

    def _show_arming(self) -> None:
        # There is none any more while the console is being left.
        if self.screen_stack and isinstance(self.screen, ConsoleScreen):
            self.screen.show_status()
        # What keys do at a rollout depends on it.
        self.redraw()

    def _look_at_arming(self) -> None:
        self.weigh_arming()
        now = f"{self.armed_label} {self.window_words}"
        if now != self._told:
            self._told = now
            self._show_arming()


def _has_engines(snapshot: Snapshot) -> bool:
    return any(engine.described is not None for engine in snapshot.engines)
