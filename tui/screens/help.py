"""What the keys do, made from the keymap."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType

from tui import keymap
from tui.keymap import CURSOR_KEYS
from tui.screens.base import ConsoleScreen
from tui.shown import Shown
from widgets.details import Detail, Details, Section

_WORDS = (
    ("startup", "one container from requested to started, and to ready where it has a healthcheck"),
    ("first, restart", "a startup with a create, and one without; never counted together"),
    ("in flight", "a service with more than one version among its live containers"),
    ("starts in flight", "how many startups are going on at once; many are a herd"),
    ("contention", "what startups wait for: cpu, memory, io, the engine; calm, busy or SAT (saturated)"),
    ("never", "a percentile that falls among startups that failed or were never ready"),
    ("gap", "a stretch in which observations may be missing"),
)


class HelpScreen(ConsoleScreen, inherit_bindings=False):
    """The keys of the screen it was asked for on, and the words that the console uses."""

    NAME = keymap.HELP
    BINDINGS: ClassVar[list[BindingType]] = [*keymap.bindings(keymap.HELP)]

    def __init__(self, about: str) -> None:
        super().__init__()
        self._about = about

    def compose_body(self) -> ComposeResult:
        yield Details(glyphs=self.glyphs, classes="body")

    def opened(self) -> None:
        self.query_one(Details).show(f"Help {self.glyphs.dot} {self._about}", self._sections())

    def show(self, shown: Shown) -> None:
        """Nothing here depends on the state."""

    def _sections(self) -> list[Section]:
        keys = self.patchdeck.keymap
        groups: dict[str, list[Detail]] = {}
        for action in keys.actions_on(self._about):
            groups.setdefault(action.group, []).append(
                Detail(key=", ".join(keys.keys(action)), text=action.tooltip)
            )
        cursor = [Detail(key=key, text=text) for key, text in CURSOR_KEYS]
        return [
            *(Section(title=group, details=details) for group, details in groups.items()),
            Section(title="Cursor", details=cursor),
            Section(title="Words", details=[Detail(key=word, text=text) for word, text in _WORDS]),
        ]
