"""What a console says aloud of rollouts, whatever is in view: what became of them, and that none can be seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from patchdeck.model import Severity, Snapshot
from patchdeck.settings import Settings
from tui.keymap import DECK, REPLAY, ROLLOUTS, Keymap
from tui.recording_keys import RecordingKeys
from tui.rollout_news import Stand, news, stands
from tui.screens.base import ConsoleScreen

if TYPE_CHECKING:
    from patchdeck.recording.switch import Switch

_SHOW_ALL = (DECK, ROLLOUTS)
"""Screens on which every open rollout is in view."""


class ToldOfRollouts(RecordingKeys, inherit_bindings=False):
    """An app that compares what is told of rollouts with what was told before."""

    settings: Settings
    keymap: Keymap

    def __init__(self, switch: Switch | None = None) -> None:
        super().__init__(switch)
        self._stands: dict[str, Stand] = {}
        self._since_ns: int | None = None
        self._journal_trouble = ""

    @property
    def keymap_screen(self) -> str:
        """The keymap's name of the screen in front."""
        return self.screen.NAME if isinstance(self.screen, ConsoleScreen) else ""

    def tell_news(self, snapshot: Snapshot) -> None:
        """Say aloud what became of rollouts; in words too where they are not in view."""
        if self._since_ns is None:
            self._since_ns = snapshot.at_ns
        told = tuple(news(self._stands, snapshot.rollouts, since_ns=self._since_ns, now_ns=snapshot.at_ns))
        self._stands = stands(snapshot.rollouts)
        if not told or self.keymap.on == REPLAY:
            return
        if self.settings.screen.bell:
            self.bell()
        for one in told:
            if self.keymap_screen not in _SHOW_ALL and one.rollout != self._meant:
                self._tell(one.text, severe=one.severity is Severity.FAILURE)

    @property
    def _meant(self) -> str:
        """The rollout that is in view."""
        return self.screen.rollout_in_view if isinstance(self.screen, ConsoleScreen) else ""

    def hear_of_journal(self, snapshot: Snapshot) -> None:
        """Tell of a journal that can not be read, once."""
        if snapshot.journal_trouble not in ("", self._journal_trouble) and self.keymap.on != REPLAY:
            self._tell(f"Rollouts can not be seen. {_sentence(snapshot.journal_trouble)}", severe=True)
        self._journal_trouble = snapshot.journal_trouble

    def _tell(self, text: str, *, severe: bool = False) -> None:
        self.notify(text, severity="error" if severe else "warning", markup=False)


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]
